"""How many: stored with 6 decimals, shown with those the enterprise chose."""

from __future__ import annotations

from yuanke.fieldtypes.exact import ExactType
from yuanke.kernel.text import Label


class Quantity(ExactType):
    name = "quantity"
    label = Label("数量", "Quantity")
    help = Label(
        "货物或工时的数量，最多 6 位小数；显示位数由系统参数 quantity_scale 决定",
        "How many of a thing, up to 6 decimals; the setting quantity_scale says how many are shown",
    )
    widget = "number"
    setting = "quantity_scale"
    example = "{type: quantity, default: 1, min: 0}"
    sample = "2.5"
