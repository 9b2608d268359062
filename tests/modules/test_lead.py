"""Leads come in, are handed out, followed and become customers, in one transaction (story B02)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from yuanke.kernel import clock
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed
from yuanke.records import Query, Records

D = Decimal
Doors = Callable[[str], Records]


@pytest.fixture
def doors(standing_staff: Callable[..., Any]) -> Iterator[Doors]:
    with standing_staff("lead").working() as opened:
        yield opened


def act(door: Records, entity: str, record: int, key: str, **asked: Any) -> dict[str, Any]:
    from yuanke.workflow import perform

    return dict(perform(door.unit, door.actor, entity, record, key, asked).values)


def lead(door: Records, **more: Any) -> int:
    values = {
        "contact_name": "王强",
        "company_name": "上海蓝天科技有限公司",
        "mobile": "13800138000",
        "need": "ERP 20 用户",
    }
    return door.create("lead", values | more).id


def test_each_thing_is_made_changed_and_deleted_by_who_keeps_it(staff):
    with staff("lead").working() as doors:
        marketing = doors("marketing")
        made = lead(marketing)
        assert marketing.get("lead", made).values["number"].startswith(f"XS{clock.today():%Y%m%d}")
        things = {
            "lead": ({"contact_name": "孙丽", "wechat": "sunli"}, {"score": 80}),
            "lead_assign_rule": ({"name": "轮流"}, {"priority": 3}),
            "social_channel": ({"name": "名片", "visitor_count": 200, "cost": "50"}, {"share_count": 7}),
        }
        for entity, (values, changes) in things.items():
            record = marketing.create(entity, values).id
            (changed,) = changes.items()
            assert marketing.update(entity, record, changes).values[changed[0]] == changed[1]
            marketing.delete(entity, record)
        assert doors("sales").get("lead", made).values["owner"] is None  # in the pool, where sales see it
        with pytest.raises((RecordNotFound, AccessDenied)):
            doors("finance").get("lead", made)


def test_somebody_must_be_reachable(doors):
    with pytest.raises(ValidationFailed) as found:
        doors("marketing").create("lead", {"contact_name": "无名"})
    assert "至少填一项" in found.value.errors[""][0].say()


def rule(doors: Doors, people: list[int], **more: Any) -> int:
    members = [{"person": person, "weight": weight} for weight, person in enumerate(people, 1)]
    return doors("marketing").create("lead_assign_rule", {"name": "规则", "members": members, **more}).id


def handed(doors: Doors, count: int) -> list[int | None]:
    marketing, owners = doors("marketing"), []
    for n in range(count):
        made = lead(marketing, mobile=f"1380013800{n}", contact_name=f"客户{n}")
        owner = act(marketing, "lead", made, "hand_out_by_rule")["owner"]
        owners.append(owner.id if owner else None)
    return owners


@pytest.fixture
def people(standing_staff: Callable[..., Any]) -> list[int]:
    ids = standing_staff("lead").ids
    return [ids["sales"], ids["service"], ids["repair"]]


def test_leads_go_round_in_turn(doors, people):
    rule(doors, people)
    given = handed(doors, 6)
    assert given[:3] == given[3:]
    assert set(given) == set(people)


def test_leads_go_to_who_has_fewest_and_nobody_gets_more_than_the_limit(doors, people):
    lead(doors("sales"), contact_name="已有")
    rule(doors, people[:2], mode="load", hold_limit=2)
    given = handed(doors, 5)
    assert given[0] == people[1]
    assert [given.count(person) for person in people[:2]] == [1, 2]
    assert given.count(None) == 2


def test_leads_go_by_weight(doors, people):
    rule(doors, people[:2], mode="weight")
    given = handed(doors, 6)
    assert [given.count(person) for person in people[:2]] == [2, 4]


def test_who_is_away_is_passed_over_and_a_rule_fits_or_does_not(doors, people):
    doors("admin").update("user", people[0], {"no_leads": True})
    rule(doors, people[:2], sources=["website"], keyword="ERP")
    marketing = doors("marketing")
    with pytest.raises(Refused, match="没有适合"):
        act(marketing, "lead", lead(marketing), "hand_out_by_rule")
    fitting = lead(marketing, source="website", mobile="13900139000")
    assert act(marketing, "lead", fitting, "hand_out_by_rule")["owner"].id == people[1]


def test_a_lead_is_claimed_from_the_pool_and_goes_back_to_it(doors):
    marketing, sales = doors("marketing"), doors("sales")
    made = lead(marketing)
    assert marketing.get("lead", made).values["owner"] is None
    claimed = act(sales, "lead", made, "claim")
    assert (claimed["owner"].id, claimed["given_to"].id) == (sales.actor.user_id, sales.actor.user_id)
    act(sales, "lead", made, "release")
    engine = type(sales.actor)(**{**sales.actor.__dict__, "engine": True})
    act(sales, "lead", made, "claim")
    from yuanke.workflow import perform

    perform(sales.unit, engine, "lead", made, "recycle")
    assert marketing.get("lead", made).values["owner"] is None


def test_a_lead_becomes_customer_contact_and_opportunity(doors):
    sales, sign_on = doors("sales"), clock.today() + timedelta(days=30)
    made = lead(sales, region=None, industry="it")
    for subject in ("电话", "拜访"):
        task = sales.create("task", {"subject": subject, "lead": made}).id
        act(sales, "task", task, "finish")
    asked = {"with_opportunity": True, "amount": "58000.00", "sign_on": sign_on}
    done = act(sales, "lead", made, "convert", **asked)
    assert (done["status"], done["follow_count"]) == ("converted", 2)
    firm = sales.get("customer", done["converted_customer"].id).values
    assert (firm["name"], firm["life"], firm["stage"], firm["source"]) == (
        "上海蓝天科技有限公司",
        "potential",
        "presales",
        "lead",
    )
    assert (firm["owner"].id, firm["lead"].id) == (sales.actor.user_id, made)
    person = sales.get("contact", done["converted_contact"].id).values
    assert (person["name"], person["kind"], person["customer"].id) == ("王强", "main", done["converted_customer"].id)
    deal = sales.get("opportunity", done["converted_opportunity"].id).values
    assert (deal["expect_amount"], deal["customer"].id, deal["expect_sign_on"]) == (
        D(58000),
        done["converted_customer"].id,
        sign_on,
    )
    assert len(sales.related("customer", done["converted_customer"].id, "tasks").records) == 2
    with pytest.raises(Refused):
        act(sales, "lead", made, "convert")


def test_a_second_lead_joins_the_customer_that_is_there(doors):
    sales = doors("sales")
    first = act(sales, "lead", lead(sales), "convert")
    again = lead(sales, contact_name="刘芳", company_name="蓝天")  # the same mobile
    assert sales.get("lead", again).values["known_customer"].id == first["converted_customer"].id
    with pytest.raises(Refused, match="与已有客户相同"):
        act(sales, "lead", again, "convert")
    second = act(sales, "lead", again, "convert", existing=first["converted_customer"].id)
    assert second["converted_customer"].id == first["converted_customer"].id
    assert len(sales.list("customer", Query()).records) == 1
    assert {
        r.values["name"] for r in sales.related("customer", first["converted_customer"].id, "contacts").records
    } == {
        "王强",
        "刘芳",
    }


def test_when_the_opportunity_cannot_be_made_nothing_is(doors):
    sales = doors("sales")
    made = lead(sales)
    with pytest.raises((Refused, ValidationFailed)):
        act(sales, "lead", made, "convert", with_opportunity=True, amount="58000")
    assert sales.list("customer", Query()).records == []
    assert sales.get("lead", made).values["status"] == "waiting"


def test_what_is_invalid_says_why_and_may_be_followed_again(doors):
    sales = doors("sales")
    made = lead(sales)
    with pytest.raises((Refused, ValidationFailed)):
        act(sales, "lead", made, "discard")
    assert act(sales, "lead", made, "discard", invalid_reason="dead")["status"] == "invalid"
    again = act(sales, "lead", made, "reopen", reason="换了号码")
    assert (again["status"], again["invalid_reason"]) == ("following", None)


def test_a_channel_is_measured_by_its_leads(doors):
    marketing = doors("marketing")
    values = {"name": "名片", "visitor_count": 200, "cost": "50"}
    channel = marketing.create("social_channel", values).id
    for n in range(3):
        lead(marketing, channel=channel, mobile=f"1380013800{n}")
    measured = marketing.get("social_channel", channel).values
    assert (measured["lead_count"], measured["rate"], measured["cost_each"]) == (3, D("1.5"), D("16.67"))


def test_the_samples_are_records_like_any_other(doors, samples_of):
    made = samples_of(doors("admin"))
    assert doors("boss").get("lead", made["lead", "dead"]).values["status"] == "invalid"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_website_sends_leads_which_find_their_person(staff):
    """The call of a form on the website becomes a lead; one from a channel is its promoter's (story B02)."""
    from yuanke import jobs
    from yuanke.workflow.automations.declared import find
    from yuanke.workflow.automations.incoming import Call, new_secret, receive

    at = staff("lead")
    with at.working(keep=True) as doors:
        rule(doors, [at.ids["sales"], at.ids["repair"]], sources=["website"])
        channel = doors("sales").create("social_channel", {"name": "名片"}).id
        admin = doors("admin")
        hook = find(admin.unit.registry, "lead.from_website")
        new_secret(admin.unit, admin.actor, hook)
        sent = {"contact_name": "王强", "mobile": "13800138000", "need": "ERP 20 用户", "content": "原文"}
        receive(admin.unit, hook, Call(b"", "1", None, None, None), sent)
        receive(admin.unit, hook, Call(b"", "2", None, None, None), {"wechat": "sunli", "channel": "TG00001"})
        visited = find(admin.unit.registry, "social_channel.visited")
        for n, visitor in enumerate(("甲", "甲", "乙")):
            said = {"code": "TG00001", "visitor": visitor, "shared": False}
            receive(admin.unit, visited, Call(b"", f"v{n}", None, None, None), said)
    jobs.run_pending(at.installation, at.at)
    with at.working() as doors:
        found = {r.values["source"]: r.values for r in doors("boss").list("lead", Query(fields=WEB)).records}
        assert found["website"]["owner"].id == at.ids["sales"]
        assert (found["website"]["rule"].title, found["website"]["content"]) == ("规则", "原文")
        assert found["collected"]["owner"].id == at.ids["sales"]
        assert (found["collected"]["contact_name"], found["collected"]["rule"]) == ("网站访客", None)
        measured = doors("boss").get("social_channel", channel).values
        assert [measured[key] for key in ("visit_count", "visitor_count", "lead_count", "rate")] == [3, 2, 1, D(50)]


WEB = ("source", "owner", "rule", "content", "contact_name")
