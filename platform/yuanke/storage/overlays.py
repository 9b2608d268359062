"""The enterprise's own overlay: what its screens and its API write.

The one rule: maps merge, anything else replaces; null is kept, for in the dialect it takes away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yuanke.storage import definitions
from yuanke.storage.unit import Unit


def overlay_of(unit: Unit) -> dict[str, Any]:
    """The overlay that runs; {} when the enterprise changed nothing."""
    own = (
        layer for layer in definitions.layers_of(unit) if layer.rank == "enterprise" and layer.name == definitions.OWN
    )
    return next((layer.plain() for layer in own), {})


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` laid over ``base``."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        result[key] = merged(below, value) if both else value  # type: ignore[arg-type]
    return result
