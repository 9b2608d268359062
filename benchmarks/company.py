"""The enterprise that is measured: the bench module, a menu of ninety entries, and its data written in bulk.

The one rule: rows, history of nobody, search index and counters are as the product's own door would have left them; only the
way there is short. A made one is kept and copied, so a run begins in seconds.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from yuanke.access import fab_tables as fab
from yuanke.access import passwords, people
from yuanke.app import plugins
from yuanke.kernel.actor import Enterprise
from yuanke.metadata import Layer
from yuanke.metadata.registry import Entity
from yuanke.records.index import SEARCH, searched_fields
from yuanke.records.numbers import COUNTER
from yuanke.records.tokens import searchable, tokens_of
from yuanke.storage import Installation, Unit, create_enterprise

from benchmarks import floors, invented
from benchmarks.invented import Size

SLUG, LABEL = "bench", "性能测试有限公司"
ADMIN, SELLER = "admin", "seller01"
PASSWORD = "bench-bench-42"
OTHER_ENTRIES = 87
CHUNK = 5_000
HERE = Path(__file__).resolve().parent


def layers() -> list[Layer]:
    return [Layer.read_file(HERE / "work.yaml", "module"), Layer.read_text(_fillers(), "fillers.yaml", "module")]


def _fillers() -> str:
    """Entities that nobody opens, so that the menu is as long as a real one."""
    said = ["module: fillers", "label: 其他功能", "version: 1.0.0", "depends: [bench]", "entities:"]
    for number in range(1, OTHER_ENTRIES + 1):
        fields = (
            "{name: {type: text!, label: 名称}, amount: {type: money, label: 金额}, day: {type: date, label: 日期}}"
        )
        said.append(
            f"  filler_{number:02d}: {{label: 功能 {number:02d}, fields: {fields}, permissions: {{seller: {{read: own, create: true}}}}}}"
        )
    return "\n".join(said) + "\n"


def mark(size: Size) -> str:
    """Changes when the declared work, the invented data or the way they are written changes."""
    digest = hashlib.sha256(repr(size).encode())
    for path in (HERE / "work.yaml", HERE / "invented.py", HERE / "company.py"):
        digest.update(path.read_bytes())
    digest.update(repr((floors.COPY, floors.INDEXES, floors.SQLITE, floors.POSTGRESQL)).encode())
    return digest.hexdigest()[:12]


def build(home: Path, database_url: str | None, size: Size) -> None:
    """Make the enterprise below ``home`` (or in the PostgreSQL database) with all its data."""
    plugins.load()
    installation = Installation(home, database_url)
    try:
        made = create_enterprise(installation, SLUG, LABEL, layers=layers())
        sellers = _people(installation, made)
        with installation.unit(made, write=True) as unit:
            for key, rows in (
                ("customer", invented.customers(size, sellers)),
                ("contact", invented.contacts(size, sellers)),
                ("order", invented.orders(size, sellers)),
            ):
                fill(unit, key, rows)
            unit.execute(COUNTER.insert().values(series="customer:C", last=size.customers))
        _settle(installation, made)
    finally:
        installation.close()


def _people(installation: Installation, made: Enterprise) -> list[int]:
    stored = passwords.hashed(PASSWORD)
    with installation.unit(made, write=True) as unit:
        admin = people.create_user(unit, ADMIN, "管理员", None, ["admin"])
        sellers = [
            people.create_user(unit, f"seller{n:02d}", f"销售{n:02d}", None, ["seller"])
            for n in range(1, invented.SELLERS + 1)
        ]
        unit.execute(fab.USER.update().where(fab.USER.c.id.in_([admin, *sellers])).values(password=stored))
    return sellers


def fill(unit: Unit, key: str, rows: Iterable[dict[str, Any]]) -> None:
    """Rows of one entity with their system columns, and their rows in the search index."""
    entity, table = unit.registry.entities[key], unit.tables[key]
    for chunk in _chunks(rows):
        for row in chunk:
            at, by = row["created_at"], row["owner"]
            row.update(updated_at=at, created_by=by, updated_by=by, version=1)
        write(unit, table, chunk)
        write(unit, SEARCH, [entry for row in chunk for entry in _entries(unit, entity, row)])
    if unit.dialect == "postgresql":
        for name in (table.name, SEARCH.name):
            unit.execute(sa.text("SELECT setval(pg_get_serial_sequence(:name, 'id'), (SELECT coalesce(max(id), 1) FROM "
                                 + unit.connection.dialect.identifier_preparer.quote_identifier(name) + "))"),
                         {"name": unit.connection.dialect.identifier_preparer.quote_identifier(name)})  # fmt: skip


def _entries(unit: Unit, entity: Entity, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in searched_fields(entity):
        value = row.get(name)
        if value is not None:
            field = entity.fields[name]
            text = searchable(field.type.search_text(field, value, unit.place))
            yield {"entity": entity.key, "record": row["id"], "field": name, "text": text, "tokens": tokens_of(text)}


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rows = iter(rows)
    while chunk := list(itertools.islice(rows, CHUNK)):
        yield chunk


def write(unit: Unit, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """By the driver's own bulk door, values bound as the column types bind them."""
    if not rows:
        return
    dialect = unit.connection.dialect
    names = [column for column in table.c if column.key in rows[0]]
    binders = [(c.key, c.type.dialect_impl(dialect).bind_processor(dialect)) for c in names]
    values = ([bind(row[key]) if bind else row[key] for key, bind in binders] for row in rows)
    quote = dialect.identifier_preparer.quote_identifier
    said = f"{quote(table.name)} ({', '.join(quote(c.name) for c in names)})"
    cursor: Any = unit.connection.connection.cursor()
    if unit.dialect == "postgresql":
        with cursor.copy(f"COPY {said} FROM STDIN") as copy:
            for row in values:
                copy.write_row(row)
    else:
        cursor.executemany(f"INSERT INTO {said} VALUES ({', '.join('?' * len(names))})", values)


def _settle(installation: Installation, made: Enterprise) -> None:
    """Statistics for the planner, as a database that runs for a while has them."""
    if installation.engines.shared is not None:
        with installation.engines.shared.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    else:
        with installation.engines.file(made.place).connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
