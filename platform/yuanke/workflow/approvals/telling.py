"""What an approval leaves behind for people: an entry in the history of the record for every act, and messages.

The one rule: no act without its entry; it says who, at which step, in whose place, and what he said.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from yuanke.kernel.text import Label, Message, message
from yuanke.messages import notify
from yuanke.metadata.registry import Entity
from yuanke.records.environment import stored
from yuanke.records.trail import TOLD, write_history
from yuanke.storage import Unit
from yuanke.workflow.approvals.course import Seat
from yuanke.workflow.approvals.keeping import Running
from yuanke.workflow.text import title

KIND = "approval"
#: what stands in the history before the name of an act
PREFIX = "approval."


def log(at: Running, verb: str, seat: Seat | None = None, **told: Any) -> None:
    """One entry: ``verb`` is approve, reject, return, reassign ...; empty details are left out."""
    step = at.flow.by_key[seat.step].label if seat is not None else None
    said: dict[str, Any] = {"step": [step.zh, step.en] if step is not None else None, **told}
    kept = {key: value for key, value in said.items() if value not in (None, "", [], ())}
    write_history(at.unit, at.actor, at.entity, [(at.record, PREFIX + verb, {TOLD: kept})])


def names_of(unit: Unit, people: Iterable[int | None]) -> list[str]:
    """What people are called, in the order given."""
    users = unit.registry.entities["user"]
    found = (stored(unit, users, one) for one in people if one is not None)
    return [str(one.get("name") or "") for one in found if one is not None]


def name_of(unit: Unit, person: int | None) -> str:
    return next(iter(names_of(unit, [person])), "")


def title_of(unit: Unit, entity: Entity, record_id: int) -> str:
    record = stored(unit, entity, record_id)
    return title(record) if record is not None else f"#{record_id}"


def ask(at: Running, seats: Iterable[Seat]) -> None:
    """Tell those whose turn it is."""
    people = [seat.person for seat in seats]
    who, what = name_of(at.unit, at.applicant), at.entity.label
    said = message("{who}的{entity}“{title}”等你审批", who=who, entity=what, title=at.row["title"])
    tell(at, people, said)


def tell(at: Running, people: Iterable[int | None], said: Message) -> None:
    """A message that leads to the record; nobody is told of what he does himself."""
    others = [one for one in dict.fromkeys(people) if one is not None and one != at.actor.user_id]
    if others:
        notify(at.unit, others, said, entity=at.entity.key, record=at.record, kind=KIND, actor=at.actor)


def tell_held(at: Running, why: Message) -> None:
    """Everybody agreed and it cannot happen: the one who submitted is told, and whoever just agreed as well."""
    said = message(
        "{entity}“{title}”已全部同意，但没有完成：{why}。已退回申请人，意见都保留；处理后重新提交即可",
        why=why,
        **about(at),
    )
    where: dict[str, Any] = {"entity": at.entity.key, "record": at.record, "kind": KIND, "actor": at.actor}
    notify(at.unit, [at.applicant, at.actor.user_id], said, **where)


def about(at: Running) -> dict[str, Label | str]:
    """The places that every message about an approval fills."""
    return {"entity": at.entity.label, "title": str(at.row["title"] or "")}
