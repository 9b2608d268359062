"""The enterprise's own overlay: what its screens and its API write.

The one rule: maps merge, anything else replaces; null is kept, for in the dialect it takes away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yuanke.metadata.written import as_yaml, rewritten
from yuanke.storage import definitions, versions
from yuanke.storage.unit import Unit


def overlay_of(unit: Unit) -> dict[str, Any]:
    """The overlay that runs; {} when the enterprise changed nothing."""
    own = (
        layer for layer in definitions.layers_of(unit) if layer.rank == "enterprise" and layer.name == definitions.OWN
    )
    return next((layer.plain() for layer in own), {})


def overlay_text(unit: Unit) -> str:
    """The overlay that runs as YAML: as it was written last, comments and all, with what screens changed since."""
    own = definitions.own_layer(definitions.layers_of(unit))
    text = own.text or versions.last_text(unit)
    return rewritten(text, own.plain()) if text else as_yaml(own.plain())


#: what a word stands for where a map could: ``mood: text`` is ``mood: {type: text}``, ``hot: 热`` is ``hot: {label: 热}``
SHORT = {"fields": "type", "rows": "type", "settings": "type", "options": "label", "roles": "label"}


def merged(base: Mapping[str, Any], over: Mapping[str, Any], held: str = "") -> dict[str, Any]:
    """``over`` laid over ``base``; ``held`` is the key that holds both."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(value, Mapping) and isinstance(below, str) and held in SHORT:
            below = {SHORT[held]: below}
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        result[key] = merged(below, value, key) if both else value  # type: ignore[arg-type]
    return result
