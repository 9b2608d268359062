"""Opportunities move through their stages and leave a trace; requirements, solutions and competitors hang on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, Refused, ValidationFailed
from yuanke.records import Query, Records

D = Decimal
Doors = Callable[[str], Records]


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff("opportunity").working() as opened:
        yield opened


def act(door: Records, entity: str, record: int, key: str, **asked: Any) -> dict[str, Any]:
    from yuanke.workflow import perform

    return dict(perform(door.unit, door.actor, entity, record, key, asked).values)


@pytest.fixture
def customer(doors: Doors) -> int:
    return doors("sales").create("customer", {"name": "上海蓝天科技有限公司"}).id


def deal(door: Records, customer: int, **more: Any) -> int:
    values = {"name": "ERP 一期", "customer": customer, "expect_amount": "58000", "expect_sign_on": clock.today()}
    return door.create("opportunity", values | more).id


def test_each_thing_is_made_changed_and_deleted_by_who_keeps_it(staff):
    with staff("opportunity").working() as doors:
        sales = doors("sales")
        customer = sales.create("customer", {"name": "上海蓝天科技有限公司"}).id
        product = doors("boss").create("product_category", {"name": "软件", "code": "SW"}).id
        product = (
            doors("boss").create("product", {"name": "ERP", "code": "ERP", "category": product, "list_price": "100"}).id
        )
        lines = [
            {"product": product, "quantity": 3},
            {"product": product, "quantity": 1, "price": "50", "discount": 10},
        ]
        made = deal(sales, customer, products=lines)
        assert sales.get("opportunity", made).values["products_total"] == D(345)
        things = {
            "requirement": ({"subject": "多工厂", "content": "三个工厂", "opportunity": made}, {"importance": "vital"}),
            "solution": ({"subject": "方案", "content": "<p>两步</p>", "opportunity": made}, {"revision": "V1.1"}),
            "competitor": ({"company": "远航软件", "opportunity": made}, {"price": D(45000)}),
        }
        for entity, (values, changes) in things.items():
            record = sales.create(entity, values)
            assert record.values["customer"].id == customer
            (changed,) = changes.items()
            assert sales.update(entity, record.id, changes).values[changed[0]] == changed[1]
            sales.delete(entity, record.id)
        assert sales.update("opportunity", made, {"name": "ERP 二期"}).values["name"] == "ERP 二期"
        doors("boss").delete("opportunity", made)


#: deal, stage, amount, rate, probability typed, weighted (story B26)
FUNNEL = [
    ("O1", "initial", "120000.00", 1, None, "12000.00"),
    ("O2", "initial", "80000.50", 1, None, "8000.05"),
    ("O3", "analysis", "200000.00", 1, None, "60000.00"),
    ("O4", "design", "150000.00", 1, None, "67500.00"),
    ("O5", "tender", "33333.33", 1, None, "20000.00"),
    ("O6", "negotiation", "500000.00", 1, 70, "350000.00"),
    ("O7", "signing", "64000.00", 1, None, "57600.00"),
    ("O8", "analysis", "10000.00", "7.1025", None, "21307.50"),
]


def test_the_funnel_weighs_amounts_by_probability(doors, customer):
    sales, brought = doors("sales"), {}
    for name, stage, amount, rate, probability, weighted in FUNNEL:
        more = {"expect_amount": amount, "rate": rate, "need": "需求"}
        made = brought[name] = deal(sales, customer, name=name, **more)
        if stage != "initial":
            act(sales, "opportunity", made, "move", stage=stage)
        if probability is not None:
            sales.update("opportunity", made, {"probability": probability})
        assert sales.get("opportunity", made).values["weighted"] == D(weighted), name
    parked = deal(sales, customer, name="搁置的", expect_amount="999999")
    act(sales, "opportunity", parked, "park", reason="客户预算冻结")
    funnel = sales.group("opportunity", "stage", "weighted", Query(filter="status == open"))
    assert sum(group.total for group in funnel) == D("596407.55")
    assert {g.key: (g.records, g.total) for g in funnel}["analysis"] == (2, D("81307.50"))
    assert sales.get("customer", customer).values["pipeline_amount"] == D("1218358.83")
    act(sales, "opportunity", brought["O7"], "win")
    assert sum(g.total for g in sales.group("opportunity", "stage", "weighted", Query(filter="status == open"))) == D(
        "538807.55"
    )


def test_every_move_leaves_a_line_and_going_back_does_not_lessen_what_was_reached(doors, customer):
    sales = doors("sales")
    began = datetime(2026, 3, 2, 1, tzinfo=timezone.utc)
    with clock.stopped(began):
        made = deal(sales, customer, need="20 用户")
    with clock.stopped(began + timedelta(days=5, hours=12)):
        moved = act(sales, "opportunity", made, "move", stage="design", stage_note="需求已清楚")
    with clock.stopped(began + timedelta(days=10)):
        act(sales, "opportunity", made, "move", stage="analysis")
    found = sales.related("opportunity", made, "stage_changes").records
    lines = [sales.get("stage_history", line.id).values for line in sorted(found, key=lambda line: line.id)]
    assert [(line["was"], line["became"], line["direction"]) for line in lines] == [
        ("initial", "design", "forward"),
        ("design", "analysis", "back"),
    ]
    by_stage = {line["became"]: line for line in lines}
    assert by_stage["design"]["days"] == D("5.5")
    assert (by_stage["design"]["amount_base"], by_stage["design"]["note"]) == (D(58000), "需求已清楚")
    assert (moved["stage"], moved["reached"]) == ("design", 4)
    assert sales.get("opportunity", made).values["reached"] == 4


def test_a_deal_is_stagnant_when_it_stays_longer_than_its_stage_allows(doors, customer):
    sales = doors("sales")
    with clock.stopped(clock.now() - timedelta(days=15)):
        old = deal(sales, customer, name="拖了半个月")
    fresh = deal(sales, customer, name="今天的")
    stagnant = sales.list("opportunity", Query(view="stagnant")).records
    assert [record.id for record in stagnant] == [old]
    assert sales.get("opportunity", fresh).values["stage_days"] == 0


def test_gates_of_stages(doors, customer):
    sales = doors("sales")
    made = deal(sales, customer)
    with pytest.raises(Refused, match="客户需求"):
        act(sales, "opportunity", made, "move", stage="design")
    assert act(sales, "opportunity", made, "move", stage="design", need="20 用户")["stage"] == "design"
    with pytest.raises(Refused, match="已经在"):
        act(sales, "opportunity", made, "move", stage="design")
    renewal = deal(sales, customer, name="续约", pipeline="renewal", need="续一年")
    with pytest.raises(Refused, match="续约流程"):
        act(sales, "opportunity", renewal, "move", stage="tender")
    with pytest.raises(ValidationFailed):
        sales.update("opportunity", made, {"stage": "won"})


def test_a_lost_deal_says_why_and_is_reopened_by_the_manager_alone(doors, customer):
    sales, boss = doors("sales"), doors("boss")
    made = deal(sales, customer, need="x")
    rival = sales.create("competitor", {"company": "远航软件", "opportunity": made}).id
    with pytest.raises(ValidationFailed):
        act(sales, "opportunity", made, "lose")
    lost = act(sales, "opportunity", made, "lose", lose_reason="price", lost_to=rival)
    assert (lost["status"], lost["probability"], lost["closed_on"]) == ("lost", 0, clock.today())
    assert sales.get("competitor", rival).values["lose_against"] == 1
    with pytest.raises(AccessDenied):
        act(sales, "opportunity", made, "reopen", reason="客户回头")
    again = act(boss, "opportunity", made, "reopen", reason="客户回头")
    assert (again["stage"], again["closed_on"], again["lose_reason"]) == ("initial", None, None)
    act(sales, "opportunity", made, "win")
    file = sales.create("competitor", {"company": "远航软件"}).values
    assert (file["win_against"], file["lose_against"]) == (1, 0)


def test_an_adopted_solution_meets_its_requirements(doors, customer):
    sales = doors("sales")
    made = deal(sales, customer)
    needs = [
        sales.create("requirement", {"subject": name, "content": name, "opportunity": made}).id
        for name in ("核算", "审批")
    ]
    plan = sales.create(
        "solution", {"subject": "方案", "content": "<p>两步</p>", "opportunity": made, "requirements": needs}
    ).id
    act(sales, "solution", plan, "review")
    act(sales, "solution", plan, "submit")
    adopted = act(sales, "solution", plan, "adopt", feedback="同意")
    assert (adopted["status"], adopted["accept"], adopted["feedback"]) == ("adopted", "accepted", "同意")
    assert adopted["submitted_on"] == clock.today()
    assert {sales.get("requirement", one).values["status"] for one in needs} == {"met"}


def test_the_samples_are_records_like_any_other(doors, samples_of):
    made = samples_of(doors("admin"))
    erp = doors("boss").get("opportunity", made["opportunity", "lantian_erp"]).values
    assert (erp["stage"], erp["weighted"]) == ("design", D("26100.00"))
