"""What customers owe and pay: instalments, receipts and what they settle, prepayments, refunds, invoices (stories B04 to B07)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, ValidationFailed
from yuanke.records import Record

from tests.modules.deals import DEALS, D, Doors, blue_sky, brought, buyer, delivered, figures, lines_of, running, told


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff(*DEALS).working() as opened:
        yield opened


def planned(doors: Doors, order: Record, amount: str, fixed_on: Any = None, **more: Any) -> Record:
    values = {"order": order.id, "amount": amount, "fixed_on": fixed_on, **more}
    return doors("finance").create("receivable_plan", values)


def paid(
    doors: Doors, customer: int, amount: str, *settles: tuple[Record, str], state: str = "confirmed", **more: Any
) -> Record:
    allocations = [{"plan": plan.id, "amount": part} for plan, part in settles]
    values = {"customer": customer, "amount": amount, "allocations": allocations, "state": state, **more}
    return brought(doors("finance"), "receipt", values)


def plan_of(doors: Doors, plan: Record, *names: str) -> list[Any]:
    return figures(doors("finance").get("receivable_plan", plan.id), *names)


def order_of(doors: Doors, order: Record, *names: str) -> list[Any]:
    return figures(doors("finance").get("order", order.id), *names)


def test_instalments_get_their_date_when_their_condition_comes_true(doors):
    order = running(doors)
    signed = order.values["sign_on"]
    on_signing = planned(doors, order, "17100", condition="signed", serial=1)
    on_delivery = planned(doors, order, "34200", condition="delivered", days=30, serial=2)
    on_acceptance = planned(doors, order, "5700", condition="accepted", serial=3)
    assert on_signing.values["customer"].id == order.values["customer"].id
    assert [plan_of(doors, plan, "plan_date") for plan in (on_signing, on_delivery, on_acceptance)] == [
        [signed],
        [None],
        [None],
    ]
    delivered(doors, order.id, "服务器", 3, delivered_on=signed + timedelta(days=18))
    delivered(doors, order.id, "交换机", 10, delivered_on=signed + timedelta(days=28))
    doors("sales").update("order", order.id, {"accepted_on": signed + timedelta(days=40)})
    assert plan_of(doors, on_delivery, "plan_date") == [signed + timedelta(days=48)]
    assert plan_of(doors, on_acceptance, "plan_date") == [signed + timedelta(days=40)]
    assert order_of(doors, order, "planned_amount") == [D("57000.00")]


def test_receipts_settle_instalments_and_lower_what_the_order_owes(doors):
    order = running(doors)
    customer = order.values["customer"].id
    first, second = planned(doors, order, "17100", "2026-01-31"), planned(doors, order, "34200", "2026-02-28")
    paid(doors, customer, "17100", (first, "17100"))
    assert plan_of(doors, first, "received", "unreceived", "settled") == [D("17100.00"), D(0), "paid"]
    assert order_of(doors, order, "received", "receivable", "paid_state") == [D("17100.00"), D("39900.00"), "part"]
    paid(doors, customer, "30000", (second, "30000"))
    assert plan_of(doors, second, "unreceived", "settled") == [D("4200.00"), "overdue"]
    assert order_of(doors, order, "receivable") == [D("9900.00")]
    seen = doors("finance").get("customer", customer)
    assert figures(seen, "received_amount", "receivable", "overdue_amount") == [
        D("47100.00"),
        D("9900.00"),
        D("4200.00"),
    ]


def test_a_receipt_counts_only_when_it_is_confirmed_and_no_more_than_is_owed(doors):
    order = running(doors)
    customer = order.values["customer"].id
    plan = planned(doors, order, "10000", "2026-01-31")
    paid(doors, customer, "9500", (plan, "9500"), state="waiting")
    assert plan_of(doors, plan, "received") == [D(0)]
    paid(doors, customer, "9500", (plan, "9500"))
    assert plan_of(doors, plan, "unreceived") == [D("500.00")]
    with pytest.raises(ValidationFailed):
        paid(doors, customer, "600", (plan, "600"))
    with pytest.raises(ValidationFailed):
        paid(doors, customer, "100", (plan, "200"))


def test_what_was_paid_too_much_is_a_prepayment_for_later_instalments(doors):
    order = running(doors)
    customer = order.values["customer"].id
    last = planned(doors, order, "500", "2026-02-28")
    receipt = paid(doors, customer, "1200", (last, "500"))
    assert figures(receipt, "allocated", "unallocated") == [D("500.00"), D("700.00")]
    finance = doors("finance")
    advance = finance.create("prepayment", {"receipt": receipt.id, "amount": "700"})
    assert advance.values["customer"].id == customer
    new = planned(doors, order, "600", "2026-03-31")
    used = finance.update("prepayment", advance.id, {"uses": [{"plan": new.id}]})
    assert figures(used, "used", "balance", "status") == [D("600.00"), D("100.00"), "usable"]
    assert plan_of(doors, new, "unreceived", "settled") == [D(0), "paid"]
    assert finance.get("customer", customer).values["prepaid"] == D("100.00")
    other = planned(doors, order, "200", "2026-03-31")
    with pytest.raises(ValidationFailed):
        finance.update("prepayment", advance.id, {"uses": [{"plan": other.id, "amount": "100.01"}]})
    back = finance.update("prepayment", advance.id, {"uses": [{"id": used.values["uses"][0].id, "deleted": True}]})
    assert figures(back, "used", "balance") == [D(0), D("700.00")]
    assert plan_of(doors, new, "unreceived") == [D("600.00")]


#: as of today: days overdue, planned, received, still open, age (story B06)
AGES = [
    (-15, "20000", "5000", "15000", "not_due"), (0, "8000", "0", "8000", "not_due"), (1, "3000", "1000.50", "1999.50", "d30"),
    (30, "12000", "0", "12000", "d30"), (31, "6600", "600", "6000", "d90"), (90, "9000", "0", "9000", "d90"),
    (91, "4000", "0", "4000", "d365"), (365, "2500", "500", "2000", "d365"), (366, "1200", "0", "1200", "older"),
]  # fmt: skip


def test_how_long_ago_something_was_due_makes_its_age(doors):
    order = running(doors)
    customer, today = order.values["customer"].id, clock.today()
    for days, amount, received, open_, age in AGES:
        plan = planned(doors, order, amount, today - timedelta(days=days))
        if received != "0":
            paid(doors, customer, received, (plan, received))
        assert plan_of(doors, plan, "unreceived", "overdue_days", "age") == [D(open_), days, age]
    assert doors("finance").get("customer", customer).values["overdue_amount"] == D("36199.50")
    settled = planned(doors, order, "500", today - timedelta(days=400))
    paid(doors, customer, "500", (settled, "500"))
    assert plan_of(doors, settled, "unreceived", "overdue_days", "age") == [D(0), None, None], "what is paid has no age"


def test_a_gain_on_foreign_money_and_figures_in_the_base_currency(doors):
    order = running(doors, currency="USD", rate="7.1", discount_amount=0)
    plan = planned(doors, order, "1000", "2026-01-31")
    assert plan_of(doors, plan, "currency", "rate", "unreceived_base") == ["USD", D("7.1"), D("7100.00")]
    receipt = paid(doors, order.values["customer"].id, "1000", (plan, "1000"), currency="USD", rate="7.155")
    assert receipt.values["amount_base"] == D("7155.00")
    row = doors("finance").get("receipt", receipt.id).values["allocations"][0]
    assert row.values["exchange_gain"] == D("55.00")
    assert plan_of(doors, plan, "unreceived") == [D(0)]


def test_a_return_lowers_the_receivable_and_a_refund_raises_it_again(doors):
    order = running(doors)
    customer = order.values["customer"].id
    delivered(doors, order.id, "交换机", 10)
    plan = planned(doors, order, "51300", "2026-01-31")
    paid(doors, customer, "47100", (plan, "47100"))
    line = lines_of(doors, order.id)["交换机"].id
    values = {"order": order.id, "status": "running", "lines": [{"order_item": line, "quantity": 1}]}
    back = brought(doors("sales"), "order_return", values)
    assert order_of(doors, order, "receivable") == [D("8328.08")]
    refund = {
        "order_return": back.id,
        "order": order.id,
        "reason": "质量问题",
        "status": "paid",
        "paid_on": clock.today(),
    }
    made = brought(doors("sales"), "refund", refund)
    assert (made.values["amount"], made.values["customer"].id) == (D("1571.92"), customer)
    assert order_of(doors, order, "refunded", "receivable") == [D("1571.92"), D("9900.00")]
    seen = doors("finance").get("order_return", back.id)
    assert figures(seen, "refunded", "refund_due", "refund_state") == [D("1571.92"), D(0), "done"]
    with pytest.raises(ValidationFailed):
        brought(doors("sales"), "refund", {**refund, "amount": "47000"})


def title_of(doors: Doors, customer: int) -> int:
    values = {"customer": customer, "title": "上海蓝天科技有限公司", "tax_no": "91310000607261512H"}
    return doors("finance").create("invoice_title", values).id


def billed(doors: Doors, order: Record, amount: str, status: str = "issued", **more: Any) -> Record:
    title = title_of(doors, order.values["customer"].id)
    values = {"order": order.id, "title": title, "amount": amount, "content": "服务器", "status": status, **more}
    return brought(doors("finance"), "bill", values)


def test_tax_of_an_invoice_and_what_is_left_to_invoice(doors):
    order = running(doors)
    bill = billed(doors, order, "37737.93")
    assert figures(bill, "net_amount", "tax_amount", "title_text") == [
        D("33396.40"),
        D("4341.53"),
        "上海蓝天科技有限公司",
    ]
    assert order_of(doors, order, "invoiced", "to_bill", "billed_state") == [D("37737.93"), D("19262.07"), "part"]
    billed(doors, order, "-37737.93", red_of=bill.id)
    assert order_of(doors, order, "invoiced", "billed_state") == [D(0), "open"]
    billed(doors, order, "57000", status="waiting")
    assert order_of(doors, order, "to_bill") == [D("57000.00")]


def test_the_lines_of_an_invoice_make_its_amount(doors):
    order = running(doors)
    lines = [{"name": "服务器", "amount": "37737.93"}, {"name": "安装服务", "amount": "3542.85", "tax_rate": 6}]
    bill = billed(doors, order, "41280.78", lines=lines)
    assert figures(bill, "net_amount", "tax_amount") == [D("36738.71"), D("4542.07")]
    with pytest.raises(ValidationFailed):
        billed(doors, order, "41280.79", lines=lines)


def test_more_than_is_left_to_invoice_is_asked_for_with_a_reason(doors):
    order = running(doors)
    title = title_of(doors, order.values["customer"].id)
    values = {"order": order.id, "title": title, "content": "服务器"}
    made = doors("sales").create("bill_apply", values)
    assert made.values["amount"] == D("57000.00")
    assert told(doors("sales"), "bill_apply", {**values, "amount": "57000.01"}) == ["超额原因 不能为空"]
    assert doors("sales").create("bill_apply", {**values, "amount": "57000.01", "over_reason": "预开"})


def test_the_credit_limit_counts_what_the_customer_owes_already(doors):
    order = running(doors, discount_amount="15700")
    customer = order.values["customer"].id
    doors("finance").update("customer", customer, {"credit_limit": "50000"})
    assert doors("finance").get("customer", customer).values["receivable"] == D("42300.00")
    product = order.values["lines"][0].values["product"].id
    for price, exceeded in (("7700", D(0)), ("7700.01", D("0.01"))):
        line = {"product": product, "price": price}
        new = doors("sales").create("order", {"customer": customer, "lines": [line]})
        assert new.values["credit_exceeded"] == exceeded
    assert order_of(doors, order, "credit_exceeded") == [D(0)]


def test_sales_enters_his_receipts_and_finance_alone_settles_and_confirms(doors):
    order = blue_sky(doors)
    plan = planned(doors, order, "17100", "2026-01-31")
    made = doors("sales").create("receipt", {"plan": plan.id})
    assert figures(made, "amount", "payer", "state") == [D("17100.00"), "上海蓝天科技有限公司", "waiting"]
    assert (made.values["customer"].id, made.values["order"].id) == (order.values["customer"].id, order.id)
    assert doors("sales").update("receipt", made.id, {"memo": "已电话核对"}).values["memo"]
    with pytest.raises((AccessDenied, ValidationFailed)):
        doors("sales").update("receipt", made.id, {"state": "confirmed"})
    with pytest.raises((AccessDenied, ValidationFailed)):
        doors("sales").update("receipt", made.id, {"allocations": [{"plan": plan.id, "amount": "1"}]})
    with pytest.raises(AccessDenied):
        doors("sales").create("bill", {})
    doors("sales").delete("receipt", made.id)
    with pytest.raises(RecordNotFound):
        doors("finance").get("receipt", made.id)


def test_each_thing_is_made_changed_and_deleted_by_who_works_with_it(doors):
    order = running(doors)
    customer = order.values["customer"].id
    plan = planned(doors, order, "500", "2026-02-28")
    receipt = paid(doors, customer, "1200", (plan, "500"))
    title = title_of(doors, customer)
    things = [
        ("finance", "receivable_plan", {"order": order.id, "amount": "1", "fixed_on": "2026-03-01"}, {"memo": "口头约定"}),
        ("finance", "receipt", {"customer": customer, "amount": "3"}, {"fee": D("0.50")}),
        ("finance", "prepayment", {"receipt": receipt.id, "amount": "700"}, {"frozen": True}),
        ("sales", "refund", {"order": order.id, "amount": "1", "reason": "多付"}, {"reason": "重复付款"}),
        ("sales", "bill_apply", {"order": order.id, "title": title, "content": "货款"}, {"send_way": "post"}),
        ("finance", "bill", {"order": order.id, "title": title, "content": "货款"}, {"tracking_no": "SF1"}),
    ]  # fmt: skip
    for role, entity, values, change in things:
        made = doors(role).create(entity, values)
        assert made.title.startswith(tuple("JHYTSK")), made.title
        changed = doors(role).update(entity, made.id, change).values
        assert {key: changed[key] for key in change} == change
        doors(role).delete(entity, made.id)
        with pytest.raises(RecordNotFound):
            doors("boss").get(entity, made.id)


def test_a_plan_names_its_document_and_money_its_day(doors):
    customer = buyer(doors)
    plan = {"customer": customer, "amount": "1", "fixed_on": "2026-03-01"}
    assert told(doors("finance"), "receivable_plan", plan) == ["写明是哪张订单或哪份合同的计划"]
    tomorrow = clock.today() + timedelta(days=1)
    assert told(doors("finance"), "receipt", {"customer": customer, "amount": "1", "date": tomorrow})
    assert told(doors("finance"), "receipt", {"customer": customer, "amount": "0", "date": date(2026, 1, 1)})
