"""What others changed since a form was drawn, from the history: which of them the form's author changed too.

The one rule: a field its author left alone takes what the other wrote; nobody's change is undone by a form drawn earlier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as slot
from typing import Any

from flask import request

from yuanke.fieldtypes import ValueFault
from yuanke.metadata.registry import Field
from yuanke.records import HistoryEntry, LinkValue, Record
from yuanke.screens.incoming import differs, raw_of
from yuanke.screens.reader import Reader

MOST = 50
Before = dict[str, Any]


@dataclass(frozen=True)
class Since:
    """``fields``: what each changed field held before; ``rows``: (rows field, id) -> the same of one owned row."""

    entries: tuple[HistoryEntry, ...] = ()
    fields: Before = slot(default_factory=dict)
    rows: Mapping[tuple[str, int], Before] = slot(default_factory=dict)

    def untouched(self, reader: Reader, field: Field, name: str, row: tuple[str, int] | None = None) -> bool:
        """Others changed the field and the form still says what stood before."""
        before = self.rows.get(row, {}) if row is not None else self.fields
        if field.key not in before:
            return False
        return not differs(reader, field, raw_of(field, name, request.form), before[field.key])


NOBODY = Since()


def since(reader: Reader, record: Record, seen: int) -> Since:
    """Everything after the entry ``seen``, newest first in ``entries``."""
    entries = [e for e in reader.records.history(record.entity.key, record.id, MOST) if e.id > seen]
    fields: Before = {}
    rows: dict[tuple[str, int], Before] = {}
    for entry in entries:  # older ones come later and win: what stood first is what the form showed
        for key, (before, after) in entry.changes.items():
            of = record.entity.fields[key]
            if of.rows:
                _take_lines(reader, of, after, rows)
            else:
                fields[key] = _typed(reader, of, before)
    return Since(tuple(entries), fields, rows)


def _take_lines(reader: Reader, of: Field, lines: Any, rows: dict[tuple[str, int], Before]) -> None:
    inner = reader.registry.entities[of.rows or ""]
    for line in lines or ():
        if line.get("verb") == "update":
            held = rows.setdefault((of.key, line["id"]), {})
            held.update(
                {
                    k: _typed(reader, inner.fields[k], pair[0])
                    for k, pair in line["changes"].items()
                    if k in inner.fields
                }
            )


def _typed(reader: Reader, field: Field, value: Any) -> Any:
    if value is None or isinstance(value, LinkValue) or field.pairs:
        return value
    try:
        return field.type.parse(field, value, reader.place)
    except ValueFault:
        return value
