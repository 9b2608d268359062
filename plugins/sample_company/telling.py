"""How the story is told: events at moments, references to what earlier events made, and one source of chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")


class Ref(NamedTuple):
    """A record that an earlier event made, or a user by name."""

    entity: str
    key: str


@dataclass(frozen=True)
class Event:
    """A record that came to be at ``moment``, or ``changes`` one that an earlier event made.

    ``values`` may hold `Ref`, also inside lists and rows.
    """

    moment: datetime
    entity: str
    key: str
    values: Mapping[str, Any]
    changes: bool = False


class Time:
    """Working days and working hours, counted back from ``today``."""

    def __init__(self, today: date, rng: Random) -> None:
        self.today = today
        self.rng = rng

    def day(self, days_ago: int) -> date:
        """A working day about so many days ago, never later; the future has negative numbers."""
        day = self.today - timedelta(days=days_ago)
        return day - timedelta(days=max(0, day.weekday() - 4)) if days_ago > 0 else day

    def moment(self, days_ago: int, hour: int | None = None, minute: int = 0) -> datetime:
        """On that day within working hours, Shanghai time; by chance where no hour is said."""
        if hour is None:
            hour, minute = self.rng.randint(9, 17), self.rng.choice([0, 10, 20, 30, 40, 50])
        return datetime.combine(self.day(days_ago), time(hour, minute), ZONE)


def user(username: str) -> Ref:
    return Ref("user", username)
