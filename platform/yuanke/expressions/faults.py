"""What can be wrong with an expression: a fault of its text (told with its place), or a value that cannot be
computed."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.exc import DBAPIError

from yuanke.kernel.diagnostics import nearest
from yuanke.kernel.errors import Refusal
from yuanke.kernel.text import Label, message


class ExpressionFault(Exception):
    """The text is wrong. ``start`` and ``end`` are character offsets into the source.

    ``summary`` and ``detail`` (what to do) are English, for diagnostics; ``told`` is both in both languages.
    """

    def __init__(self, summary: Label, detail: Label, start: int, end: int) -> None:
        self.summary = summary.en
        self.detail = detail.en
        self.told = Label(f"{summary.zh}。{detail.zh}", f"{summary.en} {detail.en}")
        self.start = start
        self.end = end
        super().__init__(f"{summary.en} {detail.en}")


def meant(word: str, known: Iterable[str]) -> Label | None:
    """The name that was perhaps meant, as advice."""
    near = nearest(word, known)
    return Label(f"是否想写“{near}”？", f'Did you mean "{near}"?') if near else None


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


#: numeric value out of range, interval and datetime overflow, and a value beyond PostgreSQL's own limits
_STATES = {"22003", "22008", "22015", "54000"}


def failed_in_sql(error: DBAPIError) -> ExpressionFailed | None:
    """The refusal behind an error that a database met while computing an expression; None for every other error."""
    state = getattr(error.orig, "sqlstate", None)
    said = str(error.orig)
    if state in _STATES or ("user-defined" in said and "raised" in said) or said == "integer overflow":
        return too_big()
    return None
