"""Tools of the team: notices that are read, a calendar without double bookings, knowledge by department, honours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from yuanke.access.sessions import actor_of
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed
from yuanke.records import Query, Records

D = Decimal
Doors = Callable[[str], Records]


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    """Sales and their manager are in one department; doors know their departments."""
    staff = standing_staff("team")
    with staff.working() as opened:
        admin, ids = opened("admin"), staff.ids
        place = admin.create("department", {"name": "销售部"}).id
        for role in ("sales", "sales_manager"):
            admin.update("user", ids[role], {"department": place})
        yield lambda role: Records(admin.unit, actor_of(admin.unit, ids[role], "api"))


def act(door: Records, entity: str, record: int, key: str, **asked: Any) -> dict[str, Any]:
    from yuanke.workflow import perform

    return dict(perform(door.unit, door.actor, entity, record, key, asked).values)


def department(doors: Doors) -> int:
    return doors("admin").list("department", Query(filter="name == '销售部'")).records[0].id


def test_each_thing_is_made_changed_and_deleted_by_who_keeps_it(doors):
    boss, now = doors("boss"), clock.now()
    things = {
        "announcement": ({"title": "放假", "body": "<p>三天</p>"}, {"top": True}),
        "calendar_event": ({"title": "周会", "start_at": now, "end_at": now + timedelta(hours=1)}, {"place": "三楼"}),
        "knowledge_folder": ({"name": "制度"}, {"sort": 3}),
        "knowledge": ({"title": "报销标准"}, {"body": "<p>450</p>"}),
        "honor": ({"title": "本月"}, {"prize": "奖金"}),
    }
    for entity, (values, changes) in things.items():
        record = boss.create(entity, values).id
        (changed,) = changes.items()
        assert boss.update(entity, record, changes).values[changed[0]] == changed[1]
        boss.delete(entity, record)
    mine = doors("warehouse").create("calendar_event", {"title": "盘点", "start_at": now}).id
    with pytest.raises((RecordNotFound, AccessDenied)):
        doors("finance").delete("calendar_event", mine)


def test_a_notice_is_seen_by_its_departments_and_confirmed_once(doors):
    boss, sales = doors("boss"), doors("sales")
    body = {"title": "报销", "body": "<p>新标准</p>", "need_confirm": True, "departments": [department(doors)]}
    made = boss.create("announcement", body).id
    with pytest.raises((RecordNotFound, AccessDenied)):
        sales.get("announcement", made)
    act(boss, "announcement", made, "publish")
    with clock.stopped(clock.now() + timedelta(minutes=1)):
        assert sales.get("announcement", made).values["title"] == "报销"
        with pytest.raises((RecordNotFound, AccessDenied)):
            doors("finance").get("announcement", made)
        act(sales, "announcement", made, "confirm_read")
        assert boss.get("announcement", made).values["read_count"] == 1
        with pytest.raises(Refused):
            act(sales, "announcement", made, "confirm_read")
    act(boss, "announcement", made, "withdraw")
    with pytest.raises((RecordNotFound, AccessDenied)):
        sales.get("announcement", made)


def event(door: Records, start: int, end: int, **more: Any) -> int:
    now = clock.now()
    hours = {"start_at": now + timedelta(hours=start), "end_at": now + timedelta(hours=end)}
    return door.create("calendar_event", {"title": "会", **hours, **more}).id


def test_a_room_is_booked_once_at_a_time(doors):
    sales, boss = doors("sales"), doors("boss")
    first = event(sales, 1, 3, resource="大会议室")
    with pytest.raises(ValidationFailed) as found:
        event(boss, 2, 4, resource="大会议室")
    assert "预订" in found.value.errors[""][0].say()
    event(boss, 3, 4, resource="大会议室")
    event(boss, 1, 3, resource="小会议室")
    event(boss, 1, 3)
    assert sales.update("calendar_event", first, {"place": "三楼"}).values["place"] == "三楼"


def test_what_is_private_is_seen_by_who_takes_part(doors, standing_staff):
    boss, guest = doors("boss"), standing_staff("team").ids["sales"]
    made = event(boss, 1, 2, visibility="private", attendees=[guest])
    assert doors("sales").get("calendar_event", made).id == made
    with pytest.raises((RecordNotFound, AccessDenied)):
        doors("finance").get("calendar_event", made)
    assert doors("finance").get("calendar_event", event(boss, 1, 2)).id


def test_knowledge_is_open_to_its_departments_and_revised(doors):
    sales = doors("sales")
    folder = doors("boss").create("knowledge_folder", {"name": "产品资料"}).id
    made = sales.create("knowledge", {"title": "对比", "folder": folder, "departments": [department(doors)]}).id
    with pytest.raises((RecordNotFound, AccessDenied)):
        doors("sales_manager").get("knowledge", made)
    act(sales, "knowledge", made, "publish")
    assert doors("sales_manager").get("knowledge", made).values["title"] == "对比"
    with pytest.raises((RecordNotFound, AccessDenied)):
        doors("finance").get("knowledge", made)
    assert doors("boss").get("knowledge_folder", folder).values["article_count"] == 1
    assert act(sales, "knowledge", made, "revise")["revision"] == 2


def test_lessons_are_found_among_the_papers(doors, samples_of):
    made = samples_of(doors("admin"))
    found = doors("warehouse").list("knowledge", Query(filter="kind == tutorial and status == published")).records
    assert [one.id for one in found] == [made["knowledge", "first_steps"]]


def test_the_honour_board_ranks_by_the_figures_of_its_time(doors, standing_staff):
    """Equal figures share a place and the next one is skipped (story B33); what was published stands."""
    boss, ids = doors("boss"), standing_staff("team").ids
    for role, count in {"sales": 3, "sales_manager": 2, "boss": 2, "marketing": 1}.items():
        for n in range(count):
            doors("admin").create("customer", {"name": f"{role}{n}", "owner": ids[role]})
    made = boss.create("honor", {"title": "新客户", "metric": "customers"}).id
    fetched = act(boss, "honor", made, "fetch_figures")
    places = {row.values["person"].id: row.values for row in fetched["places"]}
    ranks = {role: (places[ids[role]]["value"], places[ids[role]]["rank"]) for role in RANKED}
    assert ranks == {"sales": (D(3), 1), "sales_manager": (D(2), 2), "boss": (D(2), 2), "marketing": (D(1), 4)}
    assert act(boss, "honor", made, "publish")["published_at"] is not None
    doors("admin").create("customer", {"name": "晚了", "owner": ids["marketing"]})
    shown = doors("sales").get("honor", made).values["places"]
    assert {row.values["person"].id: row.values["value"] for row in shown}[ids["marketing"]] == D(1)
    with pytest.raises(Refused):
        act(boss, "honor", made, "fetch_figures")


RANKED = ("sales", "sales_manager", "boss", "marketing")


def test_a_board_of_one_department_counts_its_people(doors, standing_staff):
    boss, ids = doors("boss"), standing_staff("team").ids
    made = boss.create("honor", {"title": "销售部", "scope": department(doors)}).id
    fetched = act(boss, "honor", made, "fetch_figures")["places"]
    assert {row.values["person"].id for row in fetched} == {ids["sales"], ids["sales_manager"]}


def test_the_samples_are_records_like_any_other(doors, samples_of):
    made = samples_of(doors("admin"))
    assert doors("sales").get("announcement", made["announcement", "welcome"]).values["status"] == "published"
    assert doors("boss").get("knowledge", made["knowledge", "standard"]).values["folder"].title == "差旅"
