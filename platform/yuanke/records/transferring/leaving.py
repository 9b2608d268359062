"""离职交接: everything that still runs under somebody's name goes to others.

The one rule: what is closed keeps the name of whoever closed it, so that the figures of the past do not move.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import sqlalchemy as sa

from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refusal, ValidationFailed
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field
from yuanke.records.followers import chosen_of, followings
from yuanke.records.save import Save
from yuanke.records.transferring.transfer import NOBODY, WITHIN, in_service, move, tell
from yuanke.records.undoing.sets import ChangeSet, recorded
from yuanke.records.values import Outcome
from yuanke.storage import Unit
from yuanke.storage.sqlscope import live

MOST_NAMED = 5


@dataclass
class HandedOver:
    """``moved``: entity -> how many records went, what followed included; ``failed``: those that could not."""

    moved: dict[str, int] = field(default_factory=dict)
    failed: list[Outcome] = field(default_factory=list)
    change_set: int | None = None


@dataclass(frozen=True)
class Belongings:
    """How many records of one entity run under a user's name, and how many closed ones stay with it."""

    entity: Entity
    running: int
    closed: int


def belongings(unit: Unit, user: int) -> list[Belongings]:
    """What a user would have to hand over, entity by entity."""
    found = []
    for entity in handed_over(unit):
        table = unit.tables[entity.key]
        mine = sa.and_(table.c.owner == user, live(entity, table))
        shut = _closed(entity)
        counted = sa.select(sa.func.count()).select_from(table).where(mine)
        every = unit.execute(counted).scalar_one()
        closed = 0 if shut is None else unit.execute(counted.where(table.c[shut[0]].in_(shut[1]))).scalar_one()
        if every:
            found.append(Belongings(entity, every - closed, closed))
    return found


def handed_over(unit: Unit) -> list[Entity]:
    """Entities whose records have owners of their own, those that can be transferred with followers first."""
    owned = [
        entity
        for entity in unit.registry.entities.values()
        if entity.kind == "record"
        and not entity.system
        and "owner" in entity.fields
        and _is_set(entity.fields["owner"])
    ]
    return sorted(owned, key=lambda entity: "transfer" not in entity.features)


def _is_set(owner: Field) -> bool:
    return owner.has_column and owner.formula is None


def _closed(entity: Entity) -> tuple[str, list[str]] | None:
    """The state field and its options that say ``closed: true``; None where there are none."""
    state = state_field(entity)
    keys = [k for k, o in (state.options or {}).items() if o.values.get("closed")] if state is not None else []
    return (state.key, keys) if state is not None and keys else None


def state_field(entity: Entity) -> Field | None:
    """The state of the workflow, else the first choice that knows closed options."""
    if entity.workflow is not None and entity.workflow.get("field") in entity.fields:
        return entity.fields[entity.workflow["field"]]
    choices = (f for f in entity.live_fields() if f.options and f.has_column and not f.multiple)
    return next((f for f in choices if any(o.values.get("closed") for o in (f.options or {}).values())), None)


def hand_over(
    unit: Unit, actor: Actor, user: int, to: int, entities: Collection[str] | None = None, reason: str | None = None
) -> HandedOver:
    """Everything of ``user`` that runs goes to ``to`` (of ``entities`` alone when they are named), in one change set.

    An administrator's right; the state of the user is changed by whoever asks for this, in the same transaction.
    """
    if not actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以办理离职交接"))
    people = unit.tables["user"]
    if unit.execute(sa.select(people.c.id).where(people.c.id == user, people.c.deleted_at.is_(None))).first() is None:
        raise RecordNotFound()
    if user == to or not in_service(unit, to):
        raise ValidationFailed({"to": [message("不能交接给本人") if user == to else NOBODY]})
    done = HandedOver()
    with recorded(unit, actor, "leaving", "user", within=WITHIN, to=to, reason=reason) as change_set:
        change_set.begin()
        for entity in handed_over(unit):
            if entities is None or entity.key in entities:
                _all_of(unit, actor, entity, user, to, reason, change_set, done)
        change_set.count = sum(done.moved.values())
        done.change_set = change_set.id if change_set.stands else None
    return done


def _all_of(
    unit: Unit, actor: Actor, entity: Entity, user: int, to: int, reason: str | None, change_set: ChangeSet,
    done: HandedOver,
) -> None:  # fmt: skip
    """The running records of one entity, each by itself: one that is locked stays and is told."""
    table = unit.tables[entity.key]
    shut = _closed(entity)
    running = sa.true() if shut is None else sa.or_(table.c[shut[0]].is_(None), table.c[shut[0]].not_in(shut[1]))
    mine = sa.and_(table.c.owner == user, live(entity, table), running)
    ids = list(unit.execute(sa.select(table.c.id).where(mine).order_by(table.c.id)).scalars())
    chosen = chosen_of(followings(unit, entity, entity.features.get("transfer") or {}), None)
    for at, record_id in enumerate(ids):
        row = {"id": record_id, "owner": user}
        try:
            with unit.savepoint():
                counts = move(unit, actor, entity, row, to, chosen, change_set)
        except Refusal as refusal:
            done.failed.append(Outcome(at, "failed", record_id, refusal))
            continue
        done.moved[entity.key] = done.moved.get(entity.key, 0) + 1
        for one in chosen:
            if one.name in counts:
                done.moved[one.entity.key] = done.moved.get(one.entity.key, 0) + counts[one.name]
        tell(unit, actor, entity, row, to, counts, reason, change_set)


def check_leaving(save: Save) -> None:
    """Nobody leaves while records that can be handed over still run under his name."""
    if save.entity.key != "user" or save.verb != "update" or save.get("status") != "left" or not save.changed("status"):
        return
    held = [one for one in belongings(save.unit, save.id or 0) if one.running and "transfer" in one.entity.features]
    if held:
        named = [
            message("{entity} {count} 条", entity=one.entity.plural, count=one.running) for one in held[:MOST_NAMED]
        ]
        save.fault("status", message("名下还有 {named}，请先办理离职交接", named=named))
