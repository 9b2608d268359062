"""Sorting and keyset paging: a page begins after the last row of the page before, however much was written in between.

The one rule: the order is total (the id decides last) and empty values come last, both ways, on both databases.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes import Place, ValueFault
from yuanke.kernel.errors import QueryFault
from yuanke.kernel.text import message
from yuanke.metadata.registry import Field
from yuanke.records.filters import resolve, unknown_field
from yuanke.records.selection import Selection
from yuanke.storage.prepared import open_value

NEVER_EMPTY = {"id", "version", "created_at", "updated_at"}
MOST_KEYS = 4


@dataclass(frozen=True)
class SortKey:
    column: sa.ColumnElement[Any]
    field: Field
    descending: bool

    @property
    def may_be_empty(self) -> bool:
        return self.field.key not in NEVER_EMPTY

    def order(self) -> sa.ColumnElement[Any]:
        ordered = self.column.desc() if self.descending else self.column.asc()
        return ordered.nulls_last() if self.may_be_empty else ordered

    def after(self, value: Any) -> sa.ColumnElement[bool]:
        """Rows that come later than ``value`` in this key alone; nothing comes later than an empty value."""
        if value is None:
            return sa.false()
        later = self.column < value if self.descending else self.column > value
        return sa.or_(later, self.column.is_(None)) if self.may_be_empty else later

    def same(self, value: Any) -> sa.ColumnElement[bool]:
        return self.column.is_(None) if value is None else self.column == value


def sort_keys(selection: Selection, sort: tuple[str, ...]) -> list[SortKey]:
    """The keys asked for and, last, the id in the direction of the first one."""
    if len(sort) > MOST_KEYS:
        raise QueryFault(message("最多按 {most} 个字段排序", most=MOST_KEYS), parameter="sort")
    keys = [_key(selection, name) for name in sort]
    if not any(key.field.key == "id" for key in keys):
        descending = keys[0].descending if keys else True
        identity = selection.entity.fields["id"]
        keys.append(SortKey(selection.table.c.id, identity, descending))
    return keys


def _key(selection: Selection, name: str) -> SortKey:
    path = name.removeprefix("-")
    scope, field = resolve(selection, path)
    if field.multiple or field.type.kind == "json":
        raise unknown_field(path)
    return SortKey(scope.column(field.key), field, name.startswith("-"))


def after_cursor(keys: Sequence[SortKey], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Rows after the one that has ``values`` in ``keys``; which of them are None decides the condition, what the others
    are is given at the run (`open_values`)."""
    marks = [
        None if value is None else open_value(f"after{at}", key.column.type)
        for at, (key, value) in enumerate(zip(keys, values, strict=True))
    ]
    alternatives = []
    for at, key in enumerate(keys):
        same = [k.same(v) for k, v in zip(keys[:at], marks[:at], strict=True)]
        alternatives.append(sa.and_(*same, key.after(marks[at])))
    return sa.or_(*alternatives)


def open_values(values: Sequence[Any]) -> dict[str, Any]:
    return {f"after{at}": value for at, value in enumerate(values) if value is not None}


def encode_cursor(fields: Sequence[Field], row_values: Sequence[Any]) -> str:
    said = [None if v is None else f.type.dump(f, v) for f, v in zip(fields, row_values, strict=True)]
    return base64.urlsafe_b64encode(json.dumps(said, ensure_ascii=False).encode()).decode().rstrip("=")


def decode_cursor(fields: Sequence[Field], cursor: str, place: Place) -> list[Any]:
    """The values of the last row of the page before. Raises QueryFault for a cursor that is not of this order."""
    try:
        said = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(said, list) or len(said) != len(fields):
            raise ValueError
        return [None if v is None else f.type.parse(f, v, place) for f, v in zip(fields, said, strict=True)]
    except (ValueError, binascii.Error, RecursionError, ValueFault) as fault:
        raise QueryFault(message("翻页标记无效，请从第一页重新开始"), parameter="after") from fault
