"""Sales over the counter: the figures of story B27, as a cashier and the one who takes goods back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from yuanke.kernel.errors import AccessDenied, RecordNotFound, ValidationFailed
from yuanke.records import Record

from tests.modules.deals import DEALS, D, Doors, brought, figures, told, warehouse_of


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff(*DEALS).working() as opened:
        yield opened


def counter(doors: Doors) -> dict[str, Any]:
    """A store with its warehouse, and 3 + 1 + 2 pieces for 202.40, of which 10.40 come off."""
    boss = doors("boss")
    category = boss.create("product_category", {"name": "文具"}).id
    prices = [("笔", "19.9"), ("本", "128"), ("夹", "7.35")]
    ids = [
        boss.create("product", {"code": name, "name": name, "category": category, "list_price": price}).id
        for name, price in prices
    ]
    lines = [{"product": one, "quantity": n} for one, n in zip(ids, (3, 1, 2), strict=True)]
    return {
        "store": doors("admin").create("department", {"name": "南京路店"}).id,
        "warehouse": warehouse_of(doors),
        "lines": lines,
        "discount_amount": 10,
        "round_off": "0.40",
    }


def sold(doors: Doors, *payments: tuple[str, str], **more: Any) -> Record:
    values = {**counter(doors), "payments": [{"way": way, "amount": amount} for way, amount in payments], **more}
    return (
        brought(doors("sales"), "pos_sale", values) if "status" in more else doors("sales").create("pos_sale", values)
    )


def test_what_comes_off_is_spread_and_the_rest_is_to_pay(doors):
    sale = sold(doors)
    assert figures(sale, "goods_amount", "payable", "points_earned") == [D("202.40"), D("192.00"), 192]
    assert [line.values["discount_share"] for line in sale.values["lines"]] == [D("3.07"), D("6.58"), D("0.75")]
    assert sum(line.values["paid"] for line in sale.values["lines"]) == D("192.00")


@pytest.mark.parametrize("payments", [[("cash", "200")], [("wechat", "100"), ("cash", "100")]])
def test_change_is_given_on_cash_alone(doors, payments):
    sale = sold(doors, *payments)
    assert figures(sale, "received", "change_due") == [D("200.00"), D("8.00")]
    assert sum(row.values["net"] for row in sale.values["payments"]) == D("192.00")
    assert sale.values["payments"][-1].values["net"] == D(payments[-1][1]) - 8


def test_no_change_is_given_on_a_card(doors):
    assert figures(sold(doors, ("card", "200")), "received", "change_due") == [D("200.00"), D(0)]


def test_one_piece_comes_back_for_what_was_paid_for_it(doors):
    sale = sold(doors, ("cash", "192"), status="done")
    pen = sale.values["lines"][0]
    values = {
        "kind": "return",
        "return_of": sale.id,
        "store": sale.values["store"].id,
        "warehouse": sale.values["warehouse"].id,
    }
    row = {"return_item": pen.id, "quantity": 1}
    back = brought(doors("sales_manager"), "pos_sale", {**values, "lines": [row], "status": "done"})
    assert figures(back, "payable", "points_earned") == [D("18.88"), -18]
    assert back.values["lines"][0].values["product"].id == pen.values["product"].id
    assert doors("sales").get("pos_sale", sale.id).values["lines"][0].values["returned"] == 1
    with pytest.raises(ValidationFailed):
        brought(doors("sales_manager"), "pos_sale", {**values, "lines": [{**row, "quantity": 3}], "status": "done"})


def test_less_than_a_unit_is_rounded_off_and_a_return_names_its_sale(doors):
    said = {**counter(doors), "discount_amount": 0}
    assert told(doors("sales"), "pos_sale", {**said, "round_off": "1"}) == ["去零要少于 1 元"]
    assert told(doors("sales"), "pos_sale", {**said, "kind": "return"}) == ["退自 不能为空"]


def test_a_sale_is_made_changed_and_deleted_and_a_done_one_keeps_its_amount(doors):
    sale = sold(doors)
    assert (sale.values["status"], sale.values["cashier"].title) == ("held", "sales")
    assert doors("sales").update("pos_sale", sale.id, {"member_card": "M1"}).values["member_card"] == "M1"
    assert "payable" not in doors("warehouse").get("pos_sale", sale.id).values
    with pytest.raises(AccessDenied):
        doors("marketing").list("pos_sale")
    doors("sales").delete("pos_sale", sale.id)
    with pytest.raises(RecordNotFound):
        doors("boss").get("pos_sale", sale.id)


def test_a_done_sale_keeps_its_amount(doors):
    done = sold(doors, ("cash", "192"), status="done")
    with pytest.raises(ValidationFailed):
        doors("sales").update("pos_sale", done.id, {"discount_amount": 0})
