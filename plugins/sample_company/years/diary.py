"""What is going to happen, and doing it in the order of time with the clock held at each moment."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from yuanke.kernel import clock

ZONE = ZoneInfo("Asia/Shanghai")
SATURDAY = 5


class Diary:
    """Deeds of working days in working hours; those after this moment are never done."""

    def __init__(self, today: date, rng: Random) -> None:
        self.today, self.rng = today, rng
        self.now = self.at(today, 0)
        self._until = clock.now()
        self._coming: list[tuple[datetime, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0

    @property
    def day(self) -> date:
        """The day that it is in the story."""
        return self.now.date()

    def at(self, day: date, hour: int | None = None, minute: int | None = None) -> datetime:
        """That day, or the Monday after it; by chance within working hours where no hour is said."""
        if day.weekday() >= SATURDAY:
            day += timedelta(days=7 - day.weekday())
        found = self.rng.randint(9, 17) if hour is None else hour
        return datetime.combine(day, time(found, self.rng.randint(0, 59) if minute is None else minute), ZONE)

    def before_today(self, day: date) -> datetime:
        """At that day, but not later than the last working day before today."""
        moment, last = self.at(day), self.working(1)
        return moment if moment.date() <= last else self.at(last)

    def working(self, days: int) -> date:
        """So many working days ago."""
        day = self.today
        while days:
            day -= timedelta(days=1)
            days -= day.weekday() < SATURDAY
        return day

    def ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    def on(self, moment: datetime, deed: Callable[..., None], *what: Any) -> None:
        """Do ``deed`` at that moment; what lies before now in the story is done next."""
        self._count += 1
        if moment <= self._until:
            heapq.heappush(self._coming, (moment, self._count, deed, what))

    def later(self, days: float, deed: Callable[..., None], *what: Any) -> None:
        """In so many days, on a working day; 0 is within the hour."""
        if days:
            self.on(self.at(self.day + timedelta(days=round(days))), deed, *what)
        else:
            self.on(self.now + timedelta(minutes=self.rng.randint(5, 60)), deed, *what)

    def run(self) -> None:
        while self._coming:
            moment, _, deed, what = heapq.heappop(self._coming)
            self.now = moment
            with clock.stopped(moment):
                deed(*what)
