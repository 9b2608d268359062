"""People upwards: managers of a person, heads of a department and of those above it; `managers()` and `heads()` of
expressions.

The one rule: a circle in the data ends where it meets itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from yuanke.records.environment import StoredValues, stored
from yuanke.storage import Unit
from yuanke.workflow.values import identity

MOST = 50


def managers(unit: Unit, person: Any, level: Any = None) -> list[StoredValues]:
    """The managers of a person (a record or an id), the nearest first; with ``level`` that one alone, if there is one."""
    return _at(level, list(_upwards(unit, "user", "manager", person))[1:])


def heads(unit: Unit, department: Any, level: Any = None) -> list[StoredValues]:
    """The heads of a department and of those above it, the nearest first; with ``level`` that department's alone."""
    found = [one.get("head") for one in _upwards(unit, "department", "parent", department)]
    return [head for head in _at(level, found) if head is not None]


def above(unit: Unit, person: int, active: Callable[[int], bool]) -> int | None:
    """The next higher manager who is there: by the managers, else by the heads of his department and those above."""
    record = stored(unit, unit.registry.entities["user"], person)
    chain = [*managers(unit, person), *heads(unit, record.get("department") if record is not None else None)]
    return next((one.row["id"] for one in chain if one.row["id"] != person and active(one.row["id"])), None)


def calls(unit: Unit) -> Mapping[str, Callable[..., Any]]:
    """What expressions may call here."""
    return {
        "managers": lambda person, level=None: managers(unit, person, level),
        "heads": lambda department, level=None: heads(unit, department, level),
    }


def _at(level: Any, chain: list[Any]) -> list[Any]:
    if level is None:
        return chain
    place = int(level)
    return chain[place - 1 : place] if place > 0 else []


def _upwards(unit: Unit, entity: str, link: str, begin: Any) -> Iterator[StoredValues]:
    """The record itself, then upwards along ``link``."""
    seen: set[int] = set()
    one = identity(begin)
    while one is not None and one not in seen and len(seen) < MOST:
        seen.add(one)
        record = stored(unit, unit.registry.entities[entity], int(one))
        if record is None:
            return
        yield record
        one = record.row.get(link)
