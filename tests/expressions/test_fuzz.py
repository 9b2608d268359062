"""The Python run and both SQL runs give the same answer: random expressions of every kind over rows full of empty
values."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from random import Random
from typing import Any

import sqlalchemy as sa
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from yuanke.expressions import Expression, ExpressionFailed, ExpressionFault, compile
from yuanke.kernel import clock

from tests.expressions import fuzz
from tests.expressions.world import TABLES, Rows, Tables, World, linked, whole_entities

HELD = datetime(2024, 2, 29, 20, 15, 30, 250000, tzinfo=timezone.utc)
ROWS = fuzz.rows(Random(7))
IN_ONE_STATEMENT = 20


def plain(value: Any) -> Any:
    """A value as both runs may be compared by: records by their id."""
    if isinstance(value, dict):
        return value["id"]
    return Decimal(value) if type(value) is int else value


def answers(expression: Expression, deals: list[dict[str, Any]], rows: Rows) -> dict[int, Any]:
    whole = whole_entities(rows, deals)
    return {deal["id"]: plain(expression.evaluate({**whole, **deal, **fuzz.VALUES, "this": deal})) for deal in deals}


def in_sql(connection: sa.Connection, expressions: list[Expression], certain: bool = True) -> list[dict[int, Any]]:
    table = TABLES["deal"]
    scope = Tables("deal", table, fuzz.VALUES)
    query = sa.select(table.c.id, *(one.sql(scope, certain=certain) for one in expressions))
    with connection.begin_nested():
        columns = list(zip(*connection.execute(query), strict=True))
    return [dict(zip(columns[0], map(plain, column), strict=True)) for column in columns[1:]]


def written(count: int, seed_: int) -> list[tuple[Expression, dict[int, Any]]]:
    """``count`` random expressions of all kinds that have an answer, with their answers in Python."""
    grammar, deals, found = fuzz.Grammar(Random(seed_)), linked(ROWS), []
    kinds = [
        grammar.number,
        grammar.condition,
        grammar.text,
        grammar.day,
        grammar.moment,
        grammar.span,
        grammar.condition,
        grammar.number,
    ]
    for index in range(count):
        source = kinds[index % len(kinds)](3)
        try:
            expression = compile(source, World())
            found.append((expression, answers(expression, deals, ROWS)))
        except ExpressionFailed:
            continue
        except ExpressionFault as fault:
            if not any(said in str(fault) for said in ("Nothing", "no order", "A length of time")):
                raise AssertionError(f"{source}: {fault}") from fault
    return found


def compare(connection: sa.Connection, wanted: list[tuple[Expression, dict[int, Any]]]) -> None:
    for start in range(0, len(wanted), IN_ONE_STATEMENT):
        batch = wanted[start : start + IN_ONE_STATEMENT]
        got = in_sql(connection, [expression for expression, _ in batch])
        for (expression, answer), values in zip(batch, got, strict=True):
            wrong = {key: (answer[key], values[key]) for key in answer if answer[key] != values[key]}
            assert not wrong, f"{expression.source}: (Python, SQL) by id: {wrong}"


def test_random_expressions_have_one_answer_in_python_and_in_sql(connection: sa.Connection) -> None:
    with clock.stopped(HELD):
        compare(connection, written(400, seed_=11))


def test_random_conditions_choose_the_same_rows_in_where(connection: sa.Connection) -> None:
    grammar, deals, table = fuzz.Grammar(Random(23)), linked(ROWS), TABLES["deal"]
    scope = Tables("deal", table, fuzz.VALUES)
    with clock.stopped(HELD):
        parts = []
        for index in range(160):
            try:
                expression = compile(grammar.condition(3), World(), expect="bool")
                answer = {key for key, held in answers(expression, deals, ROWS).items() if held}
            except (ExpressionFailed, ExpressionFault):
                continue
            parts.append((expression, answer, sa.select(sa.literal(index), table.c.id).where(expression.sql(scope))))
        for start in range(0, len(parts), IN_ONE_STATEMENT):
            batch = parts[start : start + IN_ONE_STATEMENT]
            found = connection.execute(sa.union_all(*(query for _, _, query in batch))).all()
            for expression, answer, query in batch:
                index = next(iter(query.selected_columns)).value  # type: ignore[attr-defined]
                assert {row for mark, row in found if mark == index} == answer, expression.source


@seed(1)
@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(st.randoms(use_true_random=False))
def test_hypothesis_finds_no_expression_that_differs(connection: sa.Connection, random: Any) -> None:
    """A second, shrinking search: a fault is told by its smallest expression."""
    grammar, deals = fuzz.Grammar(random), linked(ROWS)
    with clock.stopped(HELD):
        found = []
        for write in (grammar.number, grammar.condition, grammar.text, grammar.day):
            try:
                expression = compile(write(2), World())
                found.append((expression, answers(expression, deals, ROWS)))
            except (ExpressionFailed, ExpressionFault):
                continue
        if found:
            compare(connection, found)
