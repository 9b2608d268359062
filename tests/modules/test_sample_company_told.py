"""The story told to the one door to data: roll-ups agree with what they roll up, and every role sees its part."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from yuanke.access import people
from yuanke.access.sessions import actor_of
from yuanke.kernel.actor import Actor, Enterprise
from yuanke.metadata import Layer
from yuanke.records import Query, Records
from yuanke.storage import Installation, Unit, create_enterprise

ROOT = Path(__file__).resolve().parents[2]
ENGINE = Actor("sample", None, username="command", door="command", engine=True)


class Company:
    """The enterprise after the story; ``as_(username)`` opens the door for one of its people."""

    def __init__(self, installation: Installation, at: Enterprise, ids: dict[str, int]) -> None:
        self.installation, self.at, self.ids = installation, at, ids

    def door(self, unit: Unit, username: str) -> Records:
        return Records(unit, actor_of(unit, self.ids[username], "api"))

    def seen(self, username: str, entity: str, *fields: str) -> list[dict]:
        with self.installation.unit(self.at) as unit:
            page = self.door(unit, username).list(entity, Query(fields=fields or None, limit=500))
            return [dict(record.values) for record in page.records]


@pytest.fixture(scope="module")
def company(tmp_path_factory, plugins_loaded) -> Company:
    """One telling for all tests of this file, on SQLite; nobody changes anything afterwards."""
    sample = plugins_loaded("sample_company")
    installation = Installation(tmp_path_factory.mktemp("sample"), None)
    layers = [Layer.read_file(path, "module") for path in sorted((ROOT / "modules").glob("*.yaml"))]
    at = create_enterprise(installation, "sample", "样例", layers=layers)
    with installation.unit(at, write=True) as unit:
        ids: dict[str, int] = {}
        for one in sample.PEOPLE:
            manager = ids.get(one.manager or "")
            ids[one.username] = people.create_user(
                unit, username=one.username, name=one.name, password="Str0ng-enough!", roles=[one.role], manager=manager
            )
        sample.samples(Records(unit, ENGINE))
    yield Company(installation, at, ids)
    installation.close()


def test_roll_ups_agree_with_what_they_roll_up(company):
    orders = company.seen("chenmo", "order", "customer", "status", "total_base", "sign_on")
    customers = company.seen("chenmo", "customer", "name", "valid_orders", "deal_amount", "last_order_on", "life")
    assert len(customers) == 60
    for customer in customers:
        own = [o for o in orders if o["customer"].title == customer["name"] and o["status"] in ("running", "finished")]
        assert customer["valid_orders"] == len(own)
        assert customer["deal_amount"] == sum((o["total_base"] for o in own), Decimal(0))
        assert customer["last_order_on"] == max((o["sign_on"] for o in own), default=None)
    assert Counter(customer["life"] for customer in customers)["lapsed"] == 5


def test_a_won_opportunity_is_signed_for_what_was_expected_and_freight(company):
    won = [o for o in company.seen("chenmo", "opportunity", "status", "expect_amount", "win_amount") if o["win_amount"]]
    assert len(won) >= 10
    for opportunity in won:
        assert opportunity["status"] == "won"
        assert Decimal(0) <= opportunity["win_amount"] - opportunity["expect_amount"] <= Decimal(460)


def test_document_numbers_carry_the_day_of_the_story(company):
    for order in company.seen("chenmo", "order", "number", "sign_on"):
        assert order["number"].startswith(f"DD{order['sign_on']:%Y%m%d}-")


def test_next_dates_of_anniversaries_are_found(company):
    days = company.seen("chenmo", "anniversary", "next_on", "next_remind_on", "nth", "advance_days")
    assert len(days) == 24
    assert all((day["next_on"] - day["next_remind_on"]).days == day["advance_days"] == 3 for day in days)
    assert all(day["nth"] > 0 for day in days)


def test_sales_people_see_their_own_and_their_manager_all_of_theirs(company):
    everything = {one["name"] for one in company.seen("chenmo", "customer", "name")}
    team = {one["name"] for one in company.seen("wangsiyuan", "customer", "name")}
    own = [{one["name"] for one in company.seen(name, "customer", "name")} for name in ("zhaoyuqing", "zhouhaoran")]
    assert own[0] and own[1] and not own[0] & own[1]
    assert own[0] | own[1] <= team < everything


def test_contacts_follow_the_customer_that_one_may_see(company):
    names = {one["name"] for one in company.seen("gaofei", "customer", "name")}
    contacts = company.seen("gaofei", "contact", "customer")
    assert contacts
    assert {contact["customer"].title for contact in contacts} <= names


def test_the_warehouse_sees_orders_without_their_sums(company):
    order = company.seen("luojian", "order")[0]
    assert "number" in order
    assert not {"gross", "goods_amount", "total", "total_base", "tax_amount", "freight"} & set(order)
    assert {"name", "number"} <= set(company.seen("luojian", "customer")[0]) <= {"id", "name", "number", "owner"}


def test_cost_prices_are_for_those_who_may_see_costs(company):
    assert "cost_price" in company.seen("chenmo", "product", "code", "cost_price")[0]
    with company.installation.unit(company.at) as unit:
        for name, sees in {
            "chenmo": True,
            "wuxiaomin": True,
            "tangyan": True,
            "zhaoyuqing": False,
            "linxiao": False,
        }.items():
            door = company.door(unit, name)
            product = door.get("product", door.list("product", Query(limit=1)).records[0].id)
            assert ("cost_price" in product.values) is sees, name


def test_telephone_numbers_are_for_those_who_call(company):
    with company.installation.unit(company.at) as unit:
        for name, sees in {"chenmo": True, "zhaoyuqing": True, "heting": True, "linxiao": False}.items():
            door = company.door(unit, name)
            contact = door.get("contact", door.list("contact", Query(limit=1)).records[0].id)
            assert ("mobile" in contact.values) is sees, name
