"""Merge, transfer, share, duplicates and undo over HTTP: contracts, rights, redirects."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.records.handed.world import World
from tests.served import Caller


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def world(installation: Any) -> World:
    return World.standing(installation)


@pytest.fixture
def as_(app: Any, world: World) -> Callable[[str], Caller]:
    """``as_("ann")`` is logged in."""
    return lambda username: Caller(app, "acme", username).log_in()


def test_a_merge_answers_with_the_record_and_leads_on_from_the_other(as_: Any, world: World) -> None:
    a = world.make("ann", "firm", name="上海蓝天科技有限公司")
    b = world.make("bob", "firm", name="上海蓝天科技", tel="021 6888 0000")
    chief = as_("chief")
    shown = chief.get(f"/records/firm/merge?ids={a},{b}&keep={a}").json
    assert shown["keep"] == a and {c["field"]: c["taken"] for c in shown["choices"]}["tel"] == b
    done = chief.post("/records/firm/merge", {"keep": a, "lose": [b], "choices": {"name": b}})
    assert done.status_code == 200 and done.json["record"]["name"] == "上海蓝天科技" and done.json["lost"] == [b]
    answer = chief.get(f"/records/firm/{b}")
    assert answer.status_code == 301 and answer.headers["Location"].endswith(f"/records/firm/{a}")
    assert chief.get("/search?q=DW0002").json["result"][0]["id"] == a
    assert chief.get("/records/firm?q=DW0002").json["result"][0]["id"] == a
    assert as_("bob").get(f"/records/firm/{b}").status_code == 404  # the one that stays is not his
    assert {entry["verb"] for entry in chief.get(f"/records/firm/{a}/history").json["result"]} >= {"merge"}
    undone = chief.post(f"/records/change_set/{done.json['change_set']}/undo", {})
    assert undone.status_code == 200 and undone.json["left"] == [] and undone.json["brought_back"] == 1
    assert chief.get(f"/records/firm/{b}").json["tel"] == "021 6888 0000"
    again = chief.post(f"/records/change_set/{done.json['change_set']}/undo", {})
    assert again.status_code == 409


def test_who_may_not_is_told_so_and_what_is_hidden_is_not_there(as_: Any, world: World) -> None:
    mine = [world.make("ann", "firm", name=f"单位{n}") for n in range(9)]
    hidden = world.make("admin", "firm", name="看不到")
    ann, chief, eve = as_("ann"), as_("chief"), as_("eve")
    to = world.ids["bob"]
    for caller, path, body, status in [
        (ann, "merge", {"keep": mine[0], "lose": [mine[1]]}, 403),
        (eve, "transfer", {"ids": mine[:1], "to": to}, 403),
        (ann, "transfer", {"ids": mine[:1], "to": to}, 403),
        (chief, "transfer", {"ids": [*mine, hidden], "to": to}, 404),
        (chief, "merge", {"keep": mine[0], "lose": [hidden]}, 404),
        (ann, "share", {"ids": [*mine, hidden], "to": [{"user": to}]}, 404),
        (eve, "share", {"ids": mine[:1], "to": [{"user": to}]}, 403),
    ]:
        answer = caller.post(f"/records/firm/{path}", body)
        assert answer.status_code == status, (path, body, answer.text)
    for path in ("merge", "transfer", "share", "unshare"):
        assert chief.post(f"/records/person/{path}", {"ids": [1], "keep": 1, "lose": [2], "to": 1}).status_code in (
            404,
            422,
        )
    assert ann.post("/records/nothing/share", {"ids": [1], "to": [{"user": to}]}).status_code == 404
    assert as_("bob").get("/records/firm").json["result"] == []


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        (
            "merge",
            {"keep": "x", "lose": [], "choices": {"name": "theirs"}, "more": 1},
            {"keep", "lose", "choices.name", "more"},
        ),
        ("merge", {}, {"keep", "lose"}),
        ("transfer", {"ids": [1, "a"], "to": None, "with": 3, "atomic": "yes"}, {"ids", "to", "with", "atomic"}),
        ("share", {"ids": [1], "to": [{"user": 1, "group": 2}], "expires": "tomorrow"}, {"to", "expires"}),
        ("share", {"ids": [1], "to": {}}, {"to"}),
    ],
)
def test_a_body_that_is_wrong_is_told_at_its_keys(as_: Any, path: str, body: dict[str, Any], fields: set[str]) -> None:
    answer = as_("chief").post(f"/records/firm/{path}", body)
    assert answer.status_code == 422
    assert {error["field"].removeprefix("body.") for error in answer.json["errors"]} == fields


def test_a_transfer_tells_each_record_and_can_be_undone(as_: Any, world: World) -> None:
    one, sealed = world.make("ann", "firm", name="甲"), world.make("ann", "firm", name="乙")
    person = world.make("ann", "person", firm=one, name="张")
    with world.as_("admin") as door:
        door.update("firm", sealed, {"sealed": True})
    chief, body = as_("chief"), {"ids": [one, sealed], "to": world.ids["bob"], "with": ["people"], "reason": "区域调整"}
    assert chief.post("/records/firm/transfer", {**body, "atomic": True}).status_code == 409
    done = chief.post("/records/firm/transfer", body).json
    assert done["result"][0] == {"id": one, "status": "transferred", "moved": {"people": 1}}
    assert done["result"][1]["status"] == "failed" and "已封存" in done["result"][1]["error"]["detail"]
    (kept,) = chief.get("/records/change_set").json["result"]
    assert kept["id"] == done["change_set"]
    whole = chief.get(f"/records/change_set/{kept['id']}").json
    assert (whole["kind"], whole["reason"], whole["to"]["title"], whole["count"]) == ("transfer", "区域调整", "bob", 1)
    assert as_("bob").get(f"/records/firm/{one}").status_code == 200
    assert as_("bob").get(f"/records/change_set/{kept['id']}").status_code == 404
    assert chief.post(f"/records/change_set/{kept['id']}/undo", {}).json["restored"] == 2
    assert as_("bob").get(f"/records/person/{person}").status_code == 404


def test_shares_are_listed_and_end(as_: Any, world: World) -> None:
    one = world.make("ann", "firm", name="甲")
    ann, bob = as_("ann"), as_("bob")
    made = ann.post("/records/firm/share", {"ids": [one], "to": [{"user": world.ids["bob"]}], "expires": "2999-12-31"})
    assert made.status_code == 200 and made.json["shares"] == 1
    assert bob.get(f"/records/firm/{one}").status_code == 200
    (listed,) = ann.get(f"/records/firm/{one}/shares").json["result"]
    assert listed["user"] == {"id": world.ids["bob"], "title": "bob"} and listed["expires"] == "2999-12-31"
    assert bob.get("/records/record_share").status_code in (403, 404)
    assert ann.post("/records/firm/unshare", {"ids": [one]}).json == {"ended": 1}
    assert bob.get(f"/records/firm/{one}").status_code == 404


def test_duplicates_are_told_while_typing_and_in_groups(as_: Any, world: World) -> None:
    mine = [world.make("ann", "firm", name=name) for name in ("上海蓝天科技有限公司", "上海 蓝天科技")]
    his = world.make("bob", "firm", name="杭州云海", tel="13800138000")
    ann, bob, chief = as_("ann"), as_("bob"), as_("chief")
    found = ann.post("/records/firm/duplicates", {"values": {"name": "上海蓝天科技公司", "tel": "138 0013 8000"}}).json[
        "result"
    ]
    assert {one["id"] for one in found} == {*mine, None} and "杭州" not in str(found)
    assert [one["hidden"] for one in found] == [False, False, True]
    assert bob.post("/records/firm/duplicates", {"values": {"tel": "13800138000"}, "id": his}).json["result"] == []
    (group,) = chief.get("/records/firm/duplicates").json["result"]
    assert [one["id"] for one in group["records"]] == mine and group["fields"] == ["name"] and group["score"] is None
    assert bob.get("/records/firm/duplicates").json["result"] == []
    assert ann.post("/records/firm/duplicates/apart", {"ids": mine}).status_code == 403
    assert chief.post("/records/firm/duplicates/apart", {"ids": mine}).status_code == 204
    assert chief.get("/records/firm/duplicates").json["result"] == []
    assert chief.post("/records/firm/duplicates/search", {}).status_code == 202
    assert ann.post("/records/payment/duplicates", {"values": {}}).status_code == 404


def test_a_hand_over_is_an_administrators(as_: Any, world: World) -> None:
    one, ann = world.make("ann", "firm", name="甲"), world.ids["ann"]
    body = {"to": world.ids["bob"], "left": True, "reason": "离职交接"}
    assert as_("chief").post(f"/records/user/{ann}/hand_over", body).status_code == 403
    gone, admin = as_("ann"), as_("admin")
    assert admin.patch(f"/records/user/{ann}", {"status": "left"}).status_code == 422
    done = admin.post(f"/records/user/{ann}/hand_over", body)
    assert done.status_code == 200 and done.json["moved"] == {"firm": 1}
    assert gone.get("/me").status_code == 401
    assert as_("bob").get(f"/records/firm/{one}").status_code == 200


def test_every_route_is_described_where_an_entity_knows_it(as_: Any, app: Any) -> None:
    said = {re.sub(r"\{\w+\}", "*", path) for path in as_("admin").get("/openapi.json").json["paths"]}
    routes = [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("HandingApi.")]
    wanted = {re.sub(r"<[^>]+>", "*", rule.replace("<key:entity>", "firm")) for rule in routes}
    assert len(wanted) >= 10 and wanted <= said


def test_the_description_knows_what_the_caller_may(as_: Any) -> None:
    for who, known in (("chief", True), ("ann", False)):
        paths = as_(who).get("/openapi.json").json["paths"]
        assert ("/api/v1/records/firm/merge" in paths) is known and "/api/v1/records/firm/share" in paths
