"""Connections: a SQLite file an enterprise, or one PostgreSQL pool with a schema an enterprise.

The one rule: a writing transaction takes its lock at BEGIN (findings: deferred BEGIN loses writes on SQLite), and a
connection never outlives the unit it was taken for.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from yuanke.expressions import sqlite_functions
from yuanke.fieldtypes.columns import SEALER
from yuanke.kernel.sealing import Sealer, installation_secret

IDLE_CONNECTIONS = 2
LONGEST_TURN = 10.0  # seconds
OPEN_ENTERPRISES = 50
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "busy_timeout=10000",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "mmap_size=0",  # a mapped file counts as memory of the process once for each connection, and saves nothing measurable
    "cache_size=-8000",
)


STALE_PLAN = "0A000"  # "cached plan must not change result type"
NEVER_BY_ITSELF = 2**31


def run_text(connection: sa.Connection, text: str, bound: Any, many: bool = False) -> int:
    """Run a text on the driver's own cursor, a third of the time of SQLAlchemy's; answers how many rows it touched.

    Faults of the driver are wrapped, and a lost connection is told, as SQLAlchemy does.
    """
    cursor: Any = connection.connection.cursor()
    try:
        if many:
            cursor.executemany(text, bound)
        else:
            _run(connection, cursor, text, bound)
        touched = int(cursor.rowcount)
        cursor.close()
    except Exception as fault:
        _failed(connection, fault, text, bound, cursor)
        raise
    return touched


def fetch_text(connection: sa.Connection, text: str, bound: Any) -> tuple[list[Any], Any]:
    """`run_text` of a SELECT: its rows as the driver gives them, and the driver's description of the columns."""
    cursor: Any = connection.connection.cursor()
    try:
        _run(connection, cursor, text, bound)
        rows, description = cursor.fetchall(), cursor.description
        cursor.close()
    except Exception as fault:
        _failed(connection, fault, text, bound, cursor)
        raise
    return rows, description


def copy_rows(connection: sa.Connection, text: str, rows: Iterable[Sequence[Any]]) -> None:
    """``COPY ... FROM STDIN`` (PostgreSQL): many rows in one go, in the running transaction."""
    cursor: Any = connection.connection.cursor()
    try:
        with cursor.copy(text) as copy:
            for row in rows:
                copy.write_row(row)
        cursor.close()
    except Exception as fault:
        _failed(connection, fault, text, (), cursor)
        raise


def _run(connection: sa.Connection, cursor: Any, text: str, bound: Any) -> None:
    """PostgreSQL plans a kept text once a connection; all of them name their schema, so none means two tables."""
    if connection.dialect.name == "postgresql":
        cursor.execute(text, bound, prepare=True)
    else:
        cursor.execute(text, bound)


def _failed(connection: sa.Connection, fault: Exception, text: str, bound: Any, cursor: Any) -> None:
    """Raises ``fault`` as SQLAlchemy would. A plan that a changed column made useless goes with its connection."""
    try:
        connection._handle_dbapi_exception(fault, text, bound, cursor, None)
    finally:
        if getattr(fault, "sqlstate", None) == STALE_PLAN:
            connection.invalidate()


def sqlite_engine(path: Path) -> sa.Engine:
    """An engine on one file; `writing` among the execution options makes BEGIN take the write lock."""
    engine = sa.create_engine(
        f"sqlite:///{path}",
        pool_size=IDLE_CONNECTIONS,
        max_overflow=64,
        pool_timeout=10,
        json_serializer=None,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; DDL becomes transactional by it
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        sqlite_functions.register(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        run_text(connection, "BEGIN IMMEDIATE" if writing else "BEGIN", ())

    return engine


def postgresql_engine(url: str) -> sa.Engine:
    """The shared pool. Nothing is prepared by itself: two enterprises' tables differ under one statement text that leaves
    the schema to the search path. Kept statements ask for it (`_run`); ``?prepare=off`` in the URL forbids it altogether,
    for a pooler between that does not know prepared statements.
    """
    at = sa.make_url(url)
    prepare = at.query.get("prepare") != "off"
    engine = sa.create_engine(
        at.difference_update_query(["prepare"]),
        pool_size=8,
        max_overflow=24,
        pool_pre_ping=False,
        connect_args={"prepare_threshold": NEVER_BY_ITSELF if prepare else None, "options": "-c jit=off"},
    )

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        schema = options.get("enterprise_schema")
        if schema and options.get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql(f'SET LOCAL search_path TO "{schema}"')

    return engine


class Turns:
    """Who may write to one SQLite file, in the order of asking.

    SQLite lets one write at a time, and whoever waits for it sleeps and looks again: a job that takes one transaction after
    another would leave nothing to others. Within a process they stand in line instead; other processes still sleep.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._line: deque[threading.Lock] = deque()

    def take(self, seconds: float) -> bool:
        """Wait for one's turn; False when it did not come in time."""
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Lock()
            mine.acquire()
            self._line.append(mine)
        if mine.acquire(timeout=seconds):
            return True  # whoever gave it passed it on
        with self._lock:
            if mine in self._line:
                self._line.remove(mine)
                return False
        return True  # it came in the very moment

    def give(self) -> None:
        with self._lock:
            if self._line:
                self._line.popleft().release()
            else:
                self._taken = False


class Engines:
    """Gives the engine of a place; keeps at most `OPEN_ENTERPRISES` SQLite files open."""

    def __init__(self, home: Path, database_url: str | None) -> None:
        self.home = home
        self.sealer = Sealer(partial(installation_secret, home))
        self.shared = self._sealing(postgresql_engine(database_url)) if database_url else None
        self._open: OrderedDict[str, sa.Engine] = OrderedDict()
        self._turns: dict[str, Turns] = {}
        self._lock = threading.Lock()

    def _sealing(self, engine: sa.Engine) -> sa.Engine:
        setattr(engine.dialect, SEALER, self.sealer)
        return engine

    @property
    def dialect(self) -> str:
        return "postgresql" if self.shared is not None else "sqlite"

    @contextmanager
    def turn(self, place: str, writing: bool) -> Iterator[None]:
        """Stand in line to write to a SQLite file. Who waited too long goes on and is told by SQLite that it is busy."""
        if self.shared is not None or not writing:
            yield
            return
        with self._lock:
            turns = self._turns.setdefault(place, Turns())
        mine = turns.take(LONGEST_TURN)
        try:
            yield
        finally:
            if mine:
                turns.give()

    def connect(self, place: str, writing: bool) -> sa.Connection:
        """A connection to ``place`` (file below home, or schema); PostgreSQL reads in autocommit (half the time)."""
        if self.shared is None:
            return self.file(place).connect().execution_options(writing=writing)
        options: dict[str, Any] = {"schema_translate_map": {None: place}, "enterprise_schema": place}
        if not writing:
            options["isolation_level"] = "AUTOCOMMIT"
        return self.shared.connect().execution_options(**options)

    def file(self, place: str) -> sa.Engine:
        with self._lock:
            engine = self._open.get(place)
            if engine is None:
                path = self.home / place
                path.parent.mkdir(parents=True, exist_ok=True)
                engine = self._open[place] = self._sealing(sqlite_engine(path))
            self._open.move_to_end(place)
            surplus = [self._open.popitem(last=False)[1] for _ in range(len(self._open) - OPEN_ENTERPRISES)]
        for old in surplus:
            old.dispose()
        return engine

    def forget(self, place: str) -> None:
        """Close the idle connections to a place (before its file is removed)."""
        with self._lock:
            engine = self._open.pop(place, None)
        if engine is not None:
            engine.dispose()

    def dispose(self) -> None:
        with self._lock:
            engines = list(self._open.values())
            self._open.clear()
        for engine in engines:
            engine.dispose()
        if self.shared is not None:
            self.shared.dispose()
