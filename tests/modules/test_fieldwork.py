"""Somebody is sent to a customer, checks in where he is and finishes the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed
from yuanke.records import Records

Doors = Callable[[str], Records]
BUND = {"lat": 31.2397, "lng": 121.4998}
NEAR = {"lat": 31.2410, "lng": 121.4998}
FAR = {"lat": 31.3000, "lng": 121.4998}


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff("fieldwork").working() as opened:
        yield opened


def act(door: Records, entity: str, record: int, key: str, **asked: Any) -> dict[str, Any]:
    from yuanke.workflow import perform

    return dict(perform(door.unit, door.actor, entity, record, key, asked).values)


@pytest.fixture
def customer(doors: Doors) -> int:
    values = {"name": "上海蓝天科技有限公司", "address": "外滩 1 号", "location": BUND}
    return doors("boss").create("customer", values).id


def order(door: Records, customer: int) -> int:
    soon = clock.now() + timedelta(hours=5)
    values = {"subject": "上架", "type": "install", "customer": customer, "appoint_start": soon, "content": "两台"}
    return door.create("field_order", values).id


def test_each_thing_is_made_changed_and_deleted_by_who_keeps_it(staff):
    with staff("fieldwork").working() as doors:
        customer = doors("boss").create("customer", {"name": "蓝天", "address": "外滩 1 号"}).id
        made = order(doors("service"), customer)
        assert doors("service").get("field_order", made).values["address"] == "外滩 1 号"
        assert doors("service").update("field_order", made, {"fee": 300}).values["fee"] == 300
        doors("boss").delete("field_order", made)
        checkin = doors("sales").create("checkin", {"location": BUND, "address": "外滩"}).id
        with pytest.raises(AccessDenied):
            doors("sales").update("checkin", checkin, {"address": "别处"})
        with pytest.raises(AccessDenied):
            doors("boss").delete("checkin", checkin)


def test_an_order_from_dispatch_to_done(doors, customer, standing_staff):
    service, repair = doors("service"), doors("repair")
    person = standing_staff("fieldwork").ids["repair"]
    made = order(service, customer)
    with pytest.raises(RecordNotFound):
        repair.get("field_order", made)
    sent = act(service, "field_order", made, "dispatch", person=person)
    assert (sent["status"], sent["assignee"].id) == ("offered", person)
    act(repair, "field_order", made, "decline", reason="在外地")
    assert service.get("field_order", made).values["status"] == "declined"
    act(service, "field_order", made, "dispatch", person=person)
    with pytest.raises((AccessDenied, RecordNotFound)):
        act(doors("sales"), "field_order", made, "accept")
    act(repair, "field_order", made, "accept")
    act(repair, "field_order", made, "depart")
    arrived = act(repair, "field_order", made, "check_in", here=NEAR)
    assert arrived["status"] == "in_service"
    assert 140 <= arrived["checkin_distance"] <= 150
    (trace,) = service.related("field_order", made, "checkins").records
    assert service.get("checkin", trace.id).values["flag"] == "normal"
    with pytest.raises((Refused, ValidationFailed)):
        act(repair, "field_order", made, "finish")
    with clock.stopped(clock.now() + timedelta(minutes=95)):
        done = act(repair, "field_order", made, "finish", result="已通电", satisfaction="satisfied")
    assert (done["status"], done["duration_min"]) == ("done", 95)


def test_a_check_in_far_from_the_customer_or_at_another_time_is_odd(doors, customer):
    sales = doors("service")
    near = sales.create("checkin", {"customer": customer, "location": NEAR, "address": "外滩"}).values
    far = sales.create("checkin", {"customer": customer, "location": FAR, "address": "宝山"}).values
    then = clock.now() - timedelta(minutes=11)
    late = {"customer": customer, "location": BUND, "address": "外滩", "device_at": then}
    assert (near["flag"], far["flag"]) == ("normal", "wrong_place")
    assert 6600 <= far["distance_m"] <= 6800
    assert sales.create("checkin", late).values["flag"] == "wrong_time"
    nowhere = sales.create("checkin", {"location": BUND, "address": "路上"}).values
    assert (nowhere["distance_m"], nowhere["flag"]) == (None, "normal")


def test_the_samples_are_records_like_any_other(doors, samples_of):
    made = samples_of(doors("admin"))
    assert doors("boss").get("field_order", made["field_order", "training"]).values["duration_min"] == 120
    assert doors("boss").get("checkin", made["checkin", "at_lantian"]).values["distance_m"] is None
