"""Reading days, times and instants as people and programs write them. The one rule: an ambiguous one is refused."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from yuanke.fieldtypes.base import ValueFault
from yuanke.fieldtypes.columns import whole_milliseconds
from yuanke.kernel.text import message

#: years that people mean; what a half-typed date field sends (0002-03-05) is not among them
FIRST_YEAR, LAST_YEAR = 1000, 9998
#: spreadsheets count days from here, and count wrongly before March 1900
SPREADSHEET_FIRST_YEAR = 1901
LONGEST = 60

_DAY = re.compile(
    r"(?P<y>[0-9]{4})(?:-(?P<m1>[0-9]{1,2})-(?P<d1>[0-9]{1,2})|/(?P<m2>[0-9]{1,2})/(?P<d2>[0-9]{1,2})"
    r"|\.(?P<m3>[0-9]{1,2})\.(?P<d3>[0-9]{1,2})|\s*年\s*(?P<m4>[0-9]{1,2})\s*月\s*(?P<d4>[0-9]{1,2})\s*[日号]?"
    r"|(?P<m5>[0-9]{2})(?P<d5>[0-9]{2}))"
)
_MONTH = re.compile(r"(?P<y>[0-9]{4})(?:[-/.](?P<m1>[0-9]{1,2})|\s*年\s*(?P<m2>[0-9]{1,2})\s*月?|(?P<m3>[0-9]{2}))")
_TIME = re.compile(
    r"(?P<before>上午|凌晨|早上|下午|晚上|中午|am|pm)?\s*(?P<h>[0-9]{1,2})"
    r"(?::(?P<m1>[0-9]{2})(?::(?P<s1>[0-9]{2})(?:\.(?P<f>[0-9]{1,9}))?)?|\s*[时点](?:\s*(?P<m2>[0-9]{1,2})\s*分?)?(?:\s*(?P<s2>[0-9]{1,2})\s*秒)?"
    r"|(?=\s*[ap]m))\s*(?P<after>am|pm)?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:z|[+-][0-9]{2}:?[0-9]{2}(?::?[0-9]{2})?)$", re.IGNORECASE)
_LATER = {"下午", "晚上", "pm"}


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip() if len(text) <= LONGEST else ""


def _groups(match: re.Match[str], letter: str) -> str | None:
    return next(
        (value for key, value in match.groupdict().items() if key.startswith(letter) and key[1:].isdigit() and value),
        None,
    )


def _day(match: re.Match[str]) -> date | None:
    try:
        day = date(int(match["y"]), int(_groups(match, "m") or 0), int(_groups(match, "d") or 0))
    except ValueError:
        return None
    return day if in_reach(day) else None


def in_reach(day: date) -> bool:
    return FIRST_YEAR <= day.year <= LAST_YEAR


def read_day(text: str) -> date | None:
    """``2026-03-05`` ``2026/3/5`` ``2026.3.5`` ``2026年3月5日`` ``20260305``, a midnight may follow; else None."""
    tidy = _tidy(text)
    match = _DAY.match(tidy)
    if match is None:
        return None
    rest = tidy[match.end() :].lstrip("Tt ").rstrip()
    if rest and re.fullmatch(r"0{1,2}:00(?::00(?:\.0+)?)?", rest) is None:
        return None
    return _day(match)


def read_month(text: str) -> date | None:
    """``2026-03`` ``2026/3`` ``2026年3月`` ``202603`` -> its first day; else None."""
    match = _MONTH.fullmatch(_tidy(text))
    if match is None or not 1 <= int(_groups(match, "m") or 0) <= 12:
        return None
    day = date(int(match["y"]) or 1, int(_groups(match, "m") or 0), 1)
    return day if in_reach(day) else None


def read_clock(text: str) -> time | None:
    """``14:30`` ``14:30:05`` ``14时30分`` ``下午2:30`` ``2:30 PM``, cut to the millisecond; else None."""
    match = _TIME.fullmatch(_tidy(text))
    if match is None or (match["before"] and match["after"]):
        return None
    hour, half = int(match["h"]), (match["before"] or match["after"] or "").lower()
    if half and hour <= 12:
        hour = hour % 12 + 12 if half in _LATER else (hour if half == "中午" else hour % 12)
    try:
        return time(
            hour,
            int(_groups(match, "m") or 0),
            int(_groups(match, "s") or 0),
            int((match["f"] or "0").ljust(6, "0")[:3]) * 1000,
        )
    except ValueError:
        return None


def read_instant(text: str, zone: str) -> datetime | None:
    """RFC 3339, or a day and a time on the wall of ``zone`` -> UTC; None when it is neither.

    Raises ValueFault for a time that the clocks of ``zone`` skipped.
    """
    tidy = _tidy(text)
    match = _DAY.match(tidy)
    day = _day(match) if match else None
    if match is None or day is None:
        return None
    rest = tidy[match.end() :].lstrip("Tt ").strip()
    offset = _OFFSET.search(rest)
    clock = read_clock(rest[: offset.start()] if offset else rest) if rest else time()
    if clock is None:
        return None
    local = datetime.combine(day, clock)
    if offset is None:
        return from_wall(local, zone)
    try:
        return whole_milliseconds(datetime.fromisoformat(local.isoformat() + offset.group().upper()))
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def from_wall(local: datetime, zone: str) -> datetime:
    """A naive time on the wall -> UTC; of two the earlier one. Raises ValueFault when the clocks skipped it."""
    moment = whole_milliseconds(local.replace(tzinfo=zone_of(zone)))
    if wall(moment, zone) != local.replace(microsecond=local.microsecond // 1000 * 1000, fold=0):
        raise ValueFault(
            message(
                "{found} 在时区 {zone} 不存在（夏令时跳过了它），请改填前后的时间",
                found=local.isoformat(" ", "minutes"),
                zone=zone,
            )
        )
    return moment


def wall(moment: datetime, zone: str) -> datetime:
    """The naive time on the wall of ``zone``."""
    return moment.astimezone(zone_of(zone)).replace(tzinfo=None, fold=0)


def clock_text(value: time | datetime) -> str:
    """``14:30``, ``14:30:05`` or ``14:30:05.250``: no finer than it is."""
    if value.microsecond:
        return f"{value:%H:%M:%S}.{value.microsecond // 1000:03d}"
    return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"


def from_timedelta(span: timedelta) -> time | None:
    """The time of day that a spreadsheet keeps as a span since midnight."""
    if not timedelta(0) <= span < timedelta(days=1):
        return None
    return (datetime(2000, 1, 1) + timedelta(milliseconds=round(span / timedelta(milliseconds=1)))).time()


def cell_moment_text(cell: Any) -> str:
    """A date or time cell as text: ``2026-03-05``, ``2026-03-05 14:30``, ``14:30``."""
    if isinstance(cell, datetime):
        if cell.tzinfo is not None:
            return cell.astimezone(UTC).isoformat()
        return cell.date().isoformat() if cell.time() == time() else f"{cell:%Y-%m-%d} {clock_text(cell)}"
    if isinstance(cell, date):
        return cell.isoformat()
    return clock_text(cell) if isinstance(cell, time) else str(cell)
