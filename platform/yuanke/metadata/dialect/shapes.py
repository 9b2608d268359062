"""The few shapes that declared values have. Each can check a node, describe itself to people, and become JSON Schema.

Rule: a shape says what may stand somewhere, nothing about layers; names and expressions go through `Context`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from yuanke.expressions.scope import Kind
from yuanke.fieldtypes import FieldType
from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.faults import Faults
from yuanke.metadata.names import check_name
from yuanke.metadata.node import Node

Schema = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """Where a value stands: how to look up names (`known`) and to compile expressions (`compile`, of the kind `wanted`
    for a field), where that is possible.

    ``types`` are the field types; ``entity`` is the entity whose fields bare names are, "" where there is none; ``asked``
    what the act asks; ``results`` names that steps and `let` gave; ``state`` the workflow's field; ``ledger`` the ledger
    around; ``open``: names come from rows walked at run time, so that an unknown one cannot be told; ``group``:
    expressions speak of a group of records; ``shows``: fields are named to be shown, so that one which a layer above
    retired is passed over.
    """

    faults: Faults
    known: Callable[[str, str, Context], list[str] | None] = lambda kind, entity, c: None
    wanted: Callable[[str, str], Kind | None] = lambda entity, field: None
    compile: Callable[[Node, Context, str | Kind | None], None] = lambda node, c, expect: None
    types: Mapping[str, FieldType] = field(default_factory=dict)
    entity: str = ""
    asked: Node | None = None
    results: tuple[str, ...] = ()
    state: str = ""
    open: bool = False
    field: str = ""
    ledger: Node | None = None
    group: bool = False
    shows: bool = False
    what: str = "here"

    def at(self, **changes: Any) -> Context:
        """This context with some things changed; made for nearly every value of a file, so it skips `replace`."""
        made = object.__new__(Context)
        made.__dict__.update(self.__dict__, **changes)
        return made


class Shape:
    """Base of all shapes."""

    def check(self, node: Node, c: Context) -> None:
        raise NotImplementedError

    def fits(self, node: Node) -> bool:
        """Whether the kind of the node is the right one; `check` tells the rest."""
        raise NotImplementedError

    def words(self) -> str:
        """What is expected, for a fault and for the reference: "a whole number"."""
        raise NotImplementedError

    def schema(self) -> Schema:
        raise NotImplementedError

    def further(self) -> tuple[Shape, ...]:
        """Shapes inside that the reference would not find by itself."""
        return ()

    def refuse(self, node: Node, c: Context) -> None:
        if node.value is None:
            c.faults.add(
                "E302",
                node.key,
                "Nothing here to take away",
                f"null takes away what a lower layer said, and none did. Expected {self.words()}.",
            )
            return
        c.faults.add(
            "E202", node, f"{found(node)} where {self.words()} is expected", f"Write {self.words()} for {c.what}."
        )


def found(node: Node) -> str:
    """What stands there, for a sentence: "a list", "the text yes"."""
    value = node.value
    if isinstance(value, dict):
        return "A map"
    if isinstance(value, list):
        return "A list"
    if value is None:
        return "Nothing"
    kind = (
        "The text"
        if isinstance(value, str)
        else "The number"
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool)
        else "The value"
    )
    shown = str(node.raw if node.raw is not None else value)
    return f'{kind} "{shown if len(shown) <= 40 else shown[:37] + "..."}"'


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
        return f"a list of {_many(self.item.words())}"

    def schema(self) -> Schema:
        return {"type": "array", "items": self.item.schema()}


@dataclass(frozen=True)
class MapOf(Shape):
    """A map whose keys its author chose. ``keys``: "name", "text", or a kind of name that must be known."""

    value: Shape
    keys: str = "name"
    what: str = "an entry"
    most: int | None = None
    taken: frozenset[str] = frozenset()
    null: bool = False  # null stands for something here

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, dict)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
            return
        for key, child in node.items():
            if self.keys == "name":
                check_name(key, child, c.faults, self.what, self.taken)
            elif self.keys != "text":
                Name(self.keys).check(Node(key, child.key, child.layer), c.at(what=self.what))
            if not (self.null and child.value is None):
                self.value.check(child, c.at(what=f'"{key}"'))
        if self.most is not None and len(list(node.items())) > self.most:
            c.faults.add(
                "E222",
                node.key,
                f"{len(list(node.items()))} entries are too many",
                f"At most {self.most} for {c.what}.",
            )

    def words(self) -> str:
        return (
            f"a map of {_many(self.what)}: {self.value.words()}"
            if not isinstance(self.value, (Record, Ref))
            else f"a map of {_many(self.what)}"
        )

    def schema(self) -> Schema:
        made: Schema = {"type": "object", "additionalProperties": _nullable(self.value.schema())}
        if self.keys == "name":
            made["propertyNames"] = {"pattern": "^[a-z][a-z0-9_]*[+-]?$"}
        return made


class FieldValues(Shape):
    """Values by field of the context's entity; a plain value of a choice must be one of its options."""

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, dict)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
            return
        for key, child in node.items():
            Name("field").check(Node(key, child.key, child.layer), c)
            if child.value is None:
                c.faults.add("E302", child.key, "Nothing here to take away", 'To empty a field write "=null".')
                continue
            if isinstance(child.value, str) and not child.value.startswith("="):
                Name("option").check(child, c.at(field=key, what=f'"{key}"'))
            if not Value().fits(child):
                self.refuse(child, c)
            elif isinstance(child.value, str) and child.value.startswith("="):
                c.compile(child, c.at(what=f'"{key}"'), c.wanted(c.entity, key))

    def words(self) -> str:
        return 'a map of fields: a value, or "=" and an expression'

    def schema(self) -> Schema:
        return {"type": "object"}


@dataclass(frozen=True)
class Key:
    """One key of the dialect: its shape, a sentence for people, and how it looks in a file."""

    shape: Shape
    says: str
    example: str = ""
    required: bool = False


@dataclass(frozen=True)
class Record(Shape):
    """A map with the keys of the dialect and no others. ``also`` checks what the keys mean together;
    ``context`` may change where the values stand; ``rest`` is the shape of keys of the author's own.
    """

    name: str
    keys: Mapping[str, Key]
    also: Callable[[Node, Context], None] | None = None
    context: Callable[[Node, Context], Context] | None = None
    rest: Shape | None = None
    told: str = ""  # what the whole is, for the reference

    def fits(self, node: Node) -> bool:
        return isinstance(node.value, dict)

    def check(self, node: Node, c: Context) -> None:
        if not self.fits(node):
            self.refuse(node, c)
            return
        inner = self.context(node, c) if self.context else c
        for word, child in node.items():
            key = self.keys.get(word)
            if key is not None:
                if (type(key.shape) in _SIMPLE or key.shape is PLAIN) and key.shape.fits(child):
                    continue
                key.shape.check(child, self.inner(word, inner).at(what=f'"{word}" of {self.name}'))
            elif self.rest is not None:
                self.rest.check(child, inner.at(what=f'"{word}" of {self.name}'))
            else:
                self._tell_unknown(word, child, c)
        for word, key in self.keys.items():
            if key.required and node.get(word) is None:
                c.faults.add(
                    "E205",
                    node.key,
                    f'{self.name[0].upper() + self.name[1:]} needs "{word}"',
                    f"{key.says} Write it{_like(word, key)}.",
                )
        if self.also is not None:
            self.also(node, inner)

    def inner(self, word: str, c: Context) -> Context:
        """Where the value of ``word`` stands."""
        return c

    def _tell_unknown(self, word: str, child: Node, c: Context) -> None:
        if word[-1:] in ("+", "-") and word[:-1] in self.keys:
            c.faults.add(
                "E302",
                child.key,
                f'There is no list "{word[:-1]}" here',
                f"{word}: changes a list of a lower layer, and none said {word[:-1]}. Write {word[:-1]}: instead.",
            )
            return
        c.faults.add(
            "E201",
            child.key,
            f'"{word}" is no key of {self.name}',
            f"Its keys are {', '.join(self.keys)}.{did_you_mean(word, self.keys)}",
        )

    def words(self) -> str:
        return f"a map with the keys of {self.name}"

    def schema(self) -> Schema:
        """A reference; `body` is what it refers to."""
        name = self.name.removeprefix("a ").removeprefix("an ").replace(" ", "_")
        RECORDS.setdefault(name, self)
        return {"$ref": f"#/definitions/{name}"}

    def body(self) -> Schema:
        properties: Schema = {}
        for word, key in self.keys.items():
            made = dict(_nullable(key.shape.schema()))
            made["description"] = key.says + (f" Example: {key.example}" if key.example else "")
            properties[word] = made
            if isinstance(key.shape, (ListOf, Either)):
                for sign, verb in (("+", "Adds to"), ("-", "Takes from")):
                    properties[word + sign] = {
                        "type": "array",
                        "description": f"{verb} the list {word} of a lower layer.",
                    }
        made = {
            "type": "object",
            "properties": properties,
            "additionalProperties": False if self.rest is None else self.rest.schema(),
        }
        return made


#: shapes for which fitting is everything
_SIMPLE: frozenset[type[Shape]] = frozenset({Flag, Open})


@dataclass(frozen=True)
class Either(Shape):
    """The first of several shapes that the kind of the node fits."""

    shapes: tuple[Shape, ...] = field(default_factory=tuple)

    def fits(self, node: Node) -> bool:
        return any(shape.fits(node) for shape in self.shapes)

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


#: every record of the dialect that a schema referred to, by the name of its definition
RECORDS: dict[str, Record] = {}
#: shapes that refer to one another, by name
NAMED: dict[str, Shape] = {}


@dataclass(frozen=True)
class Ref(Shape):
    """A named shape; this is how a field may hold rows that hold fields."""

    name: str

    @property
    def target(self) -> Shape:
        return NAMED[self.name]

    def fits(self, node: Node) -> bool:
        return self.target.fits(node)

    def check(self, node: Node, c: Context) -> None:
        self.target.check(node, c)

    def words(self) -> str:
        return self.target.words()

    def schema(self) -> Schema:
        return self.target.schema() if isinstance(self.target, Record) else {"$ref": f"#/definitions/{self.name}"}


def _nullable(schema: Schema) -> Schema:
    """null takes a value of a lower layer away, so an editor must not refuse it."""
    return {"anyOf": [{"type": "null"}, schema]} if schema else schema


def _many(words: str) -> str:
    return words.removeprefix("a ").removeprefix("an ")


def _like(word: str, key: Key) -> str:
    return f", like {word}: {key.example}" if key.example else ""
