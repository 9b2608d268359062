"""Schedules as the dialect says them (``weekday 08:00``, ``month last 18:00``, ``15 minutes``): when is the next time.

The one rule: wall clock in the enterprise's zone. A time that a clock change skips is taken at the change, one that comes
twice is taken the first time, so each day has its run once.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: a day without one of those asked for must come within this many days
FURTHEST = 400
_CLOCKED = re.compile(r"(?P<days>.+) (?P<hour>\d{1,2}):(?P<minute>\d\d)")
_MINUTES = re.compile(r"(\d+) minutes")
#: whether people work on a day; where nobody knows, Monday to Friday
IsWorkday = Callable[[date], bool]


def monday_to_friday(day: date) -> bool:
    return day.weekday() < 5


def next_time(said: str, after: datetime, zone: str, is_workday: IsWorkday = monday_to_friday) -> datetime:
    """The first instant (UTC) behind ``after`` at which ``said`` is due."""
    every = _step(said)
    if every is not None:
        return _on_the_clock(after, every)
    found = _CLOCKED.fullmatch(said)
    if found is None:
        raise ValueError(f"{said!r} is no schedule")
    at = time(int(found["hour"]), int(found["minute"]))
    there = ZoneInfo(zone)
    day = after.astimezone(there).date() - timedelta(days=1)
    for _ in range(FURTHEST):
        if _is_due(found["days"], day, is_workday):
            moment = instant(day, at, there)
            if moment > after:
                return moment
        day += timedelta(days=1)
    raise ValueError(f"{said!r} is never due")


def is_time(said: str, moment: datetime, zone: str, is_workday: IsWorkday = monday_to_friday) -> bool:
    """Whether ``said`` is due at exactly this instant."""
    return next_time(said, moment - timedelta(milliseconds=1), zone, is_workday) == moment


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant of a wall-clock time: behind a gap the first that there is, in an overlap the first of the two."""
    wall = datetime.combine(day, at)
    first = wall.replace(tzinfo=zone, fold=0)
    moment = first.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    return _end_of_gap(wall, zone)


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """``wall`` does not exist: the clock jumped over it. The instant of the jump."""
    low = wall.replace(tzinfo=zone, fold=1).astimezone(UTC) - timedelta(hours=1)
    high = wall.replace(tzinfo=zone, fold=0).astimezone(UTC) + timedelta(hours=1)
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _step(said: str) -> timedelta | None:
    if said == "hour":
        return timedelta(hours=1)
    found = _MINUTES.fullmatch(said)
    return timedelta(minutes=int(found[1])) if found else None


def _on_the_clock(after: datetime, every: timedelta) -> datetime:
    """The next whole multiple of ``every`` since the hour began; an hour always begins one."""
    hour = after.replace(minute=0, second=0, microsecond=0)
    passed = (after - hour) // every + 1
    return min(hour + passed * every, hour + timedelta(hours=1))


def _is_due(days: str, day: date, is_workday: IsWorkday) -> bool:
    if days == "day":
        return True
    if days == "weekday":
        return day.weekday() < 5
    if days == "workday":
        return is_workday(day)
    if days in DAYS:
        return DAYS[day.weekday()] == days
    wanted = days.removeprefix("month ")
    last = calendar.monthrange(day.year, day.month)[1]
    return day.day == (last if wanted == "last" else int(wanted))
