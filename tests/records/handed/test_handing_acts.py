"""Steps of acts that merge, transfer and share, acts that can be undone, automations that hear of them, who is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from yuanke.jobs import run_pending
from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import Refused
from yuanke.records import Query
from yuanke.records.sharing import share
from yuanke.records.undoing import undo
from yuanke.storage import Installation
from yuanke.workflow import perform

from tests.records.handed.world import World

CLINIC = """
module: clinic
label: 诊所
roles: {doctor: {label: 医生}, desk: {label: 前台}}
entities:
  patient:
    label: 病人
    title: name
    features: {merge: {undo: 30d}, transfer: {with: [visits]}, share: {with: [visits]}}
    fields:
      name: {type: text!, label: 姓名}
      state: {label: 状态, default: new, options: {new: 新, seen: 看过}}
      twin: {link: patient, label: 同一人}
      seen_on: date
    workflow:
      field: state
      transitions:
        see:
          label: 看诊
          from: new
          to: seen
          set: {seen_on: =today()}
          undo: {within: 7d, changed: refuse}
          do: [create: {entity: visit, values: {patient: =this, topic: 首诊}}]
    actions:
      give:
        label: 转诊
        ask: {to: {link: user!, label: 给谁}}
        do:
          - transfer: {to: =asked.to, with: [visits], keep: read, reason: 转诊}
      send: {label: 转给, ask: {to: {link: user!}}, do: [run: {action: transfer, with: {to: =asked.to}}]}
      show: {label: 会诊, do: [share: {to: =owner.manager, role: desk, expires: =today() + days(7)}]}
      join: {label: 合并, do: [merge: {lose: =twin, choices: {name: lose}}], when: twin != null}
    automations:
      log:
        after: [transfer, merge, share]
        do: [create: {entity: log, values: {patient: =this, what: =event.name, why: =event.reason, whom: =event.to}}]
    permissions:
      doctor: {read: [own, shared], create: true, update: own, see: own, give: own, send: own, show: own, join: own, share: own}
      desk: {read: shared}
  visit:
    label: 就诊
    fields: {patient: {link: patient!, inverse: visits}, topic: text}
    permissions: {doctor: {read: [own, shared], create: true, update: own}, desk: {read: shared}}
  log:
    label: 日志
    fields: {patient: {link: patient!, inverse: logs}, what: text, why: text, whom: {link: user, inverse: logged}}
    permissions: {doctor: {read: all}}
"""


@pytest.fixture
def clinic(installation: Installation, enterprise: Callable[..., Enterprise]) -> World:
    roles = {"admin": ["admin"], "ann": ["doctor"], "bob": ["doctor"], "desk": ["desk"]}
    made = World(installation, enterprise(CLINIC), roles)
    with made.as_("admin") as door:
        door.update("user", made.ids["ann"], {"manager": made.ids["bob"]})
    return made


def act(clinic: World, record: int, key: str, who: str = "ann", **asked: Any) -> Any:
    with clinic.as_(who) as door:
        return perform(door.unit, door.actor, "patient", record, key, asked)


def logged(clinic: World) -> list[tuple[str, str | None]]:
    run_pending(clinic.installation, clinic.at)
    with clinic.as_("admin", write=False) as door:
        rows = door.list("log", Query(fields=("what", "why"), sort=("id",))).records
        return [(row.values["what"], row.values["why"]) for row in rows]


def told(clinic: World, who: str) -> list[str]:
    with clinic.as_("admin", write=False) as door:
        query = Query(filter=f"to == {clinic.ids[who]}", fields=("text",), sort=("id",))
        return [row.values["text"] for row in door.list("message", query).records]


def test_an_act_that_says_undo_is_taken_back_whole(clinic: World) -> None:
    one, two = clinic.make("ann", "patient", name="甲"), clinic.make("ann", "patient", name="乙")
    for patient in (one, two):
        act(clinic, patient, "see")
    assert clinic.values("patient", one)["state"] == "seen" and len(clinic.seen("ann", "visit")) == 2
    first, second = sorted(clinic.seen("ann", "change_set"))
    with clinic.as_("ann") as door:
        back = undo(door.unit, door.actor, first)
    assert (back.restored, back.binned) == (1, 1) and len(clinic.seen("ann", "visit")) == 1
    values = clinic.values("patient", one)
    assert values["state"] == "new" and values["seen_on"] is None
    with clinic.as_("ann") as door:
        (visit,) = door.list("visit").records
        door.update("visit", visit.id, {"topic": "改过"})
    with clinic.as_("ann") as door, pytest.raises(Refused):
        undo(door.unit, door.actor, second)


def test_steps_hand_over_share_and_merge(clinic: World) -> None:
    one, two = clinic.make("ann", "patient", name="甲"), clinic.make("ann", "patient", name="乙")
    visit = clinic.make("ann", "visit", patient=one)
    act(clinic, one, "show")
    assert logged(clinic) == [("share", None)]
    assert clinic.seen("bob", "patient") == {one} == clinic.seen("desk", "patient") and clinic.seen(
        "desk", "visit"
    ) == {visit}
    act(clinic, one, "give", to=clinic.ids["bob"])
    assert clinic.values("patient", one)["owner"].id == clinic.ids["bob"]
    assert clinic.values("visit", visit)["owner"].id == clinic.ids["bob"] and one in clinic.seen("ann", "patient")
    assert logged(clinic)[-1] == ("transfer", "转诊")
    act(clinic, one, "send", who="bob", to=clinic.ids["ann"])
    assert clinic.values("patient", one)["owner"].id == clinic.ids["ann"]
    with clinic.as_("ann") as door:
        door.update("patient", two, {"twin": one})
    act(clinic, two, "join")
    assert clinic.values("visit", visit)["patient"].id == two and clinic.values("patient", two)["name"] == "甲"
    assert clinic.seen("ann", "patient") == {two}
    assert logged(clinic)[-1] == ("merge", None)


def test_an_automation_hears_to_whom_a_record_was_shared_where_that_is_one_person(clinic: World) -> None:
    one, bob = clinic.make("ann", "patient", name="甲"), clinic.ids["bob"]
    for to in ([{"user": bob}], [{"user": bob}, {"role": "desk"}], [{"role": "desk"}]):
        with clinic.as_("ann") as door:
            share(door.unit, door.actor, door.entity("patient"), [one], to)
        run_pending(clinic.installation, clinic.at)
    with clinic.as_("admin", write=False) as door:
        rows = door.list("log", Query(fields=("whom",), sort=("id",))).records
        whom = [row.values["whom"] and row.values["whom"].id for row in rows]
    assert whom == [bob, None, None]
    assert told(clinic, "bob") == ["ann 把病人“甲”共享给了你"] * 2


def test_people_are_told_once_and_only_of_what_they_may_read(clinic: World) -> None:
    one = clinic.make("ann", "patient", name="甲")
    act(clinic, one, "give", to=clinic.ids["bob"])
    assert told(clinic, "bob") == ["ann 把病人“甲”转给了你"] and told(clinic, "ann") == []
    with clinic.as_("admin") as door:
        from yuanke.records.transferring import transfer

        many = [door.create("patient", {"name": f"第{n}", "owner": clinic.ids["bob"]}).id for n in range(3)]
        transfer(door.unit, door.actor, door.entity("patient"), many, clinic.ids["ann"])
    assert told(clinic, "ann") == ["admin 转给你 3 条病人"]
    assert told(clinic, "bob")[1:] == ["admin 把你的 3 条病人转给了别人"]
