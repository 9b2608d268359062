"""Paths to many records: ``items``, ``items.serials``, ``parts[kind != check]``, where an expression gives one value only.

The one rule: in brackets bare words are fields of what is narrowed, ``this`` is the record outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from yuanke.records.environment import StoredValues, Values

if TYPE_CHECKING:
    from yuanke.workflow.names import ActNames

_STEP = re.compile(r"\s*([a-z_][a-z0-9_]*)\s*(?:\[((?:[^\[\]]|\[[^\[\]]*\])*)\])?\s*(?:\.|$)")


def many(names: ActNames, source: str) -> list[Any] | None:
    """The records that the path ``source`` leads to; None when it is no path to many."""
    steps = _steps(source)
    if not steps:
        return None
    value: Any = names.get(steps[0][0])
    several = False
    for at, (word, condition) in enumerate(steps):
        if at:
            value = _next(value, word)
        several = several or isinstance(value, (list, tuple))
        if condition is not None:
            if not isinstance(value, (list, tuple)):
                return None
            value = [one for one in value if _holds(names, one, condition)]
    return list(value) if several and isinstance(value, (list, tuple)) else None


def _steps(source: str) -> list[tuple[str, str | None]]:
    text, at, found = source.strip().removeprefix("="), 0, []
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            return []
        found.append((step[1], step[2]))
        at = step.end()
    return found


def _next(value: Any, word: str) -> Any:
    if isinstance(value, (list, tuple)):
        return list(_flat(one.get(word) for one in value if isinstance(one, Mapping)))
    return value.get(word) if isinstance(value, Mapping) else None


def _flat(values: Iterable[Any]) -> Iterable[Any]:
    seen: set[tuple[str, int]] = set()
    for value in values:
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(one, StoredValues):
                mark = (one.entity.key, one.get("id"))
                if mark in seen:
                    continue
                seen.add(mark)
            if one is not None:
                yield one


def _holds(names: ActNames, one: Any, condition: str) -> bool:
    if not isinstance(one, Values):
        return False
    from yuanke.workflow.each import InBrackets

    return InBrackets(names, one).holds(condition)
