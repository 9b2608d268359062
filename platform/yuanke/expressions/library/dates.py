"""Functions of days and instants. A day has no zone; an instant has a day only in the enterprise's zone, which comes
first."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from yuanke.expressions.exact import whole
from yuanke.expressions.functions import Element, Function
from yuanke.expressions.library.numbers import numeric, raw, small
from yuanke.expressions.sqltypes import SQL_TYPES
from yuanke.kernel import clock
from yuanke.kernel.text import Label

MOST_DAYS = 4_000_000
MOST_MONTHS = 120_000
_zone = cache(ZoneInfo)
_DAY, _MOMENT = SQL_TYPES["date"], SQL_TYPES["datetime"]
_MONTH_SQL, _DAY_SQL = (
    sa.literal_column("INTERVAL '1 month'", sa.Interval()),
    sa.literal_column("INTERVAL '1 day'", sa.Interval()),
)


def _safe(compute: Callable[..., Any]) -> Callable[..., Any]:
    """What leaves the calendar (before year 1, after 9999) is None."""

    def guarded(*arguments: Any) -> Any:
        try:
            return compute(*arguments)
        except (OverflowError, ValueError):
            return None

    return guarded


def _day_within(day: Element) -> Element:
    """The same in SQL: PostgreSQL's calendar reaches further."""
    low, high = sa.literal_column("DATE '0001-12-31 BC'", _DAY), sa.literal_column("DATE '10000-01-01'", _DAY)
    return sa.func.nullif(sa.func.nullif(sa.func.least(sa.func.greatest(day, low), high), high), low)


def _moment_within(moment: Element) -> Element:
    low = sa.literal_column("TIMESTAMPTZ '0001-12-31 23:59:59.999+00 BC'", _MOMENT)
    high = sa.literal_column("TIMESTAMPTZ '10000-01-01 00:00+00'", _MOMENT)
    return sa.func.nullif(sa.func.nullif(sa.func.least(sa.func.greatest(moment, low), high), high), low)


def local(zone: str, moment: datetime) -> datetime:
    return moment.astimezone(_zone(zone)).replace(tzinfo=None)


def instant(zone: str, wall: datetime) -> datetime:
    """The instant at which the wall clock of ``zone`` shows ``wall``; of two, and of none, the one by standard time
    (as PostgreSQL has it)."""
    at = wall.replace(tzinfo=_zone(zone))
    offset = min(at.replace(fold=fold).utcoffset() or timedelta(0) for fold in (0, 1))
    return (wall - offset).replace(tzinfo=timezone.utc)


def _plus_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise OverflowError
    return day.replace(year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1]))


def _add_days(day: date, count: Any) -> date | None:
    days = whole(count, MOST_DAYS)
    return None if days is None else day + timedelta(days)


def _add_months(day: date, count: Any) -> date | None:
    months = whole(count, MOST_MONTHS)
    return None if months is None else _plus_months(day, months)


def _add_days_sql(day: Element, count: Element) -> Element:
    return _day_within(day.op("+", return_type=_DAY)(small(count, MOST_DAYS)))


def _add_months_sql(day: Element, count: Element) -> Element:
    return _day_within(
        sa.cast(sa.cast(day, sa.DateTime).op("+")(_MONTH_SQL.op("*")(small(count, MOST_MONTHS))), sa.Date)
    )


def _later_days(zone: str, moment: datetime, count: Any) -> datetime | None:
    """So many days on the wall clock of the zone."""
    days = whole(count, MOST_DAYS)
    return None if days is None else instant(zone, local(zone, moment) + timedelta(days))


def _later_months(zone: str, moment: datetime, count: Any) -> datetime | None:
    months = whole(count, MOST_MONTHS)
    if months is None:
        return None
    wall = local(zone, moment)
    return instant(zone, datetime.combine(_plus_months(wall.date(), months), wall.time()))


def _later(unit: Element, most: int) -> Callable[[Element, Element, Element], Element]:
    def sql(zone: Element, moment: Element, count: Element) -> Element:
        wall = sa.func.timezone(zone, moment, type_=sa.DateTime())
        return _moment_within(sa.func.timezone(zone, wall.op("+")(unit.op("*")(small(count, most)))))

    return sql


def _date_of_sql(zone: Element, moment: Element) -> Element:
    return sa.cast(sa.func.timezone(zone, moment), sa.Date)


def _start_sql(zone: Element, day: Element) -> Element:
    return sa.func.timezone(zone, sa.cast(day, sa.DateTime))


def _start(zone: str, day: date) -> datetime:
    """Midnight of a day; of a wall clock's time (a datetime without zone) that time."""
    return instant(zone, day if isinstance(day, datetime) else datetime.combine(day, time()))


def _at_clock(zone: str, day: date, clock_time: time) -> datetime:
    """The instant at which the wall clock shows a time of day."""
    return instant(zone, datetime.combine(day, clock_time))


def _at_clock_sql(zone: Element, day: Element, clock_time: Element) -> Element:
    return _moment_within(sa.func.timezone(zone, day.op("+", return_type=sa.DateTime())(clock_time)))


def _part(name: str, zh: str, en: str, python: Callable[[date], int], field: str | None = None) -> Function:
    def sql(day: Element) -> Element:
        return numeric(sa.extract(field or name, day))

    return Function(name, ("date",), "number", lambda day: Decimal(python(day)), Label(zh, en), sql)


def _start_of(name: str, zh: str, en: str, python: Callable[[date], date], unit: str) -> Function:
    def sql(day: Element) -> Element:
        return sa.cast(sa.func.date_trunc(sa.literal_column(f"'{unit}'"), sa.cast(day, sa.DateTime)), sa.Date)

    return Function(name, ("date",), "date", _safe(python), Label(zh, en), sql)


def _end_of(name: str, zh: str, en: str, python: Callable[[date], date], unit: str, length: str) -> Function:
    def sql(day: Element) -> Element:
        start = sa.func.date_trunc(sa.literal_column(f"'{unit}'"), sa.cast(day, sa.DateTime))
        return sa.cast(start.op("+")(sa.literal_column(f"INTERVAL '{length}'")).op("-")(_DAY_SQL), sa.Date)

    return Function(name, ("date",), "date", python, Label(zh, en), sql)


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _days_between(earlier: date, later: date) -> Decimal:
    return Decimal((later - earlier).days)


def _days_between_sql(earlier: Element, later: Element) -> Element:
    return numeric(later.op("-", return_type=sa.Integer())(earlier))


def _made(year: Any, month: Any, day: Any) -> date | None:
    """Like a spreadsheet: month 13 is next January, day 0 the last of the month before."""
    number = whole(year, MAXYEAR)
    if number is None or number < MINYEAR:
        return None
    first = _add_months(date(number, 1, 1), month - 1)
    return None if first is None else _add_days(first, day - 1)


def _made_sql(year: Element, month: Element, day: Element) -> Element:
    number = sa.func.nullif(sa.func.greatest(small(year, MAXYEAR), raw(0)), raw(0))
    one = raw(1)
    january = sa.func.make_date(number, one, one, type_=_DAY)
    return _add_days_sql(_add_months_sql(january, month.op("-")(one)), day.op("-")(one))


FUNCTIONS = (
    Function("today", (), "date", lambda zone: clock.today(zone), Label("今天", "Today"), zone=True, volatile="today"),
    Function("now", (), "datetime", lambda: clock.now(), Label("现在", "Now"), volatile="now"),
    Function(
        "date_of",
        ("datetime",),
        "date",
        _safe(lambda zone, moment: local(zone, moment).date()),
        Label("时间所在的日期", "The day of an instant"),
        _date_of_sql,
        zone=True,
    ),
    Function(
        "days_between",
        ("date", "date"),
        "number",
        _days_between,
        Label("从第一个日期到第二个日期的天数", "Days from the first day to the second"),
        _days_between_sql,
    ),
    Function(
        "add_months",
        ("date", "number"),
        "date",
        _safe(_add_months),
        Label("若干个月之后（月末不越界）", "So many months later"),
        _add_months_sql,
    ),
    _part("year", "年", "The year", lambda d: d.year),
    _part("month", "月，1 到 12", "The month, 1 to 12", lambda d: d.month),
    _part("day", "日", "The day of the month", lambda d: d.day),
    _part("quarter", "季度，1 到 4", "The quarter, 1 to 4", lambda d: (d.month + 2) // 3),
    _part("weekday", "星期，周一为 1，周日为 7", "Monday 1 to Sunday 7", lambda d: d.isoweekday(), "isodow"),
    _start_of("week_start", "所在周的周一", "Monday of the week", lambda d: d - timedelta(d.weekday()), "week"),
    _start_of("month_start", "所在月的第一天", "First day of the month", lambda d: d.replace(day=1), "month"),
    _start_of(
        "quarter_start",
        "所在季度的第一天",
        "First day of the quarter",
        lambda d: d.replace(month=(d.month - 1) // 3 * 3 + 1, day=1),
        "quarter",
    ),
    _start_of("year_start", "所在年的第一天", "First day of the year", lambda d: d.replace(month=1, day=1), "year"),
    _end_of("month_end", "所在月的最后一天", "Last day of the month", _month_end, "month", "1 month"),
    _end_of(
        "year_end", "所在年的最后一天", "Last day of the year", lambda d: d.replace(month=12, day=31), "year", "1 year"
    ),
)

_NONE = Label("", "")
INTERNAL = (
    Function("_make_date", ("number", "number", "number"), "date", _safe(_made), _NONE, _made_sql),
    Function("_start", ("date",), "datetime", _safe(_start), _NONE, _start_sql, zone=True),
    Function("_at_clock", ("date", "time"), "datetime", _safe(_at_clock), _NONE, _at_clock_sql, zone=True),
    Function("_add_days", ("date", "number"), "date", _safe(_add_days), _NONE, _add_days_sql),
    Function("_add_months", ("date", "number"), "date", _safe(_add_months), _NONE, _add_months_sql),
    Function(
        "_later_days",
        ("datetime", "number"),
        "datetime",
        _safe(_later_days),
        _NONE,
        _later(_DAY_SQL, MOST_DAYS),
        zone=True,
    ),
    Function(
        "_later_months",
        ("datetime", "number"),
        "datetime",
        _safe(_later_months),
        _NONE,
        _later(_MONTH_SQL, MOST_MONTHS),
        zone=True,
    ),
    Function(
        "_later_span",
        ("datetime", "duration"),
        "datetime",
        _safe(lambda m, s: m + s),
        _NONE,
        lambda m, s: _moment_within(m.op("+")(sa.literal_column("INTERVAL '1 millisecond'").op("*")(s))),
    ),
    Function(
        "_between",
        ("datetime", "datetime"),
        "duration",
        lambda later, earlier: later - earlier,
        _NONE,
        lambda later, earlier: sa.cast(
            sa.extract("epoch", sa.type_coerce(later.op("-")(earlier), sa.Interval())) * 1000, sa.BigInteger
        ),
    ),
    Function(
        "_text_date",
        ("date",),
        "text",
        lambda d: d.isoformat(),
        _NONE,
        lambda d: sa.func.to_char(d, sa.literal_column("'YYYY-MM-DD'")),
    ),
    Function(
        "_text_datetime",
        ("datetime",),
        "text",
        _safe(lambda zone, m: f"{local(zone, m):%Y-%m-%d %H:%M}"),
        _NONE,
        lambda zone, m: sa.func.to_char(sa.func.timezone(zone, m), sa.literal_column("'YYYY-MM-DD HH24:MI'")),
        zone=True,
    ),
)
