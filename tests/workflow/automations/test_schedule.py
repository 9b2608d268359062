"""Wall clock of the enterprise: gaps and overlaps of the clock, ends of months, working days; each day once."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yuanke.workflow.automations.schedule import is_time, next_time

SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "after", "zone", "wanted"),
    [
        ("day 08:00", "2026-03-02 00:00", SHANGHAI, "2026-03-03 00:00"),  # 08:00 there is 00:00 here, and that is over
        ("day 08:00", "2026-03-01 23:59", SHANGHAI, "2026-03-02 00:00"),
        ("weekday 08:00", "2026-03-06 01:00", SHANGHAI, "2026-03-09 00:00"),  # Friday -> Monday
        ("sunday 08:00", "2026-03-06 01:00", SHANGHAI, "2026-03-08 00:00"),
        ("month 31 09:00", "2026-02-01 00:00", SHANGHAI, "2026-03-31 01:00"),  # February has no 31st
        ("month last 18:00", "2026-02-01 00:00", SHANGHAI, "2026-02-28 10:00"),
        ("month last 18:00", "2028-02-01 00:00", SHANGHAI, "2028-02-29 10:00"),
        ("hour", "2026-03-02 10:00", SHANGHAI, "2026-03-02 11:00"),
        ("15 minutes", "2026-03-02 10:07", SHANGHAI, "2026-03-02 10:15"),
        ("40 minutes", "2026-03-02 10:41", SHANGHAI, "2026-03-02 11:00"),  # an hour always begins one
        ("day 02:30", "2026-03-28 12:00", BERLIN, "2026-03-29 01:00"),  # 02:30 does not exist: at the jump
        ("day 02:30", "2026-10-24 12:00", BERLIN, "2026-10-25 00:30"),  # 02:30 comes twice: the first
        ("day 02:30", "2026-10-25 00:30", BERLIN, "2026-10-26 01:30"),
    ],
)
def test_the_next_time(said, after, zone, wanted):
    assert next_time(said, utc(after), zone) == utc(wanted)


def test_the_working_calendar_decides_about_workdays():
    holidays = {date(2026, 10, d) for d in range(1, 8)}

    def works(day: date) -> bool:
        return day not in holidays and (day.weekday() < 5 or day == date(2026, 10, 10))

    assert next_time("workday 08:00", utc("2026-09-30 01:00"), SHANGHAI, works) == utc("2026-10-08 00:00")
    assert next_time("workday 08:00", utc("2026-10-09 01:00"), SHANGHAI, works) == utc("2026-10-10 00:00")
    assert next_time("weekday 08:00", utc("2026-09-30 01:00"), SHANGHAI, works) == utc("2026-10-01 00:00")


@given(
    st.sampled_from(["day 02:30", "day 00:00", "weekday 23:59", "monday 02:00", "month last 02:15", "20 minutes"]),
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),
    st.sampled_from([SHANGHAI, BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_times_go_forward_and_every_one_is_recognized(said, after, zone):
    after = after.replace(tzinfo=UTC, microsecond=0)
    first = next_time(said, after, zone)
    second = next_time(said, first, zone)
    assert after < first < second
    assert is_time(said, first, zone)
    assert not is_time(said, first + timedelta(minutes=1), zone) or second == first + timedelta(minutes=1)


@pytest.mark.parametrize("zone", [BERLIN, "America/New_York", SHANGHAI])
def test_a_year_has_one_run_a_day_whatever_the_clock_does(zone):
    moment, days = utc("2026-01-01 12:00"), []
    while len(days) < 366:
        moment = next_time("day 02:30", moment, zone)
        days.append(moment)
    assert all(timedelta(hours=22) < b - a < timedelta(hours=26) for a, b in itertools.pairwise(days))
