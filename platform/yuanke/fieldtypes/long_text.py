"""Text of several lines."""

from __future__ import annotations

from yuanke.fieldtypes.strings import TextType, many_lines
from yuanke.kernel.text import Label


class LongText(TextType):
    name = "long_text"
    label = Label("多行文本", "Long text")
    help = Label("多行文字，最多 100,000 个字符", "Several lines, up to 100,000 characters")
    operators = ("contains", "empty", "filled")
    widget = "long_text"
    short = False
    searchable = True
    longest = 100_000
    example = "{type: long_text}"
    sample = "第一行\n第二行"

    def tidy(self, raw: str) -> str:
        return many_lines(raw)
