"""A month (of a plan, a salary, a closing), kept as its first day."""

from __future__ import annotations

import datetime as dt
from typing import Any

from yuanke.fieldtypes.base import FieldSpec, Place
from yuanke.fieldtypes.date import Date
from yuanke.fieldtypes.moments import read_day, read_month
from yuanke.kernel.text import Label, message


class Month(Date):
    name = "month"
    label = Label("月份", "Month")
    help = Label("年和月；在公式里是该月第一天", "A year and month; in formulas it is the first day of the month")
    operators = ("eq", "between", "lt", "le", "gt", "ge", "ne", "empty", "filled")
    widget = "month"
    example = "{type: month}"
    sample = "2026-03"
    wanted = message("月份（例如 2026-03）")

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}

    def read(self, text: str) -> dt.date | None:
        day = read_month(text)
        if day is None:
            first = read_day(text)  # a bound or a cell written as its first day
            day = first if first is not None and first.day == 1 else None
        return day

    def whole(self, day: dt.date) -> dt.date:
        return day.replace(day=1)

    def dump(self, field: FieldSpec, value: Any) -> Any:
        return None if value is None else value.isoformat()[:7]

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else str(self.dump(field, value))

    def write_cell(self, field: FieldSpec, value: Any, place: Place) -> Any:
        return self.dump(field, value)
