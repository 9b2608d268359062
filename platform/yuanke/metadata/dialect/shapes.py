"""The small shapes that declared values have. Each can check a node, describe itself to people, and become JSON Schema.

Rule: a shape says what may stand somewhere, nothing about layers; names and expressions go through `Context`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.dialect.context import Context, Schema, Shape, found
from yuanke.metadata.node import Node


@dataclass(frozen=True)
class Text(Shape):
    pattern: str = ""  # what it must match
    says: str = "text"

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, (str, int, Decimal)) and not isinstance(node.value, bool)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
        elif self.pattern and not re.fullmatch(self.pattern, str(node.raw if node.raw is not None else node.value)):
            c.faults.add(
                "E220", node, f"{found(node)} cannot be read as {self.says}", f"Write {self.says} for {c.what}."
            )

    def surely(self, node: Node) -> bool:
        return not self.pattern and self.fits(node)

    def words(self) -> str:
        return self.says

    def schema(self) -> Schema:
        return {"type": ["string", "number"]}


PLAIN = Text()


@dataclass(frozen=True)
class Flag(Shape):
    def fits(self, node: Node) -> bool:
        return isinstance(node.value, bool)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)

    def surely(self, node: Node) -> bool:
        return isinstance(node.value, bool)

    def words(self) -> str:
        return "true or false"

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Whole(Shape):
    least: int | None = None
    most: int | None = None

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, int) and not isinstance(node.value, bool)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
        elif (self.least is not None and node.value < self.least) or (self.most is not None and node.value > self.most):
            c.faults.add("E222", node, f"{node.value} is out of range", f"Write {self.words()} for {c.what}.")

    def words(self) -> str:
        if self.most is not None:
            return f"a whole number from {self.least} to {self.most}"
        return "a whole number" if self.least is None else f"a whole number, at least {self.least}"

    def schema(self) -> Schema:
        made: Schema = {"type": "integer"}
        if self.least is not None:
            made["minimum"] = self.least
        if self.most is not None:
            made["maximum"] = self.most
        return made


@dataclass(frozen=True)
class Word(Shape):
    """One of a few words."""

    choices: tuple[str, ...]

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, str)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
        elif node.value not in self.choices:
            c.faults.add(
                "E207",
                node,
                f'"{node.value}" is not allowed here',
                f"Write {self.words()} for {c.what}.{did_you_mean(node.value, self.choices)}",
            )

    def surely(self, node: Node) -> bool:
        return isinstance(node.value, str) and node.value in self.choices

    def words(self) -> str:
        return " | ".join(self.choices)

    def schema(self) -> Schema:
        return {"enum": list(self.choices)}


#: code of the fault when a name of this kind is not known
_CODES = {
    "entity": "E210",
    "field": "E211",
    "path": "E211",
    "role": "E212",
    "transition": "E215",
    "verb": "E215",
    "ledger": "E216",
    "post": "E216",
    "report": "E217",
    "dictionary": "E217",
    "class": "E217",
    "dashboard": "E217",
    "metric": "E217",
    "view": "E217",
    "option": "E214",
    "state": "E214",
    "choice": "E211",
    "dimension": "E216",
    "measure": "E216",
    "act": "E215",
    "feature": "E207",
    "figure": "E217",
}
_A = {
    "entity": "an entity",
    "field": "a field",
    "path": "a field or a path of fields",
    "role": "a role",
    "transition": "a transition",
    "verb": "a verb",
    "ledger": "a ledger",
    "post": "a post",
    "report": "a report",
    "dictionary": "a dictionary",
    "class": "a class of sensitive fields",
    "dashboard": "a dashboard",
    "metric": "a metric",
    "view": "a view",
    "option": "an option",
    "state": "a state",
    "choice": "a choice field",
    "dimension": "a dimension",
    "measure": "a measure",
    "act": "an action or transition",
    "feature": "a feature",
    "figure": "a metric or an entity",
}


@dataclass(frozen=True)
class Name(Shape):
    """The name of something declared elsewhere: ``kind`` is entity, field, path, role, transition, verb ...

    ``signed``: may begin with ``-`` (sorting down).
    """

    kind: str
    signed: bool = False

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, str)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
            return
        word = node.value.lstrip("-") if self.signed else node.value
        if c.note is not None:
            c.note(self.kind, word, node, c)
        known = c.known(self.kind, word, c)
        if known is not None and word not in known:
            c.faults.add(
                _CODES[self.kind],
                node,
                f'There is no {self.kind} "{word}"',
                f"Name {self.words()} for {c.what}.{did_you_mean(word, known)}",
            )

    def words(self) -> str:
        return _A[self.kind] + (', "-" before it to sort down' if self.signed else "")

    def schema(self) -> Schema:
        return {"type": "string"}


@dataclass(frozen=True)
class Expr(Shape):
    """Always an expression, with or without ``=``; ``expect`` is the kind of its value (bool for conditions)."""

    expect: str | None = None
    later: bool = False  # compiled where it is used, not here
    group: bool = False  # speaks of a group of records: count(), sum(amount)

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, (str, int, Decimal, bool))

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
        elif not self.later:
            c.compile(node, c.at(group=True) if self.group else c, self.expect)

    def surely(self, node: Node) -> bool:
        return self.later and self.fits(node)

    def words(self) -> str:
        return "a condition" if self.expect == "bool" else "an expression"

    def schema(self) -> Schema:
        return {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True)
class Value(Shape):
    """A plain value, or ``=`` and an expression."""

    later: bool = False

    def fits(self, node: Node) -> bool:
        return node.value is not None

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
        elif isinstance(node.value, str) and node.value.startswith("=") and not self.later:
            c.compile(node, c, None)

    def surely(self, node: Node) -> bool:
        return node.value is not None and (
            self.later or not isinstance(node.value, str) or not node.value.startswith("=")
        )

    def words(self) -> str:
        return 'a value, or "=" and an expression'

    def schema(self) -> Schema:
        return {}


@dataclass(frozen=True)
class Open(Shape):
    """Anything; what a later part of the engine reads."""

    says: str = "a value of any shape"

    def fits(self, node: Node) -> bool:
        return node.value is not None

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)

    def surely(self, node: Node) -> bool:
        return node.value is not None

    def words(self) -> str:
        return self.says

    def schema(self) -> Schema:
        return {}


@dataclass(frozen=True)
class ListOf(Shape):
    item: Shape
    most: int | None = None

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, list)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
            return
        for item in node.live():
            self.item.check(item, c)
        if self.most is not None and len(node.live()) > self.most:
            c.faults.add(
                "E222", node.key, f"{len(node.live())} items are too many", f"At most {self.most} for {c.what}."
            )

    def words(self) -> str:
        return f"a list of {many(self.item.words())}"

    def schema(self) -> Schema:
        return {"type": "array", "items": self.item.schema()}


@dataclass(frozen=True)
class Either(Shape):
    """The first of several shapes that the kind of the node fits."""

    shapes: tuple[Shape, ...] = field(default_factory=tuple)

    def fits(self, node: Node) -> bool:
        return any(shape.fits(node) for shape in self.shapes)

    def surely(self, node: Node) -> bool:
        return any(shape.surely(node) for shape in self.shapes)

    def check(self, node: Node, c: Context) -> None:
        fitting = [shape for shape in self.shapes if shape.fits(node)]
        if not fitting:
            self.refuse(node, c)
            return
        chosen = next((s for s in fitting if isinstance(s, Word) and node.value in s.choices), None)
        (chosen or next((s for s in fitting if not isinstance(s, Word)), fitting[0])).check(node, c)

    def words(self) -> str:
        return " or ".join(dict.fromkeys(s.words() for s in self.shapes))

    def schema(self) -> Schema:
        return {"anyOf": [s.schema() for s in self.shapes]}


def either(*shapes: Shape) -> Either:
    return Either(shapes)


def many(words: str) -> str:
    """``a list`` -> ``list``: how many of them are spoken of."""
    return words.removeprefix("a ").removeprefix("an ")
