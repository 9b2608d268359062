"""Records shared with people, departments and roles, for reading or for changing too, perhaps until a day.

The one rule: nobody gives more than he has: to be shared for changing a record must be his to change, and what goes along
must be his to see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import engine_of, grant
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, ValidationFailed
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records import removal
from yuanke.records.chosen import offered, refusal, rows_of
from yuanke.records.fetch import ids_within
from yuanke.records.followers import Following, chosen_of, following_ids, followings
from yuanke.records.reading import get_record
from yuanke.records.saving import save_all
from yuanke.records.trail import TOLD, write_history
from yuanke.records.undoing import recorded
from yuanke.records.undoing.sets import SHARE, tell_verb
from yuanke.storage import Unit

LEVELS = ("read", "write")
#: what a receiver is -> the field of a share that names it
FIELDS = {"user": "user", "department": "to_department", "role": "role"}
MOST = 500


@dataclass(frozen=True)
class Shared:
    """``shares``: how many were made or changed, what went along included; ``change_set`` None = all stood already."""

    records: int
    shares: int
    change_set: int | None


@dataclass(frozen=True)
class Receiver:
    """``kind`` user | department | role; ``key`` its id, or the key of the role."""

    kind: str
    key: int | str

    @property
    def values(self) -> dict[str, Any]:
        return {field: self.key if kind == self.kind else None for kind, field in FIELDS.items()}


def share(
    unit: Unit,
    actor: Actor,
    entity: Entity,
    ids: Sequence[int],
    to: Sequence[Mapping[str, Any]],
    level: str = "read",
    expires: date | None = None,
    with_: Sequence[str] | None = None,
    reason: str | None = None,
    told: bool = True,
) -> Shared:
    """Share records with all of ``to`` (``{"user": 3}``, ``{"department": 2}``, ``{"role": "sales"}``).

    ``told``: it is an event of its own, not a part of another. A share that stands is changed to the new level and day. Raises RecordNotFound, AccessDenied, Refused, ValidationFailed.
    """
    settings = offered(unit, actor, entity, "share")
    receivers = _receivers(unit, to)
    _check_terms(unit, settings, ids, level, expires)
    chosen = chosen_of(followings(unit, entity, settings), with_)
    rows = rows_of(unit, actor, entity, ids, "share")
    for row in rows.values():
        refused = refusal(unit, actor, entity, row, "share")
        if refused is not None:
            raise refused
    if level == "write" and not actor.engine and set(ids) - ids_within(unit, actor, entity, "update", list(ids)):
        raise AccessDenied(message("你只能把自己可以修改的{entity}共享为“读写”", entity=entity.label))
    terms = {"level": level, "expires": expires, "reason": reason}
    with recorded(unit, actor, "share", entity.key, reason=reason) as change_set:
        made = 0
        for receiver in receivers:
            given = _give(unit, actor, entity, list(ids), receiver, terms)
            made += len(given) + sum(_give_along(unit, actor, one, given, receiver, terms) for one in chosen)
        change_set.count = len(ids)
        if told:
            _tell(unit, actor, entity, ids, receivers, level, reason)
        return Shared(len(ids), made, change_set.id)


def unshare(
    unit: Unit, actor: Actor, entity: Entity, ids: Sequence[int], to: Sequence[Mapping[str, Any]] | None = None
) -> int:
    """Take shares back: those of ``to``, or all; what went along ends with them. Whoever may share may do it, and whoever
    gave the share. Answers how many ended."""
    offered(unit, actor, entity, "share")
    rows = rows_of(unit, actor, entity, ids, "share")
    table = unit.tables[SHARE]
    mine = [table.c.owner == actor.user_id] if any(row.get("@unwritable") for row in rows.values()) else []
    statement = sa.select(table.c.id).where(_on(table, entity, ids), *mine).order_by(table.c.id)
    if to is not None:
        statement = statement.where(sa.or_(*(_for(table, one) for one in _receivers(unit, to))))
    found = list(unit.execute(statement).scalars())
    with recorded(unit, actor, "share", entity.key) as change_set:
        for share_id in found:
            removal.delete(unit, engine_of(actor), unit.registry.entities[SHARE], share_id)
        if found:
            change_set.count = len(ids)
            write_history(unit, actor, entity, [(one, "unshare", {}) for one in ids])
    return len(found)


def shares_of(unit: Unit, actor: Actor, entity: Entity, record_id: int) -> list[dict[str, Any]]:
    """Who has a share of this record now: rows of shares, for whoever may share it. Raises RecordNotFound, AccessDenied."""
    offered(unit, actor, entity, "share")
    get_record(unit, actor, entity, record_id, fields=())
    table = unit.tables[SHARE]
    day = clock.today(unit.place.timezone)
    valid = sa.or_(table.c.expires.is_(None), table.c.expires >= day)
    return [dict(r) for r in unit.execute(sa.select(table).where(_on(table, entity, [record_id]), valid)).mappings()]


# -- what is asked ------------------------------------------------------------------------------------------------------


def _receivers(unit: Unit, to: Sequence[Mapping[str, Any]]) -> list[Receiver]:
    """People in service, departments and roles that are there. Raises ValidationFailed."""
    found: dict[Receiver, None] = {}
    for at, said in enumerate(to):
        known = [(kind, said[kind]) for kind in FIELDS if said.get(kind) is not None]
        if len(known) != 1:
            raise ValidationFailed({f"to.{at}": [message("每一项要写 user、department 或 role 中的一个")]})
        receiver = Receiver(*known[0])
        if not _is_there(unit, receiver):
            raise ValidationFailed({f"to.{at}": [message("没有这个接收人")]})
        found[receiver] = None
    if not found:
        raise ValidationFailed({"to": [message("请选择共享给谁")]})
    return list(found)


def _is_there(unit: Unit, receiver: Receiver) -> bool:
    if receiver.kind == "role":
        return receiver.key in unit.registry.roles
    if not isinstance(receiver.key, int) or isinstance(receiver.key, bool):
        return False
    table = unit.tables[receiver.kind]
    there = sa.select(table.c.id).where(table.c.id == receiver.key, table.c.deleted_at.is_(None))
    return (
        unit.execute(there.where(table.c.status == "active") if receiver.kind == "user" else there).first() is not None
    )


def _check_terms(unit: Unit, settings: Mapping[str, Any], ids: Sequence[int], level: str, expires: date | None) -> None:
    levels = tuple(settings.get("levels") or LEVELS)
    faults = {}
    if level not in levels:
        faults["level"] = [message("权限只能是 {levels}", levels=levels)]
    if expires is not None and expires < clock.today(unit.place.timezone):
        faults["expires"] = [message("到期日不能早于今天")]
    if not ids or len(ids) > MOST:
        faults["ids"] = [message("一次 1 到 {most} 条", most=MOST)]
    if faults:
        raise ValidationFailed(faults)


# -- what is written ----------------------------------------------------------------------------------------------------


def _on(table: sa.Table, entity: Entity, ids: Sequence[int]) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.entity == entity.key, table.c.record.in_(ids), table.c.deleted_at.is_(None))


def _for(table: sa.Table, receiver: Receiver) -> sa.ColumnElement[bool]:
    return table.c[FIELDS[receiver.kind]] == receiver.key  # type: ignore[no-any-return]


def _give(
    unit: Unit, actor: Actor, entity: Entity, ids: list[int], receiver: Receiver, terms: Mapping[str, Any],
    along: Mapping[int, int] | None = None,
) -> dict[int, int]:  # fmt: skip
    """record -> its share for ``receiver``, made or changed. ``along``: record -> the share that it goes with; then a share
    that stands by itself is left alone."""
    table, shares = unit.tables[SHARE], unit.registry.entities[SHARE]
    standing = {
        r["record"]: r
        for r in unit.execute(sa.select(table).where(_on(table, entity, ids), _for(table, receiver))).mappings()
    }
    items: list[tuple[int | None, dict[str, Any], int | None]] = []
    for one in ids:
        row = standing.get(one)
        values = {**terms, "goes_with": along[one] if along else None}
        if row is None:
            items.append((None, {"entity": entity.key, "record": one, **receiver.values, **values}, None))
        elif along is None or row["goes_with"] is not None:
            items.append((row["id"], values, None))
    saves = save_all(unit, engine_of(actor), shares, items)
    return {int(save.get("record")): save.id for save in saves if save.id is not None}


def _give_along(
    unit: Unit, actor: Actor, one: Following, given: Mapping[int, int], receiver: Receiver, terms: Mapping[str, Any]
) -> int:
    """What hangs on the shared records and may be seen by who shares goes along."""
    holders = {child: given[holder] for holder, ids in following_ids(unit, actor, one, given).items() for child in ids}
    seen = ids_within(unit, actor, one.entity, "read", sorted(holders))
    if not grant(unit, actor, one.entity, "read").allowed or not seen:
        return 0
    if terms["level"] == "write":
        changed = ids_within(unit, actor, one.entity, "update", sorted(seen))
        held = {**terms, "level": "read"}
        rest = sorted(seen - changed)
        made = len(_give(unit, actor, one.entity, rest, receiver, held, holders)) if rest else 0
        return made + (len(_give(unit, actor, one.entity, sorted(changed), receiver, terms, holders)) if changed else 0)
    return len(_give(unit, actor, one.entity, sorted(seen), receiver, terms, holders))


def _tell(
    unit: Unit, actor: Actor, entity: Entity, ids: Sequence[int], receivers: Sequence[Receiver], level: str,
    reason: str | None,
) -> None:  # fmt: skip
    said = {"to": [{receiver.kind: receiver.key} for receiver in receivers], "level": level}
    write_history(unit, actor, entity, [(one, "share", {TOLD: said}) for one in ids])
    alone = receivers[0].key if len(receivers) == 1 and receivers[0].kind == "user" else None
    event: dict[str, Any] = {
        "name": "share", "moved": {}, "reason": reason, "batch": None, "at": clock.now(), "level": level,
        "to": alone, "receivers": said["to"],
    }  # fmt: skip
    for one in ids:
        tell_verb(unit, actor, entity, "share", one, event)
