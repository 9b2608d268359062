"""Lists and single records, as one reader sees them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import Grant, grant
from yuanke.expressions import failed_in_sql
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, QueryFault, RecordNotFound
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field
from yuanke.records.carried import fill_pairs, fill_pointers, fill_rows
from yuanke.records.filters import condition_sql, filter_expression, unknown_field
from yuanke.records.finding import holding
from yuanke.records.paging import after_cursor, decode_cursor, encode_cursor, open_values, sort_keys
from yuanke.records.selection import RecordReader, Selection
from yuanke.records.values import Page, Query, Record
from yuanke.storage import Unit
from yuanke.storage.prepared import OPEN, Prepared, open_value, prepared, remembered

MOST_ROWS = 500
COUNT_CAP = 10_000


@dataclass(frozen=True)
class Narrow:
    """A condition of the engine's own. ``key`` tells it from others; ``values`` are those of its `open_value`s."""

    key: Hashable
    condition: Callable[[sa.FromClause], sa.ColumnElement[bool]]
    values: Mapping[str, Any] = default(default_factory=dict)


class _Listing:
    """A list made ready: its SELECT, how its rows become records, what the cursor is made of."""

    def __init__(self, selection: Selection, query: Query, narrow: Narrow | None, cursor: Sequence[Any] | None) -> None:
        fields = _wanted(selection, query)
        columns, self.reader = selection.columns(fields)
        keys = sort_keys(selection, query.sort or default_sort(selection.entity))
        statement = narrowed(selection, query, narrow).add_columns(
            *columns, *(key.column.label(f"k{i}") for i, key in enumerate(keys))
        )
        if cursor is not None:
            statement = statement.where(after_cursor(keys, cursor))
        self.statement = statement.order_by(*(key.order() for key in keys)).limit(open_value("limit", sa.Integer()))
        self.sorted_by = [key.field for key in keys]
        self.carried = [f for f in fields if f.pairs or f.rows or len(f.targets) > 1]


def list_records(
    unit: Unit,
    actor: Actor,
    entity: Entity,
    query: Query,
    narrow: Narrow | None = None,
    verb: str = "read",
) -> Page:
    """One page. ``narrow`` is a condition of the engine's own (a related list); ``verb`` may be ``export``."""
    if not 1 <= query.limit <= MOST_ROWS:
        raise QueryFault(message("limit 须在 1 到 {most} 之间", most=MOST_ROWS), parameter="limit")
    key = ("list", actor, entity.key, verb, _mark(query), narrow.key if narrow else None)
    searched = bool(query.q and query.q.strip())

    def listing(cursor: Sequence[Any] | None) -> _Ready:
        def make() -> _Ready:
            selection = Selection(unit, actor, entity, _asked(unit, actor, entity, verb))
            return _Ready(unit, _Listing(selection, query, narrow, cursor), kept=not searched)

        empty = None if cursor is None else tuple(value is None for value in cursor)
        return make() if searched else remembered(unit, (*key, empty), make)

    ready, values = listing(None), {"limit": query.limit + 1, **(narrow.values if narrow else {})}
    if query.after:
        cursor = decode_cursor(ready.sorted_by, query.after, unit.place)
        ready, values = listing(cursor), {**values, **open_values(cursor)}
    columns = ready.columns(unit, values)
    page = Page(ready.reader.records([column[: query.limit] for column in columns[: ready.reader.width]]))
    if columns and len(columns[0]) > query.limit:
        last = [column[query.limit - 1] for column in columns[ready.reader.width :]]
        page.next = encode_cursor(ready.sorted_by, last)
    _complete(unit, actor, ready.carried, page.records, rows_too=query.fields is not None)
    if query.count != "none":
        counted = None if searched else (*key, "count", query.count)
        _count(unit, actor, entity, query, narrow, verb, page, counted)
    return page


def _mark(query: Query) -> Hashable:
    """What of a query decides its statement, but for the cursor, the limit and a text that is searched for."""
    return query.filter, repr(query.conditions), query.sort, query.fields, query.view, query.binned


class _Ready:
    """A listing that was written out, or (a search, whose text differs each time) left to SQLAlchemy's own cache."""

    def __init__(self, unit: Unit, listing: _Listing, kept: bool) -> None:
        self.reader, self.sorted_by, self.carried = listing.reader, listing.sorted_by, listing.carried
        self._statement = prepared(unit, listing.statement) if kept else listing.statement

    def columns(self, unit: Unit, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """The rows, column by column; an expression that grows beyond all bounds is its author's fault, told as such."""
        try:
            if isinstance(self._statement, Prepared):
                return self._statement.columns(unit, **values)
            return list(zip(*unit.execute(self._statement, {OPEN + k: v for k, v in values.items()}).all()))
        except sa.exc.DBAPIError as fault:
            raise failed_in_sql(fault) or fault from fault


def asked_of_database(unit: Unit, statement: sa.Select[Any]) -> Sequence[Any]:
    """The rows; an expression that grows beyond all bounds is its author's fault, told as such."""
    try:
        return unit.execute(statement).all()
    except sa.exc.DBAPIError as fault:
        raise failed_in_sql(fault) or fault from fault


def get_record(
    unit: Unit, actor: Actor, entity: Entity, record_id: int, fields: Sequence[str] | None = None, binned: bool = False
) -> Record:
    """One record with its owned rows and many-to-many links. Raises RecordNotFound for absent, binned and unseen alike."""
    key = ("get", actor, entity.key, None if fields is None else tuple(fields), binned)

    def make() -> tuple[Prepared, RecordReader, list[Field]]:
        selection = Selection(unit, actor, entity)
        if not selection.grant.allowed:
            raise RecordNotFound()
        wanted = selection.all_fields() if fields is None else [_field(selection, name) for name in fields]
        columns, reader = selection.columns(wanted)
        identity = selection.table.c.id
        statement = selection.rows(binned).add_columns(*columns).where(identity == open_value("id", identity.type))
        return prepared(unit, statement), reader, [f for f in wanted if f.pairs or f.rows or len(f.targets) > 1]

    ready, reader, carried = remembered(unit, key, make)
    found = reader.records(ready.columns(unit, id=record_id))
    if not found:
        raise RecordNotFound()
    _complete(unit, actor, carried, found, rows_too=True)
    return found[0]


def default_sort(entity: Entity) -> tuple[str, ...]:
    """What the list view says, else newest first."""
    view = entity.views.get("list")
    said = view.body.get("sort") if view else None
    return (said,) if isinstance(said, str) else tuple(said or ("-id",))


def list_columns(entity: Entity) -> tuple[str, ...]:
    view = entity.views.get("list")
    return tuple(view.body.get("columns", ())) if view else ()


def _asked(unit: Unit, actor: Actor, entity: Entity, verb: str) -> Grant:
    given = grant(unit, actor, entity, verb)
    if not given.allowed:
        raise AccessDenied(given.reason)
    return given


def _wanted(selection: Selection, query: Query) -> list[Field]:
    if query.fields is not None:
        return [_field(selection, key) for key in query.fields]
    named = [k for k in list_columns(selection.entity) if selection.readable(k)]
    if selection.entity.title not in named and selection.readable(selection.entity.title):
        named.append(selection.entity.title)
    return [selection.entity.fields[key] for key in named]


def _field(selection: Selection, key: str) -> Field:
    if not selection.readable(key):
        raise unknown_field(key)
    return selection.entity.fields[key]


def narrowed(selection: Selection, query: Query, narrow: Narrow | None) -> sa.Select[Any]:
    statement = selection.rows(query.binned)
    if narrow is not None:
        statement = statement.where(narrow.condition(selection.table))
    if query.view:
        statement = statement.where(_view_filter(selection, query.view))
    if query.filter:
        statement = statement.where(filter_expression(selection, query.filter))
    for condition in query.conditions:
        statement = statement.where(condition_sql(selection, condition))
    if query.q and query.q.strip():
        statement = statement.where(
            holding(selection, query.q, selection.grant.readable & set(selection.entity.fields))
        )
    return statement


def _view_filter(selection: Selection, name: str) -> sa.ColumnElement[bool]:
    """A filter declared in the list view: it was checked when it was declared and runs with the reader's ``me``."""
    view = selection.entity.views.get("list")
    declared = view.body.get("filters", {}).get(name) if view else None
    if declared is None:
        raise QueryFault(message("没有名为 {view} 的视图", view=name), parameter="view")
    where = declared.get("where") if isinstance(declared, dict) or hasattr(declared, "get") else declared
    return sa.true() if where is None else where.sql(selection.scope)


def _complete(unit: Unit, actor: Actor, fields: Sequence[Field], records: list[Record], rows_too: bool) -> None:
    """Many-to-many links, links to one of several entities, and owned rows: one query a field for all records."""
    for field in fields:
        if field.pairs:
            fill_pairs(unit, actor, field, records)
        elif field.rows and rows_too:
            fill_rows(unit, actor, field, records)
        elif len(field.targets) > 1:
            fill_pointers(unit, actor, field, records)


def _count(
    unit: Unit,
    actor: Actor,
    entity: Entity,
    query: Query,
    narrow: Narrow | None,
    verb: str,
    page: Page,
    key: Hashable | None,
) -> None:
    """The total, exact or up to the cap; ``key`` under which its statement may be kept."""
    capped = query.count == "capped"
    if capped and query.after is None and page.next is None:
        page.count = len(page.records)  # the whole list is on this page
        return

    def counting() -> sa.Select[Any]:
        selection = Selection(unit, actor, entity, _asked(unit, actor, entity, verb))
        inner = narrowed(selection, query, narrow).add_columns(sa.literal(1).label("one"))
        return sa.select(sa.func.count()).select_from((inner.limit(COUNT_CAP + 1) if capped else inner).subquery())

    values = dict(narrow.values) if narrow else {}
    if key is None:
        page.count = int(unit.execute(counting(), {OPEN + k: v for k, v in values.items()}).scalar_one())
    else:
        page.count = int(remembered(unit, key, lambda: prepared(unit, counting())).scalar(unit, **values))
    if capped and page.count > COUNT_CAP:
        page.count, page.count_capped = COUNT_CAP, True
