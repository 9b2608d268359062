"""The boxes of one person: to do, done, his own papers, copies. One indexed query a page, newest first.

The one rule: a paper is called and its amount shown as the reader may see it in the record; a record that is gone, or no
longer his, leaves its place without a name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from yuanke.access.asked import stands_in_for
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import QueryFault
from yuanke.kernel.text import Label, message
from yuanke.metadata.approvals import approvable
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Query, Record, Records
from yuanke.records.reading import Narrow, list_records
from yuanke.storage import Unit
from yuanke.storage.prepared import open_value
from yuanke.workflow.acts import acts
from yuanke.workflow.approvals.keeping import INSTANCE, TASK

BOXES = ("todo", "done", "mine", "cc")
COUNT_CAP = 10_000


@dataclass(frozen=True)
class Box:
    """What is asked for: one box, narrowed by kind of paper and by a text in title or applicant's name; ``after`` is the
    ``next`` of the page before."""

    name: str
    entity: str | None = None
    text: str | None = None
    limit: int = 50
    after: str | None = None
    count: bool = True


@dataclass(frozen=True)
class Item:
    """One line of a box. ``task`` is None among one's own papers; ``instead_of`` names whom one stands in for."""

    id: int
    task: int | None
    approval: int
    entity: Entity
    record: int
    title: str
    amount: tuple[Field, Any] | None
    act: Label
    step: Label | None
    applicant: int | None
    applicant_name: str
    department: str
    state: str
    verdict: str | None
    submitted_at: datetime
    opened_at: datetime | None
    due: datetime | None
    decided_at: datetime | None
    unread: bool
    instead_of: str
    seen: bool
    edit: bool


@dataclass(frozen=True)
class Boxful:
    items: list[Item]
    next: str | None
    count: int | None
    count_capped: bool = False


def items(unit: Unit, actor: Actor, box: Box) -> Boxful:
    """One page. Raises QueryFault for a box there is not."""
    if box.name not in BOXES:
        raise QueryFault(
            message("参数 {name} 须为 {known} 之一，收到 {given}", name="box", known=BOXES, given=box.name[:40]),
            parameter="box",
        )
    statement, key = _rows(unit, actor, box)
    if box.after is not None:
        statement = statement.where(key < _cursor(box.after))
    rows = [dict(row) for row in unit.execute(statement.order_by(key.desc()).limit(box.limit + 1)).mappings()]
    page = rows[: box.limit]
    following = str(page[-1]["key"]) if len(rows) > box.limit else None
    count, capped = _counted(unit, actor, box, len(page), following) if box.count else (None, False)
    return Boxful(_items(unit, actor, page, box), following, count, capped)


def count_open(unit: Unit, actor: Actor) -> int:
    """How many papers wait for this person (10,000 stands for more)."""
    if actor.user_id is None or not any(map(approvable, unit.registry.entities.values())):
        return 0
    narrow, _ = _rows(unit, actor, Box("todo"))
    return _count(unit, narrow)


def _counted(unit: Unit, actor: Actor, box: Box, shown: int, following: str | None) -> tuple[int, bool]:
    if box.after is None and following is None:
        return shown, False
    found = _count(unit, _rows(unit, actor, box)[0])
    return min(found, COUNT_CAP), found > COUNT_CAP


def _count(unit: Unit, statement: sa.Select[Any]) -> int:
    inner = statement.with_only_columns(sa.literal(1).label("one")).order_by(None).limit(COUNT_CAP + 1).subquery()
    return int(unit.execute(sa.select(sa.func.count()).select_from(inner)).scalar_one())


def _cursor(after: str) -> int:
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise QueryFault(message("参数 {name} 不是上一页给出的值", name="after"), parameter="after")
    return int(after)


# -- the query of each box ----------------------------------------------------------------------------------------


def _rows(unit: Unit, actor: Actor, box: Box) -> tuple[sa.Select[Any], sa.ColumnElement[Any]]:
    """The rows of a box as a SELECT, and the column by which it is sorted and paged."""
    instance = unit.tables[INSTANCE]
    if box.name == "mine":
        key = instance.c.id
        mine = sa.select(*_of_instance(instance), key.label("key")).where(instance.c.applicant == actor.user_id)
        return _narrowed(unit, mine, instance, box), key
    task = unit.tables[TASK]
    key = task.c.id
    joined = task.join(instance, instance.c.id == task.c.approval)
    columns = (
        task.c.id.label("task"), task.c.step, task.c.state.label("task_state"), task.c.verdict, task.c.opened_at, task.c.due,
        task.c.decided_at, task.c.approver,
    )  # fmt: skip
    statement = sa.select(*_of_instance(instance), *columns, key.label("key")).select_from(joined)
    return _narrowed(unit, statement.where(_in_box(unit, actor, box, task, instance)), instance, box), key


def _of_instance(instance: sa.Table) -> list[sa.ColumnElement[Any]]:
    keys = ("entity", "record", "transition", "applicant", "state", "submitted_at")
    return [instance.c.id.label("approval"), *(instance.c[key] for key in keys)]


def _in_box(unit: Unit, actor: Actor, box: Box, task: sa.Table, instance: sa.Table) -> sa.ColumnElement[bool]:
    me = actor.user_id
    if box.name == "cc":
        return sa.and_(task.c.approver == me, task.c.kind == "copy", task.c.state.in_(("open", "read")))
    if box.name == "done":
        did = sa.and_(
            task.c.approver == me, task.c.state.in_(("agreed", "refused", "gone")), task.c.verdict.is_not(None)
        )
        return sa.and_(sa.or_(did, task.c.decided_by == me), task.c.kind == "decide")
    waits = sa.and_(task.c.approver == me, task.c.state == "open")
    for absent in stands_in_for(unit, me or 0):
        of_him = sa.and_(task.c.approver == absent.user, task.c.state == "open", instance.c.applicant != me)
        waits = sa.or_(waits, sa.and_(of_him, task.c.entity.in_(absent.entities)) if absent.entities else of_him)
    return sa.and_(waits, task.c.kind == "decide")


def _narrowed(unit: Unit, statement: sa.Select[Any], instance: sa.Table, box: Box) -> sa.Select[Any]:
    if box.entity:
        statement = statement.where(instance.c.entity == box.entity)
    if box.text and box.text.strip():
        user = unit.tables["user"]
        named = sa.select(user.c.id).where(user.c.name.icontains(box.text.strip(), autoescape=True))
        titled = instance.c.title.icontains(box.text.strip(), autoescape=True)
        statement = statement.where(sa.or_(titled, instance.c.applicant.in_(named)))
    return statement


# -- lines --------------------------------------------------------------------------------------------------------


def _items(unit: Unit, actor: Actor, rows: Sequence[Mapping[str, Any]], box: Box) -> list[Item]:
    known = [row for row in rows if row["entity"] in unit.registry.entities]
    records = _records(unit, actor, known)
    asked = _asked_now(unit, known) if box.name == "mine" else {}
    people = _people(unit, {row["applicant"] for row in known} | {row.get("approver") for row in known})
    return [_item(unit, actor, row, asked.get(row["approval"]), records, people, box) for row in known]


def _records(unit: Unit, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, int], Record]:
    """The records as the reader may see them: titles and amounts, one query a kind of paper."""
    found: dict[tuple[str, int], Record] = {}
    door = Records(unit, actor)
    for key in dict.fromkeys(row["entity"] for row in rows):
        entity, of_kind = unit.registry.entities[key], [row for row in rows if row["entity"] == key]
        given = door.grant(key)
        if not given.allowed:
            continue
        amounts = {field.key for row in of_kind if (field := amount_field(entity, row["transition"])) is not None}
        wanted = [name for name in dict.fromkeys(["id", entity.title, *sorted(amounts)]) if name in given.readable]
        ids = sorted({row["record"] for row in of_kind})
        query = Query(fields=tuple(wanted), limit=500, count="none")
        page = list_records(unit, actor, entity, query, _those(ids))
        found |= {(key, record.id): record for record in page.records}
    return found


def _those(ids: Sequence[int]) -> Narrow:
    """Records by their ids, in a statement that is the same for every page: places that are left over stay empty."""
    places = 50 if len(ids) <= 50 else 500
    names = [f"among_{place}" for place in range(places)]
    values = dict(zip(names, [*ids, *[0] * (places - len(ids))], strict=True))
    return Narrow(
        ("among", places), lambda table: table.c.id.in_([open_value(name, table.c.id.type) for name in names]), values
    )


def amount_field(entity: Entity, transition: str) -> Field | None:
    """The figure that is shown first: the one the flow names, else the first money that is a total, else any money."""
    act = acts(entity).get(transition)
    named = (act.said.get("approval") or {}).get("amount") if act is not None else None
    if named is not None:
        return entity.fields.get(str(named))
    money = [field for field in entity.live_fields() if field.type.name == "money" and field.source != "system"]
    return next((field for field in money if field.formula is not None), money[0] if money else None)


def _asked_now(unit: Unit, rows: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Where one's own papers are at present: approval -> a step that is open."""
    task = unit.tables[TASK]
    ids = [row["approval"] for row in rows if row["state"] == "pending"]
    statement = sa.select(task.c.approval, task.c.step).where(
        task.c.approval.in_(ids), task.c.state == "open", task.c.kind == "decide"
    )
    return {row.approval: row.step for row in unit.execute(statement.order_by(task.c.id.desc()))} if ids else {}


def _people(unit: Unit, ids: set[Any]) -> dict[int, tuple[str, str]]:
    """Name and department of people."""
    user, department = unit.tables["user"], unit.tables["department"]
    statement = sa.select(user.c.id, user.c.name, department.c.name.label("department")).select_from(
        user.outerjoin(department, department.c.id == user.c.department)
    )
    rows = unit.execute(statement.where(user.c.id.in_(ids - {None})))
    return {row.id: (row.name or "", row.department or "") for row in rows}


def _item(
    unit: Unit, actor: Actor, row: Mapping[str, Any], asked: str | None, records: Mapping[tuple[str, int], Record],
    people: Mapping[int, tuple[str, str]], box: Box,
) -> Item:  # fmt: skip
    entity = unit.registry.entities[row["entity"]]
    record = records.get((entity.key, row["record"]))
    field, labels = amount_field(entity, row["transition"]), entity.act_labels
    amount = (
        (field, record.values[field.key])
        if record is not None and field is not None and field.key in record.values
        else None
    )
    name, department = people.get(row["applicant"], ("", ""))
    approver, step = row.get("approver"), row.get("step") or asked
    instead = approver not in (None, actor.user_id) and box.name in ("todo", "done")
    return Item(
        id=row.get("task") or row["approval"], task=row.get("task"), approval=row["approval"], entity=entity, record=row["record"],
        title=record.title if record is not None else "", amount=amount,
        act=labels.get(row["transition"]) or Label(row["transition"], row["transition"]),
        step=labels.get(f"{row['transition']}.approval.{step}") or Label(step, step) if step else None,
        applicant=row["applicant"], applicant_name=name, department=department,
        state=row["state"], verdict=row.get("verdict"), submitted_at=row["submitted_at"], opened_at=row.get("opened_at"),
        due=row.get("due"), decided_at=row.get("decided_at"), unread=row.get("task_state") == "open" and box.name == "cc",
        instead_of=people.get(approver or 0, ("", ""))[0] if instead else "", seen=record is not None,
        edit=_opens_fields(entity, row["transition"], step),
    )  # fmt: skip


def _opens_fields(entity: Entity, transition: str, step: str | None) -> bool:
    """Whether the step lets its approver change something: then deciding takes the whole page."""
    act = acts(entity).get(transition)
    steps = (act.said.get("approval") or {}).get("steps") or {} if act is not None else {}
    return bool((steps.get(step or "") or {}).get("edit"))
