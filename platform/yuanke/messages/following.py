"""Following records: whoever keeps one at hand, and its owner unless he does not care, is told of changes by others.

The one rule: a follower is told what the history of the record shows him, under his rights of the moment; a change of a
field that he may not read is no change to him.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from yuanke.access.sessions import actor_of
from yuanke.fieldtypes.columns import UtcDateTime
from yuanke.jobs import Run, enqueue
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Unauthenticated
from yuanke.kernel.text import Message, message
from yuanke.messages.letters import say
from yuanke.messages.preferences import people
from yuanke.messages.telling import notify, supersede
from yuanke.metadata.registry import Entity
from yuanke.records import HistoryEntry, Record, Records
from yuanke.storage import Unit
from yuanke.storage.prepared import constant, open_row, open_value, prepared, remembered
from yuanke.storage.system import key, own_table
from yuanke.storage.tables import identity

KIND = "tell_followers"
FAVOURITES = "favourite"
#: what came from a file or the command line is too much to be told record by record
SILENT = frozenset({"import", "command"})
#: fields named in one message, records of one person told one by one, entries of a record looked at
MOST_FIELDS, MOST_SINGLE, MOST_ENTRIES = 5, 5, 50

#: changes that somebody follows, until the job has told of them; ``taken`` names the job
FOLLOWED = own_table(
    "followed",
    key(),
    sa.Column("entity", sa.String(63), nullable=False),
    sa.Column("record", identity(), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("taken", identity(), index=True),
)


def changed(save: Any) -> None:
    """A record was changed: leave a note for the job, if anybody follows it but the one who changed it."""
    actor, unit = save.actor, save.unit
    if save.verb != "update" or save.entity.system or save.entity.kind != "record" or actor.door in SILENT:
        return
    owner = save.get("owner")
    if owner in (None, actor.user_id) and not set(followers(unit, save.entity.key, save.id)) - {actor.user_id}:
        return
    names = ("entity", "record", "at")
    note = constant(unit, "followed", lambda: FOLLOWED.insert().inline().values(open_row(FOLLOWED, names)))
    # not later than the entry of the history that the job will look for
    note.run(unit, entity=save.entity.key, record=save.id, at=save.values.get("updated_at") or clock.now())
    if KIND not in unit.kept:
        unit.kept[KIND] = enqueue(
            unit, Actor(unit.enterprise.slug, None, engine=True), KIND, {}, dedupe=KIND, once="pending"
        )


def followers(unit: Unit, entity: str, record: int) -> list[int]:
    """Those who keep the record at hand."""

    def make() -> Any:
        table = unit.tables[FAVOURITES]
        mine = sa.and_(
            table.c.entity == open_value("entity", table.c.entity.type),
            table.c.record == open_value("record", table.c.record.type),
        )
        return prepared(unit, sa.select(table.c.owner).where(mine, table.c.deleted_at.is_(None)))

    found = remembered(unit, ("followers",), make).columns(unit, entity=entity, record=record)
    return [one for one in found[0] if one is not None] if found else []


def readers_of(unit: Unit, entity: str, record: int, owner: int | None) -> list[int]:
    """Everybody who is told of the record: those who follow it, and its owner unless he does not want that."""
    found = dict.fromkeys(followers(unit, entity, record))
    if owner is not None and owner not in found:
        mine = people(unit, [owner]).get(owner)
        if mine is not None and mine.preference.auto_follow:
            found[owner] = None
    return list(found)


# -- the job ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _News:
    """What one person is told of one record."""

    entity: Entity
    record: Record
    by: int | None
    by_name: str
    said: Message


def tell_followers(run: Run) -> dict[str, int]:
    """Take the notes, see for each follower what he may see, tell him; many records at once are told in one sentence."""
    with run.step() as step:
        step.unit.execute(FOLLOWED.update().where(FOLLOWED.c.taken.is_(None)).values(taken=run.id))
    with run.reading() as step:
        news = _news(step.unit, run.id)
    told = 0
    with run.step() as step:
        for person, some in news.items():
            told += _tell(step.unit, person, some)
        step.unit.execute(FOLLOWED.delete().where(FOLLOWED.c.taken == run.id))
    return {"told": told}


def _news(unit: Unit, job: int) -> dict[int, list[_News]]:
    since = sa.func.min(FOLLOWED.c.at).label("since")
    taken = sa.select(FOLLOWED.c.entity, FOLLOWED.c.record, since).where(FOLLOWED.c.taken == job)
    found: dict[int, list[_News]] = defaultdict(list)
    for row in unit.execute(taken.group_by(FOLLOWED.c.entity, FOLLOWED.c.record)).all():
        entity = unit.registry.entities.get(row.entity)
        if entity is None:
            continue
        table = unit.tables[entity.key]
        owner = unit.execute(sa.select(table.c.owner).where(table.c.id == row.record)).scalar()
        for person in readers_of(unit, entity.key, row.record, owner):
            if (news := _news_for(unit, person, entity, row.record, row.since, owner)) is not None:
                found[person].append(news)
    return found


def _news_for(
    unit: Unit, person: int, entity: Entity, record_id: int, since: datetime, owner: int | None
) -> _News | None:
    try:
        records = Records(unit, reader_of(unit, person))
        record = titled(records, entity, record_id)
        entries = [
            entry
            for entry in records.history(entity.key, record_id, MOST_ENTRIES)
            if entry.at >= since and entry.verb == "update" and entry.by.id != person and entry.door not in SILENT
        ]
    except (RecordNotFound, AccessDenied, Unauthenticated):
        return None
    if not entries:
        return None
    by = next((one.by for one in entries if one.by.id is not None), entries[0].by)
    return _News(entity, record, by.id, by.title or "", _sentence(entity, record, entries, person, owner))


def _sentence(
    entity: Entity, record: Record, entries: Sequence[HistoryEntry], person: int, owner: int | None
) -> Message:
    changes = [change for entry in entries for change in entry.changes.items()]
    names = {"entity": entity.label, "title": record.title}
    if owner == person and any(key == "owner" and pair[1] is not None for key, pair in changes):
        return message("{who} 把{entity}“{title}”交给你负责", **names)
    labels = list(dict.fromkeys(entity.fields[key].label for key, _ in changes if key != "department"))
    if len(labels) > MOST_FIELDS:
        shown = labels[:MOST_FIELDS]
        return message("{who} 修改了{entity}“{title}”：{fields}等 {count} 项", fields=shown, count=len(labels), **names)
    return message("{who} 修改了{entity}“{title}”：{fields}", fields=labels, **names)


def _tell(unit: Unit, person: int, news: Sequence[_News]) -> int:
    """One message a record; where one person changed many of a kind, one for all of them."""
    locale = people(unit, [person])[person].locale if people(unit, [person]) else "zh"
    groups: dict[tuple[str, int | None], list[_News]] = defaultdict(list)
    for one in news:
        groups[one.entity.key, one.by].append(one)
    count = 0
    for (entity, by), some in groups.items():
        who = some[0].by_name or say(message("系统"), locale)
        actor = Actor(unit.enterprise.slug, by)
        if len(some) > MOST_SINGLE:
            said = message("{who} 修改了你关注的 {count} 条{entity}", count=len(some), entity=some[0].entity.label)
            notify(unit, [person], _said(said, who, locale), entity=entity, kind="change", actor=actor)
            count += 1
            continue
        for one in some:
            supersede(unit, [person], entity, one.record.id, "change")
            notify(
                unit,
                [person],
                _said(one.said, who, locale),
                entity=entity,
                record=one.record.id,
                kind="change",
                actor=actor,
            )
            count += 1
    return count


def _said(said: Message, who: str, locale: str) -> str:
    return say(message(said.text, **{**said.values, "who": who}), locale)


def reader_of(unit: Unit, user_id: int) -> Actor:
    """The person with his rights of this moment, kept for the unit; Unauthenticated when he is out of service."""
    mark = (reader_of, user_id)
    if mark not in unit.kept:
        unit.kept[mark] = actor_of(unit, user_id, "job")
    found: Actor = unit.kept[mark]
    return found


def titled(records: Records, entity: Entity, record_id: int) -> Record:
    """The record with what names it, as this reader may see it. Raises RecordNotFound, AccessDenied."""
    given = records.grant(entity.key)
    fields = [one for one in (entity.title, "number", "owner") if one in entity.fields and one in given.readable]
    return records.get(entity.key, record_id, fields)


def may_read(unit: Unit, user_ids: Iterable[int], entity: Entity, record_id: int) -> list[int]:
    """Those of ``user_ids`` who may read the record."""
    found = []
    for one in user_ids:
        try:
            Records(unit, reader_of(unit, one)).get(entity.key, record_id, ())
        except (RecordNotFound, AccessDenied, Unauthenticated):
            continue
        found.append(one)
    return found
