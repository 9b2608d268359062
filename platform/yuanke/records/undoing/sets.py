"""Change sets: while one is open, every line of history that the unit writes belongs to it.

The one rule: a set is made with its first line, so what changed nothing leaves none; a set opened inside another joins it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.hooks import hooks
from yuanke.metadata.registry import Entity
from yuanke.records.trail import CHANGE_SET, HISTORY
from yuanke.storage import Unit

ENTITY = "change_set"
#: shares are made and ended within sets, and are no records anybody works with
SHARE = "record_share"
#: lengths of time as the dialect writes them, in days
DAYS = {"min": 1 / 1440, "h": 1 / 24, "d": 1, "w": 7, "m": 30, "y": 365}
_LENGTH = re.compile(r"([0-9]+)(min|h|d|w|m|y)")


class ChangeSet:
    """``details`` is JSON that whoever opens the set keeps for undoing and for the log."""

    def __init__(self, unit: Unit, values: Mapping[str, Any], made: int | None = None) -> None:
        self.unit, self._values, self._made = unit, dict(values), made
        self.details: dict[str, Any] = {}
        self.count: int | None = None
        self.events: list[tuple[Entity, int, Mapping[str, Any]]] = []  # what `after_verb` was told
        self.kind = str(values.get("kind") or "")

    @property
    def id(self) -> int:
        """Of the row, which is written when somebody asks for it first."""
        if self._made is None:
            table = self.unit.tables[ENTITY]
            made = self.unit.execute(table.insert().values(self._values).returning(table.c.id))
            self._made = int(made.scalar_one())
        return self._made

    @property
    def stands(self) -> bool:
        return self._made is not None

    def begin(self) -> None:
        """Written at once: what is done inside may be undone to a savepoint, and its row must outlive that."""
        assert self.id

    def end(self) -> None:
        """What was kept in it is written; a set that no line of history belongs to goes."""
        table = self.unit.tables[ENTITY]
        if (
            self.stands
            and self.unit.execute(sa.select(HISTORY.c.id).where(HISTORY.c.change_set == self.id).limit(1)).first()
            is None
        ):
            self.unit.execute(table.delete().where(table.c.id == self.id))
            self._made = None
        if self.stands:
            kept = {"details": self.details or None} | ({} if self.count is None else {"count": self.count})
            self.unit.execute(table.update().where(table.c.id == self.id).values(kept))


def tell_verb(unit: Unit, actor: Actor, entity: Entity, verb: str, record: int, event: Mapping[str, Any]) -> None:
    """One record was merged, transferred or shared: whoever listens hears it, and the set keeps it for its end."""
    held = unit.kept.get(CHANGE_SET)
    if held is not None:
        held.events.append((entity, record, event))
    hooks().hook.after_verb(unit=unit, actor=actor, entity=entity, verb=verb, record=record, event=event)


@contextmanager
def recorded(
    unit: Unit,
    actor: Actor,
    kind: str,
    entity: str,
    *,
    within: str | None = "7d",
    changed: str = "skip",
    **more: Any,
) -> Iterator[ChangeSet]:
    """A change set around what is done inside; ``within`` is how long it can be undone, None = never.

    ``more``: ``act``, ``to`` (a user), ``reason``. Inside another set it is that one.
    """
    outer = unit.kept.get(CHANGE_SET)
    if outer is not None:
        yield outer
        return
    made = ChangeSet(unit, _values(actor, kind, entity, within, changed, more))
    unit.kept[CHANGE_SET] = made
    try:
        yield made
        made.end()
        if made.stands:
            hooks().hook.after_change_set(unit=unit, actor=actor, change_set=made)
    finally:
        del unit.kept[CHANGE_SET]


def _values(
    actor: Actor, kind: str, entity: str, within: str | None, changed: str, more: Mapping[str, Any]
) -> dict[str, Any]:
    now = clock.now()
    return {
        "kind": kind, "entity": entity, "until": until(within, now), "changed": changed if within else None,
        "owner": actor.user_id, "department": actor.department_id, "created_at": now, "created_by": actor.user_id,
        "updated_at": now, "updated_by": actor.user_id, "version": 1, **more,
    }  # fmt: skip


def until(within: str | None, now: datetime) -> datetime | None:
    """The end of ``30d`` counted from ``now``."""
    found = _LENGTH.fullmatch(within) if within else None
    return now + timedelta(days=int(found[1]) * DAYS[found[2]]) if found else None


def keep_count(unit: Unit, set_id: int, records: int) -> None:
    """How many records a set of many transactions wrote, when that is known."""
    table = unit.tables[ENTITY]
    unit.execute(table.update().where(table.c.id == set_id).values(count=records))


def forget_all(unit: Unit) -> None:
    """Nothing that the unit remembers holds after a savepoint was undone, but the set that it goes on writing."""
    held = unit.kept.get(CHANGE_SET)
    unit.kept.clear()
    if held is not None:
        unit.kept[CHANGE_SET] = held


@contextmanager
def resumed(unit: Unit, set_id: int) -> Iterator[ChangeSet]:
    """The set of a job that goes on in its next transaction."""
    outer = unit.kept.get(CHANGE_SET)
    held = unit.kept[CHANGE_SET] = ChangeSet(unit, {}, set_id)
    try:
        yield held
    finally:
        unit.kept.pop(CHANGE_SET)
        if outer is not None:
            unit.kept[CHANGE_SET] = outer
