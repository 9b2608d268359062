"""A deal walked through: what each document becomes, what its transitions ask and do, who has to agree (stories B03 to B09, B27)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, Refused, ValidationFailed
from yuanke.records import Record, Records
from yuanke.records.parameters import change_settings
from yuanke.workflow import offers, perform

from tests.modules.deals import (
    DEALS,
    D,
    Doors,
    becomes,
    blue_sky,
    bought,
    brought,
    buyer,
    delivered,
    do,
    figures,
    goods,
    received,
    running,
    sold_lines,
    supplier_of,
    warehouse_of,
)
from tests.modules.test_store import counter

TERMS = [
    {"condition": "signed", "percent": 30},
    {"condition": "delivered", "percent": 60, "days": 30},
    {"condition": "accepted", "percent": 10},
]


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff(*DEALS).working() as opened:
        yield opened


def account(doors: Doors) -> int:
    return doors("finance").create("fund_account", {"name": "招行基本户"}).id


def balance(doors: Doors, held: int) -> Any:
    return doors("finance").get("fund_account", held).values["balance"]


def fresh(doors: Doors, record: Record, *names: str) -> list[Any]:
    return figures(doors("boss").get(record.entity.key, record.id), *names)


def quoted(doors: Doors, **more: Any) -> Record:
    values = {
        "subject": "机房改造",
        "customer": buyer(doors),
        "lines": sold_lines(doors),
        "discount_amount": 1000,
        **more,
    }
    return do(doors("sales"), "quote", doors("sales").create("quote", values).id, "submit")


def plans(doors: Doors) -> list[Record]:
    finance = doors("finance")
    return [finance.get("receivable_plan", plan.id) for plan in finance.list("receivable_plan").records]


def waits(door: Records, entity: str, record: int, act: str, **asked: Any) -> list[str]:
    """Roles of those who are asked when the act is begun, each being asked after the one before agreed."""
    perform(door.unit, door.actor, entity, record, act, asked)
    task, user = door.unit.tables["approval_task"], door.unit.tables["user"]
    flow = door.unit.execute(task.select().where(task.c.entity == entity, task.c.record == record)).mappings().all()
    names = dict(door.unit.execute(user.select().with_only_columns(user.c.id, user.c.username)).all())
    return [names[one["approver"]] for one in flow]


# -- from the quote to the order ------------------------------------------------------------------------------------


def test_a_quote_becomes_an_order_once_and_the_order_goes_its_own_way(doors):
    quote = quoted(doors, ext_code="Q-1")
    (order,) = becomes(doors("sales"), "quote", quote.id, "order")
    assert figures(order, "total", "status", "ext_code", "type") == [D("57000.00"), "booked", None, "sale"]
    assert (order.values["quote"].id, len(order.values["lines"])) == (quote.id, 3)
    assert fresh(doors, quote, "status") == ["ordered"]
    with pytest.raises(Refused):
        becomes(doors("sales"), "quote", quote.id, "order")
    with pytest.raises(ValidationFailed):
        doors("sales").update("quote", quote.id, {"discount_amount": 2000})
    assert fresh(doors, order, "total") == [D("57000.00")]


def test_a_quote_of_yesterday_is_neither_ordered_nor_accepted_and_expires(doors):
    today = clock.today()
    values = {"subject": "机房", "customer": buyer(doors), "lines": sold_lines(doors), "status": "quoted"}
    dates = {"date": today - timedelta(days=31), "valid_until": today - timedelta(days=1)}
    quote = brought(doors("sales"), "quote", {**values, **dates})
    with pytest.raises(Refused):
        becomes(doors("sales"), "quote", quote.id, "order")
    with pytest.raises(Refused):
        do(doors("sales"), "quote", quote.id, "accept")
    assert do(doors("sales"), "quote", quote.id, "expire").values["status"] == "expired"


def test_a_new_version_takes_the_place_of_the_quote(doors):
    quote = quoted(doors, ext_code="Q-1")
    assert do(doors("sales"), "quote", quote.id, "revise").values["status"] == "superseded"
    (new,) = [doors("sales").get("quote", one.id) for one in doors("sales").list("quote").records if one.id != quote.id]
    assert figures(new, "revision", "status", "total", "ext_code") == [2, "draft", D("57000.00"), None]
    assert new.values["previous"].id == quote.id


@pytest.mark.parametrize(
    ("price", "cost", "asked"),
    [
        ("60000", "40000", []),
        ("60000", "50000", ["admin"]),
        ("60000", "53000", ["admin"]),
        ("250000", "10000", ["admin"]),
    ],
)
def test_a_poor_margin_or_a_large_amount_needs_agreement(doors, price, cost, asked):
    product = goods(doors)["服务器"]
    doors("finance").update("product", product, {"cost_price": cost})
    values = {"subject": "机房", "customer": buyer(doors), "lines": [{"product": product, "price": price}]}
    quote = doors("sales").create("quote", values)
    assert waits(doors("sales"), "quote", quote.id, "submit") == asked
    assert fresh(doors, quote, "status") == ["draft" if asked else "quoted"]


def test_a_contract_comes_of_a_quote_orders_come_of_it_and_it_is_renewed(doors):
    quote = do(doors("sales"), "quote", quoted(doors).id, "accept")
    (contract,) = becomes(doors("sales"), "quote", quote.id, "contract", end_on=clock.today() + timedelta(days=364))
    assert figures(contract, "amount", "status") == [D("57000.00"), "booked"]
    with pytest.raises(Refused):
        becomes(doors("sales"), "contract", contract.id, "order")
    do(doors("sales"), "contract", contract.id, "start")
    lines = [{"product": quote.values["lines"][0].values["product"].id}]
    (order,) = becomes(doors("sales"), "contract", contract.id, "order", lines=lines)
    assert order.values["contract"].id == contract.id
    (renewal,) = becomes(doors("sales"), "contract", contract.id, "renewal")
    assert figures(renewal, "begin_on", "end_on") == [
        clock.today() + timedelta(days=365),
        clock.today() + timedelta(days=729),
    ]


# -- instalments ----------------------------------------------------------------------------------------------------


def test_an_order_that_begins_plans_its_instalments_to_the_cent(doors):
    order = blue_sky(doors, terms=TERMS)
    do(doors("sales"), "order", order.id, "start")
    assert [figures(plan, "serial", "amount", "plan_date", "auto_made") for plan in plans(doors)] == [
        [1, D("17100.00"), order.values["sign_on"], True],
        [2, D("34200.00"), None, True],
        [3, D("5700.00"), None, True],
    ]
    assert plans(doors)[0].values["owner"].title == "sales"
    delivered(doors, order.id, "服务器", 3)
    do(doors("sales"), "order", order.id, "accept", accepted_on=clock.today())
    assert [plan.values["plan_date"] for plan in plans(doors)[1:]] == [
        clock.today() + timedelta(days=30),
        clock.today(),
    ]


def test_thirds_of_ten_thousand_make_ten_thousand(doors):
    terms = [{"percent": "33.3333"}, {"percent": "33.3333"}, {"percent": "33.3334"}]
    order = blue_sky(doors, discount_amount=48000, terms=terms)
    do(doors("sales"), "order", order.id, "start")
    assert [plan.values["amount"] for plan in plans(doors)] == [D("3333.33"), D("3333.33"), D("3333.34")]


def test_a_changed_order_plans_anew_what_was_not_received(doors):
    order = blue_sky(doors, terms=TERMS)
    do(doors("sales"), "order", order.id, "start")
    first = plans(doors)[0].id
    receipt = {"customer": order.values["customer"].id, "amount": "17100", "state": "confirmed"}
    brought(doors("finance"), "receipt", {**receipt, "allocations": [{"plan": first, "amount": "17100"}]})
    doors("sales").update("order", order.id, {"freight": 3000})
    do(doors("sales"), "order", order.id, "amend", reason="加运费")
    assert [plan.values["amount"] for plan in plans(doors)] == [D("17100.00"), D("36771.43"), D("6128.57")]
    assert plans(doors)[0].id == first


def test_with_the_switch_off_nobody_plans_anything(standing_staff):
    staff = standing_staff(*DEALS)
    with staff.working(keep=True) as doors:
        change_settings(doors("finance").unit, doors("finance").actor, {"smart_receivable": False})
    try:
        with staff.working() as doors:
            nobody_plans(doors)
    finally:
        with staff.working(keep=True) as doors:
            change_settings(doors("finance").unit, doors("finance").actor, {"smart_receivable": None})


def nobody_plans(doors: Doors) -> None:
    order = blue_sky(doors, terms=TERMS)
    do(doors("sales"), "order", order.id, "start")
    assert plans(doors) == []


# -- receipts -------------------------------------------------------------------------------------------------------


def three_plans(doors: Doors) -> Record:
    """Story B05: 5,000 and 3,000 and, made later, 2,000."""
    order = running(doors)
    for amount, due in (("5000", "2026-01-31"), ("3000", "2026-02-28"), ("2000", "2026-02-28")):
        doors("finance").create("receivable_plan", {"order": order.id, "amount": amount, "fixed_on": due})
    return order


def confirmed(doors: Doors, order: Record, held: int, amount: str, **more: Any) -> Record:
    made = doors("sales").create("receipt", {"customer": order.values["customer"].id, "amount": amount, **more})
    return do(doors("finance"), "receipt", made.id, "confirm", account=held)


def test_money_settles_the_earliest_instalment_first_and_the_rest_is_prepaid(doors):
    order, held = three_plans(doors), account(doors)
    first = confirmed(doors, order, held, "9500")
    assert [row.values["amount"] for row in first.values["allocations"]] == [D("5000.00"), D("3000.00"), D("1500.00")]
    assert [plan.values["unreceived"] for plan in plans(doors)] == [D(0), D(0), D("500.00")]
    second = confirmed(doors, order, held, "1200")
    (advance,) = doors("finance").list("prepayment").records
    assert fresh(doors, advance, "amount", "balance") == [D("700.00"), D("700.00")]
    assert balance(doors, held) == D("10700.00")

    new = doors("finance").create("receivable_plan", {"order": order.id, "amount": "600", "fixed_on": "2026-03-31"})
    used = doors("finance").update("prepayment", advance.id, {"uses": [{"plan": new.id}]})
    assert fresh(doors, new, "unreceived") == [D(0)]
    with pytest.raises(Refused):
        do(doors("finance"), "receipt", second.id, "cancel")
    doors("finance").update("prepayment", advance.id, {"uses": [{"id": used.values["uses"][0].id, "deleted": True}]})
    assert do(doors("finance"), "receipt", second.id, "cancel").values["state"] == "dead"
    assert [plan.values["unreceived"] for plan in plans(doors)] == [D(0), D(0), D("500.00"), D("600.00")]
    assert doors("finance").list("prepayment").records == []
    assert balance(doors, held) == D("9500.00")


def test_the_chosen_instalment_comes_before_the_earliest(doors):
    order = three_plans(doors)
    chosen = plans(doors)[2].id
    receipt = confirmed(doors, order, account(doors), "2500", plan=chosen)
    assert [(row.values["plan"].id == chosen, row.values["amount"]) for row in receipt.values["allocations"]] == [
        (True, D("2000.00")),
        (False, D("500.00")),
    ]


def test_sales_confirms_nothing_and_a_refused_receipt_comes_again(doors):
    order = three_plans(doors)
    made = doors("sales").create("receipt", {"customer": order.values["customer"].id, "amount": "1"}).id
    with pytest.raises(AccessDenied):
        do(doors("sales"), "receipt", made, "confirm")
    refused = do(doors("finance"), "receipt", made, "reject", reason="未到账")
    assert figures(refused, "state", "reason") == ["rejected", "未到账"]
    assert do(doors("sales"), "receipt", made, "resubmit").values["state"] == "waiting"
    keys = {
        one.act.key for one in offers(doors("sales").unit, doors("sales").actor, refused.entity, made) if not one.reason
    }
    assert "confirm" not in keys


def test_an_order_with_gaps_ends_with_a_reason_only(doors):
    order = running(doors)
    with pytest.raises(Refused):
        do(doors("sales"), "order", order.id, "finish")
    becomes(doors("warehouse"), "order", order.id, "delivery_record")
    assert fresh(doors, order, "sent", "receivable") == ["all", D("57000.00")]
    with pytest.raises(Refused) as said:
        do(doors("sales"), "order", order.id, "finish")
    assert "57" in str(said.value) and "应收" in str(said.value)
    assert do(doors("sales"), "order", order.id, "finish", reason="客户破产").values["status"] == "finished"


# -- back, and the paper ----------------------------------------------------------------------------------------------


def test_goods_come_back_money_follows_and_each_is_agreed_to(doors):
    order, held = running(doors), account(doors)
    plan = doors("finance").create("receivable_plan", {"order": order.id, "amount": "57000", "fixed_on": "2026-01-31"})
    confirmed(doors, order, held, "47100", plan=plan.id)
    becomes(doors("warehouse"), "order", order.id, "delivery_record")
    switch = order.values["lines"][1].id
    (back,) = becomes(
        doors("service"), "order", order.id, "order_return", lines=[{"order_item": switch, "quantity": 1}]
    )
    assert back.values["total"] == D("1571.92")
    do(doors("service"), "order_return", back.id, "submit")
    assert fresh(doors, order, "receivable", "returned_amount") == [D("8328.08"), D("1571.92")]
    (refund,) = becomes(doors("sales"), "order_return", back.id, "refund")
    do(doors("sales"), "refund", refund.id, "submit")
    with pytest.raises(Refused):
        do(doors("finance"), "refund", refund.id, "pay")
    paid = do(doors("finance"), "refund", refund.id, "pay", account=held)
    assert figures(paid, "status", "amount", "paid_on") == ["paid", D("1571.92"), clock.today()]
    assert balance(doors, held) == D("45528.08")
    assert fresh(doors, order, "receivable") == [D("9900.00")]


def test_all_of_an_order_comes_back_for_what_it_cost(doors):
    order = running(doors)
    becomes(doors("warehouse"), "order", order.id, "delivery_record")
    (back,) = becomes(doors("service"), "order", order.id, "order_return")
    assert back.values["total"] == D("57000.00")


def test_an_invoice_is_asked_for_issued_once_and_reversed(doors):
    order = running(doors)
    customer = order.values["customer"].id
    title = {"customer": customer, "title": "上海蓝天科技有限公司", "tax_no": "91310000607261512H"}
    title_id = doors("finance").create("invoice_title", title).id
    (request,) = becomes(doors("sales"), "order", order.id, "bill_apply", title=title_id, content="服务器")
    assert request.values["amount"] == D("57000.00")
    do(doors("sales"), "bill_apply", request.id, "submit")
    (bill,) = becomes(doors("finance"), "bill_apply", request.id, "bill")
    assert fresh(doors, request, "status") == ["issued"]
    with pytest.raises(Refused):
        becomes(doors("finance"), "bill_apply", request.id, "bill")
    issued = do(doors("finance"), "bill", bill.id, "issue", invoice_no="25312000000012345678")
    assert figures(issued, "status", "invoice_no") == ["issued", "25312000000012345678"]
    assert do(doors("finance"), "bill", bill.id, "redden", red_no="99").values["status"] == "reddened"
    assert fresh(doors, order, "invoiced", "to_bill") == [D(0), D("57000.00")]


def test_an_invoice_of_another_month_is_not_cancelled(doors):
    order = running(doors)
    title = doors("finance").create(
        "invoice_title", {"customer": order.values["customer"].id, "title": "蓝天", "kind": "person"}
    )
    values = {"order": order.id, "title": title.id, "content": "货款", "status": "issued"}
    old = brought(doors("finance"), "bill", {**values, "date": clock.today() - timedelta(days=40)})
    with pytest.raises(Refused):
        do(doors("finance"), "bill", old.id, "cancel")
    new = brought(doors("finance"), "bill", values)
    assert do(doors("finance"), "bill", new.id, "cancel").values["status"] == "dead"


# -- buying -----------------------------------------------------------------------------------------------------------


def test_what_was_sold_is_bought_of_its_supplier(doors):
    order, supplier = running(doors), supplier_of(doors)
    for line in order.values["lines"][:2]:
        doors("boss").update("product", line.values["product"].id, {"supplier": supplier})
    (made,) = becomes(doors("purchasing"), "order", order.id, "purchase_order", warehouse=warehouse_of(doors))
    assert (made.values["supplier"].id, made.values["type"], made.values["ref_order"].id) == (
        supplier,
        "by_order",
        order.id,
    )
    assert [figures(row, "name", "quantity", "price") for row in made.values["lines"]] == [
        ["服务器", 3, D("9800.0000")],
        ["交换机", 10, D("1148.0000")],
    ]
    with pytest.raises(Refused):
        becomes(doors("purchasing"), "order", order.id, "purchase_order", warehouse=warehouse_of(doors))


def test_a_purchase_is_received_paid_and_matched(doors):
    held = account(doors)
    order = bought(doors, status="draft")
    do(doors("purchasing"), "purchase_order", order.id, "start")
    (receipt,) = becomes(doors("warehouse"), "purchase_order", order.id, "stock_in")
    assert fresh(doors, order, "arrived") == ["made"]
    assert [row.values["unit_cost"] for row in doors("boss").get("stock_in", receipt.id).values["lines"]] == [
        D("24.1041"),
        D("42.4863"),
    ]
    do(doors("warehouse"), "stock_in", receipt.id, "confirm")
    assert fresh(doors, order, "arrived", "payable") == ["all", D("4151.05")]
    with pytest.raises(Refused):
        becomes(doors("warehouse"), "purchase_order", order.id, "stock_in")
    (first,) = becomes(
        doors("purchasing"), "purchase_order", order.id, "payable_plan", amount="2000", plan_date="2026-04-30"
    )
    (second,) = becomes(doors("purchasing"), "purchase_order", order.id, "payable_plan", plan_date="2026-05-31")
    assert second.values["amount"] == D("2151.05")
    for plan in (first, second):
        do(doors("purchasing"), "payable_plan", plan.id, "submit")
    (payment,) = becomes(doors("finance"), "payable_plan", first.id, "payment", amount="2500")
    do(doors("finance"), "payment", payment.id, "submit")
    paid = do(doors("finance"), "payment", payment.id, "pay", account=held)
    assert [row.values["amount"] for row in paid.values["allocations"]] == [D("2000.00"), D("500.00")]
    assert fresh(doors, order, "paid", "payable") == [D("2500.00"), D("1651.05")]
    assert balance(doors, held) == D("-2500.00")
    (bill,) = becomes(doors("finance"), "purchase_order", order.id, "supplier_bill", invoice_no="1")
    assert bill.values["match_state"] == "match"
    assert do(doors("finance"), "supplier_bill", bill.id, "certify").values["certified"] == "done"
    assert do(doors("finance"), "payment", payment.id, "cancel").values["status"] == "dead"
    assert fresh(doors, order, "payable") == [D("4151.05")]
    assert balance(doors, held) == D(0)


def test_goods_go_back_to_the_supplier_and_money_comes(doors):
    order, held = bought(doors), account(doors)
    received(doors, order, 100, 30)
    row = order.values["lines"][1].id
    lines = [{"purchase_item": row, "quantity": 5}]
    (back,) = becomes(doors("purchasing"), "purchase_order", order.id, "purchase_return", lines=lines)
    do(doors("purchasing"), "purchase_return", back.id, "submit")
    (issue,) = becomes(doors("warehouse"), "purchase_return", back.id, "stock_out")
    do(doors("warehouse"), "stock_out", issue.id, "confirm")
    (refund,) = becomes(doors("finance"), "purchase_return", back.id, "purchase_refund")
    assert refund.values["amount"] == D("233.54")
    do(doors("finance"), "purchase_refund", refund.id, "confirm", account=held)
    assert fresh(doors, back, "shipped_state", "refund_state") == ["done", "done"]
    assert balance(doors, held) == D("233.54")


# -- who has to agree (nobody has a manager here, so that the administrator stands in) ---------------------------------


def test_purchases_payments_and_plans_are_agreed_to_by_amount(doors):
    small, large = bought(doors, status="draft"), bought(doors, status="draft", freight=2000)
    assert waits(doors("purchasing"), "purchase_order", small.id, "start") == []
    assert waits(doors("purchasing"), "purchase_order", large.id, "start")[0] == "admin"
    supplier = small.values["supplier"].id
    plan = doors("purchasing").create("payable_plan", {"supplier": supplier, "amount": "1", "plan_date": "2026-01-01"})
    assert waits(doors("purchasing"), "payable_plan", plan.id, "submit") == ["finance"]
    payment = doors("finance").create("payment", {"supplier": supplier, "amount": "60000"})
    done = do(doors("finance"), "payment", payment.id, "submit")
    assert figures(done, "status", "approval") == ["approved", "approved"]


def test_an_order_beyond_the_credit_limit_waits_for_finance(doors):
    order = blue_sky(doors)
    doors("finance").update("customer", order.values["customer"].id, {"credit_limit": "50000"})
    with pytest.raises(Refused) as warned:
        perform(doors("sales").unit, doors("sales").actor, "order", order.id, "start")
    assert "credit" in warned.value.extra["confirm"]
    made = do(doors("sales"), "order", order.id, "start", confirm=["credit"])
    assert figures(made, "status", "approval") == ["running", "approved"]


# -- over the counter -------------------------------------------------------------------------------------------------


def at_the_counter(doors: Doors, *keepers: str) -> tuple[Record, int]:
    """A sale of 192.00 paid with 200.00 in cash, and the till with a float of 500.00."""
    said = counter(doors)
    people = [doors(role).actor.user_id for role in keepers]
    doors("admin").update("warehouse", said["warehouse"], {"keepers": people})
    till = doors("finance").create("fund_account", {"name": "收银台", "kind": "cash", "opening": 500}).id
    payments = [{"way": "cash", "amount": 200, "account": till}]
    return doors("sales").create("pos_sale", {**said, "payments": payments}), till


def test_a_store_sale_takes_money_and_goods_in_one_step_and_gives_them_back(doors):
    sale, till = at_the_counter(doors, "sales", "boss")
    assert do(doors("sales"), "pos_sale", sale.id, "complete").values["status"] == "done"
    assert balance(doors, till) == D("692.00")
    (issue,) = doors("boss").list("stock_out").records
    assert fresh(doors, issue, "kind", "status", "total_quantity") == ["shop_sale", "posted", 6]
    rows = [{"return_item": sale.values["lines"][0].id, "quantity": 1}]
    payments = [{"way": "cash", "amount": "18.88", "account": till}]
    (back,) = becomes(doors("boss"), "pos_sale", sale.id, "pos_return", lines=rows, payments=payments)
    assert back.values["payable"] == D("18.88")
    do(doors("boss"), "pos_sale", back.id, "complete")
    assert balance(doors, till) == D("673.12")
    assert fresh(doors, sale, "status") == ["part"]
    (receipt,) = doors("boss").list("stock_in").records
    assert fresh(doors, receipt, "kind", "status", "total_quantity") == ["sales_return", "posted", 1]


def test_who_keeps_no_warehouse_sells_nothing_out_of_it(doors):
    sale, till = at_the_counter(doors, "warehouse")
    with pytest.raises(Refused, match="库管员"), doors("sales").unit.savepoint():
        do(doors("sales"), "pos_sale", sale.id, "complete")
    assert (fresh(doors, sale, "status"), balance(doors, till)) == (["held"], D("500.00"))
    assert doors("boss").list("stock_out").records == []


def test_less_than_there_is_to_pay_closes_no_sale(doors):
    sale, _ = at_the_counter(doors, "sales")
    doors("sales").update(
        "pos_sale", sale.id, {"payments": [{"id": sale.values["payments"][0].id, "amount": "191.99"}]}
    )
    with pytest.raises(Refused) as said:
        do(doors("sales"), "pos_sale", sale.id, "complete")
    assert "192" in str(said.value)
