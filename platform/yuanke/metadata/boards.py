"""Dashboards that are like another: what they say themselves laid over what that one says.

Rule: null takes a part of it away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yuanke.metadata.faults import Faults
from yuanke.metadata.node import Node


def resolve_boards(section: Node | None, faults: Faults) -> dict[str, Any]:
    """Dashboards as plain mappings, each with everything it inherits and without ``like``."""
    boards = dict(section.items()) if section is not None else {}
    return {key: _resolved(key, boards, (), faults) for key in boards}


def _resolved(key: str, boards: dict[str, Node], seen: tuple[str, ...], faults: Faults) -> dict[str, Any]:
    node = boards[key]
    like = node.get("like")
    own = node.plain() if node.is_map else {}
    own.pop("like", None)
    if like is None or not isinstance(like.value, str) or like.value not in boards:
        return _over({}, own)
    if like.value in (*seen, key):
        ring = " -> ".join((*seen, key, like.value))
        faults.add(
            "E304", like, "Dashboards that are like each other", f"{ring}. Let one of them say everything itself."
        )
        return own
    return _over(_resolved(like.value, boards, (*seen, key), faults), own)


def inherited_texts(section: Node | None, english: Mapping[str, str]) -> dict[str, str]:
    """``english`` with the texts that a board has from the one it is like, where it says nothing itself."""
    made = dict(english)
    boards = dict(section.items()) if section is not None else {}
    for key in boards:
        _inherit_texts(key, boards, (), made)
    return made


def _inherit_texts(key: str, boards: dict[str, Node], seen: tuple[str, ...], made: dict[str, str]) -> None:
    node = boards[key]
    like = node.get("like")
    below = str(like.value) if like is not None else ""
    if below not in boards or below in (*seen, key):
        return
    _inherit_texts(below, boards, (*seen, key), made)
    begin = f"dashboards.{below}."
    for path, text in [item for item in made.items() if item[0].startswith(begin)]:
        rest = path.removeprefix(begin)
        if node.at(*rest.split(".")) is None:
            made.setdefault(f"dashboards.{key}.{rest}", text)


def _over(below: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    made = dict(below)
    for key, value in own.items():
        if value is None:
            made.pop(key, None)
        elif isinstance(value, dict):
            lower = made.get(key)
            made[key] = _over(lower if isinstance(lower, dict) else {}, value)
        else:
            made[key] = value
    return made
