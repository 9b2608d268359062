"""What we owe suppliers and pay them: instalments, payments and what they settle, invoices matched with goods (story B08)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, ValidationFailed
from yuanke.records import Record

from tests.modules.deals import DEALS, D, Doors, bought, brought, figures, received, told


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff(*DEALS).working() as opened:
        yield opened


def planned(doors: Doors, order: Record, amount: str, plan_date: str, **more: Any) -> Record:
    values = {"purchase_order": order.id, "amount": amount, "plan_date": plan_date, "status": "approved", **more}
    return brought(doors("finance"), "payable_plan", values)


def paid(doors: Doors, order: Record, amount: str, *settles: tuple[Record, str], **more: Any) -> Record:
    account = doors("finance").list("fund_account").records
    held = account[0].id if account else doors("finance").create("fund_account", {"name": "招行"}).id
    allocations = [{"plan": plan.id, "amount": part} for plan, part in settles]
    values = {
        "purchase_order": order.id,
        "amount": amount,
        "account": held,
        "allocations": allocations,
        "status": "paid",
    }
    return brought(doors("finance"), "payment", {**values, **more})


def of(doors: Doors, record: Record, *names: str) -> list[Any]:
    return figures(doors("finance").get(record.entity.key, record.id), *names)


def test_one_owes_for_what_came_in_and_freight_when_all_is_here(doors):
    order = bought(doors)
    assert of(doors, order, "payable") == [D(0)]
    received(doors, order, 60)
    assert of(doors, order, "payable") == [D("1589.91")]
    received(doors, order, 40, 30)
    assert of(doors, order, "payable") == [D("4151.05")]
    supplier = doors("finance").get("supplier", order.values["supplier"].id)
    assert supplier.values["payable"] == D("4151.05")


def test_payments_settle_instalments_and_lower_what_is_owed(doors):
    order = bought(doors)
    received(doors, order, 100, 30)
    first, second = (
        planned(doors, order, "2000", "2026-04-30"),
        planned(doors, order, "2151.05", "2026-05-31", serial=2),
    )
    assert of(doors, order, "planned_amount") == [D("4151.05")]
    paid(doors, order, "2500", (first, "2000"), (second, "500"))
    assert of(doors, first, "paid", "unpaid", "settled") == [D("2000.00"), D(0), "paid"]
    assert of(doors, second, "paid", "unpaid", "settled") == [D("500.00"), D("1651.05"), "part"]
    assert of(doors, order, "paid", "payable", "paid_state") == [D("2500.00"), D("1651.05"), "part"]
    with pytest.raises(ValidationFailed):
        paid(doors, order, "2000", (second, "1651.06"))
    with pytest.raises(ValidationFailed):
        paid(doors, order, "10", (second, "10.01"))


def test_a_return_lowers_what_is_owed_and_a_refund_raises_it_again(doors):
    order = bought(doors)
    received(doors, order, 100, 30)
    plan = planned(doors, order, "2500", "2026-04-30")
    paid(doors, order, "2500", (plan, "2500"))
    lines = [{"purchase_item": order.values["lines"][1].id, "quantity": 5}]
    values = {"purchase_order": order.id, "status": "running", "lines": lines}
    back = brought(doors("purchasing"), "purchase_return", values)
    assert of(doors, order, "payable") == [D("1417.51")]
    brought(doors("finance"), "purchase_refund", {"purchase_return": back.id, "status": "valid"})
    assert of(doors, order, "payable") == [D("1651.05")]


def test_a_payment_without_plan_pays_its_purchase_and_one_without_either_is_prepaid(doors):
    order = bought(doors)
    received(doors, order, 100, 30)
    paid(doors, order, "151.05")
    assert of(doors, order, "paid", "payable") == [D("151.05"), D("4000.00")]
    supplier = order.values["supplier"].id
    paid(doors, order, "300", purchase_order=None, supplier=supplier)
    seen = doors("finance").get("supplier", supplier)
    assert figures(seen, "payable", "prepaid") == [D("4000.00"), D("300.00")]


def invoiced(doors: Doors, order: Record, number: str, **more: Any) -> Record:
    return doors("finance").create("supplier_bill", {"purchase_order": order.id, "invoice_no": number, **more})


def test_an_invoice_matches_when_goods_and_amounts_agree(doors):
    order = bought(doors)
    bill = invoiced(doors, order, "01")
    assert figures(bill, "amount", "net_amount", "tax_amount") == [D("4051.05"), D("3585.00"), D("466.05")]
    assert of(doors, bill, "match_state") == ["quantity"]
    received(doors, order, 100, 30)
    assert of(doors, bill, "match_state") == ["match"]
    assert of(doors, order, "invoiced") == [D("4051.05")]
    doors("finance").update("supplier_bill", bill.id, {"amount": "4051"})
    assert of(doors, bill, "match_state") == ["amount"]
    loose = doors("finance").create(
        "supplier_bill", {"supplier": order.values["supplier"].id, "invoice_no": "02", "amount": "1"}
    )
    assert loose.values["match_state"] == "unmatched"


def test_a_number_of_an_invoice_is_one_of_its_supplier_only(doors):
    order = bought(doors)
    invoiced(doors, order, "01")
    assert told(doors("finance"), "supplier_bill", {"purchase_order": order.id, "invoice_no": "01"})
    other = doors("purchasing").create("supplier", {"name": "别家"}).id
    assert doors("finance").create("supplier_bill", {"supplier": other, "invoice_no": "01", "amount": "1"})


def test_what_may_be_paid_and_whose_account_it_is(doors):
    order = bought(doors)
    doors("boss").update(
        "supplier", order.values["supplier"].id, {"bank": "招商银行", "account_no": "6225", "pay_days": 10}
    )
    plan = doors("purchasing").create("payable_plan", {"purchase_order": order.id})
    assert figures(plan, "amount", "bank") == [D("4151.05"), "招商银行"]
    assert plan.values["plan_date"] == (order.values["eta"] or clock.today()) + timedelta(days=10)
    assert "account_no" not in plan.values
    assert of(doors, plan, "account_no") == ["6225"]


def test_each_thing_is_made_changed_and_deleted_by_who_works_with_it(doors):
    order = bought(doors)
    supplier = order.values["supplier"].id
    things = [
        ("purchasing", "payable_plan", {"purchase_order": order.id}, {"memo": "月结"}),
        ("finance", "payment", {"supplier": supplier, "amount": "1"}, {"bank_ref": "T1"}),
        ("finance", "supplier_bill", {"supplier": supplier, "amount": "1", "invoice_no": "9"}, {"content": "运费"}),
    ]
    for role, entity, values, change in things:
        made = doors(role).create(entity, values)
        assert made.title, entity
        changed = doors(role).update(entity, made.id, change).values
        assert {key: changed[key] for key in change} == change
        with pytest.raises((AccessDenied, RecordNotFound)):
            doors("sales").get(entity, made.id)
        doors(role).delete(entity, made.id)
        with pytest.raises(RecordNotFound):
            doors("boss").get(entity, made.id)
    with pytest.raises(AccessDenied):
        doors("purchasing").create("payment", {"supplier": supplier, "amount": "1"})
