"""Tables of the small world on both databases, and what an expression says there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from yuanke.expressions import sqlite_functions

from tests.expressions import fuzz
from tests.expressions.world import fill

Rows = dict[str, list[dict[str, Any]]]


def sqlite_engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", lambda connection, _: sqlite_functions.register(connection))
    return engine


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[dict[str, sa.Engine]]:
    """Both databases. PostgreSQL without its JIT: compiling one of these statements takes longer than running it."""
    made = {
        "sqlite": sqlite_engine(tmp_path_factory.mktemp("expressions") / "world.db"),
        "postgresql": sa.create_engine(postgres_url, connect_args={"options": "-c jit=off"}),
    }
    yield made
    for engine in made.values():
        engine.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def connection(request: pytest.FixtureRequest, engines: dict[str, sa.Engine]) -> Iterator[sa.Connection]:
    """A connection to random rows; nothing of it is kept."""
    with engines[request.param].connect() as opened:
        transaction = opened.begin()
        fill(opened, fuzz.rows(Random(7)))
        yield opened
        transaction.rollback()


@pytest.fixture
def filled(engines: dict[str, sa.Engine]) -> Iterator[Callable[[Rows], list[sa.Connection]]]:
    """``filled(rows)``: connections to both databases, each holding these rows and no others."""
    opened: list[sa.Connection] = []

    def made(rows: Rows) -> list[sa.Connection]:
        for engine in engines.values():
            connection = engine.connect()
            connection.begin()
            fill(connection, {name: rows.get(name, []) for name in ("deal", "line", "customer", "user", "members")})
            opened.append(connection)
        return opened

    yield made
    for connection in opened:
        connection.rollback()
        connection.close()
