"""The daily mail: what waits unread and what is due today, for those who want it at the hour they want it.

The one rule: one a day and person, and none when there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from yuanke.jobs import enqueue
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Unauthenticated
from yuanke.kernel.text import message
from yuanke.messages import inbox, mailing
from yuanke.messages.account import link_to, mail_account
from yuanke.messages.following import reader_of
from yuanke.messages.kinds import KINDS, kind_of
from yuanke.messages.letters import say, summary
from yuanke.messages.preferences import PREFERENCES, Person, people
from yuanke.messages.reminders import reminders_of
from yuanke.storage import Unit

KIND = "digest"
MOST = 30


def plan(unit: Unit) -> None:
    """Asked every few minutes: queue the mails whose hour has come today."""
    if PREFERENCES not in unit.registry.entities or mail_account(unit) is None:
        return
    now = clock.now().astimezone(ZoneInfo(unit.place.timezone))
    today = now.date()
    table = unit.tables[PREFERENCES]
    at = sa.func.coalesce(table.c.digest_at, sa.literal(time(8, 30), table.c.digest_at.type))
    due = sa.and_(
        table.c.digest, table.c.deleted_at.is_(None), at <= now.time().replace(microsecond=0, tzinfo=None),
        sa.or_(table.c.digested_on.is_(None), table.c.digested_on < today),
    )  # fmt: skip
    engine = Actor(unit.enterprise.slug, None, engine=True)
    for row in unit.execute(sa.select(table.c.id, table.c.owner).where(due)).all():
        enqueue(unit, engine, KIND, {"person": row.owner}, dedupe=f"{row.owner}:{today}")
        unit.execute(table.update().where(table.c.id == row.id).values(digested_on=today))


def write(unit: Unit, actor: Actor, arguments: Mapping[str, Any], progress: Any) -> dict[str, int]:
    """The job of one transaction: what waits for this person becomes a letter."""
    person = people(unit, [arguments["person"]]).get(arguments["person"])
    if person is None or not mailing.has_mail(person.email):
        return {"messages": 0, "reminders": 0}
    waiting, due = _unread(unit, person), _due(unit, person)
    if not waiting and not due:
        return {"messages": 0, "reminders": 0}
    parts = [part for part in (_due_part(unit, person, due), _unread_part(unit, person, waiting)) if part["items"]]
    title = say(message("今天的提醒和未读消息"), person.locale)
    mailing.queue(unit, str(person.email), summary(unit, person.locale, parts, title))
    return {"messages": len(waiting), "reminders": len(due)}


def _unread(unit: Unit, person: Person) -> list[inbox.Told]:
    return inbox.messages_of(unit, Actor(unit.enterprise.slug, person.id), only_unread=True, limit=MOST + 1)


def _due(unit: Unit, person: Person) -> list[Any]:
    """Lines that stand until the end of today."""
    zone = ZoneInfo(unit.place.timezone)
    tomorrow = datetime.combine(clock.today(unit.place.timezone) + timedelta(1), time(0), zone)
    try:
        return reminders_of(unit, reader_of(unit, person.id), MOST + 1, tomorrow)
    except Unauthenticated:
        return []


def _due_part(unit: Unit, person: Person, due: list[Any]) -> dict[str, Any]:
    items = [
        {"text": one.text, "note": _when(unit, one.due), "url": link_to(unit, one.entity, one.record)}
        for one in due[:MOST]
    ]
    return {"title": say(message("提醒"), person.locale), "items": items, "more": _more(due, person)}


def _unread_part(unit: Unit, person: Person, waiting: list[inbox.Told]) -> dict[str, Any]:
    told = [one for one in waiting if one.kind != "reminder"]
    items = [
        {"text": one.text, "note": f"{say(KINDS[kind_of(one.kind)], person.locale)} · {_when(unit, one.at)}",
         "url": link_to(unit, one.entity, one.record)}
        for one in told[:MOST]
    ]  # fmt: skip
    return {"title": say(message("未读消息"), person.locale), "items": items, "more": _more(told, person)}


def _more(some: list[Any], person: Person) -> str | None:
    return say(message("还有更多，请到系统里查看"), person.locale) if len(some) > MOST else None


def _when(unit: Unit, at: datetime | None) -> str | None:
    return at.astimezone(ZoneInfo(unit.place.timezone)).strftime("%Y-%m-%d %H:%M") if at is not None else None
