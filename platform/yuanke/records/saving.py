"""The save: the method everybody reads first. Grant, fetch, refuse, compute, check, write, tell.

The one rule: a row is checked against the grant before AND after, and whatever is refused leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yuanke.access.grants import Grant, grant
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refusal, VersionConflict
from yuanke.kernel.hooks import hooks
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records import compute as formulas
from yuanke.records import rules
from yuanke.records.fetch import fetch_for_update
from yuanke.records.intake import take
from yuanke.records.keys import resolve_keys
from yuanke.records.links import check_links
from yuanke.records.owned import take_pairs, take_rows
from yuanke.records.save import Save
from yuanke.records.system import fill_system
from yuanke.records.writing import write
from yuanke.storage import Unit

Item = tuple[int | None, Mapping[str, Any], int | None]  # id (None: create), what was sent, version expected


def save_all(
    unit: Unit, actor: Actor, entity: Entity, items: Sequence[Item], gently: bool = False, act: str | None = None
) -> list[Save]:
    """Create and update the records of ``items`` in one go; ``act`` is the transition or action that saves them.

    ``gently``: an item that is refused keeps its fault in ``Save.refusal`` and the others go on; otherwise the first
    refusal is raised and nothing is written.
    """
    saves = _begin(unit, actor, entity, items, gently, act)
    _settle(_standing(saves), gently)
    good = _standing(saves)
    write(unit, actor, entity, good)
    _still_mine(unit, actor, entity, good)
    _tell("after_save", good)
    return saves


def _begin(
    unit: Unit, actor: Actor, entity: Entity, items: Sequence[Item], gently: bool, act: str | None
) -> list[Save]:
    """Grants asked, standing rows fetched under lock, what was sent taken in."""
    rows = fetch_for_update(unit, actor, entity, [record_id for record_id, _, _ in items if record_id is not None])
    saves = []
    for record_id, raw, version in items:
        verb = "create" if record_id is None else "update"
        save = Save(unit, actor, entity, verb, record_id, rows.get(record_id) if record_id is not None else None)
        save.act = act
        saves.append(save)
        with _Refusals(save, gently):
            _take_in(save, raw, _allowed(save), version)
    return saves


def _allowed(save: Save) -> Grant:
    given = grant(save.unit, save.actor, save.entity, save.verb)
    if save.verb == "update" and save.old is None:
        raise RecordNotFound()
    if not given.allowed:
        raise AccessDenied(given.reason)
    if save.old is not None and save.old.get("@unwritable"):
        raise AccessDenied(message("你可以查看但不能修改这条{entity}", entity=save.entity.label))
    return given


def _take_in(save: Save, raw: Mapping[str, Any], given: Grant, version: int | None) -> None:
    if version is not None and save.old is not None and save.old.get("version") != version:
        raise VersionConflict(save.old["version"])
    take(save, raw, given)
    take_rows(save)
    take_pairs(save)


def _settle(saves: Sequence[Save], gently: bool) -> None:
    """Hooks, defaults, formulas and rules; each save that breaks one is refused with all its faults."""
    resolve_keys([*saves, *_rows(saves)])
    _tell("before_save", saves, gently)
    for save in _standing(saves):
        with _Refusals(save, gently):
            fill_system(save)
            formulas.fill_defaults(save)
            formulas.compute(save)
    check_links([*_standing(saves), *_rows(_standing(saves))])
    for save in _standing(saves):
        rules.check(save)
    rules.check_unique(_standing(saves))
    for save in _standing(saves):
        with _Refusals(save, gently):
            save.refuse_if_wrong()


def _rows(saves: Sequence[Save]) -> list[Save]:
    found = [row for save in saves for rows in save.rows.values() for row in rows if row.verb != "delete"]
    return [*found, *_rows(found)] if found else []


def _standing(saves: Sequence[Save]) -> list[Save]:
    return [save for save in saves if save.refusal is None]


def _still_mine(unit: Unit, actor: Actor, entity: Entity, saves: Sequence[Save]) -> None:
    """After the change: what was made must lie in the create grant, what was changed in the update grant."""
    from yuanke.records.fetch import ids_within

    for verb in ("create", "update"):
        ids = [s.id for s in saves if s.verb == verb and s.id is not None and not _owned(s)]
        lost = set(ids) - ids_within(unit, actor, entity, verb, ids)
        if lost:
            raise AccessDenied(message("保存后这条{entity}会超出你的权限范围", entity=entity.label))


def _owned(save: Save) -> bool:
    """What is the actor's own lies in every grant that has his own rows: no need to ask the database."""
    entity = save.entity
    if entity.key == "user" or "owner" not in entity.fields or "own" in entity.scopes or save.actor.user_id is None:
        return False
    given = grant(save.unit, save.actor, save.entity, save.verb)
    return save.get("owner") == save.actor.user_id and any("own" in policy.scopes for policy in given.policies)


def _tell(hook: str, saves: Sequence[Save], gently: bool = False) -> None:
    caller = getattr(hooks().hook, hook)
    if not caller.get_hookimpls():
        return
    for save in saves:
        with _Refusals(save, gently):
            caller(save=save)


class _Refusals:
    """Keeps a refusal with its save when the others are to go on."""

    def __init__(self, save: Save, gently: bool) -> None:
        self.save, self.gently = save, gently

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, fault: BaseException | None, trace: Any) -> bool:
        if self.gently and isinstance(fault, Refusal):
            self.save.refusal = fault
            return True
        return False
