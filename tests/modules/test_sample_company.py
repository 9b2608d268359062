"""The story of the sample company: told alike every time, in order, with figures that hang together."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest
from yuanke.kernel.decimals import round_half_up

from tests.modules.conftest import plain

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 24)
DAYS = [TODAY, date(2026, 3, 1), date(2024, 2, 29)]  # a working day, a Sunday, a leap day


@pytest.fixture(scope="session")
def company(plugins) -> ModuleType:
    return plugins("sample_company")


@pytest.fixture(scope="session")
def story(company) -> ModuleType:
    return import_module(f"{company.__name__}.story")


@pytest.fixture(scope="session")
def ref(company) -> type:
    return import_module(f"{company.__name__}.telling").Ref


@pytest.fixture(params=DAYS, ids=str)
def events(request, story):
    return story.events(request.param)


def refs_in(value, ref):
    if isinstance(value, ref):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from refs_in(item, ref)
    elif isinstance(value, list):
        for item in value:
            yield from refs_in(item, ref)


def test_every_role_has_a_log_in_and_everybody_a_known_manager_and_department(company):
    roles = plain(ROOT / "modules" / "organization.yaml")["roles"]
    assert {person.role for person in company.PEOPLE} == set(roles)
    before: set[str] = set()
    for person in company.PEOPLE:
        assert person.manager is None or person.manager in before
        before.add(person.username)
    known: set[str] = set()
    for department in company.DEPARTMENTS:
        assert department.parent is None or department.parent in known
        assert department.head in before
        known.add(department.name)
    assert {person.department for person in company.PEOPLE} <= known


def test_the_same_day_tells_the_same_story(story):
    assert story.events(TODAY) == story.events(TODAY)
    assert story.events(TODAY) != story.events(TODAY, seed=7)


def test_there_is_enough_of_everything(events):
    counts = Counter(event.entity for event in events if not event.changes)
    assert counts["customer"] == 60
    assert counts["contact"] >= 80
    assert counts["opportunity"] >= 40
    assert counts["order"] >= 50
    assert counts["anniversary"] == 24
    assert counts["task"] >= 100


def test_nothing_is_named_before_it_was_made(events, ref, company):
    people = {person.username for person in company.PEOPLE}
    made = set()
    for event in events:
        for found in refs_in(dict(event.values), ref):
            assert found.key in people if found.entity == "user" else found in made, (event.entity, event.key, found)
        if event.changes:
            assert ref(event.entity, event.key) in made
        else:
            assert ref(event.entity, event.key) not in made
        made.add(ref(event.entity, event.key))


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_nothing_was_entered_later_than_yesterday_evening(story, day):
    midnight = datetime.combine(day, time(), ZoneInfo("Asia/Shanghai"))
    assert max(event.moment for event in story.events(day)) < midnight


def test_a_won_opportunity_is_worth_what_its_order_says(events):
    made = {(event.entity, event.key): event for event in events}
    followed = [event for event in events if event.entity == "order" and "opportunity" in event.values]
    assert len(followed) >= 10
    for order in followed:
        opportunity = made[order.values["opportunity"]]
        assert opportunity.values["stage"] == "won"
        assert opportunity.values["customer"] == order.values["customer"]
        assert opportunity.values["closed_on"] == order.values["sign_on"]
        goods = sum(
            (round_half_up(n["quantity"] * n["price"] * (100 - n["discount"]) / 100, 2) for n in order.values["lines"]),
            Decimal(0),
        )
        assert opportunity.values["expect_amount"] == goods


def test_who_has_ordered_is_no_prospect(events):
    buyers = {event.values["customer"].key for event in events if event.entity == "order"}
    for event in events:
        if event.entity == "customer" and not event.changes:
            assert (event.key in buyers) == (event.values["type"] != "prospect")
            assert (event.key in buyers) == (event.values["stage"] != "presales")


def test_names_and_numbers_that_must_be_unique_are(events):
    for entity, field in [
        ("customer", "name"),
        ("customer", "credit_code"),
        ("contact", "mobile"),
        ("product", "code"),
    ]:
        values = [event.values[field] for event in events if event.entity == entity and not event.changes]
        assert len(values) == len(set(values)), (entity, field)


def test_everybody_has_something_to_do(events, company):
    busy = {event.values["owner"].key for event in events if event.entity == "task" and "status" not in event.values}
    assert busy == {person.username for person in company.PEOPLE}


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_some_anniversaries_come_soon_and_some_are_lunar(story, lunar, day):
    days = [event.values for event in story.events(day) if event.entity == "anniversary"]
    assert 5 <= sum(values["calendar"] == "lunar" for values in days) <= 12
    ahead = [
        (
            lunar.next_yearly(
                v["calendar"], v["month"], v["day"], v.get("leap_month", False), "plain_month", "last_day", day
            )
            - day
        ).days
        for v in days
    ]
    assert sum(count <= 14 for count in ahead) >= 4


def test_credit_codes_carry_the_right_check_character(events):
    signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]  # the table of GB 32100-2015
    for event in events:
        if event.entity == "customer" and not event.changes:
            code = event.values["credit_code"]
            assert len(code) == 18
            rest = sum(signs.index(sign) * weight for sign, weight in zip(code, weights, strict=False)) % 31
            assert signs[(31 - rest) % 31] == code[17]
