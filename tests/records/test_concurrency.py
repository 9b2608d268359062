"""Many at once on one firm: numbers without gaps, sums without losses, no deadlock, no lost update."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from yuanke.kernel.errors import VersionConflict
from yuanke.records import Query
from yuanke.web.retries import passes

WORKERS = 6


def _at_once(act: Any, count: int) -> list[Any]:
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(act, range(count)))


def _retried(act: Any) -> Any:
    """What the dispatcher does: the whole unit again when the database says "try again"."""
    for _ in range(20):
        try:
            return act()
        except sa.exc.DBAPIError as fault:
            if not passes(fault):
                raise
    raise AssertionError("twenty tries were not enough")


def test_numbers_are_contiguous_and_sums_exact_under_parallel_creates_and_failures(company: Any) -> None:
    with company.as_("boss") as door:
        firm, pen = door.create("firm", {"name": "甲"}).id, door.create("product", {"name": "笔"}).id

    def create(at: int) -> bool:
        def once() -> bool:
            try:
                with company.as_("boss") as door:
                    door.create("deal", {"firm": firm, "lines": [{"product": pen, "price": "0.10"}]})
                    if at % 5 == 4:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                return False
            return True

        return bool(_retried(once))

    made = sum(_at_once(create, 30))
    assert made == 24
    with company.as_("boss", write=False) as door:
        numbers = [
            r.values["number"]
            for r in door.list("deal", Query(fields=("number",), sort=("number",), limit=100)).records
        ]
        assert [int(n.rsplit("-", 1)[1]) for n in numbers] == list(range(1, 25))
        assert door.get("firm", firm).values["deals_total"] == Decimal("2.40")


def test_moving_deals_between_two_firms_both_ways_never_deadlocks_and_loses_nothing(company: Any) -> None:
    with company.as_("boss") as door:
        firms = [door.create("firm", {"name": n}).id for n in "甲乙"]
        pen = door.create("product", {"name": "笔"}).id
        deals = [
            door.create("deal", {"firm": firms[i % 2], "lines": [{"product": pen, "price": 1}]}).id for i in range(8)
        ]

    def move(at: int) -> None:
        def once() -> None:
            with company.as_("boss") as door:
                door.update("deal", deals[at % 8], {"firm": firms[(at // 8 + at) % 2]})

        _retried(once)

    _at_once(move, 40)
    with company.as_("boss", write=False) as door:
        totals = [door.get("firm", f).values["deals_total"] for f in firms]
        counted = [door.list("deal", Query(filter=f"firm.id == {f}", count="exact")).count for f in firms]
        assert totals == [Decimal(n) for n in counted] and sum(totals) == 8


def test_of_two_who_saved_from_the_same_version_one_wins_each_time(company: Any) -> None:
    with company.as_("boss") as door:
        firm = door.create("firm", {"name": "甲"}).id

    def save(at: int) -> bool:
        def once() -> bool:
            with company.as_("boss") as door:
                standing = door.get("firm", firm)
                try:
                    door.update(
                        "firm", firm, {"secret": f"v{at}"}, version=1 + at // WORKERS if standing.version else 0
                    )
                except VersionConflict:
                    return False
                return True

        return bool(_retried(once))

    won = sum(_at_once(save, 24))
    with company.as_("boss", write=False) as door:
        assert door.get("firm", firm).version == 1 + won
        assert len([e for e in door.history("firm", firm) if e.verb == "update"]) == won
