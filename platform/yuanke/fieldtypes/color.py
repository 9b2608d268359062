"""A colour, #rrggbb."""

from __future__ import annotations

import re
from typing import Any

from yuanke.fieldtypes.base import FieldSpec, Place
from yuanke.fieldtypes.faults import expected
from yuanke.fieldtypes.strings import TextType
from yuanke.kernel.text import Label, message

_FORM = re.compile(r"#?(?:[0-9a-f]{6}|[0-9a-f]{3})", re.IGNORECASE)


class Color(TextType):
    name = "color"
    label = Label("颜色", "Colour")
    help = Label("颜色，写作 #rrggbb", "A colour, written #rrggbb")
    operators = ("eq", "in", "empty", "filled")
    widget = "color"
    wanted = message("颜色（例如 #3355ff）")
    example = "{type: color}"
    sample = "#3355ff"

    def json_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": "string", "pattern": "^#[0-9a-f]{6}$"}

    def input_schema(self, field: FieldSpec) -> dict[str, Any]:
        return {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}

    def read(self, field: FieldSpec, tidy: str, place: Place) -> Any:
        if _FORM.fullmatch(tidy) is None:
            raise expected(self.wanted, tidy)
        digits = tidy.lstrip("#").lower()
        return "#" + ("".join(digit * 2 for digit in digits) if len(digits) == 3 else digits)
