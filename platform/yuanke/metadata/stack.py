"""All layers laid on one another: what holds in the end, who said it, and which module an entity belongs to.

Rule: a section that only one layer speaks of is shared with that layer, not copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from yuanke.kernel.diagnostics import Span
from yuanke.metadata.faults import Faults
from yuanke.metadata.layer import Layer
from yuanke.metadata.merge import merge
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
        """Whether what ``layer`` declares may name what ``other`` declares: itself, what lies below, what it depends on."""
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
            below = stack.sections.get(name)
            if below is None:
                _refuse_null(section, name, faults)
                stack.sections[name] = section
                continue
            if name == "roles":
                section = _first_label(below, section, layer, faults)
            elif name == "menu":
                section = _more_items(below, section, layer)
            stack.sections[name] = merge(below, section, rivals, faults, name)
    if entities:
        stack.sections["entities"] = Node(entities, Span("entities"), "")
    return stack


def _take_entities(stack: Stack, layer: Layer, entities: dict[str, Node], order: Order, faults: Faults, rivals) -> None:  # type: ignore[no-untyped-def]
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
        if owner.rank == "platform" and layer.rank != "platform":
            _guard_platform(key, below, node, faults)
        merged = Node({key: below}, below.span, below.layer)
        entities[key] = merge(merged, Node({key: node}, node.span, node.layer), rivals, faults, "entities").value[key]


#: what a module or an admin may say about a field of the platform's own entities
_OPEN_KEYS = frozenset({"label", "help", "place", "searchable", "masked", "sensitive", "visible_when"})
_OPEN_ENTITY_KEYS = frozenset(
    {
        "fields",
        "views",
        "label",
        "plural",
        "icon",
        "help",
        "permissions",
        "scopes",
        "duplicates",
        "indexes",
        "automations",
        "checks",
        "features",
        "search",
    }
)


def _guard_platform(key: str, below: Node, node: Node, faults: Faults) -> None:
    """Fields may be added to the platform's entities; what the engine itself relies on stays as it is."""
    if node.value is None:
        faults.add(
            "E306",
            node.key,
            f'The entity "{key}" belongs to the platform',
            "It can be added to, not taken away.",
            below.key,
        )
        return
    for word, child in node.items():
        if word.rstrip("+-") not in _OPEN_ENTITY_KEYS:
            faults.add(
                "E306",
                child.key,
                f'The entity "{key}" belongs to the platform',
                f'Its "{word}" stays as it is; fields, views and permissions may be added.',
                below.key,
            )
    fields, own = node.get("fields"), below.get("fields")
    for name, said in fields.value.items() if fields is not None and fields.is_map else ():
        fixed = own.get(name) if own is not None else None
        if fixed is None or fixed.layer != below.layer:
            continue
        wrong = said if said.value is None else next((c for w, c in said.items() if w not in _OPEN_KEYS), None)
        if wrong is not None:
            faults.add(
                "E306",
                wrong.key,
                f"{key}.{name} belongs to the platform",
                "Only its label, help and place can be changed; add a field of your own instead.",
                fixed.key,
            )


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
