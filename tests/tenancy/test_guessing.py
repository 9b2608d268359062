"""Logging in from outside: forgiving names, one sentence, equal time, a limit that counts failures only."""

from __future__ import annotations

import time
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke.access import fab_tables as fab
from yuanke.access import people
from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import TooManyRequests
from yuanke.storage import Installation
from yuanke.web.limits import LoginLimits

from tests.served import PASSWORD, browser, form_token, log_in


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.mark.parametrize("name", ["acme", "ACME", " acme ", "ａｃｍｅ", "爱客 科技", "爱客科技", "爱客　科技", "Ａcme"])
def test_width_case_and_blanks_of_the_enterprise_are_forgiven(app: Any, notes: Enterprise, name: str) -> None:
    assert log_in(app, name, "LIN").status_code == 200


WRONG = [
    ("acme", "lin", "wrong-wrong"),
    ("acme", "nobody", PASSWORD),
    ("nowhere", "lin", PASSWORD),
    ("", "lin", PASSWORD),
    ("acme", "lin", PASSWORD.upper()),
    ("acme", "lin", "\0"),
    ("acme", "lin' or '1'='1", PASSWORD),
    ("acme%", "lin", PASSWORD),
]


def test_every_wrong_combination_gets_the_same_answer(app: Any, notes: Enterprise) -> None:
    answers = [log_in(app, *wrong) for wrong in WRONG]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.data for answer in answers}) == 1


def test_a_wrong_password_takes_as_long_as_a_missing_user_or_enterprise(
    app: Any, notes: Enterprise, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("YUANKE_PASSWORD_COST")
    with installation.unit(notes, write=True) as unit:
        lin = unit.execute(sa.select(fab.USER.c.id).where(fab.USER.c.username == "lin")).scalar_one()
        people.set_password(unit, lin, PASSWORD)
    app.login_limits = LoginLimits("memory://", "1000 per minute", "1000 per minute")
    times: dict[str, list[float]] = {"password": [], "user": [], "enterprise": []}
    wrongs = {"password": ("acme", "lin"), "user": ("acme", "nobody"), "enterprise": ("nowhere", "lin")}
    for _ in range(5):
        for kind, (enterprise, username) in wrongs.items():
            began = time.thread_time()
            log_in(app, enterprise, username, "wrong-wrong")
            times[kind].append(time.thread_time() - began)
    best = {kind: min(taken) for kind, taken in times.items()}  # what a quiet machine would take
    assert max(best.values()) < 1.25 * min(best.values()), best


@pytest.mark.parametrize("door", ["json", "form"])
def test_failures_are_limited_by_account_and_the_right_password_waits_too(
    app: Any, notes: Enterprise, door: str
) -> None:
    def attempt(password: str, username: str = "lin") -> Any:
        if door == "json":
            return log_in(app, "acme", username, password)
        client = app.test_client()
        form = {"enterprise": "acme", "username": username, "password": password, "csrf_token": form_token(client)}
        return client.post("/login", data=form)

    codes = [attempt("wrong-wrong").status_code for _ in range(12)]
    assert codes == [401] * 10 + [429] * 2
    locked = attempt(PASSWORD)
    assert locked.status_code == 429 and 0 < int(locked.headers["Retry-After"]) <= 900
    assert attempt(PASSWORD, "yu").status_code in (200, 302), "another account is free"
    other_door = log_in(app, "acme", "lin") if door == "form" else None
    assert other_door is None or other_door.status_code == 429, "both doors count together"


def test_failures_are_limited_by_address(app: Any, notes: Enterprise) -> None:
    codes = [log_in(app, "acme", f"user{n}", "wrong-wrong").status_code for n in range(31)]
    assert codes == [401] * 30 + [429]
    assert log_in(app, "acme", "lin").status_code == 429
    elsewhere = log_in(app, "acme", "lin", environ_base={"REMOTE_ADDR": "10.1.2.3"})
    assert elsewhere.status_code == 200


def test_successes_do_not_count(app: Any, notes: Enterprise) -> None:
    assert [log_in(app, "acme", "lin").status_code for _ in range(12)] == [200] * 12


def test_after_the_window_the_owner_gets_in() -> None:
    limits = LoginLimits("memory://", "2 per 1 second", "100 per minute")
    for _ in range(2):
        limits.failed("acme", "lin", "10.0.0.1")
    with pytest.raises(TooManyRequests) as told:
        limits.check("ACME", "Lin", "10.0.0.2")
    assert told.value.extra["retry_after"] == 1
    time.sleep(1.05)
    limits.check("acme", "lin", "10.0.0.2")


def test_a_changed_password_ends_all_log_ins_but_this_one(app: Any, notes: Enterprise) -> None:
    from tests.served import Caller

    here, there = browser(app, "acme", "lin"), Caller(app, "acme", "lin").log_in()
    headers = {"X-CSRF-Token": here.token}
    for body, field in (
        ({"old": "wrong-wrong", "new": "geheim-neu"}, "old"),
        ({"old": PASSWORD, "new": "kurz"}, "new"),
    ):
        refused = here.post("/password", json=body, headers=headers)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, field)
    assert there.get("/me").status_code == 200
    assert here.post("/password", json={"old": PASSWORD, "new": "geheim-neu"}, headers=headers).status_code == 204
    assert here.get("/api/v1/me").status_code == 200
    assert there.get("/me").status_code == 401
    assert log_in(app, "acme", "lin").status_code == 401
    fresh = Caller(app, "acme", "lin", "geheim-neu").log_in()
    bearer = {"Authorization": f"Bearer {fresh.tokens['access_token']}"}
    tokens = fresh.client.post("/password", json={"old": "geheim-neu", "new": "geheim-alt"}, headers=bearer).json
    assert fresh.get("/me").status_code == 401
    fresh.tokens = tokens
    assert fresh.get("/me").status_code == 200
    codes = [here.post("/password", json={}, headers=headers).status_code for _ in range(2)]
    assert codes == [302, 302] or codes == [401, 401], "this browser was ended by the token's change"


def test_the_log_says_who_came_and_what_became_of_it(app: Any, notes: Enterprise) -> None:
    log_in(app, "acme", "lin", "wrong-wrong")
    log_in(app, "acme", "ghost", "wrong-wrong")
    client = browser(app, "acme", "lin")
    client.post("/logout", headers={"X-CSRF-Token": client.token})
    with app.installation.unit("acme") as unit:
        log = unit.tables["login_log"]
        rows = unit.execute(log.select().order_by(log.c.id)).all()
    assert [(row.username, row.result) for row in rows] == [
        ("lin", "wrong"),
        ("ghost", "wrong"),
        ("lin", "ok"),
        (None, "ended"),
    ]
    assert "wrong-wrong" not in repr(rows)


def test_the_log_says_once_that_guessing_was_stopped(app: Any, notes: Enterprise) -> None:
    for _ in range(14):
        log_in(app, "acme", "lin", "wrong-wrong")
        log_in(app, "nowhere", "lin", "wrong-wrong")
    with app.installation.unit("acme") as unit:
        log = unit.tables["login_log"]
        rows = unit.execute(log.select().order_by(log.c.id)).all()
        lin = unit.execute(sa.select(fab.USER.c.id).where(fab.USER.c.username == "lin")).scalar_one()
    assert [row.result for row in rows] == ["wrong"] * 10 + ["locked"]
    assert (rows[-1].username, rows[-1].user, rows[-1].address) == ("lin", lin, "127.0.0.1")
