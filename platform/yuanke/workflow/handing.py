"""Whoever gets or loses records, and whoever a record was shared with, is told: once for all of one operation.

The one rule: a message names a single record only to whoever may read it now.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

from yuanke.access.sessions import actor_of
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Refusal
from yuanke.kernel.text import Message, message
from yuanke.messages import notify
from yuanke.metadata.registry import Entity
from yuanke.records.reading import get_record
from yuanke.records.undoing import ChangeSet
from yuanke.storage import Unit

MOST_TOLD = 200
SAID = {
    "got": (message("{who} 把{entity}“{title}”转给了你"), message("{who} 转给你 {count} 条{entity}")),
    "lost": (message("{who} 把你的{entity}“{title}”转给了别人"), message("{who} 把你的 {count} 条{entity}转给了别人")),
    "shared": (message("{who} 把{entity}“{title}”共享给了你"), message("{who} 共享给你 {count} 条{entity}")),
    "kept": (message("{who} 把另一条{entity}并入了“{title}”"), message("{who} 合并了你的 {count} 条{entity}")),
    "merged": (
        message("{who} 把你的{entity}“{title}”并入了另一条"),
        message("{who} 把你的 {count} 条{entity}并入了别的记录"),
    ),
}


def tell(unit: Unit, actor: Actor, change_set: ChangeSet) -> None:
    """Messages of a merge, a transfer or a share; nobody is told of what he did himself."""
    told: dict[tuple[int, str, str], list[_Told]] = defaultdict(list)
    for entity, record, event in change_set.events:
        for person, kind, title in _concerned(event):
            if person is not None and person != actor.user_id:
                told[(person, kind, entity.key)].append(_Told(entity, record, title))
    for (person, kind, _), held in list(told.items())[:MOST_TOLD]:
        _notify(unit, actor, person, kind, held)


class _Told(NamedTuple):
    """``title``: what it was called for its owner; None = as it is called now, for whoever may read it."""

    entity: Entity
    record: int
    title: str | None


def _concerned(event: Any) -> list[tuple[int | None, str, str | None]]:
    name = event.get("name")
    if name == "transfer":
        return [(event.get("to"), "got", None), (event.get("was"), "lost", None)]
    if name == "merge":
        lost = [(one.get("owner"), "merged", one.get("title")) for one in event.get("lost", ())]
        return [(event.get("owner"), "kept", None), *(one for one in lost if one[0] != event.get("owner"))]
    if name == "share":
        return [(one.get("user"), "shared", None) for one in event.get("receivers", ())]
    return []


def _notify(unit: Unit, actor: Actor, person: int, kind: str, held: list[_Told]) -> None:
    entity, record, title = held[0]
    single = len(held) == 1
    called = (title or _title(unit, person, entity, record)) if single else None
    one, many = SAID[kind]
    said = Message((one if called is not None else many).text, {
        "who": actor.name or actor.username, "entity": entity.label, "title": called, "count": len(held),
    })  # fmt: skip
    at = record if called is not None and title is None else None
    notify(unit, [person], said, entity=entity.key, record=at, kind="notice", actor=actor)


def _title(unit: Unit, person: int, entity: Entity, record: int) -> str | None:
    """What the record is called, for whoever may read it now."""
    try:
        return get_record(unit, actor_of(unit, person, "job"), entity, record).title
    except Refusal:
        return None
