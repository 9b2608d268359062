"""What can be wrong with an expression: a fault of its text (told with its place), or a value that cannot be
computed."""

from __future__ import annotations

from yuanke.kernel.errors import Refusal
from yuanke.kernel.text import message


class ExpressionFault(Exception):
    """The text is wrong. ``start`` and ``end`` are character offsets into the source; ``detail`` says what to do."""

    def __init__(self, summary: str, detail: str, start: int, end: int) -> None:
        self.summary = summary
        self.detail = detail
        self.start = start
        self.end = end
        super().__init__(f"{summary} {detail}")


class ExpressionFailed(Refusal):
    """The text is right but has no result for these values: a number or a text grew beyond all bounds, or rows are
    missing."""

    code, status = "expression_failed", 422


def too_big() -> ExpressionFailed:
    return ExpressionFailed(message("公式的结果太大，无法计算"))


def missing(name: str) -> ExpressionFailed:
    return ExpressionFailed(message("计算公式时没有提供“{name}”的记录", name=name))


def misfit() -> ExpressionFailed:
    return ExpressionFailed(message("公式遇到了类型不符的值"))
