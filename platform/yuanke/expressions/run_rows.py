"""The Python run over collections: walking them, aggregates, and membership. Registers itself with `run`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from yuanke.expressions import aggregates
from yuanke.expressions import nodes as n
from yuanke.expressions.faults import missing
from yuanke.expressions.run import BUILDERS, Run, build, climb_to, compared, walk_to

Walk = Callable[[Any, Any], Iterator[tuple[Any, Any]]]


def walker(chain: n.Chain) -> Walk:
    """All rows of a chain, each with the rows around it."""
    walk: Walk | None = None
    for index, hop in enumerate(chain.hops):
        depth = chain.depth + index
        walk = _further(walk, _hop(hop, depth, chain.frame if index == 0 else depth))
    assert walk is not None
    return walk


def _further(before: Walk | None, hop: Walk) -> Walk:
    if before is None:
        return hop
    return lambda row, up: (found for at, around in before(row, up) for found in hop(at, around))


def _hop(hop: n.Hop, depth: int, frame: int) -> Walk:
    many = "rows" if hop.group else hop.many
    base = walk_to(depth, frame, hop.links) if hop.links else climb_to(depth, 0 if hop.entity else frame)
    condition = build(hop.condition, depth + 1) if hop.condition is not None else None
    if hop.call is not None:
        find = build(hop.call, depth)
        return lambda row, up: ((member, (row, up)) for member in find(row, up) or ())

    def walk(row: Any, up: Any) -> Iterator[tuple[Any, Any]]:
        owner = base(row, up)
        if owner is None:
            return
        try:
            members = owner[many]
        except KeyError:
            raise missing(many) from None
        around = (row, up)
        for member in members or ():
            if condition is None or condition(member, around):
                yield member, around

    return walk


def _aggregate(node: n.Aggregate, depth: int) -> Run:
    inner = depth + len(node.chain.hops)
    walk = walker(node.chain)
    element = build(node.element, inner) if node.element is not None else None
    by = build(node.by, inner) if node.by is not None else None
    return aggregates.build(node, walk, element, by)


def _in_rows(node: n.InRows, depth: int) -> Run:
    value, walk = compared(node.value, depth, node.on), walker(node.chain)
    element = compared(node.element, depth + len(node.chain.hops), node.on)

    def run(row: Any, up: Any) -> bool:
        found = value(row, up)
        return found is not None and any(found == element(at, around) for at, around in walk(row, up))

    return run


BUILDERS[n.Aggregate] = _aggregate
BUILDERS[n.InRows] = _in_rows
