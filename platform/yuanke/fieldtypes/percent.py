"""A share of a hundred: 10 means 10 %, in storage, in formulas and in JSON."""

from __future__ import annotations

from typing import Any

from yuanke.fieldtypes.base import FieldSpec, Place
from yuanke.fieldtypes.exact import ExactType
from yuanke.kernel.text import Label, message


class Percent(ExactType):
    name = "percent"
    label = Label("百分比", "Percent")
    help = Label(
        "百分比，10 表示 10%，最多 4 位小数；公式里需自己除以 100",
        "A percentage: 10 means 10 %, up to 4 decimals; formulas divide by 100 themselves",
    )
    places = 4
    precision = 12
    widget = "percent"
    wanted = message("百分比（10 或 10% 表示百分之十）")
    example = "{type: percent, min: 0, max: 100}"
    sample = "12.5"

    def unit_off(self, text: str) -> str:
        return text.rstrip("%％").rstrip() if text[-1:] in "%％" and text.count("%") + text.count("％") == 1 else text

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else super().text(field, value, place) + "%"
