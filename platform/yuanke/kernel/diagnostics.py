"""Faults of definitions are values: what was found, what was expected, where, where else, and what to do."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from yuanke.kernel.text import Label


@dataclass(frozen=True, order=True)
class Span:
    """One place in one file; line and column count from 1, line 0 means "the file as a whole"."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True)
class Diagnostic:
    """One fault (code ``E...``) or warning (code ``W...``), told so that its author can mend it without asking."""

    code: str
    summary: str
    detail: str
    span: Span
    other: Span | None = None
    source: str = ""  # the text of the line at ``span``, for the caret
    said: Label | None = field(default=None, compare=False)  # for people, where it is known in both languages

    @property
    def is_warning(self) -> bool:
        return self.code.startswith("W")

    def render(self) -> str:
        """``CODE summary``, ``file:line:column``, the line with a caret, and the next step."""
        parts = [f"{self.code} {self.summary}", f"  {self.span}"]
        if self.source:
            gutter = f"{self.span.line:>5} | "
            parts.append(gutter + self.source)
            parts.append(" " * (len(gutter) + _cells(self.source[: max(self.span.column - 1, 0)])) + "^")
        parts.append(f"  {self.detail}")
        if self.other:
            parts.append(f"  see also {self.other}")
        return "\n".join(parts)


def _cells(text: str) -> int:
    """How many cells of a terminal ``text`` takes: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class DefinitionError(Exception):
    """Raised once, with every fault that was found (warnings may be among them)."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = list(diagnostics)
        super().__init__("\n\n".join(d.render() for d in self.diagnostics))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The name that was perhaps meant."""
    near = difflib.get_close_matches(word, [str(k) for k in known], n=1, cutoff=0.6)
    return near[0] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` Did you mean "amount"?`` or an empty string when nothing is near."""
    near = nearest(word, known)
    return f' Did you mean "{near}"?' if near else ""
