"""Features of an entity with their settings; what people choose among them has labels in both languages.

Rule: a feature named with nothing behind it is on, with the settings the platform gives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yuanke.metadata import texts
from yuanke.metadata.node import Node


def features_of(node: Node, path: str, english: Mapping[str, str]) -> dict[str, Any]:
    """``{"transfer": {"undo": "7d", "with": {"people": {"label": Label, ...}}}}`` of the entity that ``node`` declares."""
    said = node.get("features")
    found: dict[str, Any] = {}
    for key, child in said.items() if said is not None else ():
        found[key] = child.plain() or {}
        along = child.get("with") if child.is_map else None
        for name, one in along.items() if along is not None and along.is_map else ():
            if one.is_map and one.get("label") is not None:
                at = f"{path}.features.{key}.with.{name}"
                found[key]["with"][name]["label"] = texts.label(one, name, at, english)
    return found
