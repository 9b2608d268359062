"""One record taken back to what it was before a change set: field by field, where it still holds what was written.

The one rule: the history says what was written; a value that moved on since belongs to whoever moved it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes import ValueFault
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity, Field
from yuanke.records.trail import HISTORY
from yuanke.records.undoing.rewriting import Rewriting, linked
from yuanke.storage import Unit
from yuanke.storage.sqlscope import live

#: verbs of the history that put a record into the bin
GONE = frozenset({"delete", "merged"})


@dataclass(frozen=True)
class Left:
    """A record that stayed as it is, or some of its fields; why."""

    entity: str
    id: int
    why: Message
    fields: tuple[str, ...] = ()


@dataclass
class Undone:
    """What became of a change set: records that got values back, went into the bin, came out of it, or were left.

    A share that ends is no record anybody works with: ``ended`` counts those.
    """

    restored: int = 0
    binned: int = 0
    brought_back: int = 0
    ended: int = 0
    left: list[Left] = field(default_factory=list)

    @property
    def records(self) -> int:
        return self.restored + self.binned + self.brought_back


@dataclass
class Written:
    """All that one change set wrote into one record: field -> (before the first line, after the last one)."""

    entity: Entity
    id: int
    verbs: list[str] = field(default_factory=list)
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    lines: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    last: int = 0

    @property
    def created(self) -> bool:
        return self.verbs[0] == "create"

    @property
    def gone(self) -> bool:
        return self.verbs[-1] in GONE

    def add(self, row: Any) -> None:
        self.verbs.append(row.verb)
        self.last = row.id
        for key, pair in row.changes.items():
            known = self.entity.fields.get(key)
            if known is None:
                continue
            if known.rows:
                self.lines.setdefault(key, []).extend(pair[1] or ())
            else:
                before = self.changes[key][0] if key in self.changes else pair[0]
                self.changes[key] = (before, pair[1])


def written_by(unit: Unit, set_id: int, records: Iterable[tuple[str, int]] | None = None) -> list[Written]:
    """What the set wrote, record by record, the one written last first; only ``records`` when they are named."""
    found: dict[tuple[str, int], Written] = {}
    statement = sa.select(HISTORY).where(HISTORY.c.change_set == set_id).order_by(HISTORY.c.id)
    for row in unit.execute(statement):
        entity = unit.registry.entities.get(row.entity)
        if entity is not None:
            mark = (row.entity, row.record)
            found.setdefault(mark, Written(entity, row.record)).add(row)
    wanted = None if records is None else set(records)
    kept = [one for mark, one in found.items() if wanted is None or mark in wanted]
    return sorted(kept, key=lambda one: -one.last)


def later(unit: Unit, one: Written, set_id: int) -> list[Any]:
    """Lines of history of the record that came after the set, of other hands."""
    other = sa.or_(HISTORY.c.change_set.is_(None), HISTORY.c.change_set != set_id)
    which = sa.and_(HISTORY.c.entity == one.entity.key, HISTORY.c.record == one.id, HISTORY.c.id > one.last, other)
    return list(unit.execute(sa.select(HISTORY.c.id, HISTORY.c.verb, HISTORY.c.changes).where(which)))


class Backwards:
    """Finds what a record is to get back; ``values`` that moved on are named in `moved`."""

    def __init__(self, unit: Unit, one: Written, standing: Mapping[str, Any]) -> None:
        self.unit, self.one, self.standing = unit, one, standing
        self.moved: list[str] = []
        self.waits = False  # for a record that may come back yet, to which one of its links led
        self.wanted = Rewriting()

    def find(self) -> Rewriting:
        for key, (before, after) in self.one.changes.items():
            known = self.one.entity.fields[key]
            if known.pairs:
                self._pairs(known, before, after)
            elif known.has_column and _is_given(known):
                self._value(known, before, after)
        for key, lines in self.one.lines.items():
            self._rows(key, lines)
        return self.wanted

    def holds(self, key: str) -> bool:
        """Whether the record still holds what the set wrote into ``key``."""
        known, change = self.one.entity.fields.get(key), self.one.changes.get(key)
        if known is None or not known.has_column or change is None:
            return known is not None and not _is_given(known)
        return bool(self._typed(known, change[1]) == self.standing.get(key))

    def _value(self, known: Field, before: Any, after: Any) -> None:
        was, now = self._typed(known, before), self._typed(known, after)
        if self.standing.get(known.key) == was:
            return
        holds = self.standing.get(known.key) == now
        if not holds or not self._stands(known, was):
            self.waits = self.waits or (holds and was is not _NOTHING)
            self.moved.append(known.key)
            return
        self.wanted.values[known.key] = was

    def _typed(self, known: Field, said: Any) -> Any:
        """What the history says, as the column holds it; what can no longer be read holds nowhere."""
        if said is None:
            return None
        try:
            return known.type.parse(known, said, self.unit.place)
        except ValueFault:
            return _NOTHING

    def _stands(self, known: Field, value: Any) -> bool:
        """A link is given back only to a record that is there."""
        if value is _NOTHING:
            return False
        if value is None or not known.targets:
            return True
        target, wanted = (known.targets[0], value) if len(known.targets) == 1 else (value.entity, value.id)
        entity = self.unit.registry.entities.get(target)
        if entity is None:
            return False
        table = self.unit.tables[target]
        found = sa.select(table.c.id).where(table.c.id == wanted, live(entity, table))
        return self.unit.execute(found).first() is not None

    def _pairs(self, known: Field, before: Any, after: Any) -> None:
        was, now = list(before or ()), list(after or ())
        ids = linked(self.unit, self.one.entity, known.key, self.one.id)
        kept = [one for one in ids if one in was or one not in now]
        back = [one for one in was if one not in now and one not in kept]
        if (wanted := [*kept, *back]) != ids:
            self.wanted.pairs[known.key] = wanted

    def _rows(self, key: str, lines: list[Mapping[str, Any]]) -> None:
        """Rows that came go, rows that went come back, the others get their values back."""
        rows = self.unit.registry.entities[self.one.entity.fields[key].rows or ""]
        table = self.unit.tables[rows.key]
        ids = {line["id"] for line in lines}
        held = {r["id"]: dict(r) for r in self.unit.execute(sa.select(table).where(table.c.id.in_(ids))).mappings()}
        wanted: dict[int, dict[str, Any] | None] = {}
        for row_id in ids:
            mine = [line for line in lines if line["id"] == row_id]
            row = held.get(row_id)
            if row is None:
                continue
            if mine[0]["verb"] == "create":
                if row["deleted_at"] is None:
                    wanted[row_id] = None
                continue
            if mine[-1]["verb"] == "delete" and row["deleted_at"] is not None:
                self.unit.execute(table.update().where(table.c.id == row_id).values(deleted_at=None))
            wanted[row_id] = self._row_values(rows, row, [line for line in mine if line["verb"] == "update"])
        if wanted:
            self.wanted.rows[key] = wanted

    def _row_values(self, rows: Entity, row: Mapping[str, Any], lines: list[Mapping[str, Any]]) -> dict[str, Any]:
        pairs: dict[str, tuple[Any, Any]] = {}
        for line in lines:
            for name, (before, after) in line["changes"].items():
                pairs[name] = (pairs[name][0] if name in pairs else before, after)
        values = {}
        for name, (before, after) in pairs.items():
            known = rows.fields.get(name)
            if known is None or not known.has_column or not _is_given(known):
                continue
            was = self._typed(known, before)
            holds = row.get(name) == self._typed(known, after)
            if holds and self._stands(known, was):
                values[name] = was
            elif row.get(name) != was:
                self.waits = self.waits or (holds and was is not _NOTHING)
                self.moved.append(rows.parent[1] if rows.parent else name)
        return values


_NOTHING = object()


def _is_given(known: Field) -> bool:
    """What somebody gave; what follows from it is computed again."""
    return known.source == "typed" or known.key in ("owner", "department", "number")


def named(entity: Entity, keys: Iterable[str]) -> list[Any]:
    return [entity.fields[key].label for key in dict.fromkeys(keys) if key in entity.fields]


def moved_on(entity: Entity, keys: Iterable[str]) -> Message:
    return message("{fields} 之后又改过", fields=named(entity, keys))
