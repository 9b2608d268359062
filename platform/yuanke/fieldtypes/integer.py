"""Whole numbers, within what every JSON reader keeps exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.base import BoundedType, FieldSpec, Place, ValueFault
from yuanke.fieldtypes.columns import integer_column
from yuanke.fieldtypes.faults import expected, found
from yuanke.fieldtypes.numerals import from_number, read_decimal
from yuanke.fieldtypes.strings import refuse_forbidden
from yuanke.kernel.decimals import round_half_up
from yuanke.kernel.text import Label, Message, message

#: 2^53 - 1, the largest whole number that JavaScript and spreadsheets' JSON keep
LARGEST = 9_007_199_254_740_991


class Integer(BoundedType):
    name = "integer"
    label = Label("整数", "Integer")
    help = Label("没有小数的数字", "A whole number")
    kind = "number"
    operators = ("eq", "ne", "lt", "le", "gt", "ge", "between", "in", "empty", "filled")
    widget = "number"
    numeric = True
    ordered = (Decimal,)
    wanted: Message = message("整数（例如 12）")
    example = "{type: integer, min: 0}"
    sample = 12

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return integer_column()

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        least, most = self.bound(field, "min"), self.bound(field, "max")
        return {
            "type": "integer",
            "minimum": -LARGEST if least is None else least,
            "maximum": LARGEST if most is None else most,
        }

    def parse(self, field: FieldSpec, raw: Any, place: Place) -> Any:
        number = self.read(raw)
        if number is None:
            return None
        if abs(number) > LARGEST:
            raise ValueFault(message("绝对值不能超过 {limit}，收到 {found}", limit=f"{LARGEST:,}", found=found(raw)))
        if number != int(number):
            raise expected(self.wanted, raw)
        return int(number)

    def read(self, raw: Any) -> Decimal | None:
        """The number that ``raw`` says, whole or not. Raises ValueFault when it says none."""
        if raw is None:
            return None
        number: Decimal | None = None
        if isinstance(raw, str):
            refuse_forbidden(raw)
            if not raw.strip():
                return None
            number = read_decimal(raw)
        elif isinstance(raw, (int, float, Decimal)) and not isinstance(raw, bool):
            number = from_number(raw)
        if number is None:
            raise expected(self.wanted, raw)
        return number

    def settle(self, field: FieldSpec, value: Any, place: Place) -> Any:
        number = self.read(value)
        if number is not None and number.adjusted() < 30:
            number = round_half_up(number, 0)
        return self.parse(field, number, place)

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else f"{value:,}"
