"""Running values: what one row gets depends on the rows before it (``take``, ``running``) or on all of them
(``spread``).

The one rule: a document's rows are dealt out together and in order, by `deal_out`; no cent is lost or made.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from typing import Any, cast

from yuanke.expressions.exact import ZERO, add, divide, multiply, negative, round_half_up, subtract
from yuanke.expressions.expression import Expression
from yuanke.expressions.library.rows import RUNNING

Share = tuple[int, Any, Any]  # row, total, weight


def needs_dealing(expression: Expression) -> bool:
    """Does the formula hold ``spread``, ``take`` or ``running``, so that its rows are computed by `deal_out`?"""
    return not expression.calls.isdisjoint(RUNNING)


def deal_out(expression: Expression, rows: Sequence[Mapping[str, Any]], places: int) -> list[Any]:
    """The value for each of ``rows`` (environments as `Expression.evaluate` wants them), in their order.

    ``places``: of the field, to which each share is rounded half-up; the last row with a weight takes the rest.
    """
    dealing = _Dealing(places)
    if "spread" in expression.calls:
        for index, row in enumerate(rows):
            dealing.begin(index)
            expression.evaluate(dealing.over(row))
        dealing.settle()
    results = []
    for index, row in enumerate(rows):
        dealing.begin(index)
        results.append(expression.evaluate(dealing.over(row)))
    return results


@dataclass
class _Dealing:
    """State of one document: per place in the expression, what its rows asked for and got."""

    places: int
    row: int = 0
    asked: dict[int, list[Share]] = field(default_factory=dict)
    shares: dict[int, dict[int, Any]] = field(default_factory=dict)
    sums: dict[int, Any] = field(default_factory=dict)
    settled: bool = False

    def over(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        return ChainMap({"running": self.call}, cast("dict[str, Any]", row))

    def begin(self, row: int) -> None:
        self.row = row

    def settle(self) -> None:
        self.shares = {place: dict(_spread(asked, self.places)) for place, asked in self.asked.items()}
        self.sums, self.settled = {}, True

    def call(self, name: str, place: int, values: list[Any]) -> Any:
        if name == "spread":
            if self.settled:
                return self.shares.get(place, {}).get(self.row)
            self.asked.setdefault(place, []).append((self.row, *values))
            return ZERO
        return self._take(place, *values) if name == "take" else self._running(place, *values)

    def _take(self, place: int, total: Any, limit: Any) -> Any:
        """As much of ``total`` as earlier rows left, at most ``limit`` (None: all of it)."""
        if total is None:
            return None
        left = subtract(total, self.sums.get(place, ZERO))
        most = left.copy_abs() if limit is None else min(left.copy_abs(), max(limit, ZERO))
        got = most if left >= 0 else negative(most)
        self.sums[place] = add(self.sums.get(place, ZERO), got)
        return got

    def _running(self, place: int, value: Any) -> Any:
        self.sums[place] = add(self.sums.get(place, ZERO), value or ZERO)
        return self.sums[place]


def _spread(asked: list[Share], places: int) -> list[tuple[int, Any]]:
    """Each row's share of the total by its weight; equal shares where all weights are 0."""
    total = next((total for _, total, _ in asked if total is not None), None)
    if total is None:
        return [(row, None) for row, _, _ in asked]
    weights = [Decimal(weight or 0) for _, _, weight in asked]
    whole = reduce(add, weights, ZERO)
    if not whole:
        weights, whole = [Decimal(1)] * len(asked), Decimal(len(asked))
    last = max(index for index, weight in enumerate(weights) if weight)
    found, left = [], Decimal(total)
    for index, weight in enumerate(weights):
        share = left if index == last else _share(total, weight, whole, places)
        left = subtract(left, share)
        found.append((asked[index][0], share))
    return found


def _share(total: Any, weight: Decimal, whole: Decimal, places: int) -> Decimal:
    """(total x weight) / whole, never a rounded rate times the weight."""
    return round_half_up(divide(multiply(total, weight), whole) or ZERO, places)
