"""What a database holds right now, in the same values as `describe`.

The one rule: a few catalogue queries for all tables, never one for each (an enterprise has about two hundred).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from yuanke.storage.engines import fetch_text

if TYPE_CHECKING:
    from yuanke.storage.unit import Unit

SQLITE_COLUMNS = (
    "SELECT m.name, p.name, p.type, 0 FROM sqlite_master m, pragma_table_xinfo(m.name) p WHERE m.type = 'table'"
)
SQLITE_INDEXES = "SELECT tbl_name, name, 1 FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
POSTGRESQL_COLUMNS = """SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attisdropped
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = %(schema)s AND c.relkind = 'r' AND a.attnum > 0 ORDER BY c.relname, a.attnum"""
POSTGRESQL_INDEXES = """SELECT t.relname, i.relname, x.indisvalid
       FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
       JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = %(schema)s AND NOT x.indisprimary"""


@dataclass
class LiveTable:
    """``slots`` counts columns that were ever made (PostgreSQL never frees the place of a dropped one)."""

    columns: dict[str, str] = field(default_factory=dict)
    indexes: dict[str, bool] = field(default_factory=dict)
    slots: int = 0


def live_shape(connection: sa.Connection, schema: str) -> dict[str, LiveTable]:
    """Table -> its columns (name -> type) and indexes (name -> valid). ``schema`` counts on PostgreSQL only."""
    on_sqlite = connection.dialect.name == "sqlite"
    columns, indexes = (SQLITE_COLUMNS, SQLITE_INDEXES) if on_sqlite else (POSTGRESQL_COLUMNS, POSTGRESQL_INDEXES)
    asked: Any = () if on_sqlite else {"schema": schema}
    tables: dict[str, LiveTable] = {}
    for name, column, type_, dropped in fetch_text(connection, columns, asked)[0]:
        table = tables.get(name)
        if table is None:
            table = tables[name] = LiveTable()
        table.slots += 1
        if not dropped:
            table.columns[column] = type_
    for name, index, valid in fetch_text(connection, indexes, asked)[0]:
        if name in tables:
            tables[name].indexes[index] = bool(valid)
    return tables


def exists(unit: Unit, table: sa.Table) -> bool:
    """Whether one of the engine's own tables is there: an enterprise of an earlier product may lack the newer ones."""
    schema = unit.enterprise.place if unit.dialect == "postgresql" else None
    return sa.inspect(unit.connection).has_table(table.name, schema=schema)
