"""History: one append-only row a save, read under field rights.

The one rule: what was before and after is kept as the API would say it, so an old entry stays readable when a type changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from yuanke.fieldtypes.columns import Json, UtcDateTime
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity
from yuanke.storage import Unit
from yuanke.storage.prepared import constant, inserts
from yuanke.storage.system import key, own_table
from yuanke.storage.tables import identity

HISTORY = own_table(
    "history",
    key(),
    sa.Column("entity", sa.String(63), nullable=False),
    sa.Column("record", identity(), nullable=False),
    sa.Column("verb", sa.String(63), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("by", identity()),
    sa.Column("door", sa.String(20), nullable=False),
    sa.Column("changes", Json, nullable=False),
    sa.Column("change_set", identity()),
    sa.Index("ix_yk_history_record", "entity", "record", "id"),
    sa.Index("ix_yk_history_change_set", "change_set", "id"),
)

HISTORY_COLUMNS = ("entity", "record", "verb", "at", "by", "door", "changes", "change_set")
#: under this key of its changes an entry keeps what is told of the act beside changed values (who, at which step, a note)
TOLD = "@told"
#: under this a unit keeps the change set that it writes, if it writes one (`yuanke.records.undoing`)
CHANGE_SET = "change set"


def changes_between(
    entity: Entity, old: dict[str, Any] | None, new: dict[str, Any], whole: bool = False
) -> dict[str, list[Any]]:
    """``{field: [before, after]}`` in JSON form, for fields that differ and whose history is kept.

    ``whole``: those too whose history is not kept, since they are to be undone; they are shown to nobody.
    """
    changes: dict[str, list[Any]] = {}
    remembered = _remembered(entity) | (_unkept(entity) if whole else {})
    for name, after in new.items():
        dump = remembered.get(name)
        before = old.get(name) if old else None
        if dump is not None and before != after:
            changes[name] = [None if before is None else dump(before), None if after is None else dump(after)]
    return changes


Dumps = dict[str, Callable[[Any], Any]]
_dumps: WeakKeyDictionary[Entity, Dumps] = WeakKeyDictionary()


def _unkept(entity: Entity) -> Dumps:
    return {
        key: partial(field.type.dump, field)
        for key, field in entity.fields.items()
        if field.has_column and field.source != "system" and field.more.get("history") is False
    }


def _remembered(entity: Entity) -> Dumps:
    """Fields whose history is kept, with how their values are said."""
    found = _dumps.get(entity)
    if found is None:
        found = _dumps[entity] = {
            key: partial(field.type.dump, field)
            for key, field in entity.fields.items()
            if field.has_column
            and (field.source != "system" or key in ("owner", "department"))
            and field.more.get("history") is not False
            and not field.more.get("sealed")
        }
    return found


def write_history(unit: Unit, actor: Actor, entity: Entity, entries: Sequence[tuple[int, str, dict[str, Any]]]) -> None:
    """Append (record id, verb, changes) entries; an update that changed nothing leaves no entry."""
    at, written = clock.now(), unit.kept.get(CHANGE_SET)
    rows = [
        {
            "entity": entity.key,
            "record": record,
            "verb": verb,
            "at": at,
            "by": actor.user_id,
            "door": actor.door,
            "changes": changes,
            "change_set": None if written is None else written.id,
        }
        for record, verb, changes in entries
        if changes or verb != "update"
    ]
    constant(unit, "history", lambda: inserts(unit, HISTORY, HISTORY_COLUMNS)).run_many(unit, rows)
