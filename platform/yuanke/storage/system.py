"""The engine's own tables in each enterprise's database. Upper layers add theirs with `own_table`.

The one rule: a table here belongs to one package; only that package writes it.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.columns import Json, UtcDateTime
from yuanke.storage.tables import identity


class OrderedJson(sa.types.TypeDecorator[Any]):
    """JSON as text: unlike JSONB it keeps the order of keys, which is the order on the screen."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return None if value is None else json.loads(value)


METADATA = sa.MetaData()
#: every MetaData whose tables an enterprise's database has; who keeps tables under one of their own adds it at import
own_metadata: list[sa.MetaData] = [METADATA]


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
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("rank", sa.String(20), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("data", OrderedJson, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("file", sa.String(300)),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Column("changed_by", identity()),
)
SETTING = own_table("setting", sa.Column("key", sa.String(120), primary_key=True), sa.Column("value", Json))
#: fields and entities that were taken away: their columns and tables stay, and this says what they were
RETIRED = own_table(
    "retired",
    sa.Column("entity", sa.String(80), primary_key=True),
    sa.Column("column", sa.String(63), primary_key=True),
    sa.Column("field", sa.String(80), nullable=False),  # its key when it ran; another name than the column's: set aside
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("label", sa.Text),
    sa.Column("retired_at", UtcDateTime, nullable=False),
    sa.Column("retired_by", identity()),
)
#: the journal of changes that are finished after the apply: big indexes, fills of stored formulas
STEP = own_table(
    "step",
    key(),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("entity", sa.String(80), nullable=False),
    sa.Column("field", sa.String(80), nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),  # pending | done | failed | dropped
    sa.Column("reached", identity(), nullable=False, server_default="0"),  # the last id that is done
    sa.Column("done", identity(), nullable=False, server_default="0"),  # rows so far
    sa.Column("total", identity(), nullable=False, server_default="0"),
    sa.Column("error", sa.Text),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
)
