"""An instant: UTC in the engine, the wall clock of the enterprise's zone for people."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.base import BoundedType, FieldSpec, Place, ValueFault
from yuanke.fieldtypes.columns import UtcDateTime, instant_text, whole_milliseconds
from yuanke.fieldtypes.faults import expected
from yuanke.fieldtypes.moments import (
    SPREADSHEET_FIRST_YEAR,
    clock_text,
    from_wall,
    in_reach,
    read_instant,
    wall,
    zone_of,
)
from yuanke.fieldtypes.strings import refuse_forbidden
from yuanke.kernel.text import Label, message


class DateTime(BoundedType):
    """JSON: RFC 3339 in UTC, always with milliseconds (``2026-03-05T06:30:00.000Z``): text order is time order."""

    name = "datetime"
    label = Label("日期时间", "Date and time")
    help = Label("某一时刻；按系统参数 timezone 的时区显示", "An instant, shown in the zone of the setting timezone")
    kind = "datetime"
    operators = ("within", "between", "lt", "ge", "eq", "ne", "empty", "filled")
    widget = "datetime"
    ordered = (dt.date,)
    example = "{type: datetime, default: =now()}"
    sample = "2026-03-05T06:30:00Z"
    wanted = message("日期和时间（例如 2026-03-05 14:30 或 2026-03-05T06:30:00Z）")

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return UtcDateTime()

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        if raw is None:
            return None
        if isinstance(raw, str):
            refuse_forbidden(raw)
            if not raw.strip():
                return None
            moment = read_instant(raw, place.timezone)
            if moment is not None:
                return moment
        elif isinstance(raw, dt.datetime) and raw.tzinfo is not None and in_reach(raw):
            return whole_milliseconds(raw)
        raise expected(self.wanted, raw)

    def settle(self, field: FieldSpec, value: Any, place: Place) -> Any:
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            value = from_wall(dt.datetime.combine(value, dt.time()), place.timezone)
        return self.parse(field, value, place)

    def dump(self, field: FieldSpec, value: Any) -> Any:
        return None if value is None else instant_text(value)

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else wall(value, place.timezone).isoformat(" ", "minutes")

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        """``2026-03-05T14:30``; in the hour that the clocks repeat the second one carries its offset."""
        if value is None:
            return ""
        local = wall(value, place.timezone)
        written = f"{local:%Y-%m-%d}T{clock_text(local)}"
        if self._again(local, place) == value:
            return written
        return str(value.astimezone(zone_of(place.timezone)).isoformat(timespec="milliseconds"))

    def _again(self, local: dt.datetime, place: Place) -> dt.datetime | None:
        try:
            return from_wall(local, place.timezone)
        except ValueFault:
            return None

    def read_cell(self, field: FieldSpec, cell: Any, place: Place) -> Any:
        """Spreadsheets know no zone: a date cell is read on the wall of ``place``."""
        if isinstance(cell, dt.datetime) and cell.tzinfo is None:
            rounded = cell + dt.timedelta(microseconds=500)  # binary fractions of a day miss the millisecond
            cell = from_wall(rounded.replace(microsecond=rounded.microsecond // 1000 * 1000), place.timezone)
        return self.settle(field, cell, place)

    def write_cell(self, field: FieldSpec, value: Any, place: Place) -> Any:
        if value is None:
            return None
        local = wall(value, place.timezone)
        if local.year < SPREADSHEET_FIRST_YEAR or self._again(local, place) != value:
            return self.form_text(field, value, place)
        return local
