"""Purchases, what arrives of them and what goes back (stories B08 and B09), as the people who buy, receive and pay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, ValidationFailed
from yuanke.records import Record

from tests.modules.deals import (
    DEALS,
    D,
    Doors,
    bought,
    brought,
    figures,
    goods,
    received,
    running,
    supplier_of,
    told,
    warehouse_of,
)


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff(*DEALS).working() as opened:
        yield opened


def seen(doors: Doors, order: Record, *names: str) -> list[Any]:
    return figures(doors("purchasing").get("purchase_order", order.id), *names)


def line(doors: Doors, order: Record, at: int) -> Record:
    return doors("purchasing").get("purchase_order", order.id).values["lines"][at]


def test_tax_and_freight_of_a_purchase_and_what_the_goods_cost(doors):
    order = bought(doors, status="draft")
    assert seen(doors, order, "amount_before_tax", "tax_amount", "goods_total", "total") == [
        D("3585.00"), D("466.05"), D("4051.05"), D("4151.05"),
    ]  # fmt: skip
    first, second = order.values["lines"]
    assert figures(first, "amount", "tax_amount", "freight_share", "cost", "landed_cost") == [
        D("2345.00"), D("304.85"), D("65.41"), D("2410.41"), D("24.1041"),
    ]  # fmt: skip
    assert figures(second, "amount", "tax_amount", "freight_share", "cost", "landed_cost") == [
        D("1240.00"), D("161.20"), D("34.59"), D("1274.59"), D("42.4863"),
    ]  # fmt: skip
    by_quantity = doors("purchasing").update("purchase_order", order.id, {"freight_by": "quantity"})
    assert [row.values["freight_share"] for row in by_quantity.values["lines"]] == [D("76.92"), D("23.08")]


def test_what_is_posted_counts_as_received_and_what_waits_does_not(doors):
    order = bought(doors)
    received(doors, order, 60, status="waiting")
    assert seen(doors, order, "arrived") == ["made"]
    assert figures(line(doors, order, 0), "received", "arriving", "open") == [0, 60, 100]
    received(doors, order, 60)
    assert seen(doors, order, "arrived", "received_amount") == ["part", D("1589.91")]
    assert line(doors, order, 0).values["open"] == 40


def test_all_of_a_purchase_arrives_and_no_more(doors):
    order = bought(doors)
    received(doors, order, 60)
    received(doors, order, 40, 30)
    assert seen(doors, order, "arrived", "received_amount") == ["all", D("4151.05")]
    with pytest.raises(ValidationFailed):
        received(doors, order, 1)


def sent_back(doors: Doors, order: Record, quantity: int, **more: Any) -> Record:
    lines = [{"purchase_item": order.values["lines"][1].id, "quantity": quantity}]
    return brought(
        doors("purchasing"),
        "purchase_return",
        {"purchase_order": order.id, "status": "running", "lines": lines, **more},
    )


def test_a_return_is_worth_its_purchase_price_and_tax_and_never_more_than_came(doors):
    order = bought(doors)
    received(doors, order, 100, 30)
    back = sent_back(doors, order, 5)
    assert figures(back, "amount", "total", "refund_state", "shipped_state") == [
        D("206.67"),
        D("233.54"),
        "open",
        "waiting",
    ]
    assert back.values["supplier"].id == order.values["supplier"].id
    assert seen(doors, order, "returned_amount") == [D("233.54")]
    with pytest.raises(ValidationFailed):
        sent_back(doors, order, 26)


def test_the_supplier_refunds_no_more_than_the_return(doors):
    order = bought(doors)
    received(doors, order, 100, 30)
    back = sent_back(doors, order, 5)
    refund = {"purchase_return": back.id, "status": "valid"}
    made = brought(doors("finance"), "purchase_refund", refund)
    assert (made.values["amount"], made.values["purchase_order"].id) == (D("233.54"), order.id)
    assert figures(doors("finance").get("purchase_return", back.id), "refunded", "refund_state") == [
        D("233.54"),
        "done",
    ]
    with pytest.raises(ValidationFailed):
        brought(doors("finance"), "purchase_refund", {**refund, "amount": "0.01"})


def test_what_is_issued_to_the_supplier_shows_at_the_return(doors):
    order = bought(doors)
    received(doors, order, 100, 30)
    back = sent_back(doors, order, 5)
    row = back.values["lines"][0]
    lines = [{"product": row.values["product"].id, "purchase_return_item": row.id, "quantity": 3}]
    issue = {"warehouse": warehouse_of(doors), "kind": "purchase_return", "purchase_return": back.id, "lines": lines}
    brought(doors("warehouse"), "stock_out", {**issue, "status": "posted"})
    assert doors("finance").get("purchase_return", back.id).values["shipped_state"] == "part"
    with pytest.raises(ValidationFailed):
        brought(doors("warehouse"), "stock_out", {**issue, "status": "posted"})


def test_what_is_bought_for_an_order_shows_at_its_lines(doors):
    order = running(doors)
    sold = order.values["lines"][1]
    rows = [{"product": sold.values["product"].id, "quantity": 4, "order_item": sold.id}]
    values = {
        "supplier": supplier_of(doors),
        "warehouse": warehouse_of(doors),
        "type": "by_order",
        "ref_order": order.id,
        "lines": rows,
    }
    made = doors("purchasing").create("purchase_order", values)
    assert made.values["ref_customer"].hidden, "purchasing knows no customers"
    assert doors("boss").get("purchase_order", made.id).values["ref_customer"].id == order.values["customer"].id
    assert made.values["lines"][0].values["price"] == D("1148.0000")
    assert doors("sales").get("order", order.id).values["lines"][1].values["purchased"] == 4


def test_a_supplier_is_on_time_when_all_is_here_by_the_expected_day(doors):
    today = clock.today()
    for eta in (today, today - timedelta(days=1)):
        order = bought(doors, date=today - timedelta(days=9), eta=eta)
        received(doors, order, 100, 30)
    supplier = doors("boss").get("supplier", order.values["supplier"].id)
    assert figures(supplier, "on_time_rate", "purchased_amount") == [D(50), D("8302.10")]


def test_the_warehouse_sees_goods_and_no_prices(doors):
    order = bought(doors)
    door = doors("warehouse")
    assert not {"total", "goods_total", "amount_before_tax", "tax_amount"} & set(
        door.get("purchase_order", order.id).values
    )
    row = door.get("purchase_order", order.id).values["lines"][0].values
    assert row["quantity"] == 100
    assert not {"price", "amount", "cost", "amount_with_tax", "landed_cost", "received_amount"} & set(row)
    with pytest.raises(AccessDenied):
        doors("sales").list("purchase_order")


def test_each_thing_is_made_changed_and_deleted_by_who_works_with_it(doors):
    order = bought(doors)
    received(doors, order, 100, 30)
    back = sent_back(doors, order, 1)
    rows = [{"product": goods(doors, "再")["服务器"], "quantity": 1}]
    things = [
        ("purchasing", "supplier", {"name": "苏州工控"}, {"level": "a"}, "boss"),
        ("purchasing", "purchase_order", {"supplier": supplier_of(doors), "warehouse": warehouse_of(doors), "lines": rows}, {"send_no": "SF1"}, "purchasing"),
        ("purchasing", "purchase_return", {"purchase_order": order.id, "lines": [{"purchase_item": order.values["lines"][0].id, "quantity": 1}]}, {"tracking_no": "SF2"}, "purchasing"),
        ("finance", "purchase_refund", {"purchase_return": back.id}, {"way": "cash"}, "finance"),
    ]  # fmt: skip
    for role, entity, values, change, remover in things:
        made = doors(role).create(entity, values)
        assert made.title, entity
        changed = doors(role).update(entity, made.id, change).values
        assert {key: changed[key] for key in change} == change
        doors(remover).delete(entity, made.id)
        with pytest.raises(RecordNotFound):
            doors("boss").get(entity, made.id)


def test_a_purchase_names_itself_and_expects_its_goods_after_the_lead_time(doors):
    supplier = supplier_of(doors, lead_days=7)
    rows = [{"product": goods(doors)["服务器"], "quantity": 1}]
    values = {"supplier": supplier, "warehouse": warehouse_of(doors), "lines": rows}
    made = doors("purchasing").create("purchase_order", values)
    assert made.values["subject"] == "深圳网联设备有限公司采购"
    assert made.values["eta"] == clock.today() + timedelta(days=7)
    early = {**values, "eta": clock.today() - timedelta(days=1)}
    assert told(doors("purchasing"), "purchase_order", early) == ["预计到货不能早于采购日期"]
