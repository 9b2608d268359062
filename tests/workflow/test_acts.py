"""Transitions and actions: states, guards, what is asked, what happens, and who may."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from yuanke.access import people
from yuanke.access.sessions import actor_of
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused, ValidationFailed, VersionConflict
from yuanke.records import Records
from yuanke.storage import Installation
from yuanke.workflow import acts, offers, perform

SHOP = """
module: shop
label: 店
version: 1.0.0
roles: {boss: {label: 老板}, seller: {label: 销售}, finance: {label: 财务}}
settings: {hold_limit: {type: integer, default: 2}}
entities:
  firm:
    label: 客户
    fields:
      name: text!
      note: text
      deals_won: {type: integer, label: 赢单数, formula: "count(deals[stage == won])"}
    scopes: {pool: owner == null}
    permissions:
      boss: {read: all, create: true, update: all, claim: all}
      seller: {read: [own, pool], create: true, update: own, claim: pool, drop: own}
      finance: {read: all}
    actions:
      claim:
        label: 领取
        lock: [me]
        let: {held: "count(firm[owner == me])"}
        refuse: {full: {when: held >= settings.hold_limit, message: "已持有 {held} 个客户"}}
        do: [set: {owner: =me}]
      drop: {label: 退回, ask: {why: text!}, do: [set: {owner: =null, note: =asked.why}]}
  deal:
    label: 机会
    number: D{seq:3}
    fields:
      name: text!
      firm: {link: firm!, inverse: deals}
      amount: {type: money, default: 0}
      stage:
        label: 阶段
        default: talk
        options: {talk: 洽谈, offer: 报价, won: {label: 赢单, closed: true}, lost: {label: 输单, closed: true}}
      reason: {label: 原因, options: [price, time], required_when: stage == lost}
      closed_at: {type: datetime, editable: false}
      lines: {rows: {what: text!, price: {type: money, default: 0}}}
    permissions:
      boss: {read: all, create: true, update: all, import: true}
      seller: {read: own, create: true, update: own}
      finance: {read: all}
    workflow:
      field: stage
      transitions:
        propose: {label: 报价, from: talk, to: offer, require: [lines]}
        win:
          label: 赢单
          from: offer
          to: won
          set: {closed_at: =now()}
          valid_when: amount > 0
          message: 金额 {amount} 不能赢单
          checks: {large: {valid_when: amount < 1000, message: "金额 {amount} 较大", otherwise: warn}}
          do:
            - create: {entity: contract, copy: =this, values: {deal: =this, title: ="合同 " + name}}
              as: made
            - update: {target: =firm, values: {note: ="成交 " + number}}
        lose: {label: 输单, from: open, to: lost, ask: [reason]}
        audit: {label: 复核, from: any, to: offer, roles: [finance]}
        back: {label: 退回, from: [won, lost], to: previous}
        switch: {label: 换阶段, from: open, to: open}
  contract:
    label: 合同
    fields:
      title: text!
      deal: {link: deal!, inverse: contracts}
      firm: {link: firm!, inverse: contracts}
      amount: money
      lines: {rows: {what: text!, price: money}}
    permissions: {boss: {read: all}, seller: {read: own}}
"""


class Shop:
    def __init__(self, installation: Installation, enterprise: Any) -> None:
        self.installation, self.enterprise = installation, enterprise
        with installation.unit(enterprise, write=True) as unit:
            self.ids = {
                name: people.create_user(unit, username=name, name=name, roles=roles)
                for name, roles in {"boss": ["boss"], "ann": ["seller"], "bob": ["seller"], "fin": ["finance"]}.items()
            }

    def run(self, name: str, work: Callable[[Any, Actor, Records], Any]) -> Any:
        with self.installation.unit(self.enterprise, write=True) as unit:
            actor = actor_of(unit, self.ids[name], "api")
            return work(unit, actor, Records(unit, actor))

    def act(self, name: str, entity: str, record: int, key: str, asked: Any = None, **more: Any) -> Any:
        return self.run(name, lambda unit, actor, door: perform(unit, actor, entity, record, key, asked, **more))

    def make(self, who: str, entity: str, /, **values: Any) -> int:
        return int(self.run(who, lambda unit, actor, door: door.create(entity, values).id))

    def get(self, name: str, entity: str, record: int) -> Any:
        return self.run(name, lambda unit, actor, door: door.get(entity, record)).values


@pytest.fixture
def shop(installation: Installation, enterprise: Callable[..., Any]) -> Iterator[Shop]:
    yield Shop(installation, enterprise(SHOP))


def a_deal(shop: Shop, **more: Any) -> tuple[int, int]:
    firm = shop.make("ann", "firm", name="某公司")
    return firm, shop.make(
        "ann", "deal", name="一期", firm=firm, amount="100", lines=[{"what": "机", "price": "60"}], **more
    )


def test_a_deal_goes_its_way_and_every_step_is_in_its_history(shop: Shop) -> None:
    firm, deal = a_deal(shop)
    assert shop.act("ann", "deal", deal, "propose").values["stage"] == "offer"
    won = shop.act("ann", "deal", deal, "win").values
    assert won["stage"] == "won" and won["closed_at"] is not None
    assert shop.get("ann", "firm", firm)["deals_won"] == 1 and shop.get("ann", "firm", firm)["note"] == "成交 D001"
    (contract,) = shop.run("ann", lambda u, a, d: d.related("deal", deal, "contracts").records)
    made = shop.get("ann", "contract", contract.id)
    assert made["title"] == "合同 一期" and str(made["amount"]) == "100.00" and made["lines"][0].values["what"] == "机"
    verbs = [e.verb for e in shop.run("ann", lambda u, a, d: d.history("deal", deal))]
    assert verbs == ["win", "propose", "create"]


def test_the_state_is_moved_by_acts_alone(shop: Shop) -> None:
    _, deal = a_deal(shop)
    for change in (
        lambda d: d.update("deal", deal, {"stage": "won"}),
        lambda d: d.batch("deal", update=[{"id": deal, "stage": "won"}]),
    ):
        with pytest.raises(ValidationFailed) as told:
            shop.run("ann", lambda u, a, d, change=change: change(d))
        assert "stage" in " ".join(told.value.errors)
    with pytest.raises(ValidationFailed):
        a_deal(shop, stage="won")
    assert shop.get("ann", "deal", deal)["stage"] == "talk"


def test_an_import_brings_records_in_the_state_they_were_in(shop: Shop) -> None:
    firm = shop.make("boss", "firm", name="旧")

    def brought(unit: Any, actor: Actor, door: Records) -> Any:
        mover = Actor(**{**actor.__dict__, "door": "import"})
        return Records(unit, mover).create("deal", {"name": "旧单", "firm": firm, "stage": "won"})

    assert shop.run("boss", brought).values["stage"] == "won"


def test_an_act_out_of_its_state_is_refused_with_the_state_named(shop: Shop) -> None:
    _, deal = a_deal(shop)
    with pytest.raises(Refused, match="洽谈"):
        shop.act("ann", "deal", deal, "win")


def test_what_is_required_must_be_there_first(shop: Shop) -> None:
    firm = shop.make("ann", "firm", name="某")
    deal = shop.make("ann", "deal", name="空", firm=firm)
    with pytest.raises(ValidationFailed) as told:
        shop.act("ann", "deal", deal, "propose")
    assert list(told.value.errors) == ["lines"]


def test_a_condition_refuses_with_its_own_sentence_and_undoes_all(shop: Shop) -> None:
    firm = shop.make("ann", "firm", name="某")
    deal = shop.make("ann", "deal", name="零", firm=firm, amount="0", lines=[{"what": "机"}])
    shop.act("ann", "deal", deal, "propose")
    with pytest.raises(Refused, match=r"金额 ¥0\.00 不能赢单"):
        shop.act("ann", "deal", deal, "win")
    assert shop.get("ann", "deal", deal)["stage"] == "offer"


def test_a_warning_is_asked_once_and_passes_when_it_was_read(shop: Shop) -> None:
    firm = shop.make("ann", "firm", name="某")
    deal = shop.make("ann", "deal", name="大", firm=firm, amount="5000", lines=[{"what": "机"}])
    shop.act("ann", "deal", deal, "propose")
    with pytest.raises(Refused) as told:
        shop.act("ann", "deal", deal, "win")
    assert told.value.extra["confirm"] == ["large"] and "较大" in told.value.said.say()
    assert shop.act("ann", "deal", deal, "win", confirm=["large"]).values["stage"] == "won"


def test_what_is_asked_is_saved_and_checked_like_a_field(shop: Shop) -> None:
    _, deal = a_deal(shop)
    with pytest.raises(ValidationFailed) as told:
        shop.act("ann", "deal", deal, "lose")
    assert "reason" in told.value.errors
    with pytest.raises(ValidationFailed) as told:
        shop.act("ann", "deal", deal, "lose", {"reason": "weather", "stage": "won"})
    assert set(told.value.errors) == {"reason", "stage"}
    assert shop.act("ann", "deal", deal, "lose", {"reason": "price"}).values["reason"] == "price"


def test_one_goes_back_to_the_state_before(shop: Shop) -> None:
    _, deal = a_deal(shop)
    shop.act("ann", "deal", deal, "propose")
    shop.act("ann", "deal", deal, "lose", {"reason": "price"})
    assert shop.act("ann", "deal", deal, "back").values["stage"] == "offer"


def test_an_act_may_lead_to_one_of_several_states(shop: Shop) -> None:
    _, deal = a_deal(shop)
    assert shop.act("ann", "deal", deal, "switch", {"stage": "offer"}).values["stage"] == "offer"
    for wrong in ({}, {"stage": "won"}):
        with pytest.raises(Refused, match="选择一个"):
            shop.act("ann", "deal", deal, "switch", wrong)


def test_roles_of_an_act_take_the_place_of_the_right_to_change(shop: Shop) -> None:
    _, deal = a_deal(shop)
    with pytest.raises(AccessDenied):
        shop.act("ann", "deal", deal, "audit")
    assert shop.act("fin", "deal", deal, "audit").values["stage"] == "offer"


def test_a_record_one_may_not_see_is_not_there(shop: Shop) -> None:
    _, deal = a_deal(shop)
    with pytest.raises(RecordNotFound):
        shop.act("bob", "deal", deal, "lose", {"reason": "price"})
    with pytest.raises(RecordNotFound):
        shop.act("ann", "deal", deal, "nothing")


def test_a_version_that_no_longer_stands_is_refused(shop: Shop) -> None:
    _, deal = a_deal(shop)
    with pytest.raises(VersionConflict):
        shop.act("ann", "deal", deal, "propose", version=7)


def test_an_action_is_a_right_of_its_own_with_its_own_rows(shop: Shop) -> None:
    firms = [shop.make("boss", "firm", name=f"公海 {n}") for n in range(3)]
    with shop.installation.unit(shop.enterprise, write=True) as unit:
        table = unit.tables["firm"]
        unit.execute(table.update().values(owner=None))
    for firm in firms[:2]:
        assert shop.act("ann", "firm", firm, "claim").values["owner"].id == shop.ids["ann"]
    with pytest.raises(Refused, match="已持有 2 个客户"):
        shop.act("ann", "firm", firms[2], "claim")
    with pytest.raises(AccessDenied):
        shop.act("fin", "firm", firms[2], "claim")
    assert shop.act("ann", "firm", firms[0], "drop", {"why": "太远"}).values["note"] == "太远"
    with pytest.raises(ValidationFailed):
        shop.act("ann", "firm", firms[1], "drop")


def test_what_is_offered_is_what_may_be_done(shop: Shop) -> None:
    _, deal = a_deal(shop)

    def offered(name: str) -> list[str]:
        return shop.run(name, lambda u, a, d: [o.key for o in offers(u, a, u.registry.entities["deal"], deal)])

    assert offered("ann") == ["propose", "lose", "switch"]
    assert offered("fin") == ["audit"]
    assert offered("bob") == []


def test_acts_are_drawn_with_their_states(shop: Shop) -> None:
    found = shop.run("ann", lambda u, a, d: acts(u.registry.entities["deal"]))
    assert found["lose"].sources == {"talk", "offer"} and found["audit"].sources is None
    assert found["switch"].targets == ("talk", "offer") and found["win"].label.zh == "赢单"
