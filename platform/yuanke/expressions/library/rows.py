"""Functions over the rows of a document in their order; `yuanke.expressions.running` computes them. They have no
SQL."""

from __future__ import annotations

from yuanke.expressions.functions import Function
from yuanke.kernel.text import Label

RUNNING = frozenset({"spread", "take", "running"})


def _running(name: str, parameters: tuple[str, ...], zh: str, en: str) -> Function:
    return Function(name, parameters, "number", None, Label(zh, en), contextual=True, running=True)


FUNCTIONS = (
    _running(
        "spread",
        ("number", "number"),
        "按权重分摊总数，最后一行取余数",
        "This row's share of a total by a weight; the last row takes the rest",
    ),
    _running(
        "take",
        ("number", "number"),
        "总数中前面各行取剩的部分，不超过限额",
        "What the rows before have left of a total, at most so much",
    ),
    _running("running", ("number",), "到这一行为止的累计", "The sum up to and with this row"),
)
