"""Two lively years of the sample company, from the first customer to this morning.

The one rule: nothing is written past the door: records are saved, states are moved and documents become others as people
do it, the clock held at the moment of each; what would lie in the future has not happened yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yuanke.kernel import clock

from .buying import open_warehouse, restock_weekly
from .company import Company
from .market import enter
from .office import report_work
from .selling import sell
from .serving import serve
from .sizes import SEED, Sizes

__all__ = ["Company", "Sizes", "fill"]


def fill(door: Any, said: Callable[[str], None] = lambda text: None, share: float = 1, seed: int = SEED) -> Company:
    """Tell the two years through ``door``; ``share`` of their size. The same day and seed tell the same story."""
    company = Company(door, clock.today(), Sizes.of(share), seed, said)
    open_warehouse(company)
    enter(company)
    sell(company)
    restock_weekly(company)
    serve(company)
    report_work(company)
    company.diary.run()
    return company
