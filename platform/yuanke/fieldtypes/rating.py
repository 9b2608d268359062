"""Stars: a small whole number from 1 to the field's `max` (5)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.base import FieldSpec, Place, ValueFault
from yuanke.fieldtypes.faults import found
from yuanke.fieldtypes.integer import Integer
from yuanke.kernel.text import Label, Message, message

MOST_STARS = 10


class Rating(Integer):
    name = "rating"
    label = Label("评分", "Rating")
    help = Label("1 到 5 颗星（可用 max 改变星数，最多 10）", "1 to 5 stars (`max` changes how many, at most 10)")
    widget = "rating"
    wanted = message("星数（例如 4）")
    example = "{type: rating, max: 5}"
    sample = 4

    def column_type(self, field: FieldSpec) -> sa.types.TypeEngine[Any]:
        return sa.SmallInteger().with_variant(sa.Integer(), "sqlite")

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": "integer", "minimum": 1, "maximum": self.most(field)}

    def most(self, field: FieldSpec) -> int:
        return self.bound(field, "max") or 5

    def check(self, field: FieldSpec, value: Any) -> None:
        most = self.most(field)
        if not 1 <= value <= most:
            raise ValueFault(message("星数应在 1 到 {most} 之间，收到 {found}", most=most, found=found(value)))
        super().check(field, value)

    def declared_faults(self, field: FieldSpec) -> dict[str, Message]:
        faults = super().declared_faults(field)
        if "max" not in faults and not 1 <= self.most(field) <= MOST_STARS:
            faults["max"] = message("星数应在 1 到 {most} 之间，收到 {found}", most=MOST_STARS, found=self.most(field))
        return faults

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else "★" * value + "☆" * max(self.most(field) - value, 0)
