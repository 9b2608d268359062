"""What people say about a record: whom they mention, and who is told of it.

The one rule: only people who may read the record are mentioned or told, asked when it is said and again when it is told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from yuanke.jobs import Run, enqueue
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Unauthenticated
from yuanke.kernel.text import Message, message
from yuanke.messages.following import may_read, reader_of, readers_of, titled
from yuanke.messages.letters import one_line, say
from yuanke.messages.preferences import people
from yuanke.messages.telling import notify
from yuanke.metadata.registry import Entity
from yuanke.records import Records
from yuanke.storage import Unit

COMMENTS = "comment"
KIND = "tell_comment"
MOST_MENTIONS = 50
LONGEST_QUOTE = 200
#: people asked for their right while one types a name
MOST_LOOKED_AT = 24
#: an @ that does not stand in an address
_AT = re.compile(r"(?<![a-z0-9._%+-])@")


def settle_mentions(save: Any) -> None:
    """Before a comment is saved: who is mentioned by name joins those named in ``mentions``; a fault for one who may not
    read the record."""
    if save.verb not in ("create", "update") or not (save.changed("body") or "mentions" in save.pairs):
        return
    entity = save.unit.registry.entities.get(str(save.get("entity") or ""))
    if entity is None or save.get("record") is None:
        return
    given = list(save.pairs.get("mentions", ()))
    typed = mentioned(save.unit, str(save.get("body") or ""))
    if len({*given, *typed}) > MOST_MENTIONS:
        save.fault("mentions", message("一条评论最多提到 {most} 人", most=MOST_MENTIONS))
        return
    readers = may_read(save.unit, {*given, *typed}, entity, int(save.get("record")))
    if not set(given) <= set(readers):
        save.fault("mentions", message("提到的人里有人无权查看这条记录"))
    if save.old is not None and "mentions" not in save.old_pairs:
        save.old_pairs["mentions"] = mentions_of(save.unit, save.id)
    save.pairs["mentions"] = [one for one in dict.fromkeys([*given, *typed]) if one in readers]


def mentioned(unit: Unit, text: str) -> list[int]:
    """People whom ``@name``, ``@user_name`` or ``@name(user_name)`` in a text means: the longest that fits, and only
    where one alone is meant."""
    folded = _folded(text)
    places = [at.end() for at in _AT.finditer(folded)]
    if not places:
        return []
    names = _names(unit)
    longest = max(map(len, names), default=0)
    found: dict[int, None] = {}
    for at in places[: 4 * MOST_MENTIONS]:
        for length in range(min(longest, len(folded) - at), 0, -1):
            one = names.get(folded[at : at + length])
            if one is not None:
                found[one] = None
                break
    return list(found)


class Named(NamedTuple):
    """Somebody who may be mentioned; ``insert`` is what to write behind the @ so that he alone is meant."""

    id: int
    name: str
    username: str
    insert: str


def readers_named(records: Records, entity: Entity, record_id: int, text: str, limit: int = 8) -> list[Named]:
    """People whose name, initials or user name begin like ``text`` and who may read the record."""
    unit = records.unit
    found = [one.id for one in records.lookup("user", text, MOST_LOOKED_AT) if one.id is not None]
    readers = may_read(unit, found, entity, record_id)[:limit]
    names = _names(unit)
    return [
        Named(
            one.id, one.name, one.username,
            one.name if names.get(_folded(one.name)) == one.id else f"{one.name}({one.username})",
        )
        for one in people(unit, readers).values()
    ]  # fmt: skip


def _names(unit: Unit) -> Mapping[str, int]:
    """What people are called -> who is; a name that two share means neither."""
    user = unit.tables["user"]
    rows = unit.execute(sa.select(user.c.id, user.c.name, user.c.username).where(user.c.status == "active")).all()
    found: dict[str, set[int]] = {}
    for row in rows:
        for name in (row.name, row.username, f"{row.name}({row.username})"):
            if name:
                found.setdefault(_folded(name), set()).add(row.id)
    return {name: next(iter(ids)) for name, ids in found.items() if len(ids) == 1}


def _folded(text: str) -> str:
    """Without capitals and full-width forms."""
    return unicodedata.normalize("NFKC", text).casefold()


def mentions_of(unit: Unit, comment: int) -> list[int]:
    field = unit.registry.entities[COMMENTS].fields["mentions"]
    pairs = unit.tables[field.pairs or ""]
    return list(unit.connection.scalars(sa.select(pairs.c.target).where(pairs.c.source == comment)))


def said(save: Any) -> None:
    """After a comment is saved: a job tells of it. A changed one tells only those who are mentioned newly."""
    mentions = save.pairs.get("mentions", [])
    fresh = [one for one in mentions if one not in save.old_pairs.get("mentions", [])]
    if save.verb == "create" or (save.verb == "update" and fresh):
        arguments = {"comment": save.id, "mentions": fresh, "others": save.verb == "create"}
        enqueue(save.unit, Actor(save.unit.enterprise.slug, None, engine=True), KIND, arguments)


# -- the job ------------------------------------------------------------------------------------------------------


def tell_comment(run: Run) -> dict[str, int]:
    with run.reading() as step:
        told = _whom(step.unit, run.arguments)
    with run.step() as step:
        if not run.checkpoint.get("told"):
            for person, kind, text, where in told:
                notify(
                    step.unit, [person], text, entity=where[0], record=where[1], kind=kind, actor=Actor("", where[2])
                )
            run.checkpoint["told"] = True
    return {"told": len(told)}


def _whom(unit: Unit, asked: Mapping[str, Any]) -> list[tuple[int, str, str, tuple[str, int, int | None]]]:
    """(person, kind, text, (entity, record, author)): each person once, a mention before a reply before a comment."""
    table = unit.tables[COMMENTS]
    row = unit.execute(sa.select(table).where(table.c.id == asked["comment"], table.c.deleted_at.is_(None))).first()
    entity = unit.registry.entities.get(row.entity) if row is not None else None
    if row is None or entity is None:
        return []
    author = people(unit, [row.owner]).get(row.owner) if row.owner is not None else None
    found = []
    for person, kind, sentence in _candidates(unit, entity, row, asked):
        told = _told(unit, person, entity, row, sentence, author.name if author is not None else None)
        if told is not None:
            found.append((person, kind, told, (entity.key, row.record, row.owner)))
    return found


def _candidates(unit: Unit, entity: Entity, row: Any, asked: Mapping[str, Any]) -> Iterable[tuple[int, str, Message]]:
    seen = {row.owner}
    for person in asked["mentions"]:
        if person not in seen:
            seen.add(person)
            yield person, "mention", message("{who} 在{entity}“{title}”的评论里提到你：{text}")
    if not asked["others"]:
        return
    table = unit.tables[COMMENTS]
    answered = unit.execute(sa.select(table.c.owner).where(table.c.id == row.answers)).scalar() if row.answers else None
    if answered is not None and answered not in seen:
        seen.add(answered)
        yield answered, "comment", message("{who} 回复了你在{entity}“{title}”的评论：{text}")
    record = unit.tables[entity.key]
    owner = (
        unit.execute(sa.select(record.c.owner).where(record.c.id == row.record)).scalar()
        if "owner" in record.c
        else None
    )
    for person in readers_of(unit, entity.key, row.record, owner):
        if person not in seen:
            seen.add(person)
            yield person, "comment", message("{who} 评论了{entity}“{title}”：{text}")


def _told(unit: Unit, person: int, entity: Entity, row: Any, sentence: Message, author: str | None) -> str | None:
    known = people(unit, [person]).get(person)
    try:
        record = titled(Records(unit, reader_of(unit, person)), entity, row.record)
    except (RecordNotFound, AccessDenied, Unauthenticated):
        return None
    locale = known.locale if known is not None else "zh"
    who = author or say(message("系统"), locale)
    values = {
        "who": who,
        "entity": entity.label,
        "title": record.title,
        "text": one_line(row.body or "", LONGEST_QUOTE),
    }
    return say(message(sentence.text, **values), locale)
