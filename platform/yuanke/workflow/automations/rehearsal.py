"""A dry run: everything happens on a chosen record, is told, and is taken back.

The one rule: nothing of it stays, whatever the steps did; the caller's transaction is as before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from yuanke.jobs.words import reason
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound, Refusal
from yuanke.kernel.text import Message
from yuanke.records.trail import HISTORY
from yuanke.storage import Unit
from yuanke.workflow.automations import logbook
from yuanke.workflow.automations.declared import Automation
from yuanke.workflow.automations.running import Outcome, run_on
from yuanke.workflow.automations.told import Told

#: steps whose effect no history of a record shows
TELLING = frozenset({"notify", "remind", "mail", "webhook", "call", "assign"})
MOST_SHOWN = 100


@dataclass(frozen=True)
class Change:
    """What would stand in the history of a record: ``changes`` field -> [before, after]."""

    entity: str
    record: int
    verb: str
    changes: Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Rehearsal:
    """``state`` done | skipped | failed, ``said`` why not; ``changes`` to records, ``told`` what would go out."""

    state: str
    said: Message | None
    changes: Sequence[Change]
    told: Sequence[tuple[str, Any]]


class _TakenBack(Exception):
    pass


def rehearse(
    unit: Unit, actor: Actor, one: Automation, record: int | None, asked: Mapping[str, Any] | None = None
) -> Rehearsal:
    """What ``one`` would do now with this record; its condition is asked. Raises RecordNotFound for an absent record."""
    before = unit.execute(sa.select(sa.func.coalesce(sa.func.max(HISTORY.c.id), 0))).scalar_one()
    outcome, changes = Outcome("done"), []
    try:
        with unit.savepoint():
            outcome = _run(unit, actor, one, record, asked)
            changes = _changes(unit, before)
            raise _TakenBack
    except _TakenBack:
        pass
    except RecordNotFound:
        raise
    except Refusal as refusal:
        outcome = Outcome("failed", reason(refusal))
    told = [(verb, logbook.plain(what)) for verb, what in outcome.did if verb in TELLING]
    return Rehearsal(outcome.state, outcome.said, changes, told)


def _run(unit: Unit, actor: Actor, one: Automation, record: int | None, asked: Mapping[str, Any] | None) -> Outcome:
    told = Told(one, record, _event(one), actor.user_id, asked=asked or {})
    if record is not None and told.names(unit).record is None:
        raise RecordNotFound()
    return run_on(unit, told)


def _event(one: Automation) -> str:
    return next(iter(one.verbs), one.trigger)


def _changes(unit: Unit, before: int) -> list[Change]:
    found = sa.select(HISTORY).where(HISTORY.c.id > before).order_by(HISTORY.c.id).limit(MOST_SHOWN)
    return [Change(row.entity, row.record, row.verb, row.changes) for row in unit.execute(found)]
