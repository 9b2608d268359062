"""Working time: what lies so many working hours or working days behind an instant.

The one rule: only the hours that people work count, by wall clock in the enterprise's zone; what begins outside of them
begins with the next of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from yuanke.workflow.automations.schedule import instant, monday_to_friday

#: hours of a day that is worked, None of one that is not
Hours = Callable[[date], tuple[time, time] | None]
USUAL = (time(8), time(18))
#: a calendar without a working day in so many days is no calendar
FURTHEST = 4_000
_LENGTH = re.compile(r"(\d+)(min|h|d|w)")
_MINUTES = {"min": 1, "h": 60}
_DAYS = {"d": 1, "w": 5}


def usual_hours(day: date) -> tuple[time, time] | None:
    """Where no calendar says anything else: Monday to Friday, 08:00 to 18:00."""
    return USUAL if monday_to_friday(day) else None


def behind(moment: datetime, said: str, zone: str, hours: Hours = usual_hours) -> datetime:
    """``said`` (``8h``, ``30min``, ``2d``; a week is five working days) behind ``moment``."""
    found = _LENGTH.fullmatch(said)
    if found is None:
        raise ValueError(f"{said!r} is no length of working time")
    number, unit = int(found[1]), found[2]
    if unit in _DAYS:
        return add_days(moment, number * _DAYS[unit], zone, hours)
    return add_time(moment, timedelta(minutes=number * _MINUTES[unit]), zone, hours)


def add_time(moment: datetime, length: timedelta, zone: str, hours: Hours = usual_hours) -> datetime:
    """So much working time behind ``moment``: what is left of a day, then the days after it."""
    there = ZoneInfo(zone)
    day = moment.astimezone(there).date()
    for _ in range(FURTHEST):
        worked = hours(day)
        if worked is not None:
            begins, ends = (instant(day, at, there) for at in worked)
            begins = max(begins, moment)
            if begins < ends:
                if length <= ends - begins:
                    return begins + length
                length -= ends - begins
        day += timedelta(days=1)
    raise ValueError("the calendar has no working days")


def add_days(moment: datetime, days: int, zone: str, hours: Hours = usual_hours) -> datetime:
    """At the same time of the day, so many working days later; what lies before or behind the hours of that day is at
    their beginning or end."""
    there = ZoneInfo(zone)
    local = moment.astimezone(there)
    day, clock = local.date(), local.time()
    worked = hours(day)
    if worked is None or clock >= worked[1]:  # it begins with the next day that is worked
        day, clock = _next(day, hours), time.min
    for _ in range(days):
        day = _next(day, hours)
    since, till = hours(day) or USUAL
    return instant(day, min(max(clock, since), till), there)


def _next(day: date, hours: Hours) -> date:
    for _ in range(FURTHEST):
        day += timedelta(days=1)
        if hours(day) is not None:
            return day
    raise ValueError("the calendar has no working days")
