"""Lays one layer over another, and remembers who set each value.

Maps merge by key, a value replaces a value, a list a list, ``null`` takes a key away, ``key+`` and ``key-`` add to a
list or take from it. Rule: two layers of one rank that did not agree on an order may not set one value differently.
"""

from __future__ import annotations

from collections.abc import Callable

from yuanke.kernel.diagnostics import did_you_mean
from yuanke.metadata.faults import Faults
from yuanke.metadata.node import Node

#: whether the layer named first and the layer named second are rivals
Rivals = Callable[[str, str], bool]


def merge(base: Node, over: Node, rivals: Rivals, faults: Faults, path: str = "") -> Node:
    """``over`` laid on ``base``; both stay as they were, what did not change is shared."""
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return _replace(base, over, rivals, faults, path)
    made = dict(base.value)
    for key, node in over.value.items():
        at = f"{path}.{key}" if path else key
        name = key.rstrip("+-") if key[-1:] in ("+", "-") else key
        if name != key and name:
            _change_list(made, key, node, faults, at)
        else:
            _lay(made, key, node, rivals, faults, at)
    return Node(made, base.span, base.layer, base.key, base.hidden)


def _lay(made: dict[str, Node], key: str, node: Node, rivals: Rivals, faults: Faults, at: str) -> None:
    below = made.get(key)
    if below is not None and below.removed:
        if node.value is None:
            return
        if rivals(below.layer, node.layer):
            _tell_rivals(faults, at, below, node)
            return
        made[key] = _hiding(node, below)
    elif node.value is None:
        if below is None:
            faults.add(
                "E302",
                node.key,
                f'There is no "{key}" here to take away',
                f"null takes away what a lower layer said, and none said {at}."
                + did_you_mean(key, [k for k, n in made.items() if not n.removed]),
            )
            return
        if (rival := _rival_in(below, node.layer, rivals)) is not None:
            _tell_rivals(faults, at, rival, node)
            return
        made[key] = Node(None, node.span, node.layer, node.key, (below, *below.hidden), removed=True)
    elif below is None:
        made[key] = node
    else:
        made[key] = merge(below, node, rivals, faults, at)


def _replace(below: Node, node: Node, rivals: Rivals, faults: Faults, at: str) -> Node:
    if below is node:
        return below
    if below.digest() == node.digest():
        return _hiding(node, below)  # said again is said: a rival who changes it disagrees with both
    if (rival := _rival_in(below, node.layer, rivals)) is not None:
        _tell_rivals(faults, at, rival, node)
        return below
    return _hiding(node, below)


def _rival_in(below: Node, layer: str, rivals: Rivals) -> Node | None:
    """The value at or beneath ``below`` that a rival of ``layer`` set; None when there is none."""
    if below.layer != layer and rivals(below.layer, layer):
        return below
    children = (
        below.value.values() if isinstance(below.value, dict) else below.value if isinstance(below.value, list) else ()
    )
    return next((rival for child in children if (rival := _rival_in(child, layer, rivals)) is not None), None)


def _hiding(node: Node, below: Node) -> Node:
    return Node(node.value, node.span, node.layer, node.key, (below, *below.hidden), raw=node.raw)


def _change_list(made: dict[str, Node], key: str, node: Node, faults: Faults, at: str) -> None:
    """``columns+: [x]`` appends what is not there yet, ``columns-: [x]`` takes away what is."""
    name, sign = key[:-1], key[-1]
    below = made.get(name)
    items = node.value if isinstance(node.value, list) else [node]
    if below is None or below.removed or not isinstance(below.value, list):
        if sign == "+" and (below is None or below.removed):
            made[name] = Node(list(items), node.span, node.layer, node.key)
            return
        faults.add(
            "E302",
            node.key,
            f'There is no list "{name}" here',
            f"{key}: changes a list of a lower layer, and none said {at[:-1]}."
            + did_you_mean(name, [k for k, n in made.items() if n.is_list]),
        )
        return
    kept = list(below.value)
    have = {n.digest(): i for i, n in enumerate(kept) if not n.removed}
    for item in items:
        place = have.get(item.digest())
        if sign == "+":
            if place is None:
                kept.append(item)
        elif place is not None:
            kept[place] = Node(kept[place].value, item.span, item.layer, item.key, (kept[place],), removed=True)
        else:
            faults.add(
                "E302",
                item,
                f'"{item.plain()}" is not in {name}',
                "Nothing to take away." + did_you_mean(str(item.plain()), [str(n.plain()) for n in below.live()]),
            )
    made[name] = Node(kept, below.span, node.layer, below.key, (below, *below.hidden))


def _tell_rivals(faults: Faults, at: str, below: Node, node: Node) -> None:
    was = "taken away" if below.removed else _shown(below)
    now = "taken away" if node.value is None else _shown(node)
    faults.add(
        "E301",
        node.key,
        f"Two layers disagree about {at}",
        f"{below.layer} has it {was}, {node.layer} has it {now}. Take one away, or let the one that shall win say "
        f'"over: [the other]" (a module: "depends").',
        below.key,
    )


def _shown(node: Node) -> str:
    text = repr(node.plain())
    return text if len(text) <= 60 else text[:57] + "..."
