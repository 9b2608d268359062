"""批量转移: a new owner for chosen records and for what follows them.

The one rule: what follows is what belonged to the old owner, or to nobody; what colleagues did stays with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import engine_of
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Refusal, ValidationFailed
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records.chosen import offered, refusal, rows_of
from yuanke.records.followers import Following, chosen_of, following_ids, followings
from yuanke.records.sharing import Receiver, share
from yuanke.records.undoing.rewriting import Rewriting, rewrite
from yuanke.records.undoing.sets import ChangeSet, recorded, tell_verb
from yuanke.records.values import Outcome
from yuanke.storage import Unit

MOST = 500
#: how long a transfer can be undone where the feature does not say
WITHIN = "7d"
KEEPS = ("none", "read", "write")


@dataclass
class Transferred:
    """``moved``: record -> collection -> how many followed. ``failed``: records that stayed, with their reason."""

    moved: dict[int, dict[str, int]] = field(default_factory=dict)
    failed: list[Outcome] = field(default_factory=list)
    change_set: int | None = None


def transfer(
    unit: Unit,
    actor: Actor,
    entity: Entity,
    ids: Sequence[int],
    to: int,
    with_: Sequence[str] | None = None,
    keep: str = "none",
    reason: str | None = None,
    gently: bool = False,
) -> Transferred:
    """Hand ``ids`` over to the user ``to``. ``keep``: the old owner goes on reading (or changing) them by a share.

    ``gently``: a record that is refused (sealed, outside the right) stays and is told, the others go; else the first
    refusal is raised. A record that the actor may not see makes all of them RecordNotFound.
    """
    settings = offered(unit, actor, entity, "transfer")
    _check(unit, ids, to, keep)
    chosen = chosen_of(followings(unit, entity, settings), with_)
    rows = rows_of(unit, actor, entity, ids, "transfer")
    done = Transferred()
    going = _going(unit, actor, entity, rows, done, gently)
    within = str(settings.get("undo") or WITHIN)
    with recorded(unit, actor, "transfer", entity.key, within=within, to=to, reason=reason) as change_set:
        for record_id, row in going.items():
            done.moved[record_id] = move(unit, actor, entity, row, to, chosen, change_set, keep)
            tell(unit, actor, entity, row, to, done.moved[record_id], reason, change_set)
        change_set.count = len(going)
        done.change_set = change_set.id if change_set.stands else None
    return done


def _check(unit: Unit, ids: Sequence[int], to: int, keep: str) -> None:
    faults: dict[str, list[Any]] = {}
    if not ids or len(ids) > MOST:
        faults["ids"] = [message("一次 1 到 {most} 条", most=MOST)]
    if keep not in KEEPS:
        faults["keep"] = [message("原负责人保留的权限只能是 {known}", known=KEEPS)]
    if not in_service(unit, to):
        faults["to"] = [NOBODY]
    if faults:
        raise ValidationFailed(faults)


NOBODY = message("没有这个在用的用户")


def in_service(unit: Unit, user: int) -> bool:
    table = unit.tables["user"]
    there = sa.select(table.c.id).where(table.c.id == user, table.c.deleted_at.is_(None), table.c.status == "active")
    return unit.execute(there).first() is not None


def _going(
    unit: Unit, actor: Actor, entity: Entity, rows: Mapping[int, dict[str, Any]], done: Transferred, gently: bool
) -> dict[int, dict[str, Any]]:
    """Those that may go; refused ones are told, or raised where it is all or nothing (or nothing is left)."""
    going = {}
    for at, (record_id, row) in enumerate(rows.items()):
        refused = refusal(unit, actor, entity, row, "transfer")
        if refused is None:
            going[record_id] = row
        elif gently and len(rows) > 1:
            done.failed.append(Outcome(at, "failed", record_id, refused))
        else:
            raise refused
    if not going and isinstance(done.failed[0].error, Refusal):
        raise done.failed[0].error
    return going


def move(
    unit: Unit, actor: Actor, entity: Entity, row: Mapping[str, Any], to: int, chosen: Sequence[Following],
    change_set: ChangeSet, keep: str = "none",
) -> dict[str, int]:  # fmt: skip
    """One record and its followers, without asking for rights; collection -> how many went."""
    record_id, was = row["id"], row.get("owner")
    rewrite(unit, actor, entity, {record_id: Rewriting({"owner": to})}, "transfer")
    counts: dict[str, int] = {}
    follow: list[list[Any]] = []
    for one in chosen:
        ids = _of_the_old_owner(unit, one, following_ids(unit, actor, one, [record_id]).get(record_id, []), was)
        if ids:
            rewrite(unit, actor, one.entity, {child: Rewriting({"owner": to}) for child in ids}, "transfer")
            counts[one.name] = len(ids)
            follow += [[one.entity.key, child] for child in ids]
    change_set.details.setdefault("groups", []).append({"record": [entity.key, record_id], "follow": follow})
    change_set.details.setdefault("moved", {})[f"{entity.key}:{record_id}"] = {"from": was, **counts}
    if keep != "none" and was is not None and "share" in entity.features:
        receiver = Receiver("user", was)
        share(unit, engine_of(actor), entity, [record_id], [{receiver.kind: receiver.key}], level=keep, told=False)
    return counts


def _of_the_old_owner(unit: Unit, one: Following, ids: Sequence[int], was: int | None) -> list[int]:
    if not ids or "owner" not in one.entity.fields or not one.entity.fields["owner"].has_column:
        return []
    table = unit.tables[one.entity.key]
    nobody = table.c.owner.is_(None)
    mine = nobody if was is None else sa.or_(nobody, table.c.owner == was)
    return list(unit.execute(sa.select(table.c.id).where(table.c.id.in_(ids), mine).order_by(table.c.id)).scalars())


def tell(
    unit: Unit, actor: Actor, entity: Entity, row: Mapping[str, Any], to: int, counts: Mapping[str, int],
    reason: str | None, change_set: ChangeSet,
) -> None:  # fmt: skip
    event = {
        "name": "transfer", "moved": dict(counts), "reason": reason, "batch": change_set.id if change_set.stands else None,
        "at": clock.now(), "was": row.get("owner"), "to": to,
    }  # fmt: skip
    tell_verb(unit, actor, entity, "transfer", row["id"], event)
