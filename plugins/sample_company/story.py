"""What happened at the sample company until today, as events in the order of time.

One rule: the same day and the same seed tell the same story, and its figures hang together: a won opportunity is
worth what its order says, an order's lines are priced from the catalogue, who has ordered is no prospect any more.
"""

from __future__ import annotations

from datetime import date
from random import Random

from .customers import cast, entered
from .goods import catalogue
from .sales import orders, pipeline
from .telling import Event, Time
from .work import anniversaries, tasks

SEED = 20260301


def events(today: date, seed: int = SEED) -> list[Event]:
    """The whole story, oldest first."""
    rng = Random(seed)
    time, customers = Time(today, rng), cast(rng)
    told = [*catalogue(time), *entered(customers, time), *orders(customers, time)]
    told += [*pipeline(customers, time), *tasks(customers, time), *anniversaries(customers, time)]
    return sorted(told, key=lambda event: event.moment)
