"""What an actor may do with a record now: the buttons of its page.

The one rule: what is offered is what `perform` would do; a condition that does not hold hides the button.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from yuanke.kernel.actor import Actor
from yuanke.kernel.text import Label
from yuanke.metadata.approvals import FIELD, RUNNING
from yuanke.metadata.registry import Entity, Field
from yuanke.records.fetch import ids_within
from yuanke.storage import Unit
from yuanke.workflow import rules
from yuanke.workflow.acts import Act, acts, state_field
from yuanke.workflow.answers import asked_fields
from yuanke.workflow.names import ActNames
from yuanke.workflow.perform import right_of, why_not


@dataclass(frozen=True)
class Offer:
    """One act that may be taken. ``ask``: fields of its dialog; ``confirm``: a question before it; ``to``: where it leads."""

    act: Act
    key: str
    label: Label
    kind: str
    ask: Mapping[str, Field]
    confirm: Label | None
    to: str | None
    color: str | None
    icon: str | None


def offers(unit: Unit, actor: Actor, entity: Entity, record_id: int) -> list[Offer]:
    """Acts that the actor may take on this record in the state it is in, in the order of their declaration."""
    names = ActNames(unit, actor, entity, record_id)
    if names.record is None:
        return []
    mine = cache(lambda right: bool(ids_within(unit, actor, entity, right, [record_id])))
    return [_offer(found) for found in acts(entity).values() if _may(unit, actor, found, names, mine)]


def acts_for(unit: Unit, actor: Actor, entity: Entity) -> list[Offer]:
    """Acts that the actor may take on some record: what a list offers for the rows that are chosen."""
    return [
        _offer(found) for found in acts(entity).values() if not found.internal and why_not(unit, actor, found) is None
    ]


def _may(unit: Unit, actor: Actor, found: Act, names: ActNames, mine: Callable[[str], bool]) -> bool:
    """``mine``: whether the record lies within a right; asked of the database once a right."""
    if found.internal or why_not(unit, actor, found) is not None or names.record is None:
        return False
    if rules.wrong_state(found, names.record.row) is not None:
        return False
    if found.is_transition and names.record.row.get(FIELD) in RUNNING:
        return False  # somebody decides about it at present
    if not mine(right_of(found)):
        return False
    when = found.said.get("when")
    return when is None or "asked" in str(when) or _holds(found, names, str(when))


def _holds(found: Act, names: ActNames, when: str) -> bool:
    lets = {key: names.value(str(source)) for key, source in (found.said.get("let") or {}).items()}
    return names.with_own(**lets).holds(when)


def _offer(found: Act) -> Offer:
    state = state_field(found.entity)
    color = found.said.get("color")
    if color is None and state is not None and found.to in (state.options or {}):
        color = (state.options or {})[found.to or ""].color
    return Offer(
        found, found.key, found.label, found.kind, asked_fields(found), found.text("confirm"), found.to, color,
        found.said.get("icon"),
    )  # fmt: skip
