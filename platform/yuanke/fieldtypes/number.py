"""A number that is neither money nor a quantity of goods: a coefficient, a size, a score."""

from __future__ import annotations

from yuanke.fieldtypes.exact import ExactType
from yuanke.kernel.text import Label


class Number(ExactType):
    name = "number"
    label = Label("数值", "Number")
    help = Label("可带小数的数字，最多 6 位小数", "A decimal number, up to 6 decimals")
    widget = "number"
    setting = "number_scale"
    example = "{type: number, min: 0}"
    sample = "1.25"
