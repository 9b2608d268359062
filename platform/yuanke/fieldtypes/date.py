"""A day on the calendar, without a zone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.base import BoundedType, FieldSpec, Place
from yuanke.fieldtypes.faults import expected
from yuanke.fieldtypes.moments import SPREADSHEET_FIRST_YEAR, in_reach, read_day, wall
from yuanke.fieldtypes.strings import refuse_forbidden
from yuanke.kernel.text import Label, message


class Date(BoundedType):
    name = "date"
    label = Label("日期", "Date")
    help = Label("某一天，不含时间和时区", "A day, without time or zone")
    kind = "date"
    operators: tuple[str, ...] = ("eq", "within", "between", "lt", "le", "gt", "ge", "ne", "empty", "filled")
    widget = "date"
    ordered = (dt.date,)
    example = "{type: date, default: =today()}"
    sample = "2026-03-05"
    wanted = message("日期（例如 2026-03-05）")

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return sa.Date()

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": "string", "format": "date"}

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        if raw is None:
            return None
        if isinstance(raw, str):
            refuse_forbidden(raw)
            if not raw.strip():
                return None
            day = self.read(raw)
            if day is not None:
                return day
        elif isinstance(raw, dt.date) and not isinstance(raw, dt.datetime) and in_reach(raw):
            return self.whole(raw)
        raise expected(self.wanted, raw)

    def read(self, text: str) -> dt.date | None:
        return read_day(text)

    def whole(self, day: dt.date) -> dt.date:
        """The day that stands for ``day`` in this type (a month keeps its first)."""
        return day

    def settle(self, field: FieldSpec, value: Any, place: Place) -> Any:
        if isinstance(value, dt.datetime) and value.tzinfo is not None:
            value = wall(value, place.timezone).date()
        return self.parse(field, value, place)

    def dump(self, field: FieldSpec, value: Any) -> Any:
        return None if value is None else value.isoformat()

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else value.isoformat()

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else str(self.dump(field, value))

    def read_cell(self, field: FieldSpec, cell: Any, place: Place) -> Any:
        """A date cell counts by its day; its time, if it has one, is not part of the field."""
        return self.parse(field, cell.date() if isinstance(cell, dt.datetime) else cell, place)

    def write_cell(self, field: FieldSpec, value: Any, place: Place) -> Any:
        return value if value is None or value.year >= SPREADSHEET_FIRST_YEAR else value.isoformat()
