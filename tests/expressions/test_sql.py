"""Beside the fuzz: groups of a report, compiled statements used again, and errors that a database meets."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke.expressions import compile, failed_in_sql

from tests.expressions import fuzz
from tests.expressions.world import TABLES, Tables, World

D = Decimal
NONE: dict[str, Any] = dict.fromkeys(TABLES["deal"].c.keys())
ROWS = {
    "deal": [
        NONE | {"id": 1, "stage": "won", "amount": D(10), "price": D(2), "hot": True},
        NONE | {"id": 2, "stage": "won", "amount": None, "price": D(3)},
        NONE | {"id": 3, "stage": "lost", "amount": D(5), "price": D("2.5")},
    ],
    "line": [{"id": 1, "deal": 1, "total": D(7)}, {"id": 2, "deal": 3, "total": D("0.5")}],
}


def test_a_group_of_a_report_in_sql(filled: Callable[[Any], list[sa.Connection]]) -> None:
    table = TABLES["deal"]
    scope = Tables("deal", table, fuzz.VALUES)
    sources = [
        "count()",
        "count(hot)",
        "sum(amount)",
        "sum(amount * price)",
        "avg(price)",
        "max(stage.probability)",
        "sum(amount[hot])",
        "count(amount) / count()",
        "exists(hot)",
        "sum(amount) if count() > 1 else 0",
    ]
    answers = {
        "won": [D(2), D(1), D(10), D(20), D("2.5"), D(100), D(10), D("0.5"), True, D(10)],
        "lost": [D(1), D(0), D(5), D("12.5"), D("2.5"), D(0), D(0), D(1), False, D(0)],
    }
    expressions = [compile(source, World(), group=True) for source in sources]
    for connection in filled(ROWS):
        query = sa.select(table.c.stage, *(one.sql(scope, certain=True) for one in expressions)).group_by(table.c.stage)
        assert {row[0]: list(row[1:]) for row in connection.execute(query)} == answers
    rows = [row | {"lines": []} for row in ROWS["deal"] if row["stage"] == "won"]
    assert [one.evaluate({"rows": rows}) for one in expressions] == answers["won"]


def test_a_statement_is_compiled_once_and_keeps_no_value(filled: Callable[[Any], list[sa.Connection]]) -> None:
    """SQLAlchemy's cache must see the constants as parameters."""
    table = TABLES["deal"]
    for connection in filled(ROWS):
        for limit, wanted in ((D(4), {1, 3}), (D(6), {1}), (D(60), set())):
            scope = Tables("deal", table, {"settings": {"limit": limit}})
            condition = compile("amount * 2 > settings.limit * 2 and round(amount, 1) > settings.limit", World()).sql(
                scope
            )
            assert set(connection.scalars(sa.select(table.c.id).where(condition))) == wanted
        keys = [
            sa.select(compile(f"round(amount, {places})", World()).sql(scope))._generate_cache_key()
            for places in (1, 2)
        ]
        assert keys[0] == keys[1] and keys[0] is not None


def test_collections_inside_collections(filled: Callable[[Any], list[sa.Connection]]) -> None:
    rows = {
        **ROWS,
        "customer": [{"id": 1, "credit": D(3), "name": "甲"}],
        "deal": [row | {"customer": 1} for row in ROWS["deal"]],
    }
    table = TABLES["deal"]
    sources = {
        "sum(customer.deals.lines.total)": D("7.5"),
        "sum(customer.deals.lines.total * customer.deals.price)": D("15.25"),
        "count(customer.deals[exists(lines[total > 1])])": D(1),
        "sum(customer.deals[stage == this.stage].amount)": {1: D(10), 2: D(10), 3: D(5)},
        "max(customer.deals[id != this.id].amount)": {1: D(5), 2: D(10), 3: D(10)},
        "count(deal[customer == this.customer].lines)": D(2),
    }
    for connection in filled(rows):
        for source, wanted in sources.items():
            element = compile(source, World()).sql(Tables("deal", table, fuzz.VALUES))
            found = {row[0]: row[1] for row in connection.execute(sa.select(table.c.id, element))}
            assert found == (wanted if isinstance(wanted, dict) else dict.fromkeys((1, 2, 3), wanted)), source


def test_a_number_beyond_bounds_in_sql_is_a_refusal(filled: Callable[[Any], list[sa.Connection]]) -> None:
    lite, _ = filled({"deal": [NONE | {"id": 1, "amount": D("99999999999999")}]})
    element = compile("*".join(["amount"] * 12), World()).sql(Tables("deal", TABLES["deal"], {}))
    with pytest.raises(sa.exc.DBAPIError) as caught:
        lite.execute(sa.select(element)).all()
    refusal = failed_in_sql(caught.value)
    assert refusal is not None and refusal.status == 422
    with pytest.raises(sa.exc.DBAPIError) as other:
        lite.execute(sa.text("select nothing from deal"))
    assert failed_in_sql(other.value) is None


def test_what_has_no_sql_says_so() -> None:
    for source in ("list(lines.total)", "last(lines.total, limit=2)", "count(old.lines) > 1"):
        expression = compile(source, World())
        assert not expression.has_sql
        with pytest.raises(ValueError, match="no SQL"):
            expression.sql(Tables("deal", TABLES["deal"], {}))
