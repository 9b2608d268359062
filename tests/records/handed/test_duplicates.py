"""Duplicates: normal forms, who is told of what, groups, and the function of expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yuanke.jobs import run_pending
from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import ValidationFailed
from yuanke.records.duplicates.finding import Match, matches
from yuanke.records.duplicates.forms import code, company, name
from yuanke.records.duplicates.groups import Group, duplicate_groups
from yuanke.records.duplicates.likeness import KIND, keep_apart, pairs_alike
from yuanke.storage import Installation

from tests.records.conftest import Company
from tests.records.handed.world import World


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("上海蓝天（科技）有限公司", "上海蓝天(科技)有限公司"),
        ("上海 蓝天科技 股份有限公司", "上海蓝天科技"),
        ("ＡＣＭＥ Trading Co., Ltd.", "acme trading"),
        ("北京某某有限责任公司", "北京某某有限公司"),
        ("Müller GmbH", "müller"),
    ],
)
def test_one_company_written_in_two_ways_has_one_form(one: str, other: str) -> None:
    assert company(one) == company(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阿里巴巴（中国）有限公司", "阿里巴巴有限公司"),
        ("蓝天集团有限公司", "蓝天有限公司"),
        ("上海蓝天有限公司", "上海蓝天有限公司苏州分公司"),
        ("有限公司", "股份公司"),
        ("Company A", "Company B"),
    ],
)
def test_what_tells_two_companies_apart_stays_in_the_form(one: str, other: str) -> None:
    assert company(one) != company(other)


@given(st.text(max_size=40))
def test_a_form_of_a_form_is_the_form(text: str) -> None:
    assert name(name(text)) == name(text) and code(code(text)) == code(text)
    assert company(text) == "" or company(company(text)) == company(company(company(text)))


def found(world: World, who: str, record_id: int | None = None, **values: Any) -> list[Match]:
    with world.as_(who, write=False) as door:
        return matches(door.unit, door.actor, door.entity("firm"), values, record_id)


def test_equal_forms_are_told_and_the_record_itself_is_not(world: World) -> None:
    one = world.make("ann", "firm", name="上海蓝天（科技）有限公司", tel="0571-88888888")
    (match,) = found(world, "ann", name="上海蓝天(科技)股份有限公司")
    assert (match.id, match.title, [f.key for f in match.fields]) == (one, "上海蓝天（科技）有限公司", ["name"])
    (by_tel,) = found(world, "ann", name="别的", tel="+86 571 8888 8888")
    assert by_tel.id == one and by_tel.fields[0].key == "tel"
    assert found(world, "ann", one, name="上海蓝天科技有限公司") == []
    with world.as_("ann") as door:
        door.delete("firm", one)
    assert found(world, "ann", name="上海蓝天科技") == []
    with world.as_("ann") as door:
        door.restore("firm", one)
    assert len(found(world, "ann", name="上海蓝天科技")) == 1
    with world.as_("ann") as door:
        door.update("firm", one, {"name": "改了名"})
    assert found(world, "ann", name="上海蓝天科技") == []


def test_who_may_not_see_the_other_learns_only_that_it_is_there(world: World) -> None:
    world.make("bob", "firm", name="上海蓝天科技有限公司")
    (match,) = found(world, "ann", name="上海蓝天科技")
    assert match.hidden and match.title is None and match.id is None


RULES = """
module: rules
label: 规则
roles: {clerk: {label: 文员}}
entities:
  firm:
    label: 单位
    duplicates:
      same: {match: [code], refuse: true}
      phone: {match: [tel], also: [person.mobile]}
      alike: {similar: name, over: 80}
    fields:
      name: {type: text!, label: 名称, normal: company}
      code: {type: text, label: 代码, normal: code}
      tel: {type: phone, label: 电话}
    permissions: {clerk: {read: own, create: true, update: own}}
  person:
    label: 人
    fields: {firm: {link: firm, inverse: people}, name: text!, mobile: phone}
    duplicates: [[firm, name]]
    permissions: {clerk: {read: own, create: true, update: own}}
  lead:
    label: 线索
    fields:
      who: text
      mobile: text
      known: {link: firm, default: "=first(duplicates(firm, code=who, mobile=mobile))"}
      often: {type: integer, default: "=count(duplicates(firm, tel=mobile))"}
      called: {type: text, default: "=first(duplicates(firm, tel=mobile)).name"}
    permissions: {clerk: {read: own, create: true, update: own}}
"""


@pytest.fixture
def rules(installation: Installation, enterprise: Callable[..., Enterprise]) -> Company:
    return Company(installation, enterprise(RULES), {"admin": ["admin"], "ann": ["clerk"], "bob": ["clerk"]})


def make(company: Company, who: str, entity: str, **values: Any) -> int:
    with company.as_(who) as door:
        return door.create(entity, values).id


def test_a_rule_may_refuse_and_names_only_what_is_seen(rules: Company) -> None:
    one = make(rules, "ann", "firm", name="甲", code="91-31 ab")
    with pytest.raises(ValidationFailed) as seen:
        make(rules, "ann", "firm", name="乙", code="９１３１AB")
    assert "甲" in seen.value.errors["code"][0].say()
    with pytest.raises(ValidationFailed) as hidden:
        make(rules, "bob", "firm", name="丙", code="9131ab")
    assert "甲" not in hidden.value.errors["code"][0].say()
    with rules.as_("ann") as door:
        door.update("firm", one, {"code": "91 31 AB"})  # its own
        done = door.batch("firm", create=[{"name": "丁", "code": "X1"}, {"name": "戊", "code": "x-1"}], atomic=False)
        assert [outcome.status for outcome in done.created] == ["created", "failed"]


def test_expressions_find_what_the_rules_call_the_same(rules: Company) -> None:
    one = make(rules, "ann", "firm", name="甲", code="A1", tel="13800138000")
    other = make(rules, "ann", "firm", name="乙")
    make(rules, "ann", "person", firm=other, name="张", mobile="13900139000")
    with rules.as_("bob") as door:  # he sees none of them
        unseen = door.create("lead", {"mobile": "138 0013 8000"}).values
        assert unseen["known"] is None and unseen["often"] == 0
    with rules.as_("ann") as door:
        assert door.create("lead", {"mobile": "138 0013 8000"}).values["often"] == 1
        lead = door.create("lead", {"who": "a-1", "mobile": None}).id
        through = door.create("lead", {"mobile": "+86 13900139000"}).id
        nobody = door.create("lead", {"mobile": "13700137000"}).id
    with rules.as_("admin", write=False) as door:
        assert door.get("lead", lead).values["known"].id == one
        assert door.get("lead", through).values["known"].id == other
        assert door.get("lead", nobody).values["known"] is None and door.get("lead", nobody).values["often"] == 0
        assert door.get("lead", through).values["called"] == "乙"


def groups(company: Company, who: str = "admin", entity: str = "firm") -> list[Group]:
    with company.as_(who, write=False) as door:
        return duplicate_groups(door.unit, door.actor, door.entity(entity))


def test_groups_hold_what_their_reader_sees(rules: Company) -> None:
    a = make(rules, "ann", "firm", name="甲", tel="13800138000")
    b = make(rules, "ann", "firm", name="乙", tel="138-0013-8000")
    c = make(rules, "bob", "firm", name="丙", tel="+8613800138000")
    make(rules, "bob", "firm", name="丁", tel="13800138001")
    assert [group.ids for group in groups(rules)] == [(a, b, c)]
    assert [group.ids for group in groups(rules, "ann")] == [(a, b)] and groups(rules, "bob") == []
    with rules.as_("admin") as door:
        keep_apart(door.unit, door.entity("firm"), [a, b, c], door.actor.user_id)
    assert groups(rules) == []
    firm = make(rules, "ann", "firm", name="戊")
    twice = [make(rules, "ann", "person", firm=firm, name=one) for one in ("王 强", "王强")]
    make(rules, "ann", "person", firm=a, name="王强")
    assert [group.ids for group in groups(rules, "ann", "person")] == [tuple(twice)]


def test_names_that_are_alike_are_found_by_a_job(rules: Company) -> None:
    from yuanke import jobs

    names = [
        "上海蓝天科技发展有限公司",
        "上海兰天科技发展有限公司",
        "上海蓝天科技发展",
        "杭州云海贸易有限公司",
        "北京金鑫",
    ]
    ids = [make(rules, "ann", "firm", name=name) for name in names]
    with rules.as_("admin") as door:
        jobs.enqueue(door.unit, door.actor, KIND, {"entity": "firm"})
    run_pending(rules.installation, rules.at)
    (group,) = groups(rules)
    assert group.ids == tuple(ids[:3]) and group.score is not None and 80 <= group.score < 100
    assert [f.key for f in group.why] == ["name"]


def test_likeness_compares_little_and_finds_the_near_ones() -> None:
    forms = {n: f"某某{chr(0x4E00 + n)}{chr(0x5E00 + n)}贸易" for n in range(3_000)} | {5_000: "某某一下贸易行"}
    forms[6_000] = forms[17] + "行"
    found = {(a, b) for a, b, _ in pairs_alike(forms, 85)}
    assert (17, 6_000) in found and len(found) < 100
