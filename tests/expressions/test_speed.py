"""Budgets, measured at best of several rounds, with room for a busy machine."""

from __future__ import annotations

import sqlite3
import time
import timeit
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy.dialects import sqlite
from yuanke.expressions import compile, sqlite_functions

from tests.expressions import fuzz
from tests.expressions.world import TABLES, Tables, World


def microseconds(run: Callable[[], Any], number: int) -> float:
    return min(timeit.repeat(run, timer=time.process_time, number=number, repeat=9)) / number * 1e6


def test_a_product_is_computed_in_about_a_microsecond() -> None:
    expression = compile("quantity * price", World())
    env = {"quantity": Decimal("2.5"), "price": Decimal("19.9900")}
    assert microseconds(lambda: expression.evaluate(env), 2000) < 1.5


def test_an_expression_is_compiled_in_a_fifth_of_a_millisecond() -> None:
    for source in (
        "quantity * price",
        "sum(lines[not gift].quantity * lines.price)",
        "owner == me and not stage.closed and signed < today() - days(7)",
    ):
        assert microseconds(lambda source=source: compile(source, World()), 50) < 600  # type: ignore[misc]


def test_an_expression_becomes_sql_in_half_a_millisecond() -> None:
    expression, scope = (
        compile("not stage.closed and signed < today() - days(7)", World()),
        Tables("deal", TABLES["deal"], fuzz.VALUES),
    )
    assert microseconds(lambda: expression.sql(scope), 50) < 1000


def test_the_largest_expression_becomes_sql_in_a_tenth_of_a_second() -> None:
    expression = compile("max(" + ", ".join(f"amount * {i}" for i in range(70)) + ")", World())
    scope = Tables("deal", TABLES["deal"], fuzz.VALUES)
    assert microseconds(lambda: str(expression.sql(scope)), 1) < 100_000


def test_the_deepest_expression_fits_the_stack() -> None:
    """A request is some hundred calls deep already."""
    source = "amount"
    while len(source) < 230:
        source = f"({source} + 1)" if len(source) % 2 else f"round({source}, 1)"
    expression, scope = compile(source, World()), Tables("deal", TABLES["deal"], {})

    def deeper(calls: int) -> str:
        return deeper(calls - 1) if calls else str(expression.sql(scope).compile(dialect=sqlite.dialect()))

    assert "yk_" in deeper(200)


def test_a_connection_learns_all_functions_in_a_millisecond() -> None:
    connection = sqlite3.connect(":memory:")
    assert microseconds(lambda: sqlite_functions.register(connection), 5) < 2000
