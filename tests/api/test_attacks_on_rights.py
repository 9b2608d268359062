"""Rights that overlap, records moved out of one's reach, fields that were there before, names that would be something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from yuanke.kernel.actor import Enterprise

from tests.served import Caller

LEDGER = """
module: book
label: 簿
roles: {owner: 自己的, reader: 读者, mover: 转移}
entities:
  entry:
    label: 条目
    fields: {name: text!, cost: money, remark: text, code: {type: text, searchable: true}}
    permissions:
      owner: {read: own, create: own, update: own, fields: {remark: hidden}}
      reader: {read: all, fields: {cost: hidden, code: hidden}}
      mover: {read: all, update: all}
"""


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def book(app: Any, enterprise: Callable[..., Enterprise], staff: Callable[..., int]) -> Callable[[str], Caller]:
    """both = owner and reader; solo = owner; mover. Entry 1 is of both (cost 5), 2 of solo (cost 7); both have remarks."""
    at = enterprise(LEDGER)
    for name, roles in {"root": ["admin"], "both": ["owner", "reader"], "solo": ["owner"], "mover": ["mover"]}.items():
        staff(at, name, *roles)

    def logged_in(name: str) -> Caller:
        return Caller(app, "acme", name).log_in()

    for name, cost in (("both", 5), ("solo", 7)):
        logged_in(name).post("/records/entry", {"name": name, "cost": cost})
    for number in (1, 2):
        logged_in("root").patch(f"/records/entry/{number}", {"remark": f"r{number}"})
    return logged_in


def test_26_fields_of_one_role_are_not_shown_in_rows_of_the_other(book: Callable[[str], Caller]) -> None:
    both = book("both")
    listed = {one["id"]: one for one in both.get("/records/entry?fields=name,cost,remark").json["result"]}
    assert (listed[1]["cost"], listed[2]["cost"]) == ("5.00", None)
    assert (listed[1]["remark"], listed[2]["remark"]) == ("r1", "r2")
    assert both.get("/records/entry/2").json["cost"] is None
    for source in ("cost > 0", "cost == 7", "not cost == 5", "cost is None"):
        ids = [one["id"] for one in both.get(f"/records/entry?filter={source}").json["result"]]
        assert ids == {"cost > 0": [1], "cost == 7": [], "not cost == 5": [2], "cost is None": [2]}[source], source
    ordered = [one["id"] for one in both.get("/records/entry?sort=cost").json["result"]]
    assert ordered in ([1, 2], [2, 1])
    past = both.get("/records/entry/2/history")
    assert "7.00" not in past.text and "r2" in past.text
    assert "5.00" in both.get("/records/entry/1/history").text and "r1" in both.get("/records/entry/1/history").text
    assert both.patch("/records/entry/2", {"name": "mine now"}).status_code == 403
    assert both.patch("/records/entry/1", {"remark": "x"}).status_code in (403, 422), (
        "who writes it may not read it there"
    )


def test_26_nor_found_by_them(book: Callable[[str], Caller]) -> None:
    both, root = book("both"), book("root")
    root.patch("/records/entry/1", {"code": "geheim eins"})
    root.patch("/records/entry/2", {"code": "geheim zwei"})
    assert [one["id"] for one in root.get("/records/entry?q=geheim").json["result"]] == [2, 1]
    assert [one["id"] for one in both.get("/records/entry?q=geheim").json["result"]] == [1]
    assert [one["id"] for one in both.get("/search?q=geheim").json["result"]] == [1]
    assert [one["id"] for one in both.get("/records/entry/lookup?q=geheim").json["result"]] == [1]
    assert both.get("/records/entry?q=zwei").json["result"] == both.get("/records/entry?q=absent").json["result"] == []
    assert both.get("/search?q=zwei").json == both.get("/search?q=absent").json


def test_28_a_record_does_not_leave_ones_own_reach_by_the_back_door(book: Callable[[str], Caller]) -> None:
    solo, root = book("solo"), book("root")
    both = root.get("/records/user?filter=username == 'both'").json["result"][0]["id"]
    for body in ({"owner": both}, {"owner": None}, {"owner": {"id": both}}, {"owner": "both"}, {"owner": 999}):
        for answer in (solo.patch("/records/entry/2", body), solo.post("/records/entry", {"name": "x", **body})):
            assert answer.status_code in (403, 422), (body, answer.text)
    for body in ({"department": 1}, {"department": None, "name": "y"}):
        answer = solo.patch("/records/entry/2", body)
        assert answer.status_code == 422 or answer.json["department"] is None, body
    assert root.get("/records/entry?count=exact").json["count"] == 2
    assert root.get("/records/entry/2").json["owner"]["title"] == "Solo"
    moved = book("mover").patch("/records/entry/2", {"owner": both})
    assert moved.status_code == 200 and moved.json["owner"]["title"] == "Both", "who may change all may give"
    assert solo.get("/records/entry/2").status_code == 404


def test_27_a_field_of_an_old_name_has_neither_old_values_nor_old_rights(book: Callable[[str], Caller]) -> None:
    root, solo = book("root"), book("solo")
    shown = {"entities": {"entry": {"fields": {"mood": "text"}}}}
    assert root.post("/customizations/apply", shown).status_code == 200
    assert root.patch("/records/entry/2", {"mood": "old"}).status_code == 200
    assert root.post("/customizations/apply", {}).status_code == 200
    assert solo.get("/records/entry?fields=mood").status_code == 400
    planned = root.post("/customizations/plan", shown).json
    assert any(step["blocked"] for step in planned["steps"]), "restore or begin anew is asked"
    assert root.post("/customizations/apply", shown).status_code in (409, 422)
    hidden = {
        "entities": {"entry": {"fields": {"mood": "text"}, "permissions": {"owner": {"fields": {"mood": "hidden"}}}}}
    }
    fresh = root.post("/customizations/apply?fresh=entry.mood", hidden)
    assert fresh.status_code == 200, fresh.text
    assert root.get("/records/entry/2").json["mood"] is None
    assert "mood" not in solo.get("/records/entry/2").json and solo.get("/records/entry?sort=mood").status_code == 400


WRONG_NAMES = (
    '"', 'a"; drop table entry', "x" * 200, "😀", "__class__", "id", "owner", "version", "deleted_at", "_sa_instance", "Name", "1st", "a-b", "a b", "",
    " ", "a\0", "naïve", "class", "import", "in", "a.b", "ａ", "me", "this", "settings", "self", "old", "a\nb", "..", "a/b", "'", "`", "{x}", "$x",
)  # fmt: skip
QUOTED = ("select", "table", "group_", "order_by", "user_", "ctid", "rowid", "oid", "xmin", "values", "check_", "primary", "constraint", "column_", "data", "fields", "load")  # fmt: skip


def test_32_names_follow_one_rule(book: Callable[[str], Caller]) -> None:
    root = book("root")
    for name in WRONG_NAMES:
        for overlay in (
            {"entities": {"entry": {"fields": {name: "text"}}}},
            {"entities": {name: {"fields": {"name": "text!"}}}},
        ):
            if (
                name
                in (
                    "id",
                    "owner",
                    "version",
                    "deleted_at",
                    "me",
                    "this",
                    "settings",
                    "self",
                    "old",
                    "class",
                    "import",
                    "in",
                )
                and name in overlay["entities"]
            ):
                continue  # words reserved for fields
            answer = root.post("/customizations/plan", overlay)
            assert answer.status_code == 422, (overlay, answer.status_code, answer.text)
            assert answer.json["errors"], overlay
    overlay = {"entities": {"entry": {"fields": dict.fromkeys(QUOTED, "text")}}}
    for name in list(QUOTED):
        if root.post("/customizations/plan", {"entities": {"entry": {"fields": {name: "text"}}}}).status_code == 422:
            overlay["entities"]["entry"]["fields"].pop(name)
    taken = list(overlay["entities"]["entry"]["fields"])
    assert {"select", "table", "data", "fields", "load"} <= set(taken)
    applied = root.post("/customizations/apply", overlay)
    assert applied.status_code == 200, applied.text
    made = root.post("/records/entry", {"name": "x", **{name: f"v {name}" for name in taken}})
    assert made.status_code == 201, made.text
    for name in taken:
        assert made.json[name] == f"v {name}"
        found = root.get(f"/records/entry?sort={name}&fields={name}&filter={name} == 'v {name}'")
        assert [one[name] for one in found.json["result"]] == [f"v {name}"], (name, found.text)
