"""Days that come back every year: the dates below were found with two independent calendars."""

from __future__ import annotations

from datetime import date
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

TODAY = date(2026, 3, 1)


def following(
    lunar: ModuleType,
    since: date,
    *args: object,
    leap: bool = False,
    rule: str = "plain_month",
    missing: str = "last_day",
) -> str | None:
    found = lunar.next_yearly(*args, leap, rule, missing, since)
    return found.isoformat() if found else None


@pytest.mark.parametrize(
    ("calendar", "month", "day", "expected", "year_later"),
    [
        ("solar", 3, 4, "2026-03-04", "2027-03-04"),
        ("solar", 3, 1, "2026-03-01", "2027-03-01"),
        ("solar", 1, 2, "2027-01-02", "2028-01-02"),
        ("lunar", 8, 15, "2026-09-25", "2027-09-15"),
        ("lunar", 1, 1, "2027-02-06", "2028-01-26"),
        ("lunar", 5, 5, "2026-06-19", "2027-06-09"),
        ("lunar", 12, 8, "2027-01-15", "2028-01-04"),
        ("lunar", 6, 10, "2026-07-23", "2027-07-13"),
    ],
)
def test_the_next_day_counts_from_today_on(lunar, calendar, month, day, expected, year_later):
    first = following(lunar, TODAY, calendar, month, day)
    assert first == expected
    assert following(lunar, date.fromisoformat(first), calendar, month, day) == first
    day_after = date.fromordinal(date.fromisoformat(first).toordinal() + 1)
    assert following(lunar, day_after, calendar, month, day) == year_later


def test_the_mid_autumn_of_five_years(lunar):
    found, since = [], TODAY
    for _ in range(5):
        since = lunar.next_yearly("lunar", 8, 15, False, "plain_month", "last_day", since)
        found.append(since.isoformat())
        since = date.fromordinal(since.toordinal() + 1)
    assert found == ["2026-09-25", "2027-09-15", "2028-10-03", "2029-09-22", "2030-09-12"]


@pytest.mark.parametrize(
    ("missing", "expected", "in_the_leap_year"),
    [
        ("last_day", "2027-02-28", "2028-02-29"),
        ("next_day", "2027-03-01", "2028-02-29"),
        ("skip", "2028-02-29", "2028-02-29"),
    ],
)
def test_the_29th_of_february_in_a_short_year(lunar, missing, expected, in_the_leap_year):
    assert following(lunar, date(2026, 3, 2), "solar", 2, 29, missing=missing) == expected
    assert following(lunar, date(2027, 6, 1), "solar", 2, 29, missing=missing) == in_the_leap_year


def test_the_thirtieth_of_the_last_month_is_the_29th_where_there_is_no_other(lunar):
    assert following(lunar, TODAY, "lunar", 12, 30) == "2027-02-05"
    assert following(lunar, TODAY, "lunar", 12, 30, missing="next_day") == "2027-02-06"
    assert following(lunar, date(2029, 6, 1), "lunar", 12, 30) == "2030-02-02"


def test_a_birthday_in_a_leap_month_falls_on_the_plain_month_where_the_year_has_none(lunar):
    assert following(lunar, TODAY, "lunar", 6, 10, leap=True) == "2026-07-23"
    assert following(lunar, date(2025, 6, 1), "lunar", 6, 10, leap=True) == "2025-08-03"


def test_a_birthday_in_a_leap_month_only_waits_for_that_leap_month(lunar):
    assert following(lunar, TODAY, "lunar", 6, 10, leap=True, rule="leap_only") == "2036-08-01"
    assert following(lunar, date(2025, 6, 1), "lunar", 6, 10, leap=True, rule="leap_only") == "2025-08-03"


def test_a_plain_birthday_is_not_kept_a_second_time_in_the_leap_month(lunar):
    assert following(lunar, date(2025, 7, 1), "lunar", 6, 10) == "2025-07-04"
    assert following(lunar, date(2025, 7, 5), "lunar", 6, 10) == "2026-07-23"


def test_the_odd_year_2033_has_its_leap_month_after_the_eleventh(lunar):
    assert following(lunar, date(2033, 1, 1), "lunar", 8, 15) == "2033-09-08"
    assert following(lunar, date(2033, 1, 1), "lunar", 11, 1, leap=True) == "2033-12-22"
    assert following(lunar, date(2034, 1, 1), "lunar", 1, 1) == "2034-02-19"


def test_a_leap_month_that_never_comes_gives_no_date(lunar):
    assert following(lunar, TODAY, "lunar", 1, 1, leap=True, rule="leap_only") is None


def test_which_anniversary_it_is(lunar):
    assert lunar.nth_yearly("lunar", 1985, date(2026, 9, 25)) == 41
    assert lunar.nth_yearly("solar", 1985, date(2027, 1, 2)) == 42
    assert lunar.nth_yearly("lunar", 1985, date(2027, 1, 15)) == 41  # the twelfth month still belongs to lunar 2026
    assert lunar.nth_yearly("solar", 2030, date(2027, 1, 2)) is None


@pytest.mark.parametrize(
    ("day", "said"), [("1985-09-29", "八月十五"), ("1990-06-23", "闰五月初一"), ("1979-02-26", "正月三十")]
)
def test_a_solar_day_in_lunar_words(lunar, day, said):
    assert lunar.lunar_text(date.fromisoformat(day)) == said


@settings(max_examples=60, deadline=None)
@given(
    calendar=st.sampled_from(["solar", "lunar"]),
    month=st.integers(1, 12),
    day=st.integers(1, 30),
    leap=st.booleans(),
    missing=st.sampled_from(["last_day", "next_day"]),
    since=st.dates(date(1950, 1, 1), date(2090, 1, 1)),
)
def test_the_next_day_is_never_past_never_far_and_stays_when_asked_again(
    lunar, calendar, month, day, leap, missing, since
):
    found = lunar.next_yearly(calendar, month, day, leap, "plain_month", missing, since)
    assert since <= found
    assert (found - since).days <= (385 if calendar == "lunar" else 366) + 30
    assert lunar.next_yearly(calendar, month, day, leap, "plain_month", missing, found) == found


def test_a_solar_day_has_its_lunar_year_month_and_day(plugins_loaded):
    from yuanke.expressions.functions import catalogue

    plugins_loaded("lunar")
    told = [catalogue()[f"lunar_{part}"].python for part in ("year", "month", "day", "leap")]
    for day, lunar_day in {
        date(1985, 9, 29): (1985, 8, 15, False),
        date(1990, 6, 23): (1990, 5, 1, True),
        date(1979, 2, 26): (1979, 1, 30, False),
        date(2026, 1, 26): (2025, 12, 8, False),
    }.items():
        assert tuple(tell(day) for tell in told) == lunar_day, day
