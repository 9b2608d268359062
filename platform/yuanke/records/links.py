"""Links on the way in: an id, a number or unique key of the target becomes an id the actor may see.

The one rule: linking to a record one may not see is answered like linking to one that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from yuanke.kernel.actor import Actor
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field
from yuanke.records.environment import SaveValues
from yuanke.records.save import Save
from yuanke.records.selection import Selection
from yuanke.storage import Unit
from yuanke.storage.prepared import Prepared, open_value, prepared, remembered


def check_links(saves: Sequence[Save]) -> None:
    """Every link that a save changes must lead to a live record its actor may see; one query a target entity."""
    wanted: dict[str, list[tuple[Save, Field, int]]] = {}
    for save in saves:
        for key, value in save.values.items():
            field = save.entity.fields[key]
            if value is None or not field.targets or (field.source == "system" and key != "owner"):
                continue
            if save.old is not None and save.old.get(key) == value:
                continue
            if key == "owner" and value == save.actor.user_id:
                continue  # whoever saves is there
            target, target_id = (field.targets[0], value) if len(field.targets) == 1 else (value.entity, value.id)
            wanted.setdefault(target, []).append((save, field, target_id))
        for key, ids in save.pairs.items():
            field = save.entity.fields[key]
            wanted.setdefault(field.targets[0], []).extend((save, field, one) for one in ids)
    lock_holders(saves)
    for target, uses in sorted(wanted.items()):
        if uses:  # a set of links may have been emptied
            _check(target, uses)


def lock_holders(saves: Sequence[Save]) -> None:
    """On PostgreSQL: every record whose roll-ups these saves will move, the one they leave and the one they come to, locked
    in id order in one statement. Locked one by one, two savers that swap them would wait for each other."""
    if not saves or saves[0].unit.dialect != "postgresql":
        return
    wanted: dict[str, set[int]] = {}
    for save in saves:
        for holder in _holders(save.entity):
            for key, field in save.entity.fields.items():
                if field.targets == (holder,) and not field.pairs and (save.old is None or save.changed(key)):
                    ids = {save.get(key), save.old.get(key) if save.old else None} - {None}
                    wanted.setdefault(holder, set()).update(one for one in ids if isinstance(one, int))
    for holder, ids in sorted(wanted.items()):
        if ids:
            table = saves[0].unit.tables[holder]
            held = sa.select(table.c.id).where(table.c.id.in_(ids)).order_by(table.c.id).with_for_update()
            saves[0].unit.execute(held).all()


def _check(target: str, uses: Sequence[tuple[Save, Field, int]]) -> None:
    first = uses[0][0]
    entity = first.unit.registry.entities[target]
    lock = (
        "none"
        if entity.system
        else "update"
        if any(target in _holders(save.entity) for save, _, _ in uses)
        else "share"
    )
    seen = visible_ids(first.unit, first.actor, entity, {target_id for _, _, target_id in uses}, lock)
    for save, field, target_id in uses:
        if target_id not in seen:
            save.fault(field.key, message("没有找到编号为 {id} 的{entity}", id=target_id, entity=entity.label))
        elif field.filter is not None and not save.actor.engine and not _fits(save, field, target, target_id):
            save.fault(
                field.key, message("这条{entity}不符合 {field} 的选择条件", entity=entity.label, field=field.label)
            )


def _holders(entity: Entity) -> set[str]:
    return {holder for holder, _ in entity.rollups}


def _fits(save: Save, field: Field, target: str, target_id: int) -> bool:
    """A ``filter`` names the candidate's fields bare and the record by ``this``."""
    from yuanke.records.environment import stored

    candidate = stored(save.unit, save.unit.registry.entities[target], target_id)
    if candidate is None or field.filter is None:
        return False
    return bool(field.filter.evaluate(_Candidate(candidate, SaveValues(save))))


class _Candidate(dict[str, Any]):
    """The candidate's names, then ``this``/``record``/``row``, ``me`` and ``settings`` of the record that links."""

    def __init__(self, candidate: Any, linking: SaveValues) -> None:
        super().__init__()
        self.candidate, self.linking = candidate, linking

    def __missing__(self, key: str) -> Any:
        return self.get(key)

    def get(self, key: str, default: Any = None) -> Any:
        if key in ("this", "record", "row"):
            return self.linking.get("record") if key == "record" else self.linking
        if key in ("me", "settings"):
            return self.linking.get(key)
        return self.candidate.get(key, default)


def visible_ids(unit: Unit, actor: Actor, entity: Entity, ids: Iterable[int], lock: str = "none") -> set[int]:
    """Those of ``ids`` that are live and visible.

    ``lock`` (PostgreSQL; SQLite has one writer): ``share`` holds them against deletion until the commit, ``update`` also
    against other savers, for holders of roll-ups that this save will move (upgrading a share lock would deadlock).
    """
    wanted = sorted(set(ids))
    kept: set[int] = unit.kept.setdefault(("seen", entity.key, actor.user_id, actor.engine), set())
    missing = [one for one in wanted if one not in kept]

    def seen(which: Any) -> sa.Select[Any] | None:
        selection = Selection(unit, actor, entity)
        if not (selection.grant.allowed or _title_for_all(entity)):
            return None
        statement = selection.rows().add_columns(selection.table.c.id).where(which(selection.table.c.id))
        if lock != "none" and unit.dialect == "postgresql":
            statement = statement.order_by(selection.table.c.id).with_for_update(
                read=lock == "share", of=selection.table
            )
        return statement

    def of_one() -> Prepared | None:
        statement = seen(lambda id_: id_ == open_value("id", id_.type))
        return None if statement is None else prepared(unit, statement)

    if len(missing) == 1:
        chosen = remembered(unit, ("seen", actor, entity.key, lock), of_one)
        if chosen is not None and chosen.columns(unit, id=missing[0]):
            kept.add(missing[0])
    elif missing and (statement := seen(lambda id_: id_.in_(missing))) is not None:
        kept.update(row[0] for row in unit.execute(statement))
    return kept & set(wanted)


def _title_for_all(entity: Entity) -> bool:
    return bool(entity.more.get("everyone"))
