"""A condition on a plain column stays one, so that an index serves it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke.expressions import compile
from yuanke.kernel import clock

from tests.expressions import fuzz
from tests.expressions.world import TABLES, Tables, World

TABLE = TABLES["deal"]
PLAIN = {
    "amount >= 100": "deal.amount >= 10000",
    "amount == settings.limit": "deal.amount = 250",
    "100 > amount": "10000 > deal.amount",
    "pieces == 3": "deal.pieces = 3",
    "quantity < -0.5": "deal.quantity < -500000",
    "stage == won": "deal.stage = 'won'",
    "stage in [won, lost]": "deal.stage IN ('won', 'lost')",
    "stage.closed": "deal.stage IN ('won', 'lost')",
    "not stage.closed": "deal.stage IS NULL OR (deal.stage NOT IN ('won', 'lost'))",
    "owner == me": "deal.owner = 2",
    "owner == null": "deal.owner IS NULL",
    "name == 'x'": "deal.name = 'x'",
    "signed < today()": "deal.signed < '2024-03-01'",
    "signed >= today() - days(7)": "deal.signed >= '2024-02-23'",
    "made_at < now() - days(settings.limit)": "deal.made_at < '2024-02-27T20:15:00.000Z'",
    "made_at >= today()": "deal.made_at >= '2024-02-29T16:00:00.000Z'",
    "made_at >= '2024-03-01'": "deal.made_at >= '2024-02-29T16:00:00.000Z'",
    "name in me.regions": "coalesce(deal.name IN ('a', '北京'), 0)",
}


@pytest.mark.parametrize(("source", "wanted"), PLAIN.items())
def test_a_plain_comparison_is_a_plain_comparison_in_sqlite(source: str, wanted: str) -> None:
    with clock.stopped(datetime(2024, 2, 29, 20, 15, tzinfo=timezone.utc)):
        element = compile(source, World(), expect="bool").sql(Tables("deal", TABLE, fuzz.VALUES))
    dialect = sa.create_engine("sqlite://").dialect
    text = str(element.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    assert text == wanted


def test_the_databases_take_the_index(filled: Callable[[Any], list[sa.Connection]]) -> None:
    scope = Tables("deal", TABLE, fuzz.VALUES)
    for connection in filled({}):
        for column in ("amount", "stage", "made_at", "owner", "signed"):
            connection.execute(sa.DDL(f"CREATE INDEX ix_{column} ON deal ({column})"))
        postgresql = connection.dialect.name == "postgresql"
        if postgresql:
            connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
        for source in (
            "amount >= 100",
            "stage == won",
            "made_at < now() - days(14)",
            "owner == me",
            "signed == today()",
            "stage.closed",
        ):
            query = sa.select(TABLE.c.id).where(compile(source, World()).sql(scope))
            compiled = query.compile(connection, compile_kwargs={"literal_binds": not postgresql})
            asked = "EXPLAIN " if postgresql else "EXPLAIN QUERY PLAN "
            parameters = compiled.construct_params() if postgresql else {}
            processed = {key: _bound(compiled, key, value) for key, value in parameters.items()}
            plan = " ".join(str(row) for row in connection.exec_driver_sql(asked + str(compiled), processed or None))
            assert "ix_" in plan, (source, plan)


def _bound(compiled: Any, key: str, value: Any) -> Any:
    processor = compiled._bind_processors.get(key)
    return processor(value) if processor and not isinstance(processor, tuple) else value
