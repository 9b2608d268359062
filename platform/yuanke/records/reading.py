"""Lists and single records, as one reader sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from yuanke.records.index import matching
from yuanke.records.paging import after_cursor, encode_cursor, sort_keys
from yuanke.records.selection import Selection
from yuanke.records.values import Page, Query, Record
from yuanke.storage import Unit

MOST_ROWS = 500
COUNT_CAP = 10_000
Narrow = Callable[[sa.FromClause], sa.ColumnElement[bool]]


def list_records(
    unit: Unit,
    actor: Actor,
    entity: Entity,
    query: Query,
    narrow: Narrow | None = None,
    verb: str = "read",
) -> Page:
    """One page. ``narrow`` is a condition of the engine's own (a related list); ``verb`` may be ``export``."""
    selection = Selection(unit, actor, entity, _asked(unit, actor, entity, verb))
    if not 1 <= query.limit <= MOST_ROWS:
        raise QueryFault(message("limit 须在 1 到 {most} 之间", most=MOST_ROWS), parameter="limit")
    base = narrowed(selection, query, narrow)
    fields = _wanted(selection, query)
    columns, readers = selection.columns(fields)
    keys = sort_keys(selection, query.sort or default_sort(entity))
    statement = base.add_columns(*columns, *(key.column.label(f"k{i}") for i, key in enumerate(keys)))
    statement = statement.order_by(*(key.order() for key in keys)).limit(query.limit + 1)
    if query.after:
        statement = statement.where(after_cursor(keys, query.after, selection))
    rows = asked_of_database(unit, statement)
    page = Page([selection.record(row, readers) for row in rows[: query.limit]])
    if len(rows) > query.limit:
        page.next = encode_cursor(keys, list(rows[query.limit - 1][len(columns) :]))
    _complete(unit, actor, selection, fields, page.records, rows_too=query.fields is not None)
    _count(unit, base, query, page)
    return page


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
    selection = Selection(unit, actor, entity)
    if not selection.grant.allowed:
        raise RecordNotFound()
    wanted = selection.all_fields() if fields is None else [_field(selection, key) for key in fields]
    columns, readers = selection.columns(wanted)
    statement = selection.rows(binned).add_columns(*columns).where(selection.table.c.id == record_id)
    row = unit.execute(statement).first()
    if row is None:
        raise RecordNotFound()
    record = selection.record(row, readers)
    _complete(unit, actor, selection, wanted, [record], rows_too=True)
    return record


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
        statement = statement.where(narrow(selection.table))
    if query.view:
        statement = statement.where(_view_filter(selection, query.view))
    if query.filter:
        statement = statement.where(filter_expression(selection, query.filter))
    for condition in query.conditions:
        statement = statement.where(condition_sql(selection, condition))
    if query.q and query.q.strip():
        statement = statement.where(_text_match(selection, query.q))
    return statement


def _view_filter(selection: Selection, name: str) -> sa.ColumnElement[bool]:
    """A filter declared in the list view: it was checked when it was declared and runs with the reader's ``me``."""
    view = selection.entity.views.get("list")
    declared = view.body.get("filters", {}).get(name) if view else None
    if declared is None:
        raise QueryFault(message("没有名为 {view} 的视图", view=name), parameter="view")
    where = declared.get("where") if isinstance(declared, dict) or hasattr(declared, "get") else declared
    return sa.true() if where is None else where.sql(selection.scope)


def _text_match(selection: Selection, text: str) -> sa.ColumnElement[bool]:
    found = matching(
        selection.unit, text, selection.entity.key, selection.grant.readable & set(selection.entity.fields)
    )
    return selection.table.c.id.in_(found.with_only_columns(found.selected_columns.record).scalar_subquery())


def _complete(
    unit: Unit, actor: Actor, selection: Selection, fields: Sequence[Field], records: list[Record], rows_too: bool
) -> None:
    """Many-to-many links, links to one of several entities, and owned rows: one query a field for all records."""
    for field in fields:
        if field.pairs:
            fill_pairs(unit, actor, field, records)
        elif field.rows and rows_too:
            fill_rows(unit, actor, field, records)
        elif len(field.targets) > 1:
            fill_pointers(unit, actor, field, records)


def _count(unit: Unit, base: sa.Select[Any], query: Query, page: Page) -> None:
    if query.count == "none":
        return
    if query.count == "capped" and query.after is None and page.next is None:
        page.count = len(page.records)  # the whole list is on this page
        return
    inner = base.add_columns(sa.literal(1).label("one"))
    capped = query.count == "capped"
    counted = sa.select(sa.func.count()).select_from((inner.limit(COUNT_CAP + 1) if capped else inner).subquery())
    page.count = int(unit.execute(counted).scalar_one())
    if capped and page.count > COUNT_CAP:
        page.count, page.count_capped = COUNT_CAP, True
