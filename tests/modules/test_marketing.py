"""Campaigns with what they cost and bring, who came, material and messages to many (story B02: the counters)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed
from yuanke.records import Records

D = Decimal
Doors = Callable[[str], Records]


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff("marketing").working() as opened:
        yield opened


def act(door: Records, entity: str, record: int, key: str, **asked: Any) -> dict[str, Any]:
    from yuanke.workflow import perform

    return dict(perform(door.unit, door.actor, entity, record, key, asked).values)


def tomorrow(hour: int) -> datetime:
    return datetime.combine(clock.today() + timedelta(days=1), time(hour), ZoneInfo("Asia/Shanghai"))


def campaign(door: Records, **more: Any) -> int:
    day = clock.today()
    return door.create("campaign", {"name": "展会A", "start_on": day, "end_on": day, **more}).id


def person(door: Records, name: str = "王强", **more: Any) -> int:
    firm = door.create("customer", {"name": f"{name}的公司"}).id
    return door.create("contact", {"name": name, "customer": firm, **more}).id


def test_each_thing_is_made_changed_and_deleted_by_who_keeps_it(doors):
    marketing, boss = doors("marketing"), doors("boss")
    made = campaign(marketing)
    assert marketing.get("campaign", made).values["number"].startswith(f"HD{clock.today():%Y%m}")
    contact = person(doors("sales"))
    things = {
        "campaign_member": ({"campaign": made, "contact": contact}, {"fee": D("99.00")}),
        "marketing_material": ({"name": "ERP 十问"}, {"kind": "poster"}),
    }
    for entity, (values, changes) in things.items():
        record = marketing.create(entity, values).id
        (changed,) = changes.items()
        assert marketing.update(entity, record, changes).values[changed[0]] == changed[1]
        marketing.delete(entity, record)
    boss.delete("campaign", made)
    other = campaign(marketing)
    assert {"budget", "actual_cost", "expect_revenue"} & set(doors("sales").get("campaign", other).values) == set()
    with pytest.raises(AccessDenied):
        doors("sales").create("campaign", {"name": "x", "start_on": clock.today(), "end_on": clock.today()})


def test_a_campaign_counts_what_it_brought(doors):
    """Story B02: lead 1, customer 1, opportunity amount 58,000.00; then what was spent and ordered."""
    marketing, sales, boss = doors("marketing"), doors("sales"), doors("boss")
    made = campaign(marketing, budget="5000")
    lead = sales.create("lead", {"contact_name": "王强", "mobile": "13800138000", "company_name": "上海蓝天科技有限公司", "campaign": made}).id  # fmt: skip
    done = act(sales, "lead", lead, "convert", with_opportunity=True, amount="58000.00", sign_on=clock.today())
    counted = boss.get("campaign", made).values
    assert [counted[key] for key in ("lead_count", "customer_count", "opportunity_amount")] == [1, 1, D("58000.00")]
    assert (counted["roi"], counted["over_budget"]) == (None, False)
    marketing.create("expense", {"purpose": "展位", "amount": "8000.00", "campaign": made})
    category = doors("admin").create("product_category", {"name": "软件", "code": "SW"}).id
    product = doors("admin").create("product", {"code": "ERP", "name": "ERP", "category": category, "list_price": "1"}).id  # fmt: skip
    line = {"product": product, "quantity": 1, "price": "20000", "tax_rate": 0}
    order = sales.create("order", {"customer": done["converted_customer"].id, "lines": [line]})
    if order.values["status"] == "booked":
        act(sales, "order", order.id, "start")
    counted = boss.get("campaign", made).values
    assert [counted[key] for key in ("actual_cost", "order_amount", "roi")] == [D(8000), D(20000), D(150)]
    assert counted["over_budget"] is True


def test_a_large_budget_needs_a_yes(doors, standing_staff):
    marketing, ids = doors("marketing"), standing_staff("marketing").ids
    doors("admin").update("user", ids["marketing"], {"manager": ids["boss"]})
    small, large = campaign(marketing, budget="10000"), campaign(marketing, budget="10000.01")
    assert act(marketing, "campaign", small, "start")["status"] == "running"
    waiting = act(marketing, "campaign", large, "start")
    assert (waiting["status"], waiting["approval"]) == ("planned", "submitted")
    agreed(doors, "boss")
    assert marketing.get("campaign", large).values["status"] == "running"
    assert act(marketing, "campaign", small, "finish", summary="来了 80 人")["summary"] == "来了 80 人"


def agreed(doors: Doors, role: str) -> None:
    """The one who is asked says yes."""
    from yuanke.workflow import approvals

    door = doors(role)
    task = door.unit.tables["approval_task"]
    (row,) = door.unit.execute(task.select().where(task.c.state == "open"))
    assert row.approver == door.actor.user_id
    approvals.approve(door.unit, door.actor, row.id)


def test_whoever_is_invited_answers_and_checks_in(doors, standing_staff):
    marketing, sales = doors("marketing"), doors("sales")
    made, contact = campaign(marketing), person(sales)
    follower = standing_staff("marketing").ids["sales"]
    with pytest.raises(ValidationFailed) as found:
        marketing.create("campaign_member", {"campaign": made})
    assert "写明" in found.value.errors[""][0].say()
    member = marketing.create("campaign_member", {"campaign": made, "contact": contact, "follower": follower})
    assert member.values["customer"].id == sales.get("contact", contact).values["customer"].id
    assert act(sales, "campaign_member", member.id, "invite")["response"] == "invited"
    came = act(sales, "campaign_member", member.id, "check_in")
    assert came["response"] == "arrived" and came["checked_in_at"] is not None
    counted = marketing.get("campaign", made).values
    assert (counted["member_count"], counted["arrived_count"]) == (1, 1)
    other = marketing.create("campaign_member", {"campaign": made, "contact": contact, "follower": None}).id
    with pytest.raises((RecordNotFound, AccessDenied)):
        sales.get("campaign_member", other)


def test_material_is_seen_by_all_once_it_is_published(doors):
    made = doors("marketing").create("marketing_material", {"name": "产品册", "kind": "brochure"}).id
    with pytest.raises((RecordNotFound, AccessDenied)):
        doors("service").get("marketing_material", made)
    act(doors("marketing"), "marketing_material", made, "publish")
    assert doors("service").get("marketing_material", made).values["status"] == "published"
    with pytest.raises((RecordNotFound, AccessDenied)):
        doors("service").update("marketing_material", made, {"name": "改"})


def message(doors: Doors, receivers: list[int], **more: Any) -> int:
    marketing = doors("marketing")
    template = {"name": "邀请", "kind": "mail_template", "subject": "邀请您", "text": "诚邀您参加公开课。"}
    made = marketing.create("marketing_material", template).id
    act(marketing, "marketing_material", made, "publish")
    noon = tomorrow(12)
    values = {"title": "公开课", "channel": "mail", "template": made, "send_at": noon, "receivers": receivers}
    return marketing.create("mass_message", values | more).id


def test_a_message_goes_to_those_who_want_it_at_its_time(doors):
    from yuanke.workflow import perform

    marketing, sales = doors("marketing"), doors("sales")
    people = [
        person(sales, "王强", email="wang@example.com", appellation="主任"),
        person(sales, "李娜", email="li@example.com"),
        person(sales, "没有邮箱"),
    ]
    made = message(doors, people, unit_price="0.05")
    doors("service").update("contact", people[1], {"no_marketing": True})
    waiting = act(marketing, "mass_message", made, "submit")
    assert (waiting["status"], waiting["recipient_count"], waiting["cost"]) == ("waiting", 3, D("0.15"))
    engine = type(marketing.actor)(**{**marketing.actor.__dict__, "engine": True})
    perform(marketing.unit, engine, "mass_message", made, "deliver")
    sent = marketing.get("mass_message", made).values
    assert [sent[key] for key in ("status", "sent", "failed")] == ["done", 1, 2]
    from yuanke.jobs.tables import JOB

    (letter,) = [row for row in marketing.unit.execute(JOB.select()).mappings() if "wang@example.com" in str(row["arguments"])]  # fmt: skip
    assert "邀请您" in str(letter["arguments"]) and "王强主任" in str(letter["arguments"])
    assert "诚邀您参加公开课" in str(letter["arguments"])
    with pytest.raises((ValidationFailed, Refused)):
        marketing.update("mass_message", made, {"title": "改"})


def test_nobody_is_written_to_at_night(doors):
    night = tomorrow(22)
    with pytest.raises(ValidationFailed) as found:
        message(doors, [], send_at=night)
    assert list(found.value.errors) == ["send_at"]


def test_a_message_to_many_needs_a_yes(doors, standing_staff):
    ids = standing_staff("marketing").ids
    doors("admin").update("user", ids["marketing"], {"manager": ids["boss"]})
    unit = doors("admin").unit
    unit.settings = {**unit.settings, "mass_receivers_over": 2}
    made = message(doors, [person(doors("sales"), f"客户{n}", email=f"k{n}@example.com") for n in range(3)])
    assert act(doors("marketing"), "mass_message", made, "submit")["approval"] == "submitted"


def test_the_samples_are_records_like_any_other(doors, samples_of):
    made = samples_of(doors("admin"))
    fair = doors("boss").get("campaign", made["campaign", "spring_fair"]).values
    assert (fair["member_count"], fair["arrived_count"], fair["status"]) == (1, 1, "running")
