"""Working time: what is left of the day, then the next days that are worked; weekends, holidays, changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yuanke.workflow.worktime import add_days, add_time, behind, usual_hours

SHANGHAI = "Asia/Shanghai"


def there(text: str, zone: str = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("since", "said", "wanted"),
    [
        ("2026-03-06 17:00", "1h", "2026-03-06 18:00"),  # a Friday
        ("2026-03-06 17:00", "90min", "2026-03-09 08:30"),
        ("2026-03-06 20:00", "1h", "2026-03-09 09:00"),
        ("2026-03-07 11:00", "1h", "2026-03-09 09:00"),  # a Saturday
        ("2026-03-06 06:00", "1h", "2026-03-06 09:00"),
        ("2026-03-05 09:00", "20h", "2026-03-09 09:00"),  # ten hours a day
        ("2026-03-06 17:30", "1d", "2026-03-09 17:30"),
        ("2026-03-06 17:30", "2d", "2026-03-10 17:30"),
        ("2026-03-06 06:00", "1d", "2026-03-09 08:00"),
        ("2026-03-06 19:00", "1d", "2026-03-10 08:00"),  # it begins on Monday
        ("2026-03-07 11:00", "1d", "2026-03-10 08:00"),
        ("2026-03-06 17:30", "1w", "2026-03-13 17:30"),
    ],
)
def test_so_much_working_time_later(since: str, said: str, wanted: str) -> None:
    assert behind(there(since), said, SHANGHAI) == there(wanted)


def test_holidays_shifted_days_and_hours_of_their_own_count_as_the_calendar_says() -> None:
    said = {date(2026, 3, 9): None, date(2026, 3, 7): (time(9), time(12))}

    def hours(day: date) -> tuple[time, time] | None:
        return said[day] if day in said else usual_hours(day)

    assert behind(there("2026-03-06 17:00"), "2h", SHANGHAI, hours) == there("2026-03-07 10:00")
    assert behind(there("2026-03-06 17:00"), "1d", SHANGHAI, hours) == there("2026-03-07 12:00"), (
        "no later than it ends"
    )
    assert behind(there("2026-03-06 17:00"), "2d", SHANGHAI, hours) == there("2026-03-10 17:00")


def test_a_change_of_the_clock_takes_no_working_time_away() -> None:
    berlin = "Europe/Berlin"
    assert behind(there("2026-03-27 17:00", berlin), "2h", berlin) == there("2026-03-30 09:00", berlin)
    assert behind(there("2026-10-23 17:00", berlin), "1d", berlin) == there("2026-10-26 17:00", berlin)


def test_a_calendar_without_working_days_is_told_and_no_endless_loop() -> None:
    for add in (lambda: add_time(there("2026-03-06 17:00"), timedelta(hours=1), SHANGHAI, lambda day: None),
                lambda: add_days(there("2026-03-06 17:00"), 1, SHANGHAI, lambda day: None)):  # fmt: skip
        with pytest.raises(ValueError, match="no working days"):
            add()


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.integers(0, 5000), st.integers(0, 5000))
def test_one_after_the_other_is_as_long_as_both_together(since: datetime, first: int, second: int) -> None:
    begun = since.replace(tzinfo=UTC)
    halfway = add_time(begun, timedelta(minutes=first), SHANGHAI)
    both = add_time(begun, timedelta(minutes=first + second), SHANGHAI)
    assert add_time(halfway, timedelta(minutes=second), SHANGHAI) == both or first == second == 0 or second == 0
    local = both.astimezone(ZoneInfo(SHANGHAI))
    assert local.weekday() < 5 and time(8) <= local.time() <= time(18)
