"""Messages over REST: records of the caller's own, counted with a tag, read one by one or all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from yuanke import messages

from tests.served import Caller, app, caller, database_url, home, notes  # noqa: F401


@pytest.fixture
def told(notes: Any, installation: Any) -> Callable[..., dict[str, int]]:  # noqa: F811
    """``told("x", "lin", "qin")`` tells them and gives name -> id of the message."""
    import sqlalchemy as sa

    def tell(text: str, *names: str, **more: Any) -> dict[str, int]:
        with installation.unit(notes, write=True) as unit:
            user = unit.tables["user"]
            ids = {row.username: row.id for row in unit.execute(sa.select(user.c.username, user.c.id))}
            made = messages.notify(unit, [ids[name] for name in names], text, **more)
            return {name: made[ids[name]] for name in names}

    return tell


Tell = Callable[..., dict[str, int]]
Call = Callable[[str], Caller]


def test_the_count_has_a_tag_that_stands_while_nothing_changes(caller: Call, told: Tell) -> None:  # noqa: F811
    lin = caller("lin")
    first = lin.get("/messages/unread")
    assert first.json == {"unread": 0, "capped": False, "newest": None}
    same = lin.get("/messages/unread", headers={"If-None-Match": first.headers["ETag"]})
    assert same.status_code == 304 and same.data == b"" and same.headers["ETag"] == first.headers["ETag"]
    made = told("x", "lin")["lin"]
    now = lin.get("/messages/unread", headers={"If-None-Match": first.headers["ETag"]})
    assert now.status_code == 200 and now.json == {"unread": 1, "capped": False, "newest": made}
    assert lin.post(f"/messages/{made}/read").status_code == 204
    assert lin.get("/messages/unread", headers={"If-None-Match": now.headers["ETag"]}).json["unread"] == 0


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_tag_of_one_person_counts_for_no_other(caller: Call, told: Tell) -> None:  # noqa: F811
    tag = caller("lin").get("/messages/unread").headers["ETag"]
    answer = caller("yu").get("/messages/unread", headers={"If-None-Match": tag})
    assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"]


def test_messages_are_records_of_the_reader_alone(caller: Call, told: Tell) -> None:  # noqa: F811
    made = told("之江已赢单", "lin", "qin", entity="note", record=3)
    lin = caller("lin")
    page = lin.get("/records/message?fields=text,kind,entity,record,read_at").json
    assert [(one["text"], one["kind"], one["entity"], one["record"], one["read_at"]) for one in page["result"]] == [
        ("之江已赢单", "notice", "note", 3, None)
    ]
    assert lin.get(f"/records/message/{made['qin']}").status_code == 404
    assert lin.post("/records/message", {"to": 1, "text": "x"}).status_code == 403
    assert lin.patch(f"/records/message/{made['lin']}", {"text": "x"}).status_code == 403
    assert lin.get("/records/message?filter=read_at == null").json["count"] == 1


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_reading_what_belongs_to_somebody_else_leaves_it_unread(caller: Call, told: Tell) -> None:  # noqa: F811
    made = told("x", "qin")["qin"]
    assert caller("lin").post(f"/messages/{made}/read").status_code == 404
    assert caller("qin").get("/messages/unread").json["unread"] == 1


def test_all_are_read_at_once_and_a_repeated_request_gets_the_same_answer(caller: Call, told: Tell) -> None:  # noqa: F811
    told("a", "lin", "qin")
    told("b", "lin")
    lin, key = caller("lin"), {"Idempotency-Key": "all-1"}
    assert lin.post("/messages/read-all", headers=key).json == {"read": 2}
    told("c", "lin")
    again = lin.post("/messages/read-all", headers=key)
    assert again.json == {"read": 2} and lin.get("/messages/unread").json["unread"] == 1
    assert caller("qin").get("/messages/unread").json["unread"] == 1


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_unknown_parameters_are_told(caller: Call) -> None:  # noqa: F811
    assert caller("lin").get("/messages/unread?x=1").status_code == 400


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_person_ends_his_own_reminders_and_keeps_his_own_preferences(
    caller: Call,  # noqa: F811
    notes: Any,  # noqa: F811
    installation: Any,
) -> None:
    lin, yu = caller("lin"), caller("yu")
    with installation.unit(notes, write=True) as unit:
        made = messages.remind(unit, [lin.get("/me").json["id"]], "签约", key="k", due=None)
    assert len(made) == 1
    line = lin.get("/records/reminder").json["result"][0]["id"]
    assert yu.get(f"/records/reminder/{line}").status_code == 404
    assert lin.patch(f"/records/reminder/{line}", {"text": "x"}).status_code == 422
    assert lin.patch(f"/records/reminder/{line}", {"done_at": "2026-11-25T03:00:00Z"}).status_code == 200
    prefer = lin.post("/records/message_preference", {"channels": {"mail": ["approval"]}, "quiet_since": "22:00"})
    assert prefer.status_code == 201, prefer.text
    assert yu.get(f"/records/message_preference/{prefer.json['id']}").status_code == 404
    wrong = lin.patch(f"/records/message_preference/{prefer.json['id']}", {"channels": {"fax": []}})
    assert wrong.status_code == 422 and wrong.json["errors"][0]["field"] == "channels"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_url_that_is_no_number_is_no_address(caller: Call) -> None:  # noqa: F811
    assert caller("lin").post("/messages/x/read").status_code == 404
