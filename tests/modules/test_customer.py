"""Customers, their people, their days and what an invoice needs, as the people who keep them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timezone
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed
from yuanke.records import Query, Records
from yuanke.workflow import perform

Doors = Callable[[str], Records]


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff("customer").working() as opened:
        yield opened


def act(door: Records, entity: str, record: int, key: str, **asked: Any) -> Any:
    return perform(door.unit, door.actor, entity, record, key, asked)


@pytest.fixture
def lantian(doors: Doors) -> int:
    return doors("sales").create("customer", {"name": "上海蓝天科技有限公司", "tel": "021-68881234"}).id


def test_each_thing_is_made_changed_and_deleted_by_who_keeps_it(staff):
    with staff("customer").working() as doors:
        sales, boss = doors("sales"), doors("boss")
        firm = sales.create("customer", {"name": "上海蓝天科技有限公司"})
        assert firm.values["number"] == "KH0001"
        assert (firm.values["life"], firm.values["stage"], firm.values["level"]) == ("potential", "presales", "b")
        things = {
            "contact": ({"name": "王强", "customer": firm.id}, {"title": "主任"}),
            "anniversary": ({"customer": firm.id, "month": 6, "day": 18}, {"advance_days": 5}),
            "invoice_title": ({"customer": firm.id, "tax_no": "91310000607261512H"}, {"bank": "招商银行"}),
        }
        made = {}
        for entity, (values, changes) in things.items():
            made[entity] = sales.create(entity, values).id
            (changed,) = changes.items()
            assert sales.update(entity, made[entity], changes).values[changed[0]] == changed[1]
        assert sales.get("invoice_title", made["invoice_title"]).values["title"] == "上海蓝天科技有限公司"
        with pytest.raises(AccessDenied):
            sales.delete("customer", firm.id)
        for entity in things:
            boss.delete(entity, made[entity])
        boss.delete("customer", firm.id)


def test_a_colleague_sees_neither_the_customer_nor_what_hangs_on_it(doors, lantian):
    sales = doors("sales")
    contact = sales.create("contact", {"name": "王强", "customer": lantian}).id
    title = sales.create("invoice_title", {"customer": lantian, "tax_no": "91310000607261512H"}).id
    for entity, record in (("customer", lantian), ("contact", contact), ("invoice_title", title)):
        with pytest.raises((RecordNotFound, AccessDenied)):
            doors("purchasing").get(entity, record)
    assert "tel" not in doors("warehouse").get("customer", lantian).values


def test_a_firm_needs_its_tax_number_and_a_person_does_not(doors, lantian):
    sales = doors("sales")
    with pytest.raises(ValidationFailed) as found:
        sales.create("invoice_title", {"customer": lantian, "title": "上海蓝天"})
    assert list(found.value.errors) == ["tax_no"]
    assert sales.create("invoice_title", {"customer": lantian, "title": "王强", "kind": "person"}).id


def test_what_is_sealed_is_changed_by_the_boss_alone(doors, lantian):
    doors("boss").update("customer", lantian, {"sealed": True})
    with pytest.raises(ValidationFailed) as found:
        doors("sales").update("customer", lantian, {"remark": "改"})
    assert "封存" in found.value.errors[""][0].say()
    assert doors("boss").update("customer", lantian, {"sealed": False}).values["sealed"] is False


def test_a_contact_moves_to_another_firm_and_is_no_main_contact_there(doors, lantian):
    sales = doors("sales")
    other = sales.create("customer", {"name": "杭州华信机电有限公司"}).id
    contact = sales.create("contact", {"name": "王强", "customer": lantian, "kind": "main"}).id
    with pytest.raises(ValidationFailed):
        sales.update("contact", contact, {"customer": other})
    with pytest.raises(Refused, match="现在的单位"):
        act(sales, "contact", contact, "change_customer", to_customer=lantian)
    moved = act(sales, "contact", contact, "change_customer", to_customer=other, title="总工").values
    assert (moved["customer"].id, moved["kind"], moved["title"]) == (other, "contact", "总工")


#: anniversary, next date, three days ahead (story B20; today is 2026-03-01)
DAYS = [
    ({"month": 3, "day": 4}, date(2026, 3, 4), date(2026, 3, 1)),
    ({"month": 3, "day": 3}, date(2026, 3, 3), date(2026, 2, 28)),
    ({"month": 3, "day": 1}, date(2026, 3, 1), date(2026, 2, 26)),
    ({"month": 2, "day": 29}, date(2027, 2, 28), date(2027, 2, 25)),
    ({"month": 2, "day": 29, "missing_day_rule": "next_day"}, date(2026, 3, 1), date(2026, 2, 26)),  # is today
    ({"month": 1, "day": 2}, date(2027, 1, 2), date(2026, 12, 30)),
    ({"calendar": "lunar", "month": 8, "day": 15}, date(2026, 9, 25), date(2026, 9, 22)),
    ({"calendar": "lunar", "month": 1, "day": 1}, date(2027, 2, 6), date(2027, 2, 3)),
    ({"calendar": "lunar", "month": 5, "day": 5}, date(2026, 6, 19), date(2026, 6, 16)),
    ({"calendar": "lunar", "month": 12, "day": 8}, date(2027, 1, 15), date(2027, 1, 12)),
    ({"calendar": "lunar", "month": 12, "day": 30}, date(2027, 2, 5), date(2027, 2, 2)),
    ({"calendar": "lunar", "month": 6, "day": 10}, date(2026, 7, 23), date(2026, 7, 20)),
    ({"calendar": "lunar", "month": 6, "day": 10, "leap_month": True}, date(2026, 7, 23), date(2026, 7, 20)),
    (
        {"calendar": "lunar", "month": 6, "day": 10, "leap_month": True, "leap_rule": "leap_only"},
        date(2036, 8, 1),
        date(2036, 7, 29),
    ),
]


def test_the_next_day_of_an_anniversary_is_found_in_its_calendar(doors, lantian):
    with clock.stopped(datetime(2026, 3, 1, 2, tzinfo=timezone.utc)):
        for said, day, ahead in DAYS:
            made = doors("sales").create("anniversary", {"customer": lantian, **said}).values
            assert (made["next_on"], made["next_remind_on"]) == (day, ahead), said
        autumn = {"customer": lantian, "calendar": "lunar", "month": 8, "day": 15, "origin_year": 1985}
        assert doors("sales").create("anniversary", autumn).values["nth"] == 41


def test_a_lunar_month_has_no_thirty_first_day(doors, lantian):
    with pytest.raises(ValidationFailed) as found:
        doors("sales").create("anniversary", {"customer": lantian, "calendar": "lunar", "month": 8, "day": 31})
    assert list(found.value.errors) == ["day"]


def test_the_samples_are_records_like_any_other(doors, samples_of):
    made = samples_of(doors("admin"))
    branch = doors("boss").get("customer", made["customer", "lantian_branch"]).values
    assert branch["parent"].title == "上海蓝天科技有限公司"
    assert len(doors("boss").list("contact", Query()).records) == 3
