"""Telling people: a row each in their inbox, and a job that carries it further by the channels they chose.

The one rule: the rows stand with what caused them, in one statement however many people they are; nothing leaves the
machine before the commit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from yuanke.jobs import enqueue
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.catalogue import translator
from yuanke.kernel.text import Message
from yuanke.messages.account import mail_account
from yuanke.messages.inbox import MESSAGES
from yuanke.messages.kinds import APP, MAIL
from yuanke.messages.preferences import Person, people
from yuanke.messages.robots import robots
from yuanke.storage import Unit
from yuanke.storage.prepared import open_row, prepared, remembered

DELIVER = "deliver"
LONGEST_TEXT = 2_000
LONGEST_KIND = 40


def notify(
    unit: Unit,
    to: Iterable[int | None],
    text: str | Message,
    *,
    entity: str | None = None,
    record: int | None = None,
    kind: str = "notice",
    actor: Actor | None = None,
) -> dict[int, int]:
    """Tell people of ``to`` (user ids; those out of service are passed over) ``text``: what somebody wrote as it stands, a
    Message to each in his language.

    ``entity`` and ``record`` say where it leads, ``actor`` who caused it. Answers person -> id of his message, without
    those who do not want this kind inside the application. Nobody's rights are asked: whoever calls answers for the text.
    """
    if isinstance(text, Message):
        where: dict[str, Any] = {"entity": entity, "record": record, "kind": kind, "actor": actor}
        return _in_their_languages(unit, to, text, where)
    said, kind = text.strip()[:LONGEST_TEXT], kind[:LONGEST_KIND]
    told = list(people(unit, to).values()) if said else []
    if not told:
        return {}
    by = actor.user_id if actor is not None else None
    inside = [person.id for person in told if person.preference.wants(kind, APP)]
    made = _enter(unit, inside, {"kind": kind, "text": said, "entity": entity, "record": record}, by) if inside else {}
    carried = [[person.id, made.get(person.id)] for person in told if goes_further(unit, person, kind)]
    if carried:
        arguments = {"people": carried, "text": said, "kind": kind, "entity": entity, "record": record}
        enqueue(unit, Actor(unit.enterprise.slug, None, engine=True), DELIVER, arguments)
    return made


def _in_their_languages(unit: Unit, to: Iterable[int | None], text: Message, where: dict[str, Any]) -> dict[int, int]:
    speaking: dict[str, list[int]] = defaultdict(list)
    for person in people(unit, to).values():
        speaking[person.locale].append(person.id)
    made: dict[int, int] = {}
    for locale, some in speaking.items():
        made |= notify(unit, some, text.say(translator(locale)), **where)
    return made


def _enter(unit: Unit, to: list[int], said: dict[str, Any], by: int | None) -> dict[int, int]:
    table, now = unit.tables[MESSAGES], clock.now()
    stamp = {"created_at": now, "created_by": by, "updated_at": now, "version": 1}
    rows = [{"to": one, **said, **stamp} for one in to]
    if len(rows) == 1:  # what happens all the time is kept ready

        def make() -> Any:
            return prepared(unit, table.insert().values(open_row(table, rows[0])).returning(table.c.id))

        return {to[0]: remembered(unit, ("message",), make).scalar(unit, **rows[0])}
    return {row.to: row.id for row in unit.execute(table.insert().returning(table.c.id, table.c.to), rows)}


def goes_further(unit: Unit, person: Person, kind: str) -> bool:
    """Whether a message of this kind leaves the machine for him."""
    chosen = person.preference
    if any(robot.carries(kind, person.id) and chosen.wants(kind, robot.channel) for robot in robots(unit)):
        return True
    return chosen.wants(kind, MAIL) and _may_mail(unit, person)


def _may_mail(unit: Unit, person: Person) -> bool:
    from yuanke.messages.mailing import has_mail

    return has_mail(person.email) and mail_account(unit) is not None


def supersede(unit: Unit, to: Iterable[int], entity: str, record: int, kind: str) -> None:
    """What these people have not read yet of this kind about this record is told anew: only the newest counts."""
    table = unit.tables[MESSAGES]
    older = sa.and_(
        table.c.to.in_(sorted(set(to))), table.c.read_at.is_(None), table.c.deleted_at.is_(None),
        table.c.kind == kind, table.c.entity == entity, table.c.record == record,
    )  # fmt: skip
    unit.execute(table.update().where(older).values(read_at=clock.now()))
