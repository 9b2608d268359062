"""Aggregates in Python. Empty values are passed over; without any value ``count`` and ``sum`` are 0, ``exists`` false,
all others None."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from yuanke.expressions import nodes as n
from yuanke.expressions.exact import ZERO, add, divide
from yuanke.expressions.library.texts import bounded

Run = Callable[[Any, Any], Any]
Walk = Callable[[Any, Any], Iterator[tuple[Any, Any]]]


def build(node: n.Aggregate, walk: Walk, element: Run | None, by: Run | None) -> Run:
    if node.operator in ("first", "last"):
        return _edge(node, walk, element, by)
    if element is None:
        return _rows(node.operator, walk)
    conditions = node.element is not None and node.element.kind.name == "bool"
    compute = _COMPUTE["span" if node.kind.name == "duration" and node.operator == "sum" else node.operator]

    def run(row: Any, up: Any) -> Any:
        values = [value for at, around in walk(row, up) if (value := element(at, around)) is not None]
        return compute([value for value in values if value] if conditions else values)

    return run


def _rows(operator: str, walk: Walk) -> Run:
    if operator == "exists":
        return lambda row, up: any(True for _ in walk(row, up))
    return lambda row, up: Decimal(sum(1 for _ in walk(row, up)))


def _sum(values: list[Any]) -> Any:
    total = ZERO
    for value in values:
        total = add(total, value)
    return total


def _average(values: list[Any]) -> Any:
    return divide(_sum(values), Decimal(len(values))) if values else None


def median(values: list[Any]) -> Any:
    """The middle value, or half the sum of the two middle ones."""
    if not values:
        return None
    ordered = sorted(values)
    return divide(add(ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]), Decimal(2))


def names(values: list[Any]) -> Any:
    texts = sorted({value for value in values if value})
    return bounded("、".join(texts)) if texts else None


_COMPUTE: dict[str, Callable[[list[Any]], Any]] = {
    "count": lambda values: Decimal(len(values)),
    "sum": _sum,
    "avg": _average,
    "span": lambda values: sum(values, timedelta(0)),
    "median": median,
    "exists": bool,
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
    "list": list,
    "names": names,
}


def _edge(node: n.Aggregate, walk: Walk, element: Run | None, by: Run | None) -> Run:
    """``first`` and ``last``: by the key, then by id; rows without a key come after all others."""
    backwards = node.operator == "last"

    def order(found: tuple[Any, Any]) -> Any:
        row, _ = found
        return row.get("id") or 0

    def value(found: tuple[Any, Any]) -> Any:
        return found[0] if element is None else element(*found)

    def run(row: Any, up: Any) -> Any:
        found = list(walk(row, up))
        if by is None:
            if backwards:
                found.reverse()
        else:
            keyed = [(by(*one), order(one), one) for one in found]
            filled = sorted(
                (one for one in keyed if one[0] is not None), key=lambda one: (one[0], one[1]), reverse=backwards
            )
            empty = sorted((one for one in keyed if one[0] is None), key=lambda one: one[1], reverse=backwards)
            found = [one for _, _, one in filled + empty]
        if node.limit is not None:
            return [value(one) for one in found[: node.limit]]
        return value(found[0]) if found else None

    return run
