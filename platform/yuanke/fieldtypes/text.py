"""One line of text."""

from __future__ import annotations

from yuanke.fieldtypes.strings import TextType
from yuanke.kernel.text import Label


class Text(TextType):
    name = "text"
    label = Label("单行文本", "Text")
    help = Label(
        "一行文字，最多 200 个字符（可用 length 改变）", "One line, up to 200 characters (`length` changes that)"
    )
    searchable = True
    example = "{type: text!, length: 80}"
    sample = "北京某信息有限公司"
