"""A postal address as people write it: road, number, building; the region has a type of its own."""

from __future__ import annotations

from yuanke.fieldtypes.strings import TextType, many_lines
from yuanke.kernel.text import Label


class Address(TextType):
    name = "address"
    label = Label("地址", "Address")
    help = Label(
        "详细地址，最多 500 个字符；省市区用 region 类型",
        "A postal address, up to 500 characters; for the region use `region`",
    )
    operators = ("contains", "starts", "empty", "filled")
    widget = "address"
    short = False
    searchable = True
    longest = 500
    example = "{type: address}"
    sample = "科苑路 15 号"

    def tidy(self, raw: str) -> str:
        return many_lines(raw)
