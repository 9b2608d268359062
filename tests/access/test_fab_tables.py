"""Our Core Tables of Flask-AppBuilder are its own, column by column."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask_appbuilder import Model
from flask_appbuilder.security.sqla import models  # noqa: F401 - declares the tables
from yuanke.access import fab_tables


def described(table: sa.Table) -> dict[str, Any]:
    """Everything of a table that its DDL would say."""
    columns = {
        c.name: (
            str(c.type),
            getattr(c.type, "length", None),
            c.nullable,
            c.primary_key,
            sorted((f.target_fullname, f.ondelete) for f in c.foreign_keys),
            c.default.name if isinstance(c.default, sa.Sequence) else None,
        )
        for c in table.columns
    }
    unique = {tuple(sorted(c.name for c in u.columns)) for u in table.constraints if isinstance(u, sa.UniqueConstraint)}
    indexes = {(i.name, tuple(c.name for c in i.columns), bool(i.unique)) for i in table.indexes}
    return {"columns": columns, "unique": unique, "indexes": indexes}


OURS = {table.name: table for table in fab_tables.TABLES}
THEIRS = {name: table for name, table in Model.metadata.tables.items() if name.startswith("ab_")}


def test_every_table_of_flask_appbuilder_is_there() -> None:
    assert OURS.keys() == THEIRS.keys()


@pytest.mark.parametrize("name", sorted(THEIRS))
def test_a_table_is_equal_to_flask_appbuilders(name: str) -> None:
    assert described(OURS[name]) == described(THEIRS[name])
