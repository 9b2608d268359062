"""What people read, in both languages, and what goes out as JSON."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from yuanke.expressions.scope import Kind
from yuanke.fieldtypes import Place, Pointer, catalogue

from tests.fieldtypes.fieldvalues import OPTIONS, LinkValue, Spec

D = Decimal
ZH, EN = Place(), Place(locale="en")
TYPES = catalogue()
MOMENT = datetime(2026, 3, 5, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "zh", "en"),
    [
        ("text", "甲", "甲", "甲"),
        ("integer", 1234567, "1,234,567", "1,234,567"),
        ("number", D("-1234.500000"), "-1,234.5", "-1,234.5"),
        ("money", D("1234567.50"), "¥1,234,567.50", "¥1,234,567.50"),
        ("money", D("-0.50"), "-¥0.50", "-¥0.50"),
        ("price", D("12.3400"), "¥12.34", "¥12.34"),
        ("price", D("12.3456"), "¥12.3456", "¥12.3456"),
        ("percent", D("12.5000"), "12.5%", "12.5%"),
        ("bool", True, "是", "Yes"),
        ("bool", False, "否", "No"),
        ("date", date(2026, 3, 5), "2026-03-05", "2026-03-05"),
        ("month", date(2026, 3, 1), "2026-03", "2026-03"),
        ("datetime", MOMENT, "2026-03-05 14:30", "2026-03-05 14:30"),
        ("time", time(9, 5), "09:05", "09:05"),
        ("duration", timedelta(minutes=90), "1小时30分", "1h30m"),
        ("duration", timedelta(0), "0分", "0m"),
        ("duration", timedelta(minutes=-120), "-2小时", "-2h"),
        ("choice", "won", "赢单", "Won"),
        ("choice", "gone", "gone", "gone"),
        ("choices", ["new", "won"], "新建、赢单", "New, Won"),
        ("tags", ["a", "b"], "a、b", "a, b"),
        ("link", LinkValue(5, "某公司"), "某公司", "某公司"),
        ("link", 5, "#5", "#5"),
        ("link", LinkValue(None, None, hidden=True), "", ""),
        ("links", [LinkValue(5, "甲"), LinkValue(6, "乙")], "甲、乙", "甲, 乙"),
        ("dynamic_link", Pointer("customer", 5), "customer:5", "customer:5"),
        ("rows", [1, 2], "2 行", "2 rows"),
        ("rating", 4, "★★★★☆", "★★★★☆"),
        ("region", "广东省/深圳市", "广东省 深圳市", "广东省 深圳市"),
        ("region", "WA", "WA", "WA"),
        ("file", [{"id": 1, "name": "a.pdf"}, {"id": 2}], "a.pdf、#2", "a.pdf, #2"),
        ("rich_text", "<p>a</p><p>b &amp; c</p>", "a\nb & c", "a\nb & c"),
        ("position", {"lat": 31.2035, "lng": 121.0}, "31.2035, 121", "31.2035, 121"),
        ("json", {"名": 1}, '{"名": 1}', '{"名": 1}'),
    ],
)
def test_people_read(name: str, value: Any, zh: str, en: str) -> None:
    spec = Spec(options=OPTIONS)
    assert TYPES[name].text(spec, value, ZH) == zh
    assert TYPES[name].text(spec, value, EN) == en
    assert TYPES[name].text(spec, None, ZH) == ""


def test_the_settings_of_the_enterprise_say_how_many_decimals_are_shown() -> None:
    place = Place(settings={"quantity_scale": 2, "price_scale": 4, "number_scale": D(1)})
    assert TYPES["quantity"].text(Spec(), D("1234.5"), place) == "1,234.50"
    assert TYPES["price"].text(Spec(), D("12.5"), place) == "¥12.5000"
    assert TYPES["number"].text(Spec(), D("0.05"), place) == "0.1"
    assert TYPES["quantity"].text(Spec(scale=0), D("1234"), place) == "1,234"
    assert TYPES["quantity"].text(Spec(), D("1.5"), ZH) == "1.5"


def test_the_currency_comes_from_the_enterprise_the_field_or_the_record() -> None:
    money = TYPES["money"]
    assert money.text(Spec(), D("5"), Place(currency="USD")) == "US$5.00"
    assert money.text(Spec(), D("5"), Place(currency="USD", locale="en")) == "$5.00"
    assert money.text(Spec(), D("5"), Place(currency="JPY")) == "JP¥5"
    assert money.text(Spec(), D("5.25"), Place(currency="JPY")) == "JP¥5.25"
    assert money.text(Spec(more={"currency": "EUR"}), D("5"), ZH) == "€5.00"
    assert money.text(Spec(more={"currency": "currency"}), D("1234.5"), ZH) == "1,234.50"
    assert money.with_symbol(Spec(), D("-5"), "CHF", ZH) == "-CHF 5.00"  # type: ignore[attr-defined]


def test_instants_are_shown_in_the_zone_of_the_enterprise() -> None:
    assert TYPES["datetime"].text(Spec(), MOMENT, Place(timezone="America/New_York")) == "2026-03-05 01:30"


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("money", D("12.5"), "12.50"),
        ("money", D("1E+3"), "1000.00"),
        ("price", D("12.3400"), "12.34"),
        ("price", D("12.3"), "12.30"),
        ("quantity", D("2.000000"), "2"),
        ("percent", D("10.0000"), "10"),
        ("number", D("0.000001"), "0.000001"),
        ("number", D("0"), "0"),
        ("integer", 5, 5),
        ("bool", False, False),
        ("date", date(2026, 3, 5), "2026-03-05"),
        ("month", date(2026, 3, 1), "2026-03"),
        ("datetime", MOMENT, "2026-03-05T06:30:00.000Z"),
        ("datetime", MOMENT.replace(microsecond=7000), "2026-03-05T06:30:00.007Z"),
        ("time", time(9, 5), "09:05:00"),
        ("duration", timedelta(minutes=90), 90),
        ("link", LinkValue(5, "甲"), {"id": 5, "title": "甲"}),
        ("link", LinkValue(5, "甲", hidden=True), {"id": None, "title": None, "hidden": True}),
        ("links", [LinkValue(5, "甲")], [{"id": 5, "title": "甲"}]),
        ("dynamic_link", Pointer("customer", 5), {"entity": "customer", "id": 5, "title": None}),
        ("choices", ["new"], ["new"]),
        ("choices", None, None),
    ],
)
def test_json_has_one_form_for_each_type(name: str, value: Any, sent: Any) -> None:
    assert TYPES[name].dump(Spec(options=OPTIONS), value) == sent


def test_masks_show_only_that_something_is_there() -> None:
    assert TYPES["phone"].mask(Spec(), "138 0013 8000", ZH) == "138****8000"
    assert TYPES["phone"].mask(Spec(), "95588", ZH) == "****88"
    assert TYPES["email"].mask(Spec(), "li.lei@example.com", ZH) == "l***@example.com"
    assert TYPES["money"].mask(Spec(), D("5"), ZH) == "***"


def test_the_index_keeps_the_words_and_not_the_markup() -> None:
    assert TYPES["rich_text"].search_text(Spec(), "<p>合同</p>", ZH) == "合同"
    assert TYPES["choice"].search_text(Spec(options=OPTIONS), "won", ZH) == "赢单 Won"
    assert TYPES["file"].search_text(Spec(), [{"id": 1, "name": "a.pdf"}], ZH) == ""


def test_kinds_carry_what_expressions_ask_for() -> None:
    kind = TYPES["choice"].kind_of(Spec(options=OPTIONS))
    assert kind.name == "choice"
    assert kind.options is not None and kind.options["won"] == {"probability": 100}
    assert TYPES["link"].kind_of(Spec(targets=("customer",))) == Kind("link", of="customer")
    assert TYPES["dynamic_link"].kind_of(Spec(targets=("a", "b"))) == Kind("link", of=None)
    assert TYPES["user"].kind_of(Spec()) == Kind("link", of="user")
    assert TYPES["links"].kind_of(Spec(targets=("contact",))) == Kind("links", of="contact")
    assert {TYPES[name].kind for name in ("integer", "number", "quantity", "money", "price", "percent", "rating")} == {
        "number"
    }
