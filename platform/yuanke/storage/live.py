"""What a database holds right now, in the same values as `describe`.

The one rule: a few catalogue queries for all tables, never one for each (an enterprise has about two hundred).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from yuanke.storage.unit import Unit

SQLITE_COLUMNS = sa.text(
    'SELECT m.name AS "table", p.name, p.type '
    "FROM sqlite_master m, pragma_table_xinfo(m.name) p WHERE m.type = 'table'"
)
SQLITE_INDEXES = sa.text(
    "SELECT tbl_name AS \"table\", name, 1 AS valid FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
)
POSTGRESQL_COLUMNS = sa.text(
    """SELECT c.relname AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
              a.attisdropped AS dropped
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = :schema AND c.relkind = 'r' AND a.attnum > 0 ORDER BY c.relname, a.attnum"""
)
POSTGRESQL_INDEXES = sa.text(
    """SELECT t.relname AS "table", i.relname AS name, x.indisvalid AS valid
       FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
       JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = :schema AND NOT x.indisprimary"""
)


@dataclass
class LiveTable:
    """``slots`` counts columns that were ever made (PostgreSQL never frees the place of a dropped one)."""

    columns: dict[str, str] = field(default_factory=dict)
    indexes: dict[str, bool] = field(default_factory=dict)
    slots: int = 0


def live_shape(connection: sa.Connection, schema: str) -> dict[str, LiveTable]:
    """Table -> its columns (name -> type) and indexes (name -> valid). ``schema`` counts on PostgreSQL only."""
    on_sqlite = connection.dialect.name == "sqlite"
    asked = {} if on_sqlite else {"schema": schema}
    tables: dict[str, LiveTable] = {}
    for row in connection.execute(SQLITE_COLUMNS if on_sqlite else POSTGRESQL_COLUMNS, asked).mappings():
        table = tables.setdefault(row["table"], LiveTable())
        table.slots += 1
        if not row.get("dropped"):
            table.columns[row["name"]] = row["type"]
    for row in connection.execute(SQLITE_INDEXES if on_sqlite else POSTGRESQL_INDEXES, asked).mappings():
        if row["table"] in tables:
            tables[row["table"]].indexes[row["name"]] = bool(row["valid"])
    return tables


def exists(unit: Unit, table: sa.Table) -> bool:
    """Whether one of the engine's own tables is there: an enterprise of an earlier product may lack the newer ones."""
    schema = unit.enterprise.place if unit.dialect == "postgresql" else None
    return sa.inspect(unit.connection).has_table(table.name, schema=schema)
