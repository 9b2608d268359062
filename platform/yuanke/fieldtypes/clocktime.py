"""A time of day, without a day or zone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.base import BoundedType, FieldSpec, Place
from yuanke.fieldtypes.faults import expected
from yuanke.fieldtypes.moments import clock_text, from_timedelta, read_clock, wall
from yuanke.fieldtypes.strings import refuse_forbidden
from yuanke.kernel.text import Label, message


class Time(BoundedType):
    """JSON: ``14:30:00``, to the second."""

    name = "time"
    label = Label("时间", "Time")
    help = Label("一天中的时间，精确到秒", "A time of day, to the second")
    kind = "time"
    operators = ("eq", "between", "lt", "ge", "ne", "empty", "filled")
    widget = "time"
    ordered = (dt.time,)
    example = "{type: time, default: '09:00'}"
    sample = "14:30:00"
    wanted = message("时间（例如 14:30）")

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return sa.Time()

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"}

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        if raw is None:
            return None
        clock: dt.time | None = None
        if isinstance(raw, str):
            refuse_forbidden(raw)
            if not raw.strip():
                return None
            clock = read_clock(raw)
        elif isinstance(raw, dt.time) and raw.tzinfo is None:
            clock = raw
        if clock is None:
            raise expected(self.wanted, raw)
        return clock.replace(microsecond=0, fold=0)

    def settle(self, field: FieldSpec, value: Any, place: Place) -> Any:
        if isinstance(value, dt.datetime) and value.tzinfo is not None:
            value = wall(value, place.timezone).time()
        return self.parse(field, value, place)

    def dump(self, field: FieldSpec, value: Any) -> Any:
        return None if value is None else value.isoformat("seconds")

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else clock_text(value)

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else clock_text(value)

    def read_cell(self, field: FieldSpec, cell: Any, place: Place) -> Any:
        """Spreadsheets keep a time as part of a day: a time, a span, a datetime or a fraction of 1."""
        if isinstance(cell, dt.datetime):
            cell = cell.time()
        if isinstance(cell, float) and 0 <= cell < 1:
            cell = dt.timedelta(days=cell)
        if isinstance(cell, dt.timedelta):
            cell = from_timedelta(cell) or cell
        if isinstance(cell, dt.time) and cell.microsecond >= 999_500:  # a binary fraction just under the second
            cell = (dt.datetime.combine(dt.date(2000, 1, 1), cell) + dt.timedelta(milliseconds=1)).time()
        return self.parse(field, cell, place)

    def write_cell(self, field: FieldSpec, value: Any, place: Place) -> Any:
        return self.form_text(field, value, place) or None
