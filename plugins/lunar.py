"""Days that come back every year, by the solar or the lunar calendar: what YAML cannot say about anniversaries.

One rule: everything here is a pure function of its arguments; "today" is always handed in, so a formula that
uses it says so and a test can ask about any day. The calendar itself comes from lunar-python.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from lunar_python import LunarYear, Solar
from yuanke.expressions import Function
from yuanke.kernel.hooks import impl
from yuanke.kernel.text import Label

#: how far to look for a day that only a certain leap month has (the rarer ones come once in a life, some never)
YEARS_AHEAD = 120


@impl
def expression_functions() -> list[Any]:
    return [
        Function(
            "next_yearly",
            ("text", "number", "number", "bool", "text", "text", "date"),
            "date",
            _next_of_values,
            nulls=True,
            help=Label(
                "每年一次的日子（公历或农历）从某天起的下一次",
                "The next time of a yearly day, solar or lunar, from a date on",
            ),
        ),
        Function(
            "nth_yearly",
            ("text", "number", "date"),
            "number",
            lambda calendar, year, day: nth_yearly(calendar, int(year), day),
            help=Label("某次纪念日是第几周年", "Which anniversary falls on a date"),
        ),
        Function(
            "lunar_year",
            ("date",),
            "number",
            lambda day: _lunar(day).getYear(),
            help=Label("公历日期的农历年", "Its lunar year"),
        ),
        Function(
            "lunar_month",
            ("date",),
            "number",
            lambda day: abs(_lunar(day).getMonth()),
            help=Label("公历日期的农历月，正月为 1", "Its lunar month, 1 is the first"),
        ),
        Function(
            "lunar_day",
            ("date",),
            "number",
            lambda day: _lunar(day).getDay(),
            help=Label("公历日期的农历日", "Its day of the lunar month"),
        ),
        Function(
            "lunar_leap",
            ("date",),
            "bool",
            lambda day: _lunar(day).getMonth() < 0,
            help=Label("公历日期是否在闰月里", "Is it in a leap month?"),
        ),
        Function(
            "lunar_text", ("date",), "text", lunar_text, help=Label("公历日期的农历写法", "A date in lunar words")
        ),
    ]


def _next_of_values(
    calendar: str | None,
    month: Any,
    day: Any,
    leap: bool | None,
    leap_rule: str | None,
    missing_day: str | None,
    since: date | None,
) -> date | None:
    """`next_yearly` of the values of a record, which may be empty."""
    if calendar is None or month is None or day is None or since is None:
        return None
    return next_yearly(
        calendar, int(month), int(day), bool(leap), leap_rule or "plain_month", missing_day or "last_day", since
    )


def next_yearly(
    calendar: str, month: int, day: int, leap: bool, leap_rule: str, missing_day: str, since: date
) -> date | None:
    """The first occurrence on or after ``since``, as a solar date; None where there is none within 120 years.

    ``calendar``: ``solar`` or ``lunar``; ``month`` 1-12, ``day`` 1-31 (lunar 1-30), ``leap``: of the leap month.
    ``leap_rule`` in a year without that leap month: ``plain_month`` takes the plain one, ``leap_only`` skips the year.
    ``missing_day`` in a month that is too short: its ``last_day``, the ``next_day`` after it, or ``skip`` the year.
    """
    for year in range(since.year - 1, since.year + YEARS_AHEAD):
        found = _occurrence(calendar, year, month, day, leap, leap_rule, missing_day)
        if found is not None and found >= since:
            return found
    return None


def nth_yearly(calendar: str, origin_year: int, occurrence: date) -> int | None:
    """Which anniversary falls on ``occurrence``; ``origin_year`` counts in the anniversary's own calendar."""
    count = (_lunar(occurrence).getYear() if calendar == "lunar" else occurrence.year) - origin_year
    return count if count >= 0 else None


def lunar_text(day: date) -> str:
    """``date(1990, 6, 23)`` -> ``闰五月初一``."""
    lunar = _lunar(day)
    return f"{lunar.getMonthInChinese()}月{lunar.getDayInChinese()}"


def _occurrence(
    calendar: str, year: int, month: int, day: int, leap: bool, leap_rule: str, missing_day: str
) -> date | None:
    span = _lunar_month(year, month, leap, leap_rule) if calendar == "lunar" else _solar_month(year, month)
    if span is None:
        return None
    first, length = span
    if day <= length:
        return first + timedelta(days=day - 1)
    if missing_day == "skip":
        return None
    return first + timedelta(days=length if missing_day == "next_day" else length - 1)


def _solar_month(year: int, month: int) -> tuple[date, int]:
    return date(year, month, 1), monthrange(year, month)[1]


def _lunar_month(year: int, month: int, leap: bool, leap_rule: str) -> tuple[date, int] | None:
    months = _months_of_lunar_year(year)
    if leap and -month in months:
        return months[-month]
    return None if leap and leap_rule == "leap_only" else months[month]


@lru_cache(maxsize=512)
def _months_of_lunar_year(year: int) -> Mapping[int, tuple[date, int]]:
    """Month -> (its first day as a solar date, its number of days); the leap month has a negative key."""
    return {
        month.getMonth(): (_solar_date(Solar.fromJulianDay(month.getFirstJulianDay())), month.getDayCount())
        for month in LunarYear.fromYear(year).getMonthsInYear()
    }


def _solar_date(solar: Any) -> date:
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


def _lunar(day: date) -> Any:
    return Solar.fromYmd(day.year, day.month, day.day).getLunar()
