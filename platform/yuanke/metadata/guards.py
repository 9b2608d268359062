"""What a layer may not change of the layers below it: the platform's own entities, and what somebody sealed.

Rule: a change that is not allowed is told and left out, so that nothing else is blamed for it.
"""

from __future__ import annotations

from yuanke.metadata.faults import Faults
from yuanke.metadata.node import Node

#: what a module or an admin may say about a field of the platform's own entities
_OPEN_KEYS = {"label", "help", "place", "searchable", "masked", "sensitive", "visible_when"}
#: and about such an entity
_OPEN_ENTITY_KEYS = {
    "fields", "views", "label", "plural", "icon", "help", "permissions", "scopes", "duplicates", "indexes",
    "automations", "checks", "features", "search",
}  # fmt: skip


def allowed(key: str, below: Node, node: Node, platform: bool, faults: Faults) -> Node | None:
    """What of ``node`` may be laid on the entity ``below``; None when nothing may."""
    if platform:
        if node.value is None:
            detail = "It can be added to, not taken away."
            faults.add("E306", node.key, f'The entity "{key}" belongs to the platform', detail, below.key)
            return None
        node = _spare_platform(key, below, node, faults)
    sealed = below.get("sealed")
    return node if sealed is None or not node.is_map else _spare_sealed(key, below, node, sealed, faults)


def _spare_platform(key: str, below: Node, node: Node, faults: Faults) -> Node:
    """Fields may be added to the platform's entities; what the engine itself relies on stays as it is."""
    kept = dict(node.value) if node.is_map else {}
    for word, child in list(kept.items()):
        if word.rstrip("+-") not in _OPEN_ENTITY_KEYS:
            detail = f'Its "{word}" stays as it is; fields, views and permissions may be added.'
            faults.add("E306", child.key, f'The entity "{key}" belongs to the platform', detail, below.key)
            del kept[word]
    fields, own = node.get("fields"), below.get("fields")
    if fields is not None and fields.is_map and own is not None:
        kept["fields"] = fields.replaced(_spare_fields(key, fields, own, below, faults))
    return node.replaced(kept)


def _spare_fields(key: str, fields: Node, own: Node, below: Node, faults: Faults) -> dict[str, Node]:
    kept = dict(fields.value)
    for name, said in fields.value.items():
        fixed = own.get(name)
        if fixed is None or fixed.layer != below.layer:
            continue
        wrong = said if said.value is None else next((c for w, c in said.items() if w not in _OPEN_KEYS), None)
        if wrong is not None:
            detail = "Only its label, help and place can be changed; add a field of your own instead."
            faults.add("E306", wrong.key, f"{key}.{name} belongs to the platform", detail, fixed.key)
            del kept[name]
    return kept


def _spare_sealed(key: str, below: Node, node: Node, sealed: Node, faults: Faults) -> Node:
    """``sealed: [stage, workflow]`` names fields and keys of the entity."""
    kept, fields = dict(node.value), node.get("fields")
    own = dict(fields.value) if fields is not None and fields.is_map else {}
    for word in sealed.live() if sealed.is_list else []:
        for held, lower in ((own, below.get("fields")), (kept, below)):
            for name in (str(word.value), f"{word.value}+", f"{word.value}-"):
                said = held.get(name)
                there = lower.get(str(word.value)) if lower is not None else None
                if said is not None and there is not None and said.plain() != there.plain():
                    detail = f"The layer {word.layer} forbids to change it. Take the change away."
                    faults.add("E306", said.key, f"{key}.{word.value} is sealed", detail, word)
                    del held[name]
    if fields is not None and fields.is_map:
        kept["fields"] = fields.replaced(own)
    return node.replaced(kept)
