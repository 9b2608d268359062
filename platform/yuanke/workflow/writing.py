"""Writing by the engine: the one place from which a workflow's state field is changed.

The one rule: it goes through the door like every save, so that rules, formulas, roll-ups, index and history hold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from yuanke.access.grants import engine_of
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity
from yuanke.records import Typed
from yuanke.records.saving import save_all
from yuanke.storage import Unit
from yuanke.workflow.acts import Act


def write_act(
    unit: Unit, actor: Actor, act: Act, record_id: int, values: Mapping[str, Any], typed: Collection[str]
) -> None:
    """Save what an act gives its record, under the act's name in the history."""
    _save(unit, actor, act.entity, record_id, values, typed, act.key)


def write(
    unit: Unit, actor: Actor, entity: Entity, record_id: int | None, values: Typed, act: str | None = None
) -> int:
    """Save a record as the engine, for the actor; its id."""
    return _save(unit, actor, entity, record_id, values, values.typed, act)


def _save(
    unit: Unit,
    actor: Actor,
    entity: Entity,
    record_id: int | None,
    values: Mapping[str, Any],
    typed: Collection[str],
    act: str | None,
) -> int:
    given = Typed(values)
    given.typed = typed
    saved = save_all(unit, engine_of(actor), entity, [(record_id, given, None)], act=act)
    return saved[0].id or 0
