"""Spells shorthands out, so that when layers merge, map always meets map.

Rule: shape before merging, meaning after. A patch that says only ``{max: 200}`` gains no type of its own here.
Nothing is checked: what has a wrong shape stays as it is and is told by `checker`.
"""

from __future__ import annotations

from collections.abc import Callable

from yuanke.metadata.node import Node

Change = Callable[[Node], Node]


def settle_shape(root: Node) -> Node:
    """The whole file with shorthands spelled out; the given nodes stay as they were."""
    return _inside(
        root,
        module=lambda n: n,
        version=_as_text,
        settings=_each(_field),
        roles=lambda n: _map_of_list(n, _label),
        entities=_each(_entity),
        ledgers=_each(_ledger),
        reports=_each(_report),
        dictionaries=_each(lambda n: _inside(n, options=_options)),
        classes=lambda n: _map_of_list(n, _label),
        menu=_each(_menu),
        metrics=_each(lambda n: n),
    )


# -- small steps ------------------------------------------------------------------------------------------------------


def _inside(node: Node, **changes: Change) -> Node:
    """``node`` with the named entries changed; the same node when nothing did."""
    if not isinstance(node.value, dict):
        return node
    made: dict[str, Node] | None = None
    for key, change in changes.items():
        child = node.value.get(key)
        if child is None:
            continue
        new = change(child)
        if new is not child:
            made = dict(node.value) if made is None else made
            made[key] = new
    return node if made is None else node.replaced(made)


def _each(change: Change) -> Change:
    def of(node: Node) -> Node:
        if not isinstance(node.value, dict):
            return node
        made = {key: change(child) for key, child in node.value.items()}
        return node if all(made[k] is v for k, v in node.value.items()) else node.replaced(made)

    return of


def _wrap(node: Node, key: str) -> Node:
    """``{key: node}`` at the place of ``node``."""
    return Node({key: Node(node.value, node.span, node.layer, node.key, raw=node.raw)}, node.span, node.layer, node.key)


def _empty(node: Node) -> Node:
    return Node({}, node.span, node.layer, node.key)


def _map_of_list(node: Node, change: Change) -> Node:
    """A list of words as a map of empty maps; each entry of a map changed."""
    if isinstance(node.value, list):
        if not all(isinstance(item.value, (str, int)) and not isinstance(item.value, bool) for item in node.value):
            return node
        if len({str(item.value) for item in node.value}) < len(node.value):
            return node
        return node.replaced({str(item.raw or item.value): _empty(item) for item in node.value})
    return _each(change)(node)


def _listed(node: Node) -> Node:
    """A single word as a list of one."""
    if node.value is None or isinstance(node.value, (list, dict)):
        return node
    return node.replaced([Node(node.value, node.span, node.layer, raw=node.raw)])


def _label(node: Node) -> Node:
    return _wrap(node, "label") if isinstance(node.value, str) else node


def _as_text(node: Node) -> Node:
    """``version: 1.10`` is the text 1.10."""
    return (
        node.replaced(node.raw)
        if node.raw is not None and not isinstance(node.value, str) and node.value is not None
        else node
    )


# -- parts of the dialect ---------------------------------------------------------------------------------------------


def _field(node: Node) -> Node:
    if isinstance(node.value, str):
        node = _wrap(node, "type")
    if not isinstance(node.value, dict):
        return node
    node = _inside(node, options=_options, bands=_options, rows=_field_map, unique=_unique_of_field, ask=_fields)
    node = _inside(node, **{"with": _fields})
    for word in ("type", "link", "links", "rows"):
        child = node.value.get(word)
        if child is not None and isinstance(child.value, str) and child.value.endswith("!"):
            made = dict(node.value)
            made[word] = child.replaced(child.value[:-1])
            made["required"] = Node(True, child.span, child.layer, child.key, raw="true")
            node = node.replaced(made)
    return node


def _field_map(node: Node) -> Node:
    return _fields(node) if isinstance(node.value, dict) else node


_fields = _each(_field)


def _unique_of_field(node: Node) -> Node:
    return _listed(node) if isinstance(node.value, str) else node


def _options(node: Node) -> Node:
    """``[a, b]`` and ``{a: 标签}`` as ``{a: {label: 标签}}``, to any depth of ``below``."""
    return _map_of_list(node, lambda n: _inside(_label(n), below=_options))


def _entity(node: Node) -> Node:
    return _inside(
        node,
        fields=_fields,
        number=lambda n: _wrap(n, "format") if isinstance(n.value, str) else n,
        features=_features,
        unique=_groups,
        duplicates=_groups,
        indexes=_groups,
        views=_each(_view),
        workflow=lambda n: _inside(n, transitions=_each(_act)),
        actions=_each(_act),
        automations=_each(lambda n: _inside(n, ask=_fields)),
    )


def with_features(node: Node) -> Node:
    """A file as it was written, but for features with nothing behind them: those are on, and must not be taken for ``null``
    where the file is kept as plain data."""
    return _inside(node, entities=_each(lambda entity: _inside(entity, features=_features)))


def _features(node: Node) -> Node:
    """A feature named with nothing behind it is on; ``null`` written out takes it away."""
    on = {"": lambda n: _empty(n)}

    def feature(n: Node) -> Node:
        if n.value is None and n.raw in on:
            return _empty(n)
        return _empty(n) if n.value is True else n

    return _map_of_list(node, feature)


def _groups(node: Node) -> Node:
    """``[a, b]`` as ``[[a, b]]``: one group of fields."""
    if isinstance(node.value, list) and node.value and all(isinstance(n.value, str) for n in node.value):
        return node.replaced([Node(list(node.value), node.span, node.layer)])
    return node


def _view(node: Node) -> Node:
    def a_filter(n: Node) -> Node:
        return _wrap(n, "where") if isinstance(n.value, (str, bool)) else n

    return _inside(node, filters=_each(a_filter), sort=_listed, columns=_listed, card=_listed)


def _act(node: Node) -> Node:
    return _inside(
        node, ask=lambda n: _map_of_list(n, _field), require=_listed, roles=_listed, approval=_approval, reverse=_listed
    )


def _approval(node: Node) -> Node:
    def step(n: Node) -> Node:
        return _inside(n, edit=_listed, after=_listed, cc=_listed, **{"not": _listed})

    return _inside(node, steps=_each(step), cc=_listed, snapshot=_listed, **{"not": _listed})


def _ledger(node: Node) -> Node:
    return _inside(node, dimensions=_fields, measures=_fields, details=_fields, fields=_fields, views=_each(_view))


def _report(node: Node) -> Node:
    return _inside(node, ask=_fields, sort=_listed)


def _menu(node: Node) -> Node:
    return _wrap(node, "items") if isinstance(node.value, list) else node
