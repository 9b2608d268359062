"""How long: whole minutes, written as ``1h30m`` or ``1小时30分``."""

from __future__ import annotations

import re
import unicodedata
from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.base import BoundedType, FieldSpec, Place, ValueFault
from yuanke.fieldtypes.columns import Span
from yuanke.fieldtypes.faults import expected, found
from yuanke.fieldtypes.numerals import from_cell, from_number
from yuanke.fieldtypes.strings import refuse_forbidden
from yuanke.kernel.decimals import round_half_up
from yuanke.kernel.text import Label, message

#: about a thousand years; keeps every sum far inside 64 bits
MOST_MINUTES = 600_000_000
_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,4})?"
_SPAN = re.compile(
    rf"(?P<sign>-?)(?:(?P<days>{_NUMBER})(?:d|days?|天|日))?(?:(?P<hours>{_NUMBER})(?:h|hours?|hrs?|小时|个小时|时))?"
    rf"(?:(?P<minutes>{_NUMBER})(?:m|min|mins|minutes?|分钟?|分))?"
)
_CLOCK = re.compile(r"(?P<sign>-?)(?P<hours>[0-9]{1,7}):(?P<minutes>[0-5][0-9])(?::00)?")
_ISO = re.compile(
    rf"(?P<sign>-?)p(?:(?P<days>{_NUMBER})d)?(?:t(?:(?P<hours>{_NUMBER})h)?(?:(?P<minutes>{_NUMBER})m)?)?"
)


def read_minutes(text: str) -> Decimal | None:
    """``1h30m`` ``1小时30分`` ``1.5h`` ``1:30`` ``2天`` (48 hours) ``PT1H30M``, a bare number is minutes; else None."""
    tidy = "".join(unicodedata.normalize("NFKC", text).casefold().split()) if len(text) <= 60 else ""
    if tidy.endswith("半小时"):
        hours = tidy.removesuffix("半小时").removesuffix("个")
        tidy = f"{hours}小时30分" if hours else "30分"
    if tidy.endswith("小时半"):
        tidy = tidy.removesuffix("半") + "30分"
    if re.fullmatch(rf"-?{_NUMBER}", tidy):
        return Decimal(tidy)
    for form in (_CLOCK, _SPAN, _ISO):
        match = form.fullmatch(tidy)
        parts = match.groupdict() if match else {}
        if any(parts.get(unit) for unit in ("days", "hours", "minutes")):
            total = sum(
                (
                    Decimal(parts.get(unit) or 0) * size
                    for unit, size in (("days", 1440), ("hours", 60), ("minutes", 1))
                ),
                Decimal(0),
            )
            return -total if parts["sign"] else total
    return None


class Duration(BoundedType):
    """Python: timedelta of whole minutes; JSON: the minutes as a whole number."""

    name = "duration"
    label = Label("时长", "Duration")
    help = Label("时长，精确到分钟，可写 1小时30分、1h30m、90", "How long, in whole minutes: 1h30m, 1:30, 90")
    kind = "duration"
    operators = ("eq", "lt", "le", "gt", "ge", "between", "ne", "empty", "filled")
    widget = "duration"
    numeric = True
    ordered = (timedelta, Decimal)
    example = "{type: duration, default: 30}"
    sample = 90
    wanted = message("时长（例如 1小时30分、1h30m，或分钟数 90）")

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return Span()

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": "integer", "minimum": -MOST_MINUTES, "maximum": MOST_MINUTES, "description": "Minutes"}

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        if raw is None:
            return None
        minutes: Decimal | None = None
        if isinstance(raw, timedelta):
            minutes = Decimal(raw // timedelta(microseconds=1)) / 60_000_000
        elif isinstance(raw, str):
            refuse_forbidden(raw)
            if not raw.strip():
                return None
            minutes = read_minutes(raw)
        elif isinstance(raw, (int, float, Decimal)) and not isinstance(raw, bool):
            minutes = from_number(raw)
        if minutes is None or not minutes.adjusted() < 12 or minutes != int(minutes):
            raise expected(self.wanted, raw)
        if abs(minutes) > MOST_MINUTES:
            raise ValueFault(
                message("时长不能超过 {limit} 分钟，收到 {found}", limit=f"{MOST_MINUTES:,}", found=found(raw))
            )
        return timedelta(minutes=int(minutes))

    def settle(self, field: FieldSpec, value: Any, place: Place) -> Any:
        """A span between two instants is rounded half-up to the minute."""
        if isinstance(value, timedelta):
            value = Decimal(value // timedelta(microseconds=1)) / 60_000_000
        if isinstance(value, Decimal) and value.is_finite() and value.adjusted() < 12:
            value = round_half_up(value, 0)
        return self.parse(field, value, place)

    def dump(self, field: FieldSpec, value: Any) -> Any:
        return None if value is None else value // timedelta(minutes=1)

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else self._written(value, *(("h", "m") if place.english else ("小时", "分")))

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return self.text(field, value, place)

    def _written(self, value: timedelta, hour: str, minute: str) -> str:
        hours, minutes = divmod(abs(value) // timedelta(minutes=1), 60)
        parts = (f"{hours}{hour}" if hours else "") + (f"{minutes}{minute}" if minutes or not hours else "")
        return ("-" if value < timedelta(0) else "") + parts

    def read_cell(self, field: FieldSpec, cell: Any, place: Place) -> Any:
        """A number is minutes; a time or span cell is that long."""
        if isinstance(cell, time):
            cell = timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second, microseconds=cell.microsecond)
        if isinstance(cell, timedelta):
            return self.settle(field, cell, place)
        return self.parse(
            field, from_cell(cell) if isinstance(cell, float) and from_number(cell) is not None else cell, place
        )

    def write_cell(self, field: FieldSpec, value: Any, place: Place) -> Any:
        return self.dump(field, value)
