"""The checked tree: every name resolved, every kind known. Both runs and the browser's tree read nothing else.

Rows stand in *frames*: frame 0 is the record the expression belongs to, and each collection that is walked adds one.
A `Field` says in which frame it lives, so an inner row can never capture a name of an outer one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from yuanke.expressions.scope import Kind

if TYPE_CHECKING:
    from yuanke.expressions.functions import Function


@dataclass(eq=False, slots=True)
class Node:
    kind: Kind


@dataclass(eq=False, slots=True)
class Const(Node):
    """``value``: Decimal, str, bool, date, datetime, time or None."""

    value: Any


@dataclass(eq=False, slots=True)
class Field(Node):
    """A value of the row in ``frame``, through links. ``several``: the last step is ``kind`` or ``id`` of a link to
    one of several entities."""

    frame: int
    names: tuple[str, ...]
    several: bool = False


@dataclass(eq=False, slots=True)
class Known(Node):
    """A value known before any row is read: ``("me", "department")``, ``("settings", "stale_days")``."""

    path: tuple[str, ...]


@dataclass(eq=False, slots=True)
class OptionValue(Node):
    """A value that the options of a choice carry: ``stage.probability``."""

    choice: Node
    name: str
    values: Mapping[str, Any]


@dataclass(eq=False, slots=True)
class Arith(Node):
    """``operator``: ``+ - * / %`` on numbers, ``+ -`` on durations."""

    operator: str
    left: Node
    right: Node


@dataclass(eq=False, slots=True)
class Negative(Node):
    operand: Node


@dataclass(eq=False, slots=True)
class Compare(Node):
    """``operator``: ``== != < <= > >=``. ``on`` says how: number, text, link, or plain (dates, choices, booleans)."""

    operator: str
    left: Node
    right: Node
    on: str


@dataclass(eq=False, slots=True)
class InList(Node):
    value: Node
    items: list[Node]
    on: str


@dataclass(eq=False, slots=True)
class InKnown(Node):
    """``value in me.regions``."""

    value: Node
    known: Known


@dataclass(eq=False, slots=True)
class InChoices(Node):
    """``red in colors``, where ``colors`` is a choice of several."""

    value: Node
    choices: Node


@dataclass(eq=False, slots=True)
class Logic(Node):
    """``operator``: and, or."""

    operator: str
    parts: list[Node]


@dataclass(eq=False, slots=True)
class Not(Node):
    operand: Node


@dataclass(eq=False, slots=True)
class If(Node):
    test: Node
    then: Node
    other: Node


@dataclass(eq=False, slots=True)
class Call(Node):
    """``shift``: unit and count of ``months(3)``, which beside a date means months of the calendar."""

    function: Function
    arguments: list[Node]
    keywords: dict[str, Node] = field(default_factory=dict)
    shift: tuple[str, Node] | None = None


@dataclass(eq=False, slots=True)
class Hop:
    """One walk over many: ``links`` from the frame before to the record that has the collection ``many``.

    ``entity``: ``many`` names all records of an entity. ``group``: the rows of a report's group. ``placed``: its rows
    have a position.
    """

    links: tuple[str, ...]
    many: str
    kind: Kind
    condition: Node | None = None
    mark: str = ""  # equal for equal conditions
    entity: bool = False
    group: bool = False
    placed: bool = False
    call: Node | None = None  # a function that finds the rows, instead of a collection

    def same(self, other: Hop) -> bool:
        """The same walk; one of the two may be told without its condition."""
        alike = (self.links, self.many, self.entity) == (other.links, other.many, other.entity)
        return alike and (self.mark == other.mark or not self.mark or not other.mark)


@dataclass(eq=False, slots=True)
class Chain:
    """Collections walked inside one another, the first from ``frame``; hop ``i`` fills frame ``depth + 1 + i``."""

    frame: int
    depth: int
    hops: list[Hop]

    @property
    def known(self) -> bool:
        """Begins at a value rather than at a row (``old.lines``): there is no SQL for it."""
        first = self.hops[0]
        if first.call is not None:
            return True
        return (first.links or (first.many,))[0] in KNOWN and not first.entity


@dataclass(eq=False, slots=True)
class Aggregate(Node):
    """``operator`` over ``chain``; ``element`` is computed per row (None: the rows themselves)."""

    operator: str
    chain: Chain
    element: Node | None
    by: Node | None = None
    limit: int | None = None


@dataclass(eq=False, slots=True)
class InRows(Node):
    """``value in pool.members``, ``value in orders.lines.product``."""

    value: Node
    chain: Chain
    element: Node
    on: str


#: names that are values of the run, never fields of a row
KNOWN = frozenset({"me", "settings", "asked", "event", "old"})


def children(node: Node) -> Iterator[Node]:
    for one in fields(node):
        value = getattr(node, one.name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, list):
            yield from value
        elif isinstance(value, Chain):
            yield from (part for hop in value.hops for part in (hop.condition, hop.call) if part is not None)
        elif isinstance(value, dict) and one.name == "keywords":
            yield from value.values()


def any_node(node: Node, asked: Callable[[Node], bool]) -> bool:
    """Is ``asked`` true of the node or of one below it?"""
    return asked(node) or any(any_node(child, asked) for child in children(node))


def replaced(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with every child changed; itself when nothing changes. For trees without collections."""
    changed: dict[str, Any] = {}
    for one in fields(node):
        value = getattr(node, one.name)
        if isinstance(value, Node):
            changed[one.name] = change(value)
        elif isinstance(value, list):
            changed[one.name] = [change(part) for part in value]
    return replace(node, **changed) if changed else node
