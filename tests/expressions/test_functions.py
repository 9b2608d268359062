"""Each function: an example in Python, and the same from both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke.expressions import Expression, Function, catalogue, compile
from yuanke.expressions.functions import catalogue as all_functions
from yuanke.expressions.library import FUNCTIONS
from yuanke.kernel import clock
from yuanke.kernel.hooks import hooks, impl
from yuanke.kernel.text import Label

from tests.expressions import fuzz
from tests.expressions.world import TABLES, Tables, World, linked

D = Decimal
HELD = datetime(2024, 2, 29, 20, 15, tzinfo=timezone.utc)  # the first of March in Shanghai
NONE: dict[str, Any] = dict.fromkeys(TABLES["deal"].c.keys())
ROWS = {
    "deal": [
        NONE
        | {
            "id": 1,
            "amount": D("1234.56"),
            "price": D("2.5"),
            "quantity": D("-7.125"),
            "pieces": 3,
            "name": "  北京 Ab é ",
            "code": "12.50",
            "stage": "won",
            "colors": ["red"],
            "hot": True,
            "signed": date(2024, 1, 31),
            "due": date(2024, 3, 1),
            "made_at": datetime(2024, 2, 29, 16, 30, tzinfo=timezone.utc),
            "done_at": datetime(2024, 3, 1, 18, tzinfo=timezone.utc),
            "spent": timedelta(minutes=90),
            "owner": 2,
            "customer": 4,
        },
    ],
    "line": [
        {
            "id": 1,
            "deal": 1,
            "position": 2,
            "quantity": D(2),
            "price": D("0.3333"),
            "total": D("0.67"),
            "gift": False,
            "note": "乙",
            "kind": "a",
            "made": date(2024, 5, 5),
            "maker": 4,
        },
        {
            "id": 2,
            "deal": 1,
            "position": 1,
            "quantity": D(1),
            "price": D(9),
            "total": D(9),
            "gift": True,
            "note": "甲",
            "kind": "b",
            "made": None,
            "maker": None,
        },
        {
            "id": 3,
            "deal": 1,
            "position": 3,
            "quantity": None,
            "price": None,
            "total": D(1),
            "gift": None,
            "note": "甲",
            "kind": None,
            "made": date(2023, 1, 1),
            "maker": 4,
        },
    ],
    "customer": [{"id": 4, "name": "甲", "credit": D(5), "level": "a", "keeper": 2}],
    "user": [{"id": 2, "name": "乙", "age": 30, "boss": None}],
    "members": [{"id": 1, "deal": 1, "user": 2}],
}
EXAMPLES: dict[str, list[tuple[str, Any]]] = {
    "count": [
        ("count(lines)", D(3)),
        ("count(lines[gift])", D(1)),
        ("count(lines.quantity)", D(2)),
        ("count(lines.gift)", D(1)),
        ("count(members)", D(1)),
    ],
    "sum": [
        ("sum(lines.total)", D("10.67")),
        ("sum(lines.quantity * lines.price)", D("9.6666")),
        ("sum(lines[total > 99].total)", D(0)),
    ],
    "avg": [("avg(lines.total)", D("3.556666666667")), ("avg(lines[total > 99].total)", None)],
    "median": [
        ("median(lines.total)", D(1)),
        ("median(lines.quantity)", D("1.5")),
        ("median(lines[total > 99].total)", None),
    ],
    "exists": [("exists(lines[gift])", True), ("exists(lines[total > 99])", False), ("exists(lines.made)", True)],
    "list": [("list(lines.total)", [D("0.67"), D(9), D(1)])],
    "names": [("names(lines.note)", "乙、甲"), ("names(lines[total > 99].note)", None)],
    "first": [
        ("first(lines, by=total).note", "乙"),
        ("first(lines.total)", D(9)),
        ("first(lines, by=made).total", D(1)),
        ("first(lines, by=total).maker.name", "甲"),
    ],
    "last": [
        ("last(lines, by=total).note", "甲"),
        ("last(lines, by=made).total", D("0.67")),
        ("last(lines[gift], by=total).id", D(2)),
    ],
    "if": [("if(hot, 1, 2)", D(1)), ("if(stage == lost, name, code)", "12.50")],
    "coalesce": [
        ("coalesce(rate, price)", D("2.5")),
        ("coalesce(rate, null)", None),
        ("coalesce(amount, price)", D("1234.56")),
    ],
    "empty": [
        ("empty(rate)", True),
        ("empty(name)", False),
        ("empty(lines)", False),
        ("empty(before)", True),
        ("empty(colors)", False),
    ],
    "filled": [
        ("filled(rate)", False),
        ("filled('')", False),
        ("filled(lines[gift])", True),
        ("filled(customer)", True),
    ],
    "date": [
        ("date(made_at)", date(2024, 3, 1)),
        ("date(2024, 13, 0)", date(2024, 12, 31)),
        ("date(pieces, 1, 1)", date(3, 1, 1)),
        ("date(-pieces, 1, 1)", None),
    ],
    "text": [
        ("text(amount)", "1234.56"),
        ("text(price * 2)", "5"),
        ("text(signed)", "2024-01-31"),
        ("text(made_at)", "2024-03-01 00:30"),
        ("text(hot)", "true"),
        ("text(stage)", "won"),
    ],
    "days": [
        ("signed + days(30)", date(2024, 3, 1)),
        ("made_at - days(1)", datetime(2024, 2, 28, 16, 30, tzinfo=timezone.utc)),
        ("signed + days(9999999)", None),
        ("days(2) > hours(47)", True),
    ],
    "weeks": [("signed - weeks(2)", date(2024, 1, 17))],
    "months": [
        ("signed + months(1)", date(2024, 2, 29)),
        ("made_at + months(12)", datetime(2025, 2, 28, 16, 30, tzinfo=timezone.utc)),
        ("signed - months(pieces)", date(2023, 10, 31)),
    ],
    "years": [("date(2024, 2, 29) + years(1)", date(2025, 2, 28)), ("due - years(1)", date(2023, 3, 1))],
    "hours": [
        ("made_at + hours(1.5)", datetime(2024, 2, 29, 18, tzinfo=timezone.utc)),
        ("signed + hours(1)", datetime(2024, 1, 30, 17, tzinfo=timezone.utc)),
    ],
    "minutes": [("minutes(90) == spent", True), ("made_at + spent - minutes(90) == made_at", True)],
    "bucket": [("bucket(amount, 0, 1000, 2000)", D(1000)), ("bucket(quantity, 0, 1)", None), ("bucket(rate, 0)", None)],
    "round": [
        ("round(quantity, 2)", D("-7.13")),
        ("round(price)", D(3)),
        ("round(amount, -2)", D(1200)),
        ("round(-price)", D(-3)),
        ("round(rate)", None),
    ],
    "floor": [("floor(quantity)", D(-8)), ("floor(price)", D(2))],
    "ceil": [
        ("ceil(quantity)", D(-7)),
        ("ceil(price)", D(3)),
        ("ceil(amount, price)", D(1235)),
        ("ceil(amount, rate)", None),
    ],
    "abs": [("abs(quantity)", D("7.125"))],
    "min": [
        ("min(amount, price)", D("2.5")),
        ("min(rate, price)", D("2.5")),
        ("min(lines.total)", D("0.67")),
        ("min(lines.made)", date(2023, 1, 1)),
        ("min(name, code)", "  北京 Ab é "),
    ],
    "max": [
        ("max(0, quantity - amount)", D(0)),
        ("max(signed, due)", date(2024, 3, 1)),
        ("max(lines.note)", "甲"),
        ("max(lines.total)", D(9)),
        ("max(made_at, done_at) == done_at", True),
    ],
    "number": [("number(code) * 2", D(25)), ("number(name)", None)],
    "hours_in": [("hours_in(spent)", D("1.5")), ("hours_in(done_at - made_at)", D("25.5"))],
    "minutes_in": [("minutes_in(spent)", D(90))],
    "days_in": [("days_in(done_at - made_at)", D("1.0625")), ("days_in(spent)", D("0.0625"))],
    "today": [("today()", date(2024, 3, 1)), ("due == today()", True)],
    "now": [("now()", HELD), ("done_at > now()", True)],
    "date_of": [("date_of(made_at)", date(2024, 3, 1))],
    "days_between": [
        ("days_between(signed, due)", D(30)),
        ("due - signed", D(30)),
        ("due - '2024-02-29'", D(1)),
        ("due - null", None),
        ("days_between(due, made_at)", D(0)),
    ],
    "add_months": [("add_months(signed, 1)", date(2024, 2, 29)), ("add_months(signed, rate)", None)],
    "year": [("year(signed)", D(2024)), ("year(made_at)", D(2024))],
    "month": [("month(made_at)", D(3))],
    "day": [("day(signed)", D(31))],
    "quarter": [("quarter(due)", D(1)), ("quarter(signed + months(9))", D(4))],
    "weekday": [("weekday(signed)", D(3)), ("weekday(date(2024, 3, 3))", D(7))],
    "week_start": [("week_start(due)", date(2024, 2, 26))],
    "month_start": [("month_start(signed)", date(2024, 1, 1))],
    "quarter_start": [("quarter_start(due)", date(2024, 1, 1))],
    "year_start": [("year_start(due)", date(2024, 1, 1))],
    "month_end": [("month_end(date(made_at) - days(1))", date(2024, 2, 29))],
    "year_end": [("year_end(due)", date(2024, 12, 31))],
    "len": [("len(trim(name))", D(7)), ("len(before)", None)],
    "upper": [("upper(name)", "  北京 AB É "), ("upper('straße')", "STRAßE")],
    "lower": [("lower('ÀÉЖ')", "àéж"), ("lower(name)", "  北京 ab é ")],
    "trim": [("trim(name)", "北京 Ab é")],
    "contains": [("contains(name, '京')", True), ("contains(name, 'ab')", False), ("contains(null, 'a')", False)],
    "starts_with": [("starts_with(trim(name), '北')", True), ("starts_with(code, name)", False)],
    "ends_with": [("ends_with(code, '50')", True), ("ends_with(code, '12')", False)],
    "concat": [
        ("concat(trim(name), '-', pieces, rate, signed)", "北京 Ab é-32024-01-31"),
        ("concat(before, null)", ""),
    ],
    "replace": [("replace(code, '.', ',')", "12,50"), ("replace(code, '', 'x')", "12.50")],
    "left": [("left(trim(name), 2)", "北京"), ("left(code, 0)", "")],
    "right": [("right(code, 2)", "50"), ("right(code, 99)", "12.50"), ("right(code, 0)", "")],
}
ALL = [(source, wanted) for examples in EXAMPLES.values() for source, wanted in examples]


def deal() -> dict[str, Any]:
    found = linked(ROWS)[0]
    found["lines"].sort(key=lambda line: line["position"])  # as the platform gives rows
    return {**found, **fuzz.VALUES, "this": found}


def in_sql(connection: sa.Connection, expressions: list[Expression]) -> list[Any]:
    scope = Tables("deal", TABLES["deal"], fuzz.VALUES)
    return list(connection.execute(sa.select(*(one.sql(scope, certain=True) for one in expressions))).one())


def test_every_function_has_an_example() -> None:
    assert set(EXAMPLES) == {function.name for function in FUNCTIONS if not function.contextual}


@pytest.mark.parametrize(("source", "wanted"), ALL)
def test_an_example_in_python(source: str, wanted: Any) -> None:
    with clock.stopped(HELD):
        found = compile(source, World()).evaluate(deal())
    if source.startswith("list"):
        found = sorted(found)
        wanted = sorted(wanted)
    assert found == wanted and type(found) is type(wanted)


def test_the_examples_on_both_databases(filled: Callable[[Any], list[sa.Connection]]) -> None:
    with clock.stopped(HELD):
        kept = [(compile(source, World()), wanted) for source, wanted in ALL if not source.startswith("list(")]
        for connection in filled(ROWS):
            for start in range(0, len(kept), 30):
                part = kept[start : start + 30]
                for (expression, wanted), found in zip(part, in_sql(connection, [one for one, _ in part]), strict=True):
                    assert found == wanted, (
                        f"{connection.dialect.name}: {expression.source} = {found!r}, not {wanted!r}"
                    )


def test_every_function_has_help_in_both_languages_and_a_signature() -> None:
    for function in catalogue().values():
        assert function.help.zh and function.help.en and function.signature.startswith(function.name + "(")


def test_today_belongs_to_the_zone_of_the_settings() -> None:
    with clock.stopped(HELD):
        assert compile("today()", World()).evaluate({"settings": {"timezone": "America/New_York"}}) == date(2024, 2, 29)
        assert compile("today()", World()).evaluate({}) == date(2024, 3, 1)


def test_a_plugin_adds_functions_and_one_without_sql_is_known_as_such() -> None:
    class Plugin:
        @impl
        def expression_functions(self) -> list[Any]:
            double = Function("double", ("number",), "number", lambda x: x * 2, Label("两倍", "Twice"))
            take = Function(
                "taken",
                ("number", "name"),
                "number",
                None,
                Label("取", "Taken"),
                contextual=True,
                keywords={"of": "any"},
            )
            return [double, take]

    plugin = Plugin()
    hooks().register(plugin)
    all_functions.cache_clear()
    try:
        expression = compile("double(amount) + 1", World())
        assert expression.evaluate({"amount": D(2)}) == 5 and not expression.has_sql
        assert compile("double(settings.limit)", World()).has_sql
        taken = compile("taken(amount, stock.quantity, of=name) + 1", World())
        calls = {"taken": lambda amount, path, of: D(len(path)) + amount + len(of)}
        assert taken.evaluate({"amount": D(2), "name": "xy", "calls": calls}) == 19 and not taken.has_sql
    finally:
        hooks().unregister(plugin)
        all_functions.cache_clear()


def test_a_plugin_may_not_replace_a_function() -> None:
    class Plugin:
        @impl
        def expression_functions(self) -> list[Any]:
            return [Function("round", ("number",), "number", lambda x: x, Label("", ""))]

    plugin = Plugin()
    hooks().register(plugin)
    all_functions.cache_clear()
    try:
        with pytest.raises(ValueError, match="round"):
            catalogue()
    finally:
        hooks().unregister(plugin)
        all_functions.cache_clear()
