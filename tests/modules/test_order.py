"""Orders, their lines, what is delivered of them and what comes back, as the people who work with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed

from tests.modules.deals import DEALS, D, Doors, blue_sky, brought, delivered, figures, goods, lines_of, running, told


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff(*DEALS).working() as opened:
        yield opened


def test_the_discount_is_spread_over_the_lines_and_taxed_with_them(doors):
    order = blue_sky(doors)
    lines = [
        figures(line, "amount", "discount_share", "amount_with_tax", "tax_amount", "net_amount")
        for line in order.values["lines"]
    ]
    assert lines == [
        [D("38400.00"), D("662.07"), D("37737.93"), D("4341.53"), D("33396.40")],
        [D("15995.00"), D("275.78"), D("15719.22"), D("1808.41"), D("13910.81")],
        [D("3605.00"), D("62.15"), D("3542.85"), D("200.54"), D("3342.31")],
    ]
    assert figures(order, "goods_amount", "tax_amount", "total") == [D("58000.00"), D("6350.48"), D("57000.00")]


def test_tax_that_is_not_in_the_price_is_added(doors):
    order = doors("sales").update("order", blue_sky(doors).id, {"tax_mode": "excluded", "freight": "280"})
    taxes = [D("4905.93"), D("2043.50"), D("212.57")]
    assert [line.values["tax_amount"] for line in order.values["lines"]] == taxes
    assert order.values["total"] == D("57000.00") + sum(taxes) + D("280.00")
    none = doors("sales").update("order", order.id, {"tax_mode": "none"})
    assert figures(none, "tax_amount", "total") == [D(0), D("57280.00")]


def test_a_new_order_is_booked_goes_to_the_customers_address_and_counts_when_it_runs(doors):
    order = blue_sky(doors)
    assert order.values["status"] == "booked"
    assert order.values["receive_address"] == "世纪大道 1 号"
    assert order.values["sent"] == "nothing"
    customer = doors("sales").get("customer", order.values["customer"].id)
    assert customer.values["deal_amount"] == 0
    other = brought(
        doors("sales"),
        "order",
        {
            "customer": customer.id,
            "status": "running",
            "lines": [{"product": order.values["lines"][0].values["product"].id}],
        },
    )
    assert other.values["sent"] == "waiting"
    assert doors("sales").get("customer", customer.id).values["deal_amount"] == D("12800.00")


def test_deliveries_lower_what_is_open_until_all_is_delivered(doors):
    order = running(doors).id
    delivered(doors, order, "服务器", 3)
    delivered(doors, order, "交换机", 6)
    seen = doors("sales").get("order", order)
    assert seen.values["sent"] == "part"
    assert [line.values["open"] for line in seen.values["lines"]] == [0, 4, 1]
    assert [line.values["delivery"] for line in seen.values["lines"]] == ["done", "part", "nothing"]
    with pytest.raises(ValidationFailed):
        delivered(doors, order, "交换机", 5)


def test_all_of_an_order_is_delivered_and_a_reversed_delivery_does_not_count(doors):
    order = running(doors).id
    last = [delivered(doors, order, name, n) for name, n in (("服务器", 3), ("交换机", 10), ("安装服务", 1))]
    seen = doors("sales").get("order", order)
    assert (seen.values["sent"], seen.values["delivered_amount"]) == ("all", D("57000.00"))
    assert doors("boss").get("delivery_record", last[0].id).values["amount"] == D("37737.93")
    doors("boss").delete("delivery_record", last[2].id)
    assert figures(doors("sales").get("order", order), "sent", "delivered_amount") == ["part", D("53457.15")]


def test_what_was_delivered_counts_for_the_earliest_plan_first(doors):
    order = running(doors).id
    line = lines_of(doors, order)["交换机"].id
    today = clock.today()
    plan = lambda serial, days, n: doors("sales").create(  # noqa: E731
        "delivery_plan", {"order": order, "order_item": line, "serial": serial, "plan_date": today + timedelta(days=days), "quantity": n}
    )  # fmt: skip
    second, first = plan(2, 9, 4), plan(1, -9, 6)
    assert first.values["amount"] == D("9431.53")
    delivered(doors, order, "交换机", 7)
    state = lambda made: figures(doors("sales").get("delivery_plan", made.id), "done", "state")  # noqa: E731
    assert (state(first), state(second)) == ([D(6), "done"], [D(1), "part"])
    with pytest.raises(ValidationFailed):
        plan(3, 20, 1)


def test_a_return_is_worth_what_the_line_was_after_discounts(doors):
    order = running(doors).id
    delivered(doors, order, "交换机", 10)
    line = lines_of(doors, order)["交换机"].id
    service = doors("service")
    values = {"order": order, "status": "running", "lines": [{"order_item": line, "quantity": 1}]}
    back = brought(service, "order_return", values)
    row = back.values["lines"][0]
    assert figures(row, "amount", "tax_amount", "net_amount") == [D("1571.92"), D("180.84"), D("1391.08")]
    assert (row.values["name"], row.values["product"].title) == ("交换机", "交换机")
    assert doors("sales").get("order", order).values["returned_amount"] == D("1571.92")
    assert figures(lines_of(doors, order)["交换机"], "returned", "open") == [1, 0]
    with pytest.raises(ValidationFailed):
        brought(service, "order_return", {**values, "lines": [{"order_item": line, "quantity": 10}]})


def test_what_comes_back_for_exchange_is_to_be_delivered_again(doors):
    order = running(doors).id
    delivered(doors, order, "服务器", 3)
    line = lines_of(doors, order)["服务器"].id
    lines = [{"order_item": line, "quantity": 1}]
    values = {"order": order, "kind": "exchange", "status": "running", "lines": lines}
    brought(doors("sales"), "order_return", values)
    assert figures(lines_of(doors, order)["服务器"], "delivered", "replacing", "open") == [3, 1, 1]
    delivered(doors, order, "服务器", 1)
    assert lines_of(doors, order)["服务器"].values["open"] == 0


def test_payment_terms_add_up_to_the_whole(doors):
    thirds = [{"condition": "signed", "percent": 30}, {"condition": "delivered", "percent": 60, "days": 30}]
    customer = doors("sales").create("customer", {"name": "甲"}).id
    values = {"customer": customer, "lines": [{"product": goods(doors)["服务器"]}]}
    assert told(doors("sales"), "order", {**values, "terms": thirds}) == ["各期比例之和要等于 100%"]
    whole = doors("sales").create("order", {**values, "terms": [*thirds, {"condition": "accepted", "percent": 10}]})
    assert [term.values["percent"] for term in whole.values["terms"]] == [30, 60, 10]


def test_what_was_delivered_stays_in_the_order(doors):
    order = running(doors).id
    delivered(doors, order, "交换机", 6)
    line = lines_of(doors, order)["交换机"].id
    for change in ({"id": line, "quantity": 5}, {"id": line, "deleted": True}):
        with pytest.raises((ValidationFailed, Refused)):
            doors("sales").update("order", order, {"lines": [change]})


def test_a_finished_order_keeps_its_amount(doors):
    order = blue_sky(doors, status="finished")
    assert doors("sales").update("order", order.id, {"memo": "资料已归档"}).values["memo"]
    with pytest.raises(ValidationFailed):
        doors("sales").update("order", order.id, {"freight": 1})


def test_how_far_an_order_exceeds_the_credit_limit(doors):
    order = blue_sky(doors)
    assert order.values["credit_exceeded"] == 0
    doors("finance").update("customer", order.values["customer"].id, {"credit_limit": "50000"})
    assert doors("sales").get("order", order.id).values["credit_exceeded"] == D("7000.00")


def test_the_warehouse_sees_goods_and_no_prices(doors):
    order = running(doors)
    seen = doors("warehouse").get("order", order.id)
    assert not {"total", "goods_amount", "discount_amount", "tax_amount", "total_base"} & set(seen.values)
    line = seen.values["lines"][0]
    assert line.values["quantity"] == 3
    assert not {"price", "amount", "discount_share", "amount_with_tax", "net_amount"} & set(line.values)
    with pytest.raises(AccessDenied):
        doors("warehouse").update("order", order.id, {"memo": "x"})


def test_sales_sees_his_own_and_marketing_none(doors):
    order = blue_sky(doors)
    with pytest.raises(AccessDenied):
        doors("marketing").list("order")
    assert doors("finance").get("order", order.id).values["total"] == D("57000.00")
    boss = doors("boss").create(
        "order",
        {
            "customer": order.values["customer"].id,
            "lines": [{"product": order.values["lines"][0].values["product"].id}],
        },
    )
    with pytest.raises(RecordNotFound):
        doors("sales").get("order", boss.id)


def test_each_thing_is_made_changed_and_deleted_by_who_works_with_it(doors):
    order = running(doors)
    line = order.values["lines"][0].id
    made = [
        ("warehouse", "delivery_record", {"order": order.id, "order_item": line, "quantity": 1}, {"receiver": "李四"}, "boss"),
        ("sales", "delivery_plan", {"order": order.id, "order_item": line, "plan_date": "2027-01-01", "quantity": 1}, {"note": "分两车"}, "sales"),
        ("sales", "order", {"customer": order.values["customer"].id, "lines": [{"product": order.values["lines"][0].values["product"].id}]}, {"receiver": "王五"}, "boss"),
    ]  # fmt: skip
    for role, entity, values, change, remover in made:
        record = doors(role).create(entity, values)
        assert record.title, entity
        changed = doors(role).update(entity, record.id, change)
        assert {key: changed.values[key] for key in change} == change
        doors(remover).delete(entity, record.id)
        with pytest.raises(RecordNotFound):
            doors("boss").get(entity, record.id)
    delivered(doors, order.id, "服务器", 2)
    back = doors("service").create("order_return", {"order": order.id, "lines": [{"order_item": line, "quantity": 1}]})
    assert back.values["customer"].id == order.values["customer"].id
    assert doors("service").update("order_return", back.id, {"tracking_no": "SF1"}).values["tracking_no"] == "SF1"
    doors("boss").delete("order_return", back.id)


def test_nothing_is_delivered_of_an_order_that_does_not_run(doors):
    order = blue_sky(doors)
    line = order.values["lines"][0].id
    said = told(doors("warehouse"), "delivery_record", {"order": order.id, "order_item": line, "quantity": 1})
    assert said == ["订单没有在执行，不能交付"]


def test_no_day_of_delivery_lies_in_the_future(doors):
    order = running(doors)
    values = {
        "order": order.id,
        "order_item": order.values["lines"][0].id,
        "quantity": 1,
        "delivered_on": date(2999, 1, 1),
    }
    assert told(doors("warehouse"), "delivery_record", values) == ["交付日期不能晚于今天"]
