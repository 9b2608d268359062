"""All layers laid on one another: what holds in the end, who said it, and which module an entity belongs to.

Rule: a section that only one layer speaks of is shared with that layer, not copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from yuanke.kernel.diagnostics import Span
from yuanke.metadata.faults import Faults
from yuanke.metadata.guards import allowed
from yuanke.metadata.layer import Layer
from yuanke.metadata.merge import Rivals, merge
from yuanke.metadata.node import Node
from yuanke.metadata.order import Order

#: sections of a file that merge; everything else in it speaks of the layer itself
SECTIONS = (
    "settings",
    "roles",
    "classes",
    "dictionaries",
    "menu",
    "entities",
    "ledgers",
    "metrics",
    "reports",
    "dashboards",
    "prints",
    "forms",
    "samples",
    "tests",
    "translations",
)


#: sections whose entries belong to the module that declared them
_OWNED = frozenset({"ledgers", "metrics", "reports", "dashboards", "prints", "forms", "dictionaries"})


@dataclass
class Stack:
    """``sections[name]`` is a map node; ``owner[entity]`` the layer that declared it; ``ranks[layer]`` its rank."""

    layers: list[Layer]
    sections: dict[str, Node] = field(default_factory=dict)
    owner: dict[str, Layer] = field(default_factory=dict)
    ranks: dict[str, str] = field(default_factory=dict)
    modules: list[Layer] = field(default_factory=list)
    order: Order | None = None
    incomplete: bool = False  # a module that another depends on is not there

    def knows(self, layer: str, other: str) -> bool:
        """Whether ``layer`` may name what ``other`` declares: itself, what lies below, what it depends on."""
        if (
            layer == other
            or self.ranks.get(layer) != "module"
            or self.ranks.get(other) != "module"
            or self.order is None
        ):
            return True
        return self.order.depends("module", layer, other)

    @property
    def broken(self) -> bool:
        return any(layer.broken for layer in self.layers)


def lay(layers: Sequence[Layer], faults: Faults) -> Stack:
    """The stack of ``layers``; what cannot be laid is told and left out."""
    order = Order(layers, faults)
    stack = Stack(order.layers, ranks={layer.name: layer.rank for layer in order.layers})
    stack.incomplete, stack.order = order.incomplete, order
    stack.modules = [layer for layer in order.layers if layer.rank == "module"]

    def rivals(lower: str, upper: str) -> bool:
        rank = stack.ranks.get(upper)
        if lower == upper or stack.ranks.get(lower) != rank or rank not in ("module", "customization"):
            return False
        return not order.depends(rank, upper, lower)

    entities: dict[str, Node] = {}
    for layer in order.layers:
        _take_entities(stack, layer, entities, order, faults, rivals)
        for name in SECTIONS:
            section = layer.settled.get(name)
            if section is None or name == "entities" or not section.is_map:
                continue
            if name == "translations":
                section = _without_module(section)
            below = stack.sections.get(name)
            if below is None:
                _refuse_null(section, name, faults)
                stack.sections[name] = section
                continue
            if name in _OWNED:
                section = _without_strangers(stack, name, below, section, layer, faults)
            if name == "roles":
                section = _first_label(below, section, layer, faults)
            elif name == "menu":
                section = _more_items(below, section, layer)
            stack.sections[name] = merge(below, section, rivals, faults, name)
    if entities:
        stack.sections["entities"] = Node(entities, Span("entities"), "")
    return stack


def _take_entities(
    stack: Stack, layer: Layer, entities: dict[str, Node], order: Order, faults: Faults, rivals: Rivals
) -> None:
    section = layer.settled.get("entities")
    if section is None or not section.is_map:
        return
    for key, node in section.value.items():
        below = entities.get(key)
        if below is None:
            if node.value is None:
                faults.add(
                    "E302",
                    node.key,
                    f'There is no entity "{key}" here to take away',
                    "null takes away what a lower layer said.",
                )
            else:
                entities[key] = node
                stack.owner[key] = layer
            continue
        owner = stack.owner[key]
        if (
            layer.rank == "module"
            and owner.rank == "module"
            and owner is not layer
            and not order.depends("module", layer.name, owner.name)
        ):
            faults.add(
                "E303",
                node.key,
                f'The entity "{key}" belongs to the module {owner.name}',
                f'{layer.name} may add to it when it says "depends: [{owner.name}]"; else choose another name.',
                below.key,
            )
            continue
        fitting = allowed(key, below, node, owner.rank == "platform" and layer.rank != "platform", faults)
        if fitting is not None:
            one = Node({key: fitting}, node.span, node.layer)
            entities[key] = merge(Node({key: below}, below.span, below.layer), one, rivals, faults, "entities").value[
                key
            ]


def _without_strangers(stack: Stack, name: str, below: Node, section: Node, layer: Layer, faults: Faults) -> Node:
    """What a module says of another's ledger, report ... without depending on it is told and left out."""
    made = dict(section.value)
    for key, node in section.value.items():
        there = below.get(key)
        if there is None or stack.knows(layer.name, there.layer):
            continue
        detail = f'{layer.name} may add to it when it says "depends: [{there.layer}]"; else choose another name.'
        faults.add("E303", node.key, f'"{key}" of {name} belongs to the module {there.layer}', detail, there.key)
        del made[key]
    return section.replaced(made)


def _without_module(section: Node) -> Node:
    """The texts of a module's own head are its own."""
    made = {}
    for language, texts in section.value.items():
        kept = {k: n for k, n in texts.value.items() if k.partition(".")[0] != "module"} if texts.is_map else None
        made[language] = texts if kept is None else texts.replaced(kept)
    return section.replaced(made)


def _refuse_null(section: Node, name: str, faults: Faults) -> None:
    for key, node in section.value.items():
        if node.value is None:
            faults.add(
                "E302",
                node.key,
                f'There is no "{key}" in {name} to take away',
                "null takes away what a lower layer said.",
            )


def _first_label(below: Node, section: Node, layer: Layer, faults: Faults) -> Node:
    """A role declared twice by modules keeps its first label."""
    if layer.rank != "module":
        return section
    made = {}
    for key, role in section.value.items():
        known = below.get(key)
        said = role.get("label")
        first = known.get("label") if known is not None else None
        if said is not None and first is not None and said.plain() != first.plain():
            faults.add(
                "W603",
                said.key,
                f'The role "{key}" has a label already',
                f'"{first.value}" stays; take this one away.',
                first.key,
            )
            role = role.replaced({k: n for k, n in role.value.items() if k != "label"})
        made[key] = role
    return section.replaced(made)


def _more_items(below: Node, section: Node, layer: Layer) -> Node:
    """What modules put into one group of the menu adds up; a customization replaces, as any list does."""
    if layer.rank != "module":
        return section
    made = {}
    for key, group in section.value.items():
        items = group.get("items")
        if items is not None and items.is_list and below.at(key, "items") is not None:
            rest = {k: n for k, n in group.value.items() if k != "items"}
            rest["items+"] = items
            group = group.replaced(rest)
        made[key] = group
    return section.replaced(made)
