"""Records into a file: the same rows as the list under the export right, the columns the reader may see.

The one rule: the door is the only source; what it does not answer is in no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Protocol

from yuanke.exchange.writers import Writer
from yuanke.fieldtypes import Place
from yuanke.kernel.errors import QueryFault
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field
from yuanke.records.values import Page, Query, Record

PAGE = 500
#: never in a file unless asked for by name: they say nothing to people, or hold no text
SELDOM = frozenset({"deleted_at", "version", "updated_by", "created_by"})


class ReadDoor(Protocol):
    def list(self, key: str, query: Query, verb: str = "read") -> Page: ...


#: opens a short reading transaction and gives (door, place); each page is read in one of its own
Open = Callable[[], AbstractContextManager[tuple[ReadDoor, Place]]]


@dataclass(frozen=True)
class Columns:
    """What stands in the file: fields of the record, and of one kind of its rows (then a line for each row)."""

    entity: Entity
    fields: tuple[Field, ...]
    rows: str | None = None
    row_fields: tuple[Field, ...] = ()

    def header(self, locale: str) -> list[str]:
        """Labels; where two are equal the key stands behind, so that an import can tell them apart."""
        named = [(f, f.label.say(locale)) for f in (*self.fields, *self.row_fields)]
        labels = [label for _, label in named]
        return [label if labels.count(label) == 1 else f"{label} ({f.key})" for f, label in named]


def choose_columns(
    entity: Entity,
    readable: frozenset[str],
    wanted: Sequence[str] | None,
    rows: str | None = None,
    row_entity: Entity | None = None,
    row_readable: frozenset[str] = frozenset(),
) -> Columns:
    """``wanted`` None: every readable field that says something in a cell. An unknown or hidden name raises
    QueryFault."""
    if wanted is None:
        fields = [f for k, f in entity.fields.items() if k in readable and k not in SELDOM and _says_something(f)]
    else:
        fields = [_known(entity, readable, name) for name in wanted]
    if rows is None or row_entity is None:
        return Columns(entity, tuple(fields))
    _known(entity, readable, rows, with_rows=True)
    inner = [
        f
        for k, f in row_entity.fields.items()
        if k in row_readable and k not in ("id", "position", "version", row_entity.parent_link) and _says_something(f)
    ]
    return Columns(entity, tuple(fields), rows, tuple(inner))


def _says_something(field: Field) -> bool:
    return (
        not field.retired and not field.rows and (field.has_column or bool(field.pairs) or field.source == "computed")
    )


def _known(entity: Entity, readable: frozenset[str], name: str, with_rows: bool = False) -> Field:
    field = entity.fields.get(name)
    if field is None or field.retired or name not in readable or bool(field.rows) != with_rows:
        raise QueryFault(message("没有名为 {field} 的字段", field=name), parameter="columns")
    return field


def write_records(
    open_: Open,
    columns: Columns,
    query: Query,
    to: Writer,
    progress: Callable[[int, int | None], None] = lambda done, all_: None,
) -> int:
    """Write everything the query finds, page after page; how many records. ``progress(done, all or None)``."""
    done, total = 0, None
    for page, place in _pages(open_, columns, query):
        if done == 0:
            total = page.count
            to.header(columns.header(place.locale))
        for record in page.records:
            for cells in lines_of(record, columns, place):
                to.row(cells)
        done += len(page.records)
        progress(done, total)
    return done


def _pages(open_: Open, columns: Columns, query: Query) -> Iterator[tuple[Page, Place]]:
    names = tuple(f.key for f in columns.fields) + ((columns.rows,) if columns.rows else ())
    wanted = replace(query, fields=names, limit=PAGE, count="exact", after=None)
    while True:
        with open_() as (door, place):
            page = door.list(columns.entity.key, wanted, verb="export")
        yield page, place
        if page.next is None:
            return
        wanted = replace(wanted, after=page.next, count="none")


def lines_of(record: Record, columns: Columns, place: Place) -> list[list[Any]]:
    """One line, or one for each row of the record (at least one); hidden values are empty cells."""
    own = _cells(columns.fields, record.values, place)
    if columns.rows is None:
        return [own]
    rows = record.values.get(columns.rows) or []
    return [own + _cells(columns.row_fields, row.values, place) for row in rows] or [
        own + [None] * len(columns.row_fields)
    ]


def _cells(fields: Sequence[Field], values: Mapping[str, Any], place: Place) -> list[Any]:
    return [None if (value := values.get(f.key)) is None else _cell(f, value, place) for f in fields]


def _cell(field: Field, value: Any, place: Place) -> Any:
    """An exact number without the zeros that only its storage has."""
    cell = field.type.write_cell(field, value, place)
    return Decimal(field.type.dump(field, value)) if isinstance(cell, Decimal) else cell
