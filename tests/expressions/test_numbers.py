"""Exact numbers: nothing is rounded silently, in Python or in SQL."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from yuanke.expressions import compile
from yuanke.expressions.keys import key_of, number_of
from yuanke.expressions.sqlite_functions import ARITHMETIC

from tests.expressions import fuzz
from tests.expressions.world import TABLES, Tables, World

D = Decimal
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=D(-(10**30)), max_value=D(10**30), places=9)
NONE: dict[str, Any] = dict.fromkeys(TABLES["deal"].c.keys())
_LITE = {name: python for name, _, python in ARITHMETIC}


@given(NUMBERS, NUMBERS)
@settings(max_examples=200, derandomize=True, database=None, deadline=None)
def test_keys_are_ordered_like_their_numbers_and_give_them_back(one: Decimal, other: Decimal) -> None:
    assert number_of(key_of(one)) == one
    assert (key_of(one) < key_of(other)) == (one < other)
    assert (key_of(one) == key_of(other)) == (one == other)


def test_keys_of_neighbours() -> None:
    numbers = [
        D(text)
        for text in (
            "-1000",
            "-999.5",
            "-10",
            "-1.57",
            "-1.5",
            "-1",
            "-0.1",
            "-0.01",
            "0",
            "0.01",
            "0.1",
            "1",
            "1.5",
            "1.57",
            "10",
            "999.5",
            "1000",
        )
    ]
    assert sorted(map(key_of, numbers)) == list(map(key_of, numbers))


@given(st.integers(-(10**18), 10**18), st.integers(0, 6), NUMBERS)
@settings(max_examples=200, derandomize=True, database=None, deadline=None)
def test_arithmetic_on_integers_and_keys_is_exact(units: int, scale: int, other: Decimal) -> None:
    one, right = Fraction(units, 10**scale), Fraction(other)
    for name, wanted in (("add", one + right), ("sub", one - right), ("mul", one * right)):
        assert Fraction(number_of(_LITE[name](units, scale, key_of(other), 0))) == wanted
    quotient = _LITE["div"](units, scale, key_of(other), 0)
    if right == 0:
        assert quotient is None
    else:
        with localcontext() as context:
            context.prec = 300
            wanted_ = (D(one.numerator) / D(one.denominator) / other).quantize(D("1e-12"), ROUND_HALF_UP)
        assert number_of(quotient) == wanted_
        assert (
            compile("amount / price", World()).evaluate({"amount": D(units).scaleb(-scale), "price": other}) == wanted_
        )


def test_literals_are_exact_to_the_last_digit() -> None:
    for text in ("0.1", "99999999999999.99", "0.000001", ".5", "1_000.10", "123456789012345678901234567890.123456789"):
        assert compile(text, World()).evaluate({}) == D(text.replace("_", ""))
        assert compile(f"-{text}", World()).evaluate({}) == D("-" + text.replace("_", "")).copy_abs().copy_negate()


def test_figures_that_floats_get_wrong(filled: Callable[[Any], list[sa.Connection]]) -> None:
    """A million kopecks, 99999999999999.99, products beyond 64 bits, value times quantity over balance."""
    deals = [
        NONE
        | {
            "id": 1,
            "amount": D("99999999999999.99"),
            "quantity": D(999999),
            "price": D("9999.9999"),
            "rate": D(13),
            "pieces": 27,
        }
    ]
    lines = [
        {
            "id": i,
            "deal": 1,
            "position": i,
            "quantity": D("1000000"),
            "price": D("99999.9999"),
            "total": D("0.10"),
            "gift": False,
            "note": None,
            "kind": None,
            "made": None,
            "maker": None,
        }
        for i in range(1, 1001)
    ]
    answers = {
        "amount + 0.01": D("100000000000000.00"),
        "sum(lines.total)": D(100),
        "amount * quantity * price": D("99999999999999.99") * D(999999) * D("9999.9999"),
        "sum(lines.quantity * lines.price)": D("99999.9999") * 10**9,
        "86324 * pieces / 72": D("32371.5"),
        "round(86324 * pieces / 72)": D(32372),
        "amount / 3": D("33333333333333.33"),
        "1 / 3 * 3": D("0.999999999999"),
        "2 / 3": D("0.666666666667"),
        "-2 / 3": D("-0.666666666667"),
        "amount * (rate / (100 + rate))": D("99999999999999.99") * D("0.115044247788"),
        "avg(lines.price)": D("99999.9999"),
        "0.1 + 0.2": D("0.3"),
        "pieces / 2": D("13.5"),
        "pieces * 1000000000000": D(27000000000000),
        "7 % -3": D(1),
        "-7 % 3": D(-1),
        "amount % 0": None,
        "pieces / 0": None,
        "round(2.345, 2)": D("2.35"),
        "round(-2.345, 2)": D("-2.35"),
        "round(0.5)": D(1),
        "sum(lines[gift].price)": D(0),
        "count(lines) * amount": D("99999999999999990.00"),
    }
    with localcontext() as context:
        context.prec = 60
        answers["amount * quantity * price"] = D("99999999999999.99") * D(999999) * D("9999.9999")
        answers["amount * (rate / (100 + rate))"] = D("99999999999999.99") * D("0.115044247788")
    scope = Tables("deal", TABLES["deal"], fuzz.VALUES)
    expressions = [compile(source, World()) for source in answers]
    env = deals[0] | {"lines": lines}
    assert {one.source: one.evaluate(env) for one in expressions} == answers
    for connection in filled({"deal": deals, "line": lines}):
        found = connection.execute(sa.select(*(one.sql(scope) for one in expressions))).one()
        for expression, value in zip(expressions, found, strict=True):
            assert value == answers[expression.source], f"{connection.dialect.name}: {expression.source}"
            assert value is None or isinstance(value, Decimal)


def test_computed_numbers_sort_and_group_by_their_size(filled: Callable[[Any], list[sa.Connection]]) -> None:
    deals = [
        NONE | {"id": i, "amount": D(text)}
        for i, text in enumerate(("10", "9", "-1", "-10", "0", "100", "0.5", "10.00"), 1)
    ]
    table = TABLES["deal"]
    for connection in filled({"deal": deals}):
        half = compile("amount / 2", World()).sql(Tables("deal", table, {}))
        assert list(connection.scalars(sa.select(table.c.id).order_by(half, table.c.id))) == [4, 3, 5, 7, 2, 1, 8, 6]
        assert dict(connection.execute(sa.select(half, sa.func.count()).group_by(half)).all())[D(5)] == 2  # type: ignore[arg-type]
        assert list(connection.scalars(sa.select(table.c.id).where(half > D("4.6")).order_by(table.c.id))) == [1, 6, 8]
        assert connection.scalar(sa.select(sa.func.max(half, type_=half.type))) == 50
