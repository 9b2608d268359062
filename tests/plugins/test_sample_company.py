"""The two years of the sample company: the same story each time, figures that hang together, everybody at work."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke.access import people
from yuanke.app import plugins
from yuanke.app.commands import companies
from yuanke.kernel import clock
from yuanke.kernel.actor import ADMIN, Actor
from yuanke.records import Records
from yuanke.storage import Installation, Unit, create_enterprise

ROOT = Path(__file__).parents[2]
#: a Tuesday in the afternoon, so that the story does not depend on when the tests run
NOW = datetime(2026, 3, 10, 8, tzinfo=UTC)
SMALL = 0.03


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YUANKE_PLUGINS", str(ROOT / "plugins"))
        plugins.load()
        opened = Installation(tmp_path_factory.mktemp("years"))
        yield opened
        opened.close()


def tell(installation: Installation, slug: str, share: float) -> Any:
    """An enterprise in which the share of the story was told."""
    entry = create_enterprise(installation, slug, slug)
    with clock.stopped(NOW), installation.unit(entry, write=True) as unit:
        admin = people.create_user(unit, "admin", "管理员", None, [ADMIN])
        door = Records(unit, Actor(slug, admin, "admin", "管理员", frozenset([ADMIN]), door="command", engine=True))
        whole = companies.chosen("years")
        companies.hire(door, whole.departments, whole.people, "yuanke-demo")
        whole.fill(door, lambda said: None, share)  # type: ignore[call-arg]
    return entry


@pytest.fixture(scope="module")
def told(folder: Installation) -> Any:
    return tell(folder, "first", SMALL)


@pytest.fixture
def unit(folder: Installation, told: Any) -> Iterator[Unit]:
    with folder.unit(told) as opened:
        yield opened


def rows(unit: Unit, entity: str, where: Callable[[Any], Any] | None = None) -> list[Any]:
    table = unit.tables[entity]
    chosen = sa.select(table).order_by(table.c.id)
    found = unit.execute(chosen.where(where(table.c)) if where else chosen).mappings()
    return [SimpleNamespace(**row) for row in found]


def figures(unit: Unit) -> dict[str, Any]:
    """Counts, sums and states of what the story writes."""
    found: dict[str, Any] = {}
    for entity in (
        "customer",
        "contact",
        "opportunity",
        "order",
        "order_item",
        "receipt",
        "stock_out",
        "purchase_order",
        "task",
    ):
        found[entity] = len(rows(unit, entity))
    found["total"] = sum((one.total for one in rows(unit, "order")), Decimal(0))
    found["received"] = sum((one.amount for one in rows(unit, "receipt")), Decimal(0))
    found["states"] = Counter(one.status for one in rows(unit, "order"))
    found["names"] = [(one.number, one.name) for one in rows(unit, "customer")]
    found["orders"] = [(one.number, one.subject, one.total) for one in rows(unit, "order")]
    return found


def test_the_same_day_tells_the_same_story(folder: Installation, told: Any, unit: Unit) -> None:
    again = tell(folder, "second", SMALL)
    with folder.unit(again) as other:
        assert figures(other) == figures(unit)


def test_orders_are_worth_their_lines(unit: Unit) -> None:
    lines: Counter[int] = Counter()
    for line in rows(unit, "order_item"):
        lines[line.order] += line.amount
        assert line.delivered <= line.quantity
    orders = rows(unit, "order")
    assert len(orders) == round(500 * SMALL)
    for order in orders:
        assert order.total == lines[order.id] - (order.discount_amount or 0) + (order.freight or 0)


def test_nobody_pays_more_than_was_planned_and_nothing_more_is_planned_than_was_ordered(unit: Unit) -> None:
    planned: Counter[int] = Counter()
    for plan in rows(unit, "receivable_plan"):
        planned[plan.order] += plan.amount
        assert 0 <= plan.received <= plan.amount
    orders = {order.id: order for order in rows(unit, "order")}
    assert planned and all(amount == orders[one].total for one, amount in planned.items())
    paid: Counter[int] = Counter()
    for receipt in rows(unit, "receipt", lambda c: c.state == "confirmed"):
        paid[receipt.order] += receipt.amount
    assert paid and all(orders[one].received == amount <= orders[one].total for one, amount in paid.items())


def test_what_was_won_has_its_order_and_dates_are_in_order(unit: Unit) -> None:
    customers = {one.id: one for one in rows(unit, "customer")}
    orders = rows(unit, "order")
    won = {one.id: one for one in rows(unit, "opportunity", lambda c: c.stage == "won")}
    assert won and set(won) == {order.opportunity for order in orders if order.opportunity}
    for order in orders:
        assert customers[order.customer].created_at <= order.created_at <= NOW
        if order.opportunity:
            assert won[order.opportunity].found_on <= order.sign_on == won[order.opportunity].closed_on
        if order.first_delivered_on:
            assert order.first_delivered_on >= order.sign_on


def test_goods_were_there_before_they_left(unit: Unit) -> None:
    """Purchases come before what they bring in, and no product ever goes below nothing."""
    begun = {one.id: one.date for one in rows(unit, "purchase_order")}
    moves: list[tuple[datetime, int, Decimal]] = []
    for entity, sign in (("stock_in", 1), ("stock_out", -1)):
        papers = {one.id: one for one in rows(unit, entity, lambda c: c.status == "posted")}
        assert papers
        for one in papers.values():
            assert entity == "stock_out" or one.purchase_order is None or begun[one.purchase_order] <= one.date
        for line in rows(unit, f"{entity}_item"):
            paper = papers.get(getattr(line, entity))
            if paper is not None:
                moves.append((paper.posted_at, line.product, sign * line.quantity))
    there: Counter[int] = Counter()
    for _, product, quantity in sorted(moves, key=lambda move: (move[0], -move[2])):
        there[product] += quantity
        assert there[product] >= 0


def test_everybody_is_there_and_what_was_done_is_told_under_his_name(unit: Unit) -> None:
    roles = {role for one in companies.chosen("years").people for role in [one.role]} | {ADMIN}
    assert roles == {*unit.registry.roles, ADMIN} and len(roles) == 10
    by_name = {one.id: one.name for one in rows(unit, "user")}
    first = rows(unit, "order")[0]
    history = Records(unit, Actor("first", None, engine=True)).history("order", first.id)
    assert {entry.verb for entry in history} >= {"create", "start"}
    sellers = {one.name for one in companies.chosen("years").people if one.role in ("sales", "sales_manager")}
    assert by_name[first.owner] in sellers


@pytest.mark.nightly
def test_two_whole_years(folder: Installation) -> None:
    began, cpu = time.monotonic(), time.process_time()
    whole = tell(folder, "whole", 1)
    spent, used = time.monotonic() - began, time.process_time() - cpu
    with folder.unit(whole) as unit:
        found = figures(unit)
    print({key: value for key, value in found.items() if key not in ("names", "orders")})
    print(f"{spent:.0f} s, {used:.0f} s of CPU")
    assert (found["customer"], found["contact"], found["opportunity"], found["order"]) == (300, 500, 200, 500)
    assert found["receipt"] > 600 and found["purchase_order"] >= 50 and found["stock_out"] > 150 and found["task"] > 700
