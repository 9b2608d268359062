"""The document number that the engine gives: text, unique, never typed except on import."""

from __future__ import annotations

from yuanke.fieldtypes.strings import TextType
from yuanke.kernel.text import Label


class Sequence(TextType):
    name = "sequence"
    label = Label("自动编号", "Number")
    help = Label(
        "由系统按编号规则给出，不断号；在实体上写 number: 声明",
        "Given by the engine by a rule, without gaps; declared as `number:` on the entity",
    )
    operators = ("eq", "starts", "contains", "in", "empty", "filled")
    widget = "sequence"
    searchable = True
    longest = 60
    example = "number: SO-{year}-{seq:5}"
    sample = "SO-2026-00001"
