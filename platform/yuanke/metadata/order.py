"""In which order layers are laid on one another, and which of them are rivals.

Rule: platform < modules by ``depends`` < customizations by ``over`` < the enterprise's own rows.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence

from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.faults import Faults
from yuanke.metadata.layer import RANKS, Layer
from yuanke.metadata.node import Node

Version = tuple[int, int, int]


def words(node: Node | None) -> list[Node]:
    """The plain words of a list (or of one word)."""
    if node is None:
        return []
    items = node.live() if node.is_list else [node]
    return [item for item in items if isinstance(item.value, str)]


#: ``product >= 1.2, < 2``: a module and what its version must fulfil
_REQUIRED = re.compile(r"\s*([A-Za-z_][\w-]*)\s*((?:(?:>=|<=|==|!=|<|>)\s*[0-9.]+\s*,?\s*)*)")
_CLAUSE = re.compile(r"(>=|<=|==|!=|<|>)\s*([0-9.]+)")
_HOLDS: dict[str, Callable[[Version, Version], bool]] = {
    ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
}  # fmt: skip


def version_of(text: str) -> Version:
    """``1.2`` -> (1, 2, 0): versions as they are compared."""
    parts = [int(part) for part in str(text).split(".") if part.isdigit()][:3]
    return (*parts, 0, 0, 0)[:3]  # type: ignore[return-value]


def requirement(said: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The name and the clauses of one word of ``depends``; what cannot be read is a name as it stands."""
    found = _REQUIRED.fullmatch(said)
    return (found[1], tuple(_CLAUSE.findall(found[2]))) if found else (said, ())


def depended(layer: Layer) -> list[str]:
    """Names of the modules that a module says it depends on."""
    return [requirement(word.value)[0] for word in words(layer.node.get("depends"))]


class Order:
    """``layers`` from bottom to top; ``below[(rank, name)]`` are the layers that this one is said to follow."""

    def __init__(self, layers: Sequence[Layer], faults: Faults) -> None:
        self.below: dict[tuple[str, str], frozenset[str]] = {}
        self.layers: list[Layer] = []
        self.incomplete = False
        self._names: dict[str, Layer] = {}
        for rank in RANKS:
            same = [layer for layer in layers if layer.rank == rank]
            self.layers += self._sorted(rank, same, faults) if rank in ("module", "customization") else same

    def depends(self, rank: str, upper: str, lower: str) -> bool:
        """Whether ``upper`` said, directly or through others, that it follows ``lower``."""
        return lower in self.below.get((rank, upper), frozenset())

    def _sorted(self, rank: str, layers: list[Layer], faults: Faults) -> list[Layer]:
        by_name: dict[str, Layer] = {}
        for layer in layers:
            first = self._names.setdefault(layer.name, layer)
            if first is not layer:
                place, other = (held.node.get(held.rank) or held.node for held in (layer, first))
                faults.add(
                    "E307",
                    place,
                    f'The {rank} "{layer.name}" is there twice',
                    "Give one of them another name, or say both in one file.",
                    other,
                )
                continue
            by_name[layer.name] = layer
        said = {name: self._said(rank, layer, by_name, faults) for name, layer in by_name.items()}
        order: list[str] = []
        state: dict[str, int] = {}
        for name in by_name:
            self._visit(name, said, state, order, by_name, faults)
        for name in order:
            under: set[str] = set()
            for lower in said[name]:
                if lower in by_name and lower != name:
                    under.add(lower)
                    under |= self.below.get((rank, lower), frozenset())
            self.below[(rank, name)] = frozenset(under)
        return [by_name[name] for name in order]

    def _said(self, rank: str, layer: Layer, by_name: dict[str, Layer], faults: Faults) -> list[str]:
        found: list[str] = []
        for word in words(layer.node.get("depends" if rank == "module" else "over")):
            name, clauses = requirement(word.value) if rank == "module" else (word.value, ())
            if name == layer.name:
                faults.add("E304", word, f'"{layer.name}" names itself', "Take it out of the list.")
            elif name in by_name:
                found.append(name)
                _refuse_version(word, layer, by_name[name], clauses, faults)
            elif rank == "module":
                self.incomplete = True
                faults.add(
                    "E305",
                    word,
                    f'There is no module "{name}"',
                    f"{layer.name} depends on it. Add it or take it out.{did_you_mean(name, by_name)}",
                )
            else:
                faults.add(
                    "E308",
                    word,
                    f'There is no customization "{word.value}"',
                    f"over: names the customizations that this one may overrule.{did_you_mean(word.value, by_name)}",
                )
        return found

    def _visit(
        self,
        start: str,
        said: dict[str, list[str]],
        state: dict[str, int],
        order: list[str],
        by_name: dict[str, Layer],
        faults: Faults,
    ) -> None:
        """Depth first without recursion; a layer still open when met again closes a circle."""
        if state.get(start):
            return
        stack: list[tuple[str, int]] = [(start, 0)]
        state[start] = 1
        while stack:
            name, index = stack.pop()
            if index == len(said[name]):
                state[name] = 2
                order.append(name)
                continue
            stack.append((name, index + 1))
            lower = said[name][index]
            if state.get(lower) == 1:
                ring = [n for n, _ in stack]
                ring = [*ring[ring.index(lower) :], lower]
                node = by_name[name].node
                faults.add(
                    "E304",
                    node.get("depends") or node.get("over") or node,
                    "Layers that wait for each other",
                    f"{' -> '.join(ring)}. Take one of these links away; what both need belongs in a third.",
                )
            elif not state.get(lower):
                state[lower] = 1
                stack.append((lower, 0))


def _refuse_version(word: Node, layer: Layer, lower: Layer, clauses: Sequence[tuple[str, str]], faults: Faults) -> None:
    """A module of another version than the one that is asked for is as good as none."""
    said = lower.node.get("version")
    there = str(said.raw or said.value) if said is not None else "0"
    for sign, wanted in clauses:
        if not _HOLDS[sign](version_of(there), version_of(wanted)):
            faults.add(
                "E309",
                word,
                f'The module "{lower.name}" is there in version {there}',
                f"{layer.name} asks for {sign} {wanted}. Bring it to such a version, or change what is asked for.",
                said or lower.node,
            )
