"""Who is told what by which channel, and when he wants to be left alone.

The one rule: only people in service are told anything; hours and weekends are those of the enterprise's time zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from yuanke.kernel.errors import ValidationFailed
from yuanke.kernel.text import message
from yuanke.messages.kinds import KINDS, kind_of, usual
from yuanke.storage import Unit

PREFERENCES = "message_preference"
MOST_AT_ONCE = 1_000
SATURDAY = 5


@dataclass(frozen=True)
class Preference:
    """``channels``: channel -> the kinds it carries, only for channels that were chosen for."""

    channels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    quiet_since: time | None = None
    quiet_till: time | None = None
    quiet_weekend: bool = False
    digest: bool = False
    digest_at: time = time(8, 30)
    auto_follow: bool = True

    def wants(self, kind: str, channel: str) -> bool:
        return kind_of(kind) in self.channels.get(channel, usual(channel))

    def quiet_until(self, now: datetime, zone: str) -> datetime | None:
        """The instant at which the quiet that reigns ``now`` ends; None when there is none."""
        here = ZoneInfo(zone)
        moment = now.astimezone(here)
        for _ in range(4):  # a night, a weekend, another night
            if self.quiet_weekend and moment.weekday() >= SATURDAY:
                moment = datetime.combine(moment.date() + timedelta(7 - moment.weekday()), time(0), here)
            elif (until := self._night(moment.time())) is not None:
                moment = datetime.combine(_day_of(moment, until), until, here)
            else:
                break
        return moment if moment > now else None

    def _night(self, at: time) -> time | None:
        since, till = self.quiet_since, self.quiet_till
        if since is None or till is None or since == till:
            return None
        inside = since <= at < till if since < till else at >= since or at < till
        return till if inside else None


def _day_of(moment: datetime, until: time) -> date:
    return moment.date() if moment.time() < until else moment.date() + timedelta(1)


@dataclass(frozen=True)
class Person:
    id: int
    name: str
    username: str
    email: str | None
    mobile: str | None
    locale: str
    preference: Preference


def people(unit: Unit, ids: Iterable[int | None]) -> dict[int, Person]:
    """Those of ``ids`` who are in service, in the order given, each once; read once a unit."""
    kept: dict[int, Person | None] = unit.kept.setdefault(people, {})
    wanted = list(dict.fromkeys(one for one in ids if one is not None))
    missing = [one for one in wanted if one not in kept]
    for at in range(0, len(missing), MOST_AT_ONCE):
        _read(unit, missing[at : at + MOST_AT_ONCE], kept)
    return {one: person for one in wanted if (person := kept[one]) is not None}


def person(unit: Unit, user_id: int) -> Person | None:
    return people(unit, [user_id]).get(user_id)


def forget(unit: Unit) -> None:
    """Preferences or users of this unit have changed."""
    unit.kept.pop(people, None)


def _read(unit: Unit, ids: list[int], kept: dict[int, Person | None]) -> None:
    user, chosen = unit.tables["user"], unit.tables[PREFERENCES]
    own = sa.and_(chosen.c.owner == user.c.id, chosen.c.deleted_at.is_(None))
    columns = [user.c[key] for key in ("id", "name", "username", "email", "mobile", "locale")]
    statement = (
        sa.select(*columns, chosen.c.id.label("chosen"), *(chosen.c[key] for key in _CHOSEN))
        .select_from(user.outerjoin(chosen, own))
        .where(user.c.id.in_(ids), user.c.status == "active")
    )
    kept.update(dict.fromkeys(ids))
    for row in unit.execute(statement):
        kept[row.id] = Person(
            row.id, row.name or row.username, row.username, row.email or None, row.mobile or None, row.locale or "zh",
            _preference(row) if row.chosen is not None else Preference(),
        )  # fmt: skip


_CHOSEN = ("channels", "quiet_since", "quiet_till", "quiet_weekend", "digest", "digest_at", "auto_follow")


def _preference(row: Any) -> Preference:
    channels = row.channels if isinstance(row.channels, dict) else {}
    return Preference(
        {str(channel): frozenset(map(str, kinds)) for channel, kinds in channels.items() if isinstance(kinds, list)},
        row.quiet_since,
        row.quiet_till,
        bool(row.quiet_weekend),
        bool(row.digest),
        row.digest_at or Preference.digest_at,
        row.auto_follow is not False,
    )


def check_channels(save: Any) -> None:
    """A save of somebody's preferences: ``channels`` maps channels to lists of kinds that there are."""
    chosen = save.values.get("channels")
    if chosen is None:
        return
    known = ("app", "mail", *_plugged())
    faulty = not isinstance(chosen, dict) or any(
        channel not in known or not isinstance(kinds, list) or not set(map(str, kinds)) <= set(KINDS)
        for channel, kinds in chosen.items()
    )
    if faulty:
        said = message("渠道应为 {channels}，消息类型应为 {kinds}", channels=list(known), kinds=list(KINDS))
        raise ValidationFailed({"channels": [said]})


def _plugged() -> list[str]:
    from yuanke.messages.channels import channels

    return list(channels())
