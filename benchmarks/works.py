"""The works W1, W3, W4, W5 and W9: each as F0, as F1 and by the platform, the same rows in and out.

The one rule: before anything is timed, F1's answer and the platform's are compared, so the multiples compare like with like.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import quote

from benchmarks import invented
from benchmarks.client import Client
from benchmarks.floors import Floor
from benchmarks.scene import Scene

SELLER_ID = 2  # the administrator entered first
REGION, LEVEL = "深圳", "A"


@dataclass
class Work:
    """``goal``: the platform's multiple of F1, or ``milliseconds`` it may take."""

    key: str
    said: str
    floor: Callable[[], Any]
    bare: Callable[[], Any]
    ours: Callable[[], Any]
    goal: float | None = None
    milliseconds: float | None = None
    each: int = 20


@dataclass
class Callers:
    """Connections to what is measured: the floor's driver, the bare views, the platform as a program and as a person."""

    floor: Floor
    bare: Client
    program: Client
    admin: Client
    person: Client


def reading(scene: Scene, at: Callers) -> list[Work]:
    own = own_customers(scene)
    mine, theirs, third = itertools.cycle(own), itertools.cycle(own), itertools.cycle(own)
    asked = quote(f'level == {LEVEL} and contains(region, "{REGION}")')
    return [
        Work(
            "W3a", "own list, 50 rows, API",
            lambda: at.floor.own_list(SELLER_ID),
            lambda: at.bare.right("GET", f"/list?owner={SELLER_ID}"),
            lambda: at.program.right("GET", "/api/v1/records/customer?count=none"), goal=2.5,
        ),
        Work(
            "W3a total", "the same with its total, API",
            lambda: (at.floor.own_list(SELLER_ID), at.floor.own_count(SELLER_ID)),
            lambda: at.bare.right("GET", f"/counted?owner={SELLER_ID}"),
            lambda: at.program.right("GET", "/api/v1/records/customer"), goal=2.5,
        ),
        Work(
            "W3 page", "own list as a page, HTML",
            lambda: (at.floor.own_list(SELLER_ID), at.floor.own_count(SELLER_ID)),
            lambda: at.bare.right("GET", f"/page?owner={SELLER_ID}"),
            lambda: at.person.right("GET", "/records/customer"), goal=3.0,
        ),
        Work(
            "W3b", "admin: level A, region contains two characters, total",
            lambda: at.floor.filtered(LEVEL, REGION),
            lambda: at.bare.right("GET", f"/filtered?level={LEVEL}&part={quote(REGION)}"),
            lambda: at.admin.right("GET", f"/api/v1/records/customer?filter={asked}"), milliseconds=10.0, each=5,
        ),
        Work(
            "W4", "customer, contacts, last 20 orders in one call",
            lambda: at.floor.detail(next(mine), SELLER_ID),
            lambda: at.bare.right("GET", f"/detail/{next(theirs)}?owner={SELLER_ID}"),
            lambda: at.program.right("GET", f"/api/v1/records/customer/{next(third)}?related=contacts,orders:20"), goal=3.0,
        ),
    ]  # fmt: skip


def writing(scene: Scene, at: Callers) -> list[Work]:
    own = own_customers(scene)[::-1]
    mine, theirs, third = itertools.cycle(own), itertools.cycle(own), itertools.cycle(own)
    new, revenue = new_customers(), itertools.count(1_000_000)
    moved = at.floor.own_orders(SELLER_ID, 400)
    first, second, further = moves(moved[::2]), moves(moved[1::2]), moves(moved)
    exact: Callable[[str], Any] = (lambda text: int(Decimal(text) * 100)) if scene.database == "sqlite" else Decimal
    return [
        Work(
            "W1", "create a customer: number, audit, search entry",
            lambda: at.floor.create({**(body := next(new)), "annual_revenue": exact(body["annual_revenue"])}, SELLER_ID, "销售01"),
            lambda: at.bare.right("POST", f"/create?owner={SELLER_ID}", next(new)),
            lambda: at.program.right("POST", "/api/v1/records/customer", next(new)), goal=3.0,
        ),
        Work(
            "W5", "update one field, audit trail on",
            lambda: at.floor.update(next(mine), SELLER_ID, exact(f"{next(revenue)}.50")),
            lambda: at.bare.right("PATCH", f"/update/{next(theirs)}?owner={SELLER_ID}", {"annual_revenue": f"{next(revenue)}.50"}),
            lambda: at.program.right("PATCH", f"/api/v1/records/customer/{next(third)}", {"annual_revenue": f"{next(revenue)}.50"}), goal=3.0,
        ),
        Work(
            "W9", "move an order: guard, history, a job in the outbox",
            lambda: at.floor.move((one := next(first)).order, SELLER_ID, one.stage),
            lambda: at.bare.right("POST", f"/move/{(one := next(second)).order}?owner={SELLER_ID}&stage={one.stage}"),
            lambda: at.program.right("POST", f"/api/v1/records/order/{(one := next(further)).order}/transitions/{one.act}", {}), goal=4.0,
        ),
    ]  # fmt: skip


class Move(NamedTuple):
    order: int
    act: str
    stage: str


def moves(orders: list[int]) -> Iterator[Move]:
    """Every order through its states, one after the other and round again."""
    for act, stage in itertools.cycle((("submit", "submitted"), ("approve", "approved"), ("reopen", "draft"))):
        for order in orders:
            yield Move(order, act, stage)


def own_customers(scene: Scene) -> list[int]:
    """Ids of customers that the seller owns, as `invented.customers` deals them out; some hundred of them."""
    step = invented.SELLERS
    return list(range(step, scene.size.customers + 1, step))[:400]


def new_customers(seed: int = 7) -> Iterator[dict[str, Any]]:
    """Bodies of customers to create, without end."""
    chance = random.Random(1_000 + seed)
    while True:
        yield {
            "name": invented.company(chance), "phone": invented.mobile(chance), "industry": chance.choice(invented.INDUSTRIES),
            "level": chance.choice("ABCD"), "region": chance.choice(invented.PLACES), "status": "open",
            "annual_revenue": f"{chance.randrange(10**7)}.50", "next_follow_at": "2026-01-05T06:30:00.000Z", "notes": "新客户",
        }  # fmt: skip


def compare(at: Callers, own: int) -> list[str]:
    """Where F1's answers and the platform's differ (the cursor and the instants of writing apart)."""
    pairs = [
        ("list", at.bare.right("GET", f"/list?owner={SELLER_ID}"), at.program.right("GET", "/api/v1/records/customer?count=none")),
        ("detail", at.bare.right("GET", f"/detail/{own}?owner={SELLER_ID}"),
         at.program.right("GET", f"/api/v1/records/customer/{own}?related=contacts,orders:20")),
    ]  # fmt: skip
    found = []
    for name, bare, ours in pairs:
        one, other = bare.json, ours.json
        one.pop("next", None), other.pop("next", None)
        if json.dumps(one) != json.dumps(other):
            place = next((i for i, (a, b) in enumerate(zip(json.dumps(one), json.dumps(other))) if a != b), 0)
            found.append(
                f"{name}: F1 says …{json.dumps(one, ensure_ascii=False)[max(0, place - 60) : place + 60]}…, "
                f"the platform …{json.dumps(other, ensure_ascii=False)[max(0, place - 60) : place + 60]}…"
            )
    return found
