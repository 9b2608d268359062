"""How two declarations differ, leaf by leaf, and how two changes of one declaration go together.

The one rule: what two people said differently about one place is a conflict and is told; nothing is chosen silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Side = Literal["mine", "theirs"]
Path = tuple[str, ...]


class _Absent:
    """Nothing is said there (`None` says: taken away)."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Any = _Absent()


def address(path: Path) -> str:
    """``entities.member.fields.name``: keys that hold dots are quoted."""
    return ".".join(f'"{key}"' if "." in key or not key else key for key in path)


@dataclass(frozen=True)
class Difference:
    """One place: what was said there, and what is said now (`ABSENT`: nothing)."""

    path: Path
    was: Any
    now: Any

    @property
    def address(self) -> str:
        return address(self.path)

    def plain(self) -> dict[str, Any]:
        """``{path, was, now}`` for an answer; the key of what is absent is absent."""
        said = {"path": self.address}
        return said | {name: value for name, value in (("was", self.was), ("now", self.now)) if value is not ABSENT}


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[Difference]:
    """Every place that differs, in the order of ``before``, then what is new. Lists are compared as one value."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), (*path, str(key)))
        return
    if isinstance(before, Mapping) and before and after is ABSENT:
        for key in before:
            yield from differences(before[key], ABSENT, (*path, str(key)))
        return
    if isinstance(after, Mapping) and after and before is ABSENT:
        for key in after:
            yield from differences(ABSENT, after[key], (*path, str(key)))
        return
    if not same(before, after):
        yield Difference(path, before, after)


def same(one: Any, other: Any) -> bool:
    """Equal as declarations: ``True`` is not 1, and the order of a map's keys does not count here."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


@dataclass(frozen=True)
class Conflict:
    """One place that both changed, differently. ``base`` is what it was before either."""

    path: Path
    base: Any
    mine: Any
    theirs: Any
    chosen: Side | None = None

    @property
    def address(self) -> str:
        return address(self.path)

    def plain(self) -> dict[str, Any]:
        values = {"was": self.base, "mine": self.mine, "theirs": self.theirs}
        return {"path": self.address} | {name: value for name, value in values.items() if value is not ABSENT}


def three_way(
    base: Any, mine: Any, theirs: Any, choices: Mapping[str, Side] | None = None
) -> tuple[Any, list[Conflict]]:
    """``theirs`` with the changes of ``mine`` (both from ``base``), and what cannot be decided.

    ``choices`` maps the address of a conflict to the side that wins; a place that nobody chose keeps ``theirs`` in the
    answer, and the conflict says so by having no ``chosen``.
    """
    found: list[Conflict] = []
    return _merged(base, mine, theirs, (), choices or {}, found), found


def open_ones(conflicts: Iterable[Conflict]) -> list[Conflict]:
    return [conflict for conflict in conflicts if conflict.chosen is None]


def _merged(base: Any, mine: Any, theirs: Any, path: Path, choices: Mapping[str, Side], found: list[Conflict]) -> Any:
    if same(mine, theirs) or same(base, mine):
        return theirs
    if same(base, theirs):
        return mine
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        below = base if isinstance(base, Mapping) else {}
        merged = {}
        for key in _order(mine, theirs):
            one = (below.get(key, ABSENT), mine.get(key, ABSENT), theirs.get(key, ABSENT))
            value = _merged(*one, (*path, key), choices, found)
            if value is not ABSENT:
                merged[key] = value
        return merged
    chosen = choices.get(address(path))
    found.append(Conflict(path, base, mine, theirs, chosen))
    return mine if chosen == "mine" else theirs


def _order(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Keys as ``theirs`` has them; what only ``mine`` has stands behind the key it stands behind there."""
    order = list(theirs)
    before: str | None = None
    for key in mine:
        if key not in theirs:
            order.insert(order.index(before) + 1 if before in order else 0 if before is None else len(order), key)
        before = key
    return order
