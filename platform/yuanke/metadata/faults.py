"""Where faults are gathered, and the list of their codes. Rule: gather all, tell all, then stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from yuanke.kernel.diagnostics import Diagnostic, Span
from yuanke.kernel.text import Label
from yuanke.metadata.node import Node

#: code -> what it means; `docs/dialect.md` lists them and a test compares
CODES = {
    "E101": "The file is not YAML",
    "E102": "A key is not a plain word",
    "E103": "A key stands twice in one map",
    "E104": "An expression in a flow map is cut in two",
    "E105": "The file is too big, too deep, or unfolds too far",
    "E106": "A YAML tag, an infinite number or another thing the dialect does not have",
    "E107": "The file is not UTF-8 text",
    "E108": "The file holds no map, or several documents",
    "E109": "The file cannot be opened",
    "E201": "A key the dialect does not have here",
    "E202": "A value of the wrong kind",
    "E203": "A name that cannot be a name",
    "E204": "A name that is taken",
    "E205": "A key that must be there is missing",
    "E206": "A field type that does not exist, or none",
    "E207": "A word that is not one of those allowed here",
    "E208": "Two keys that exclude each other",
    "E209": "A key that this type of field does not have",
    "E210": "An entity that does not exist",
    "E211": "A field that does not exist",
    "E212": "A role that does not exist",
    "E213": "A scope that does not exist",
    "E214": "An option or state that does not exist",
    "E215": "A transition or action that does not exist",
    "E216": "A ledger, dimension, measure or post that does not exist",
    "E217": "A view, report, dashboard or dictionary that does not exist",
    "E218": "A name that two things want",
    "E219": "A relation that cannot stand like this",
    "E220": "A pattern, number format, schedule or duration that cannot be read",
    "E221": "A value that its own field would refuse",
    "E222": "More than the dialect allows",
    "E301": "Two layers of the same rank disagree",
    "E302": "Nothing here to change or take away",
    "E303": "A module changes another without depending on it",
    "E304": "Modules depend on each other in a circle",
    "E305": "A module that is not there",
    "E306": "A sealed value is changed",
    "E307": "One name for two layers",
    "E308": "A place, order or renaming that cannot be done",
    "E309": "A module of another version than the one asked for",
    "E401": "An expression that cannot be read or names what does not exist",
    "E402": "Formulas that wait for each other",
    "E403": "An expression that may not be stored",
    "E404": "An expression that has no SQL where one is needed",
    "E405": "A computed field asked to do what only a stored one can",
    "W601": "A required field that nobody may write",
    "W602": "An entity that nobody may use",
    "W603": "A role declared twice",
    "W604": "A key or text that can have no effect",
    "W605": "A required field that the form leaves out",
    "W606": "A state that no transition leads to",
    "W607": "An open state that no transition leads out of",
    "W608": "A transition that nobody may take",
}


#: a longer line is not shown: nobody finds the caret in it
_LONGEST_LINE = 400


class Faults:
    """A growing list of diagnostics. ``source`` gives the text of a line for the caret."""

    def __init__(self, source: Callable[[Span], str] | None = None) -> None:
        self.found: list[Diagnostic] = []
        self._source = source or (lambda span: "")
        self._told: set[tuple[str, Span, str]] = set()

    def add(
        self,
        code: str,
        where: Node | Span,
        summary: str,
        detail: str,
        other: Node | Span | None = None,
        said: Label | None = None,
    ) -> None:
        span = where.span if isinstance(where, Node) else where
        second = other.span if isinstance(other, Node) else other
        if (code, span, summary) in self._told:
            return
        self._told.add((code, span, summary))
        line = self._source(span)
        shown = line if len(line) <= _LONGEST_LINE else ""
        self.found.append(Diagnostic(code, summary, detail, span, second, shown, said))

    def line(self, span: Span) -> str:
        """The text of the line at ``span``, "" when it is not known."""
        return self._source(span)

    def take(self, found: Iterable[Diagnostic]) -> None:
        self.found.extend(found)

    @property
    def wrong(self) -> bool:
        return any(not d.is_warning for d in self.found)

    def sorted(self) -> list[Diagnostic]:
        return sorted(self.found, key=lambda d: (d.is_warning, d.span, d.code, d.summary))
