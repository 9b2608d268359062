"""Listens to what happens to records and sets off what was declared: ``after:`` as jobs, ``before:`` within the save.

The one rule: a record that changes several times in one transaction sets an automation off once.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from yuanke.kernel.actor import Actor
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Registry
from yuanke.records.save import Save
from yuanke.storage import Unit
from yuanke.workflow.automations import causes, logbook, switching
from yuanke.workflow.automations.declared import Automation, every_automation
from yuanke.workflow.automations.running import queue
from yuanke.workflow.automations.told import Told

log = logging.getLogger("yuanke.automations")


@dataclass
class Ears:
    """Which automations of a Registry listen to which entity."""

    after: dict[str, list[Automation]] = field(default_factory=dict)
    before: dict[str, list[Automation]] = field(default_factory=dict)
    moments: dict[str, list[Automation]] = field(default_factory=dict)


_ears: WeakKeyDictionary[Registry, Ears] = WeakKeyDictionary()


def ears(registry: Registry) -> Ears:
    found = _ears.get(registry)
    if found is None:
        found = _ears[registry] = Ears()
        for one in every_automation(registry):
            kind = {"after": found.after, "before": found.before, "at": found.moments}.get(one.trigger)
            if kind is not None and one.active:
                kind.setdefault(one.entity.key, []).append(one)
    return found


#: what is written because another record was merged, or taken back, sets nothing off by itself
FOLLOWING = frozenset({"repoint", "merged", "undo"})


def saved(save: Save) -> None:
    """A record was made, changed, deleted or restored."""
    if save.act in FOLLOWING:
        return
    for one in ears(save.unit.registry).after.get(save.entity.key, ()):
        verb = heard(one, save)
        if verb is not None and save.id is not None:
            old = None if save.old is None else {key: save.old[key] for key in save.values if key in save.old}
            set_off(save.unit, save.actor, one, save.id, verb, old=old)


def heard(one: Automation, save: Save) -> str | None:
    """The verb by which this save sets ``one`` off."""
    for verb in (save.verb, *(("save",) if save.verb in ("create", "update") else ())):
        fields = one.verbs.get(verb)
        if fields is not None and (save.verb != "update" or _moved(save, fields)) and _named(save, fields):
            return verb
    return None


def _named(save: Save, fields: frozenset[str]) -> bool:
    return not fields or any(_changed(save, key) for key in fields)


def _moved(save: Save, fields: frozenset[str]) -> bool:
    """An update that changes nothing is none."""
    return bool(fields) or any(
        _changed(save, key) for key in (*save.values, *save.rows, *save.pairs) if key not in UNSEEN
    )


#: every save moves these
UNSEEN = frozenset({"updated_at", "updated_by", "version"})


def _changed(save: Save, key: str) -> bool:
    if key in save.rows:
        return any(row.verb != "update" or any(row.changed(k) for k in row.values) for row in save.rows[key])
    if key in save.pairs:
        return sorted(save.pairs[key]) != sorted(save.old_pairs.get(key) or ())
    return save.changed(key)


def happened(
    unit: Unit,
    actor: Actor,
    entity: Entity,
    verb: str,
    record: int,
    asked: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """An act, a merge, a transfer, the end of an approval: ``verb`` of one record."""
    for one in ears(unit.registry).after.get(entity.key, ()):
        if verb in one.verbs:
            set_off(unit, actor, one, record, verb, asked=asked, more=more)


def set_off(
    unit: Unit,
    actor: Actor,
    one: Automation,
    record: int,
    verb: str,
    *,
    old: Mapping[str, Any] | None = None,
    asked: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Leave a run behind this transaction, if it is not paused, its condition holds and its chain may go on."""
    mark = ("set off", one.address, record)
    if mark in unit.kept or switching.is_paused(unit, one.address):
        return
    chain = causes.chain(unit)
    told = Told(one, record, verb, actor.user_id, old, asked or {}, more or {}, chain, met=True)
    if one.when is not None and not _holds(unit, told, one.when):
        return
    unit.kept[mark] = True
    why = causes.why_end(chain, told.link)
    if why is not None:
        log.warning("%s", why.say())
        logbook.write(unit, logbook.line(one.address, record, verb, "stopped", said=why, chain=chain, by=actor.user_id))
        return
    queue(unit, told)


def _holds(unit: Unit, told: Told, when: str) -> bool:
    """A condition that cannot be answered sets nothing off, and does not undo what people did."""
    try:
        return told.names(unit, lock=False).holds(when)
    except sa.exc.SQLAlchemyError:
        raise
    except Exception:
        log.exception("the condition of %s cannot be answered", told.automation.address)
        failed = logbook.line(
            told.automation.address, told.record, told.event, "failed", said=message("条件无法计算，已记入日志"),
            chain=told.chain, by=told.me,
        )  # fmt: skip
        logbook.write(unit, failed)
        return False
