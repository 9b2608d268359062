"""One effect for a POST that arrives twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from yuanke.kernel import clock

from tests.served import Caller


@pytest.fixture
def dialect() -> str:
    """As a rule one database is enough here; what depends on its kind says so."""
    return "sqlite"


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_second_arrival_gets_the_answer_of_the_first(caller: Callable[[str], Caller]) -> None:
    lin, yu = caller("lin"), caller("yu")
    first = lin.post("/records/note", {"title": "x"}, headers=keyed("k1"))
    again = lin.post("/records/note", {"title": "x"}, headers=keyed("k1"))
    assert (again.status_code, again.data, again.headers["Location"]) == (201, first.data, first.headers["Location"])
    assert again.headers["Idempotent-Replayed"] == "true"
    other = lin.post("/records/note", {"title": "y"}, headers=keyed("k1"))
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert lin.post("/records/folder", {"title": "x"}, headers=keyed("k1")).status_code in (403, 422)
    assert yu.post("/records/note", {"title": "x"}, headers=keyed("k1")).json["id"] != first.json["id"], (
        "keys are per user"
    )
    assert lin.get("/records/note?count=exact").json["count"] == 1


def test_a_refused_request_keeps_no_key(caller: Callable[[str], Caller]) -> None:
    lin = caller("lin")
    assert lin.post("/records/note", {"title": ""}, headers=keyed("k2")).status_code == 422
    assert lin.post("/records/note", {"title": "good"}, headers=keyed("k2")).status_code == 201


def test_a_key_is_forgotten_after_two_days(caller: Callable[[str], Caller]) -> None:
    lin = caller("lin")
    first = lin.post("/records/note", {"title": "x"}, headers=keyed("k3")).json["id"]
    with clock.stopped(clock.now() + timedelta(hours=47)):
        lin.log_in()
        assert lin.post("/records/note", {"title": "x"}, headers=keyed("k3")).json["id"] == first
    with clock.stopped(clock.now() + timedelta(hours=49)):
        lin.log_in()
        assert lin.post("/records/note", {"title": "x"}, headers=keyed("k3")).json["id"] != first


@pytest.mark.parametrize("key", ["", "é", "x" * 201, "a\tb"])
def test_a_key_that_is_none(caller: Callable[[str], Caller], key: str) -> None:
    assert caller("lin").post("/records/note", {"title": "x"}, headers=keyed(key)).status_code == 400


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_twenty_at_once_make_one(caller: Callable[[str], Caller], app: Any) -> None:
    lin = caller("lin")
    answers: list[Any] = []

    def send() -> None:
        other = Caller(app, "acme", "lin")
        other.tokens = lin.tokens
        answers.append(other.post("/records/note", {"title": "once"}, headers=keyed("storm")))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json["id"] for answer in made}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in made) == 1
    assert lin.get("/records/note?count=exact").json["count"] == 1
