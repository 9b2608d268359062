"""Quotes: the figures of story B03, versions and what they cost us, as the people who write and approve them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, ValidationFailed
from yuanke.records import Record

from tests.modules.deals import DEALS, D, Doors, brought, buyer, figures, sold_lines, told


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff(*DEALS).working() as opened:
        yield opened


def blue_sky_quote(doors: Doors, **more: Any) -> Record:
    values = {
        "subject": "机房改造",
        "customer": buyer(doors),
        "lines": sold_lines(doors),
        "discount_amount": 1000,
        **more,
    }
    return brought(doors("sales"), "quote", values) if "status" in more else doors("sales").create("quote", values)


def test_lines_discount_tax_and_capitals_of_a_quote(doors):
    quote = blue_sky_quote(doors)
    lines = [figures(line, "amount_with_tax", "tax_amount", "net_amount") for line in quote.values["lines"]]
    assert lines == [
        [D("37737.93"), D("4341.53"), D("33396.40")],
        [D("15719.22"), D("1808.41"), D("13910.81")],
        [D("3542.85"), D("200.54"), D("3342.31")],
    ]
    assert figures(quote, "goods_amount", "tax_amount", "total") == [D("58000.00"), D("6350.48"), D("57000.00")]
    assert quote.values["total_upper"] == "伍万柒仟元整"
    assert quote.values["lines"][1].values["price_with_tax"] == D("1571.9220")


def test_a_quote_holds_thirty_days_and_not_less_than_none(doors):
    quote = blue_sky_quote(doors, date=clock.today())
    assert quote.values["valid_until"] == clock.today() + timedelta(days=30)
    with pytest.raises(ValidationFailed):
        doors("sales").update("quote", quote.id, {"valid_until": clock.today() - timedelta(days=1)})


def test_cost_and_margin_are_for_those_who_see_costs(doors):
    quote = blue_sky_quote(doors)
    seen = doors("boss").get("quote", quote.id)
    assert figures(seen, "cost_amount", "margin") == [D("41880.00"), D("8769.52")]
    assert seen.values["margin_rate"] == D("17.3141")
    for role in ("sales", "service"):
        door = doors(role)
        assert not {"cost_amount", "margin", "margin_rate"} & set(door.get("quote", quote.id).values)
        line = door.get("quote", quote.id).values["lines"][0].values
        assert not {"unit_cost", "floor_price", "cost_amount", "below_floor"} & set(line)


def test_a_line_below_the_floor_price_is_marked(doors):
    quote = blue_sky_quote(doors, discount_amount=0)
    server = quote.values["lines"][0]
    doors("boss").update("product", server.values["product"].id, {"floor_price": "12000"})
    below = lambda: doors("boss").get("quote", quote.id).values["lines"][0].values["below_floor"]  # noqa: E731
    for price, discount, expected in (("12000", 0, False), ("11999.9999", 0, True), ("12800", 10, True)):
        doors("sales").update("quote", quote.id, {"lines": [{"id": server.id, "price": price, "discount": discount}]})
        assert below() is expected, price


def test_what_customers_are_offered_shows_at_the_opportunity(doors):
    customer = buyer(doors)
    wanted = {"name": "机房", "customer": customer, "expect_sign_on": "2027-01-01", "expect_amount": "60000"}
    opportunity = doors("sales").create("opportunity", wanted).id
    blue_sky_quote(doors, customer=customer, opportunity=opportunity)
    assert doors("sales").get("opportunity", opportunity).values["quoted_amount"] == D("57000.00")


def test_what_became_an_order_is_not_changed_any_more(doors):
    quote = blue_sky_quote(doors, status="ordered")
    with pytest.raises(ValidationFailed):
        doors("sales").update("quote", quote.id, {"discount_amount": 0})
    assert doors("sales").update("quote", quote.id, {"memo": "已归档"}).values["memo"]


def test_a_quote_is_made_changed_and_deleted(doors):
    quote = blue_sky_quote(doors)
    assert (quote.title, quote.values["status"], quote.values["revision"]) == ("机房改造", "draft", 1)
    assert quote.values["seller"].title == "sales"
    gone = quote.values["lines"][2].id
    less = doors("sales").update("quote", quote.id, {"payment_terms": "三七", "lines": [{"id": gone, "deleted": True}]})
    assert (less.values["total"], len(less.values["lines"])) == (D("53395.00"), 2)
    assert doors("finance").get("quote", quote.id).values["payment_terms"] == "三七"
    with pytest.raises(AccessDenied):
        doors("marketing").list("quote")
    doors("sales").delete("quote", quote.id)
    with pytest.raises(RecordNotFound):
        doors("sales").get("quote", quote.id)


def test_a_quote_needs_lines_and_no_discount_above_them(doors):
    values = {"subject": "x", "customer": buyer(doors)}
    assert told(doors("sales"), "quote", values)
    lines = sold_lines(doors)
    assert told(doors("sales"), "quote", {**values, "lines": lines, "discount_amount": "58000.01"}) == [
        "整单优惠不能超过明细合计"
    ]
