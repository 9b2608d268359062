"""Exact decimal numbers. The one rule: a person's figure is never rounded silently, a computed one always half-up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.base import BoundedType, FieldSpec, Place, ValueFault
from yuanke.fieldtypes.columns import Exact
from yuanke.fieldtypes.faults import expected, found
from yuanke.fieldtypes.numerals import decimals_of, from_cell, from_number, grouped, read_decimal, shortest
from yuanke.fieldtypes.strings import refuse_forbidden
from yuanke.kernel.decimals import round_half_up
from yuanke.kernel.text import Message, message


class ExactType(BoundedType):
    """Decimal with a fixed storage scale; JSON and forms carry it as text."""

    kind = "number"
    operators = ("eq", "ne", "lt", "le", "gt", "ge", "between", "in", "empty", "filled")
    numeric = True
    ordered = (Decimal,)
    #: decimals that are stored, digits in all
    places = 6
    precision = 18
    #: decimals that are shown at least
    least = 0
    #: setting of the enterprise with the decimals shown
    setting: str | None = None
    #: ``¥`` and ``元`` may stand beside the figure
    money = False
    wanted: Message = message("数字（例如 1234.5）")

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return Exact(self.places, self.precision)

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        places = self.places if field.scale is None else field.scale
        part = rf"(\.[0-9]{{1,{self.places}}})?" if places else ""
        return {
            "type": "string",
            "format": "decimal",
            "pattern": rf"^-?[0-9]{{1,{self.precision - self.places}}}{part}$",
        }

    def input_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"anyOf": [self.json_schema(field), {"type": "number"}]}

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        number = self.read(raw)
        if number is None:
            return None
        if number.adjusted() < 30 and decimals_of(number) > self.places:
            raise ValueFault(message("最多 {places} 位小数，收到 {found}", places=self.places, found=found(raw)))
        return self.fit(number, raw)

    def read(self, raw: Any) -> Decimal | None:
        """The number that ``raw`` says, of any scale. Raises ValueFault when it says none."""
        if raw is None:
            return None
        number: Decimal | None = None
        if isinstance(raw, str):
            refuse_forbidden(raw)
            if not raw.strip():
                return None
            number = read_decimal(self.unit_off(raw.strip()), money=self.money)
        elif isinstance(raw, (int, float, Decimal)) and not isinstance(raw, bool):
            number = from_number(raw)
        if number is None:
            raise expected(self.wanted, raw)
        return number

    def unit_off(self, text: str) -> str:
        return text

    def fit(self, number: Decimal, raw: Any) -> Decimal:
        """``number`` at the storage scale, half-up. Raises ValueFault when it has too many digits."""
        limit = Decimal(10) ** (self.precision - self.places)
        if number.adjusted() < 30:
            rounded = round_half_up(number, self.places) + 0
            if abs(rounded) < limit:
                return rounded
        raise ValueFault(message("绝对值应小于 {limit}，收到 {found}", limit=grouped(limit), found=found(raw)))

    def settle(self, field: FieldSpec, value: Any, place: Place) -> Any:
        number = self.read(value)
        return None if number is None else self.fit(number, value)

    def check(self, field: FieldSpec, value: Any) -> None:
        if field.scale is not None and decimals_of(value) > field.scale:
            raise ValueFault(message("最多 {places} 位小数，收到 {found}", places=field.scale, found=found(value)))
        super().check(field, value)

    def declared_faults(self, field: FieldSpec) -> dict[str, Message]:
        faults = super().declared_faults(field)
        if field.scale is not None and not 0 <= field.scale <= self.places:
            faults["scale"] = message(
                "小数位数应在 0 到 {most} 之间，收到 {found}", most=self.places, found=field.scale
            )
        return faults

    def dump(self, field: FieldSpec, value: Any) -> Any:
        return None if value is None else shortest(value, self.least)

    def form_text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else shortest(value, self.least)

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        """Shown at the field's `scale`, else at the setting's, else with the decimals it has."""
        if value is None:
            return ""
        places = field.scale if field.scale is not None else self.shown_places(place)
        if places is None:
            return grouped(value, self.least)
        return f"{round_half_up(value, places) + 0:,f}"

    def shown_places(self, place: Place) -> int | None:
        asked = place.settings.get(self.setting) if self.setting else None
        return int(asked) if isinstance(asked, (int, Decimal)) and 0 <= asked <= self.places else None

    def read_cell(self, field: FieldSpec, cell: Any, place: Place) -> Any:
        """A number cell of a spreadsheet is a computed figure: 15 digits, half-up to the storage scale."""
        if isinstance(cell, float) and from_number(cell) is not None:
            return self.fit(from_cell(cell), cell)
        return self.parse(field, cell, place)
