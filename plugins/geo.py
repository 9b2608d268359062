"""How far two places on the map lie apart: what a check-in is compared with.

One rule: a place is JSON with ``lat`` and ``lng`` in degrees; whatever is no place has no distance.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import asin, cos, radians, sin, sqrt
from typing import Any

from yuanke.expressions import Function
from yuanke.kernel.hooks import impl
from yuanke.kernel.text import Label

EARTH_METRES = 6_371_008.8


@impl
def expression_functions() -> list[Any]:
    return [
        Function(
            "metres_between",
            ("json", "json"),
            "number",
            metres_between,
            nulls=True,
            help=Label("两个定位之间的距离（米）", "How many metres lie between two places"),
        )
    ]


def metres_between(one: Any, other: Any) -> Decimal | None:
    """Whole metres along the ground; None when one of the two is no place."""
    here, there = _place(one), _place(other)
    if here is None or there is None:
        return None
    (lat, lng), (other_lat, other_lng) = here, there
    half = sin((other_lat - lat) / 2) ** 2 + cos(lat) * cos(other_lat) * sin((other_lng - lng) / 2) ** 2
    return Decimal(round(2 * EARTH_METRES * asin(min(1.0, sqrt(half)))))


def _place(said: Any) -> tuple[float, float] | None:
    if not isinstance(said, Mapping):
        return None
    try:
        lat, lng = float(said["lat"]), float(said["lng"])
    except (KeyError, TypeError, ValueError):
        return None
    return (radians(lat), radians(lng)) if abs(lat) <= 90 and abs(lng) <= 180 else None
