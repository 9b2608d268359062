"""Where a declared value stands, and how its names and expressions are looked up from there.

Rule: shapes know nothing of entities; all they ask goes through here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from yuanke.expressions import Expression
from yuanke.expressions.scope import Kind
from yuanke.fieldtypes import FieldType
from yuanke.metadata.faults import Faults
from yuanke.metadata.node import Node

Schema = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """Where a value stands: how to look up names (`known`) and to compile expressions (`compile`, of the kind `wanted`
    for a field), where that is possible.

    ``types`` are the field types; ``entity`` is the entity whose fields bare names are, "" where there is none;
    ``asked`` what the act asks; ``results`` names that steps and `let` gave; ``state`` the workflow's field; ``listens``
    the acts an automation comes after; ``ledger`` the ledger around; ``open``: names come from rows walked at run time, so
    that an unknown one cannot be told; ``group``: expressions speak of a group of records; ``shows``: fields are named to be
    shown, so that one a layer retired is passed over; ``kept``: expressions may read retired fields too. ``note`` hears of
    every name that is looked up (`yuanke.metadata.uses`).
    """

    faults: Faults
    known: Callable[[str, str, Context], list[str] | None] = lambda kind, entity, c: None
    wanted: Callable[[str, str], Kind | None] = lambda entity, field: None
    compile: Callable[[Node, Context, str | Kind | None], Expression | None] = lambda node, c, expect: None
    types: Mapping[str, FieldType] = field(default_factory=dict)
    entity: str = ""
    asked: Node | None = None
    results: tuple[str, ...] = ()
    state: str = ""
    listens: tuple[str, ...] = ()
    open: bool = False
    field: str = ""
    ledger: Node | None = None
    group: bool = False
    shows: bool = False
    kept: bool = False
    what: str = "here"
    note: Callable[[str, str, Node, Context], None] | None = None

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

    def surely(self, node: Node) -> bool:
        """Whether nothing can be wrong with the node, said without looking anything up."""
        return False

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
