"""Maps of the dialect: those with keys of its own, and those whose keys are names that an author chose.

Rule: a key that the dialect does not have is a fault with a suggestion, never passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.dialect.context import Context, Schema, Shape
from yuanke.metadata.dialect.shapes import Either, Name, Value, many
from yuanke.metadata.names import check_name
from yuanke.metadata.node import Node


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
            if not (self.null and child.value is None) and not self.value.surely(child):
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
            f"a map of {many(self.what)}: {self.value.words()}"
            if not isinstance(self.value, (Record, Ref))
            else f"a map of {many(self.what)}"
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
    idle: bool = False  # read and checked; this version does nothing with it yet


_IDLE = "This version does nothing with it yet: do not rely on it."


@dataclass(frozen=True, eq=False)
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
                if key.idle:
                    c.faults.add("W609", child.key, f'"{word}" is checked, but not in force', _IDLE)
                if key.shape.surely(child):
                    continue
                key.shape.check(child, self.inner(word, inner).at(what=f'"{word}" of {self.name}'))
            elif self.rest is not None:
                self.rest.check(child, inner.at(what=f'"{word}" of {self.name}'))
            else:
                self._tell_unknown(word, child, c)
        for word in _required(self):
            key = self.keys[word]
            if node.get(word) is None:
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
            if _is_list(key.shape):
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


@cache
def _required(record: Record) -> tuple[str, ...]:
    return tuple(word for word, key in record.keys.items() if key.required)


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


def _is_list(shape: Shape) -> bool:
    """Whether a later layer may add to it and take from it."""
    meant = shape.target if isinstance(shape, Ref) else shape
    return isinstance(meant, Either) or meant.schema().get("type") == "array"


def _nullable(schema: Schema) -> Schema:
    """null takes a value of a lower layer away, so an editor must not refuse it."""
    return {"anyOf": [{"type": "null"}, schema]} if schema else schema


def _like(word: str, key: Key) -> str:
    return f", like {word}: {key.example}" if key.example else ""
