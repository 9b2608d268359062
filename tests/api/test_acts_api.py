"""Transitions and actions over REST: what they ask, what they answer, and how they are described."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from yuanke.metadata import Layer
from yuanke.storage import Installation, create_enterprise

from tests.served import Caller, enter

SHOP = """
module: shop
label: 店
roles: {clerk: 文员, chief: 主管}
entities:
  job:
    label: 工单
    fields:
      title: {type: text!, label: 标题}
      price: {type: money, label: 金额}
      state: {label: 状态, default: open, options: {open: 进行, done: {label: 完成, closed: true}}}
      why: {type: text, label: 原因}
    permissions:
      clerk: {read: own, create: true, update: own}
      chief: {read: all, create: true, update: all, mark: all}
    workflow:
      field: state
      transitions:
        finish:
          label: 完成
          from: open
          to: done
          ask: [price]
          checks: {dear: {valid_when: price < 100, message: "金额 {price}", otherwise: warn}}
    actions:
      mark: {label: 标记, ask: {text: text!}, do: [set: {why: =asked.text}]}
"""


@pytest.fixture
def caller(app: Any, installation: Installation) -> Callable[[str], Caller]:
    at = create_enterprise(installation, "shop", "店", layers=[Layer.read_text(SHOP, "m1.yaml", "module")])
    for name, role in (("root", "admin"), ("chief", "chief"), ("clerk", "clerk")):
        enter(installation, at, name, role)
    return lambda name: Caller(app, "shop", name).log_in()


def made(caller: Caller) -> str:
    return f"/records/job/{caller.post('/records/job', {'title': '修'}).json['id']}"


def test_a_transition_moves_the_state_with_its_answers(caller: Callable[[str], Caller]) -> None:
    clerk = caller("clerk")
    at = made(clerk)
    answer = clerk.post(f"{at}/transitions/finish", {"price": "12.50", "version": 1})
    assert answer.status_code == 200 and answer.json["state"] == "done" and answer.json["price"] == "12.50"
    assert clerk.post(f"{at}/transitions/finish", {}).status_code == 409
    verbs = [entry["verb"] for entry in clerk.get(f"{at}/history").json["result"]]
    assert verbs == ["finish", "create"]


def test_a_warning_is_answered_by_name(caller: Callable[[str], Caller]) -> None:
    clerk = caller("clerk")
    at = made(clerk)
    refused = clerk.post(f"{at}/transitions/finish", {"price": "200"})
    assert refused.status_code == 409 and refused.json["confirm"] == ["dear"]
    assert clerk.post(f"{at}/transitions/finish", {"price": "200", "confirm": ["dear"]}).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("transitions/finish", {"price": "x"}, 422), ("transitions/finish", {"nothing": 1}, 422),
        ("transitions/finish", {"confirm": "dear"}, 422), ("transitions/none", {}, 404), ("actions/mark", {"text": "a"}, 403),
        ("transitions/finish", {"version": 9}, 409),
    ],
)  # fmt: skip
def test_what_is_refused_leaves_the_record_as_it_was(
    caller: Callable[[str], Caller], path: str, body: dict[str, object], status: int
) -> None:
    clerk = caller("clerk")
    at = made(clerk)
    assert clerk.post(f"{at}/{path}", body).status_code == status
    assert clerk.get(at).json["state"] == "open" and clerk.get(at).json["version"] == 1


def test_the_state_is_written_by_nobody(caller: Callable[[str], Caller]) -> None:
    for who in ("clerk", "chief", "root"):
        door = caller(who)
        at = made(door)
        refused = door.patch(at, {"state": "done"})
        assert refused.status_code == 422 and "state" in str(refused.json)
        assert door.post("/records/job", {"title": "x", "state": "done"}).status_code == 422
        assert door.post("/records/job", {"title": "x", "state": "open"}).status_code == 201


def test_acts_are_described_for_those_who_may(caller: Callable[[str], Caller]) -> None:
    paths = caller("chief").get("/openapi.json").json["paths"]
    body = paths["/api/v1/records/job/{id}/actions/mark"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    assert "text" in body["properties"]
    theirs = caller("clerk").get("/openapi.json").json["paths"]
    assert "/api/v1/records/job/{id}/transitions/finish" in theirs
    assert "/api/v1/records/job/{id}/actions/mark" not in theirs
