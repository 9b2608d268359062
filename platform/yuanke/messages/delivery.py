"""The job that carries a message further: a letter for each who wants mail, one message in each chat group.

The one rule: what it leaves behind are jobs of their own, so one address that fails holds up nobody, and whoever wants
to be left alone gets his when the quiet is over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from yuanke.jobs import Run, enqueue
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.text import message
from yuanke.messages import groups, mailing
from yuanke.messages.account import mail_account
from yuanke.messages.kinds import KINDS, MAIL, kind_of
from yuanke.messages.letters import letter, say
from yuanke.messages.preferences import Person, people
from yuanke.messages.robots import robots
from yuanke.storage import Unit

STEP = 50


def deliver(run: Run) -> dict[str, int]:
    said = run.arguments
    told = said["people"]
    while (at := run.checkpoint.get("at", 0)) < len(told):
        with run.step() as step:
            some = told[at : at + STEP]
            run.checkpoint["mails"] = run.checkpoint.get("mails", 0) + _mail(step.unit, said, some)
            run.checkpoint["at"] = at + STEP
    if not run.checkpoint.get("grouped"):
        with run.step() as step:
            run.checkpoint["robots"] = _tell_groups(step.unit, said, [one for one, _message in told])
            run.checkpoint["grouped"] = True
    return {"mails": run.checkpoint.get("mails", 0), "robots": run.checkpoint.get("robots", 0)}


def _mail(unit: Unit, said: Mapping[str, Any], told: list[list[int]]) -> int:
    """Letters to those of ``told`` (person, message) who want this kind by mail; how many."""
    if mail_account(unit) is None:
        return 0
    count, known = 0, people(unit, [one for one, _message in told])
    for one, message_id in told:
        person = known.get(one)
        if person is None or not person.preference.wants(said["kind"], MAIL) or not mailing.has_mail(person.email):
            continue
        body = letter(unit, _subject(said, person.locale), said["text"], person.locale, said["entity"], said["record"])
        mailing.queue(unit, str(person.email), body, when(unit, person), message_id)
        count += 1
    return count


def _subject(said: Mapping[str, Any], locale: str) -> str:
    kind = KINDS[kind_of(said["kind"])]
    return say(message("{kind}：{text}", kind=kind, text=said["text"].partition("\n")[0]), locale)


def _tell_groups(unit: Unit, said: Mapping[str, Any], told: list[int]) -> int:
    """One job for each robot and moment; how many."""
    known, count = people(unit, told), 0
    for robot in robots(unit):
        at: dict[datetime | None, list[int]] = defaultdict(list)
        for person in known.values():
            if robot.carries(said["kind"], person.id) and person.preference.wants(said["kind"], robot.channel):
                at[when(unit, person)].append(person.id)
        for moment, ids in at.items():
            what = {"robot": robot.id, "people": ids, **{key: said[key] for key in ("text", "entity", "record")}}
            enqueue(unit, Actor(unit.enterprise.slug, None, engine=True), groups.KIND, what, moment)
            count += 1
    return count


def when(unit: Unit, person: Person) -> datetime | None:
    """None for at once, else the end of his quiet."""
    return person.preference.quiet_until(clock.now(), unit.place.timezone)
