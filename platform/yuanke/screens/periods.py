"""Named spans of days for filters: today, this week, next 30 days, in the enterprise's own zone and week."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from yuanke.fieldtypes import Place
from yuanke.kernel import clock
from yuanke.kernel.errors import QueryFault
from yuanke.kernel.text import message

Span = tuple[date | None, date | None]
DAY = timedelta(days=1)


def bounds(within: str | None, low: str | None, high: str | None, place: Place) -> Span:
    """First and last day, both included; a named span and typed ends narrow each other."""
    first, last = _day(low), _day(high)
    if not within:
        return first, last
    start, end = named(within, place)
    return max(filter(None, (start, first)), default=None), min(filter(None, (end, last)), default=None)


def named(within: str, place: Place) -> Span:
    today = clock.today(place.timezone)
    week = today - DAY * ((today.weekday() + (1 if place.settings.get("week_start") == "sunday" else 0)) % 7)
    month = today.replace(day=1)
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    spans: dict[str, Span] = {
        "today": (today, today), "yesterday": (today - DAY, today - DAY),
        "this_week": (week, week + 6 * DAY), "last_week": (week - 7 * DAY, week - DAY),
        "this_month": (month, _next_month(month) - DAY), "last_month": ((month - DAY).replace(day=1), month - DAY),
        "this_quarter": (quarter, _next_month(_next_month(_next_month(quarter))) - DAY),
        "this_year": (today.replace(month=1, day=1), today.replace(month=12, day=31)),
        "last_30": (today - 29 * DAY, today), "next_7": (today, today + 6 * DAY), "next_30": (today, today + 29 * DAY),
        "past": (None, today - DAY),
    }  # fmt: skip
    if within not in spans:
        raise QueryFault(message("不认识的时间范围 {within}", within=within), parameter="within")
    return spans[within]


def instants(low: date | None, high: date | None, place: Place) -> tuple[datetime | None, datetime | None]:
    """From the first moment of ``low`` to the last millisecond of ``high``."""
    zone = ZoneInfo(place.timezone)
    start = datetime.combine(low, time(), zone) if low else None
    end = datetime.combine(high + DAY, time(), zone) - timedelta(milliseconds=1) if high else None
    return start, end


def _day(said: str | None) -> date | None:
    if not said:
        return None
    try:
        return date.fromisoformat(said[:10])
    except ValueError as fault:
        raise QueryFault(message("日期应形如 2026-03-05，收到 {said}", said=said[:40])) from fault


def _next_month(first: date) -> date:
    return (first + 31 * DAY).replace(day=1)
