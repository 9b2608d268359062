"""The engine's own tables in each enterprise's database. Upper layers add theirs with `own_table`.

The one rule: a table here belongs to one package; only that package writes it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.columns import Json, UtcDateTime
from yuanke.storage.tables import identity

METADATA = sa.MetaData()


def own_table(name: str, *parts: Any, **options: Any) -> sa.Table:
    """Declare an engine table ``yk_<name>``; it is made with every enterprise and by upgrade."""
    return sa.Table(f"yk_{name}", METADATA, *parts, **options)


def key() -> sa.Column[Any]:
    return sa.Column("id", identity(), sa.Identity(), primary_key=True)


#: one row: what a worker compares at the head of every request
META = own_table(
    "meta",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("meta_version", sa.Integer, nullable=False),
    sa.Column("perm_version", sa.Integer, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("state", sa.String(20), nullable=False, server_default="active"),
    sa.Column("expires", sa.Date),
)
#: the layers of metadata this enterprise runs on: JSON for serving, the text as written for `explain` and export
LAYER = own_table(
    "layer",
    sa.Column("name", sa.String(120), primary_key=True),
    sa.Column("rank", sa.String(20), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("data", Json, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("file", sa.String(300)),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Column("changed_by", identity()),
)
SETTING = own_table("setting", sa.Column("key", sa.String(120), primary_key=True), sa.Column("value", Json))
