"""Two enterprises in one process share nothing that a caller could see, however requests and threads interleave."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from yuanke.kernel.actor import Enterprise
from yuanke.storage import Installation

from tests.served import NOTES, Caller, log_in

CANARY = {"acme": "kanarienvogel-gelb", "other": "canary-blue-42"}


@pytest.fixture
def twins(enterprise: Callable[..., Enterprise], staff: Callable[..., int], app: Any) -> dict[str, Caller]:
    """Two enterprises, equal but for one word that stands in everything of theirs."""
    callers = {}
    for slug, word in CANARY.items():
        made = enterprise(NOTES, slug=slug, label=f"企业 {slug}")
        staff(made, "qin", "chief")
        callers[slug] = Caller(app, slug, "qin").log_in()
        folder = callers[slug].post("/records/folder", {"name": word}).json
        callers[slug].post(
            "/records/note", {"title": word, "folder": folder["id"], "lines": [{"what": word, "price": "1.00"}]}
        )
    return callers


PATHS = (
    "/records/note",
    "/records/note/1",
    "/records/folder",
    "/records/note/1/history",
    "/records/folder/1/related/notes",
    "/search?q={word}",
    "/records/folder/lookup?q={word}",
    "/me",
    "/metadata",
    "/metadata/note",
    "/openapi.json",
    "/jobs",
    "/records/note?q={word}",
    "/records/note/99",
    "/records/note?filter=title%20==%20'{word}'",
)


def test_no_answer_of_one_holds_the_canary_of_the_other(twins: dict[str, Caller]) -> None:
    seen = 0
    for slug, other in (("acme", "other"), ("other", "acme")):
        for path in PATHS:
            for word in CANARY.values():
                answer = twins[slug].get(path.format(word=word))
                asked_for_it = CANARY[other] in path.format(word=word)
                assert asked_for_it or CANARY[other] not in answer.text, f"{slug} {path}"
                seen += CANARY[slug] in answer.text
    assert seen > 10, "the canaries are really there"


def test_alternating_requests_never_meet_the_wrong_connection(twins: dict[str, Caller]) -> None:
    for _ in range(60):
        for slug in CANARY:
            listed = twins[slug].get("/records/note").json["result"]
            assert [note["title"] for note in listed] == [CANARY[slug]]


def test_threads_of_both_enterprises_at_once(twins: dict[str, Caller], app: Any) -> None:
    faults: list[str] = []

    def work(slug: str, number: int) -> None:
        caller = Caller(app, slug, "qin")
        caller.tokens = twins[slug].tokens
        for at in range(8):
            made = caller.post("/records/note", {"title": f"{CANARY[slug]} {number}.{at}"})
            if made.status_code != 201:
                faults.append(f"{made.status_code} {made.text}")
            titles = [note["title"] for note in caller.get("/records/note").json["result"]]
            faults.extend(title for title in titles if not title.startswith(CANARY[slug]))

    threads = [threading.Thread(target=work, args=(slug, n)) for slug in CANARY for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    for slug in CANARY:
        assert twins[slug].get("/records/note?count=exact").json["count"] == 33


def test_48_log_ins_at_once_lose_no_write(app: Any, notes: Enterprise, installation: Installation) -> None:
    import sqlalchemy as sa
    from yuanke.access import fab_tables as fab
    from yuanke.access.sessions import SESSION

    answers: list[int] = []
    names = ("root", "qin", "lin", "yu")
    started = threading.Barrier(8)

    def work(number: int) -> None:
        started.wait()
        for at in range(6):
            answers.append(log_in(app, "acme", names[(number + at) % 4]).status_code)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 48
    with installation.unit(notes) as unit:
        assert unit.execute(sa.select(sa.func.sum(fab.USER.c.login_count))).scalar() == 48
        assert unit.execute(sa.select(sa.func.count()).select_from(SESSION)).scalar() == 48
        log = unit.tables["login_log"]
        assert unit.execute(sa.select(sa.func.count()).select_from(log).where(log.c.result == "ok")).scalar() == 48


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_refused_write_leaves_a_clean_connection(app: Any, notes: Enterprise, unchanged: None) -> None:
    lin = Caller(app, "acme", "lin").log_in()
    for _ in range(30):
        assert lin.post("/records/note", {"title": ""}).status_code == 422
        assert lin.get("/records/note").json["result"] == []


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_orm_session_refuses_a_second_enterprise(twins: dict[str, Caller], app: Any) -> None:
    from flask import g
    from flask_appbuilder.security.sqla.models import User
    from yuanke.app import create_app
    from yuanke.web import requests

    def cross() -> dict[str, Any]:
        session = fresh.extensions["appbuilder"].session
        session.query(User).all()
        first = g.pop("current")
        other = requests.Shown("other", g.shown.session, "token")
        installation = requests.application().installation
        with installation.unit("other") as unit:
            g.current = requests.Current(unit.enterprise, unit, first.actor, first.opened)
            try:
                session.query(User).all()
                said = "answered"
            except RuntimeError as fault:
                said = str(fault)
        g.current = first
        return {"said": said, "shown": other.enterprise}

    fresh = create_app({key: app.config[key] for key in ("YUANKE_HOME", "YUANKE_DATABASE_URL")})
    fresh.add_url_rule("/api/v1/cross", "cross", cross)
    said = Caller(fresh, "acme", "qin").log_in().get("/cross").json["said"]
    fresh.installation.close()
    assert "acme" in said and "other" in said
