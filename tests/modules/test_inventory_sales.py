"""What an order sends out and takes back: issues made of it, deliveries, cost and margin, returns; story B04."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal as D
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import Refusal, Refused, ValidationFailed
from yuanke.records import Record, Records
from yuanke.workflow import documents, perform

from tests.modules.conftest import everybody_agrees

#: name, list price, cost, tax, whether it is kept in stock
GOODS = (
    ("服务器", "12800", "9800", 13, "stocked"),
    ("交换机", "1599.5", "1148", 13, "stocked"),
    ("安装服务", "3605", None, 6, "none"),
)


def day(text: str) -> Any:
    return clock.stopped(datetime.fromisoformat(f"{text}T04:00:00"))


class Trade:
    """An order of three lines with 1,000.00 off, signed on 20 February 2026, and the warehouse it leaves from."""

    def __init__(self, door: Callable[[str], Records], people: dict[str, int]) -> None:
        self.door, self.people = door, people
        admin = door("admin")
        self.store = admin.create("warehouse", {"code": "A", "name": "北京仓", "keepers": [people["warehouse"]]}).id
        category = admin.create("product_category", {"name": "硬件", "default_warehouse": self.store}).id
        self.goods = {
            name: admin.create(
                "product",
                {"code": name, "name": name, "category": category, "list_price": price, "cost_price": cost, "tax_rate": tax, "stock_kind": kind},
            ).id
            for name, price, cost, tax, kind in GOODS
        }  # fmt: skip
        self.customer = admin.create("customer", {"name": "上海蓝天科技有限公司"}).id
        self.order = self.sell([("服务器", 3), ("交换机", 10), ("安装服务", 1)], discount_amount="1000")

    def sell(self, lines: list[tuple[str, int]], **values: Any) -> Record:
        rows = [{"product": self.goods[name], "quantity": quantity} for name, quantity in lines]
        with day("2026-02-20"):
            made = self.door("admin").create("order", {"customer": self.customer, "lines": rows, **values})
            self.act("admin", made, "start")
        return made

    def act(self, role: str, record: Record, act: str, **asked: Any) -> dict[str, Any]:
        door = self.door(role)
        done = perform(door.unit, door.actor, record.entity.key, record.id, act, asked).values
        everybody_agrees(self.door, self.people)
        return door.get(record.entity.key, record.id).values if done else done

    def becomes(self, role: str, record: Record, key: str) -> Record:
        door = self.door(role)
        made = documents.make(door.unit, door.actor, record.entity.key, record.id, key)
        return made[0] if isinstance(made, list) else made

    def figures(self) -> dict[str, Any]:
        return self.door("finance").get("order", self.order.id).values


@pytest.fixture
def trade(standing_staff: Callable[..., Any]) -> Iterator[Trade]:
    staffed = standing_staff("sales_stock")
    with staffed.working() as door:
        yield Trade(door, dict(staffed.ids))


def test_an_order_leaves_in_parts_and_tells_its_margin(trade):
    with day("2026-03-10"):
        first = trade.becomes("warehouse", trade.order, "stock_out")
        assert (first.values["warehouse"].id, first.values["kind"]) == (trade.store, "sale")
        server, switch = first.values["lines"]
        assert [line.values["quantity"] for line in (server, switch)] == [3, 10]  # a service leaves no warehouse
        trade.door("warehouse").update("stock_out", first.id, {"lines": [{"id": switch.id, "quantity": 6}]})
        assert trade.figures()["sent"] == "waiting"  # an issue alone moves nothing
        trade.act("warehouse", first, "confirm")
    assert (trade.figures()["sent"], trade.figures()["delivered_amount"]) == ("part", D("47169.46"))

    with day("2026-03-20"):
        second = trade.becomes("warehouse", trade.order, "stock_out")
        assert [line.values["quantity"] for line in second.values["lines"]] == [4]
        with pytest.raises(Refused):  # all of it stands on an issue now
            trade.becomes("warehouse", trade.order, "stock_out")
        line = second.values["lines"][0].id
        trade.door("warehouse").update("stock_out", second.id, {"lines": [{"id": line, "quantity": 5}]})
        with pytest.raises(ValidationFailed):  # more than is open
            trade.act("warehouse", second, "confirm")


def test_cost_margin_and_return_are_those_of_the_story(trade):
    with day("2026-03-20"):
        trade.act("warehouse", trade.becomes("warehouse", trade.order, "stock_out"), "confirm")
        trade.becomes("admin", trade.order, "delivery_record")  # the service
    order = trade.figures()
    assert [order[key] for key in ("sent", "cost_amount", "margin", "margin_rate")] == [
        "all",
        D("40880.00"),
        D("9769.52"),
        D("19.29"),
    ]

    with day("2026-04-20"):
        back = {
            "order": trade.order.id,
            "warehouse": trade.store,
            "lines": [{"order_item": order["lines"][1].id, "quantity": 1}],
        }
        returned = trade.door("admin").create("order_return", back)
        assert (returned.values["total"], returned.values["arrival"]) == (D("1571.92"), "waiting")
        assert trade.act("admin", returned, "submit")["status"] == "running"
        receipt = trade.becomes("warehouse", returned, "stock_in")
        assert (receipt.values["kind"], receipt.values["order_return"].id) == ("sales_return", returned.id)
        trade.act("warehouse", receipt, "confirm")
    assert trade.door("admin").get("order_return", returned.id).values["arrival"] == "all"
    order = trade.figures()
    assert [order[key] for key in ("returned_net", "cost_amount", "margin")] == [
        D("1391.08"),
        D("39732.00"),
        D("9526.44"),
    ]


def test_a_reversed_issue_takes_its_deliveries_back(trade):
    with day("2026-03-10"):
        issue = trade.becomes("warehouse", trade.order, "stock_out")
        trade.act("warehouse", issue, "confirm")
        assert [line.values["open"] for line in trade.figures()["lines"]] == [0, 0, 1]
        trade.act("warehouse", issue, "reverse")
    order = trade.figures()
    assert ([line.values["open"] for line in order["lines"]], order["cost_amount"]) == ([3, 10, 1], 0)


def test_a_piece_comes_back_on_the_order_it_was_sold_on(trade):
    admin, keeper = trade.door("admin"), trade.door("warehouse")
    category = admin.list("product_category").records[0].id
    values = {"code": "PR", "name": "打印机", "category": category, "list_price": "900", "serial_managed": True}
    trade.goods["打印机"] = admin.create("product", {**values, "warranty_months": 12}).id
    piece = keeper.create("serial_no", {"sn": "SN-001", "product": trade.goods["打印机"]}).id
    line = {"product": trade.goods["打印机"], "serials": [piece]}
    with day("2026-02-10"):
        trade.act("warehouse", keeper.create("stock_in", {"warehouse": trade.store, "lines": [line]}), "confirm")
    ours, others = trade.sell([("打印机", 1)]), trade.sell([("打印机", 1)])
    with day("2026-02-22"):
        for order in (ours, others):
            issue = trade.becomes("warehouse", order, "stock_out")
            if order is ours:
                change = {"lines": [{"id": issue.values["lines"][0].id, "serials": [piece]}]}
                keeper.update("stock_out", issue.id, change)
                trade.act("warehouse", issue, "confirm")
    found = keeper.get("serial_no", piece).values
    assert (found["status"], found["order"].id, found["customer"].id) == ("sold", ours.id, trade.customer)

    receipts = {}
    for order in (ours, others):
        admin.update("order", order.id, {"memo": "退"})
        if order is others:  # delivered by hand, so that something can come back
            admin.create(
                "delivery_record", {"order": order.id, "order_item": order.values["lines"][0].id, "kind": "no_stock"}
            )
        item = {"order_item": order.values["lines"][0].id, "quantity": 1}
        back = admin.create("order_return", {"order": order.id, "warehouse": trade.store, "lines": [item]})
        trade.act("admin", back, "submit")
        receipts[order.id] = trade.becomes("warehouse", back, "stock_in")
        change = {"lines": [{"id": receipts[order.id].values["lines"][0].id, "serials": [piece]}]}
        keeper.update("stock_in", receipts[order.id].id, change)
    with pytest.raises(Refusal, match="不是这张订单卖出的"):
        trade.act("warehouse", receipts[others.id], "confirm")
    trade.act("warehouse", receipts[ours.id], "confirm")
    assert keeper.get("serial_no", piece).values["status"] == "in_stock"


def test_a_shipment_is_made_of_the_order_issued_sent_and_signed_for(standing_staff):
    staffed = standing_staff("shipment")
    with staffed.working() as door:
        trade = Trade(door, dict(staffed.ids))
        keeper = door("warehouse")
        door("admin").update(
            "order",
            trade.order.id,
            {"receiver": "王强", "receive_phone": "13800138000", "receive_address": "上海市浦东新区"},
        )
        with day("2026-03-10"):
            shipment = trade.becomes("warehouse", trade.order, "shipment")
            made = shipment.values
            assert (made["receiver"], made["address"], made["warehouse"].id) == ("王强", "上海市浦东新区", trade.store)
            assert [line.values["quantity"] for line in made["lines"]] == [3, 10]
            assert "amount" not in made and door("finance").get("shipment", shipment.id).values["amount"] == D(
                "53457.15"
            )
            with pytest.raises(Refused):  # all of it stands on a shipment
                trade.becomes("warehouse", trade.order, "shipment")
            issue = trade.becomes("warehouse", shipment, "stock_out")
            assert (issue.values["shipment"].id, issue.values["order"].id) == (shipment.id, trade.order.id)
            trade.act("warehouse", issue, "confirm")
            assert keeper.get("shipment", shipment.id).values["status"] == "out"
            with pytest.raises(Refusal, match="请填写运单号"):
                trade.act("warehouse", shipment, "send")
            assert trade.act("warehouse", shipment, "send", carrier="顺丰", tracking_no="SF1024")["status"] == "sent"
            signed = trade.act("warehouse", shipment, "sign")
            assert (signed["status"], signed["signed_by"]) == ("signed", "王强")
        with pytest.raises(Refusal, match="不能删除"):
            keeper.delete("shipment", shipment.id)


def test_what_is_refused_at_the_door_becomes_a_return(standing_staff):
    staffed = standing_staff("shipment")
    with staffed.working() as door:
        trade = Trade(door, dict(staffed.ids))
        where = {"receiver": "王强", "receive_phone": "13800138000", "receive_address": "上海市浦东新区"}
        door("admin").update("order", trade.order.id, where)
        with day("2026-03-10"):
            shipment = trade.becomes("warehouse", trade.order, "shipment")
            trade.act("warehouse", trade.becomes("warehouse", shipment, "stock_out"), "confirm")
            trade.act("warehouse", shipment, "send", tracking_no="SF1024")
            assert trade.act("warehouse", shipment, "refuse", memo="外箱破损")["status"] == "refused"
        (back,) = door("admin").list("order_return").records
        found = door("admin").get("order_return", back.id).values
        assert (found["reason"], found["shipment"].id, found["quantity"]) == ("refused", shipment.id, 13)
