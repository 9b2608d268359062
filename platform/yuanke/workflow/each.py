"""``each``: the one way to go through rows, with ``where`` and ``sort``, several paths walked inside one another.

The one rule: the order is ``sort``, then id, so that two runs give the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from yuanke.expressions import Expression
from yuanke.metadata.registry import Entity
from yuanke.records.environment import StoredValues, Values
from yuanke.workflow.names import ActNames

MOST = 50_000


def turns(names: ActNames, said: Mapping[str, Any], called: str | None = None) -> Iterator[ActNames]:
    """The names of each turn through ``said["each"]``: a path, or a map of name -> path, each seeing those before it.

    In a turn ``row`` is the innermost row, its fields are bare names, and each walked row has its own name.
    """
    walked = said["each"]
    paths = dict(walked) if isinstance(walked, Mapping) else {called or "row": walked}
    found = [turn for turn in _walk(names, list(paths.items())) if _kept(turn, said.get("where"))]
    yield from _ordered(found, said.get("sort"))


def _walk(names: ActNames, paths: Sequence[tuple[str, str]]) -> Iterator[ActNames]:
    (name, path), *rest = paths
    for row in rows_of(names, path):
        turn = row_names(names, row, name)
        if rest:
            yield from _walk(turn, rest)
        else:
            yield turn


def rows_of(names: ActNames, path: str) -> list[Any]:
    """What a path or expression gives, as a list."""
    value = names.value(str(path))
    if value is None:
        return []
    return list(value)[:MOST] if isinstance(value, (list, tuple)) else [value]


def row_names(names: ActNames, row: Any, name: str = "row") -> ActNames:
    """``names`` with a row inside them: bare names are the row's first, then the record's."""
    return RowNames(names, row, name)


class RowNames(ActNames):
    """A bare name is the row's, else the outer record's; ``row`` and ``record`` say it outright."""

    def __init__(self, outer: ActNames, row: Any, name: str) -> None:
        super().__init__(
            outer.unit, outer.actor, outer.entity, outer.id, asked=outer.asked, old=outer.old, event=outer.event,
            own={**outer.own, name: row, "row": row, "record": outer.own.get("record", outer.record)}, asks=outer.asks,
        )  # fmt: skip
        self._record = outer.record
        self.row = row
        self.outer = outer

    def get(self, key: str, default: Any = None) -> Any:
        if key in self.own:
            return self.own[key]
        if isinstance(self.row, Values) and _has(self.row, key):
            return self.row.get(key)
        return super().get(key, default)

    def compile(self, source: str, expect: Any = None, entity: Entity | None = None) -> Expression:
        """Bare names are the row's first, so its fields say of what kind they are."""
        of = entity or (self.row.entity if isinstance(self.row, Values) else self.entity)
        return super().compile(source, expect, of)

    def _names_own(self, found: Any) -> bool:
        return True  # a turn is never counted in the database: its row is not the record


class InBrackets(RowNames):
    """Names inside ``collection[...]``: nothing falls through to the record but what is said with ``this``."""

    def __init__(self, outer: ActNames, row: Any) -> None:
        super().__init__(outer, row, "row")
        self.own["this"] = outer.own.get("record", outer.record)

    def get(self, key: str, default: Any = None) -> Any:
        if key in ("this", "me", "settings", "asked", "event", "row"):
            return super().get(key, default)
        return self.row.get(key, default)


def _has(row: Values, key: str) -> bool:
    return key in row.entity.fields or key in row.entity.inverses


def _kept(turn: ActNames, where: Any) -> bool:
    return where is None or where is True or turn.holds(str(where))


def _ordered(found: list[ActNames], sort: Any) -> list[ActNames]:
    """Stable: ids first, then the keys from the last to the first; empty values last."""
    keys = [sort] if isinstance(sort, str) else list(sort or ())
    for key in reversed([str(k) for k in keys]):
        down, source = key.startswith("-"), key.removeprefix("-")
        filled = [(turn, turn.value(source)) for turn in found]
        with_value = sorted((p for p in filled if p[1] is not None), key=lambda p: p[1], reverse=down)
        found = [turn for turn, _ in with_value] + [turn for turn, value in filled if value is None]
    return found


def row_of(turn: ActNames) -> StoredValues | None:
    found = turn.own.get("row")
    return found if isinstance(found, StoredValues) else None
