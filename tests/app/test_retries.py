"""A fault of the database that passes is not the caller's business: the whole request runs again."""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke.kernel.actor import Enterprise
from yuanke.web.retries import TRIES, passes, pause

from tests.served import Caller


def busy() -> sa.exc.OperationalError:
    fault = sqlite3.OperationalError("database is locked")
    fault.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return sa.exc.OperationalError("BEGIN IMMEDIATE", None, fault)


def test_only_passing_faults_are_repeated() -> None:
    assert passes(busy())
    assert not passes(sa.exc.OperationalError("x", None, sqlite3.OperationalError("no such table")))
    assert not passes(ValueError())
    assert 0.01 <= pause(0) <= 0.03 and 0.04 <= pause(2) <= 0.12


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(("faults", "status"), [(1, 201), (TRIES - 1, 201), (TRIES, 503)])
def test_a_busy_database_is_tried_again_and_leaves_one_effect(
    app: Any, notes: Enterprise, faults: int, status: int
) -> None:
    from yuanke.web.requests import current

    left = [faults]

    def view() -> Any:
        current().records.create("note", {"title": "once"})
        if left[0]:
            left[0] -= 1
            raise busy()
        return {"done": True}, 201

    app.add_url_rule("/api/v1/busy", "busy", view, methods=["POST"])
    lin = Caller(app, "acme", "lin").log_in()
    answer = lin.post("/busy")
    assert answer.status_code == status
    assert lin.get("/records/note?count=exact").json["count"] == (1 if status == 201 else 0)
    if status == 503:
        assert answer.headers["Retry-After"] == "2" and answer.json["code"] == "unavailable"


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_deadlock_is_run_again(app: Any, notes: Enterprise) -> None:
    from yuanke.web.requests import current

    meeting, met = threading.Barrier(2, timeout=5), threading.local()

    def view(first: int, second: int) -> Any:
        unit = current().unit
        table = unit.tables["note"]
        for at, row in enumerate((first, second)):
            unit.execute(table.update().where(table.c.id == row).values(title=table.c.title + str(first)))
            if at == 0 and not getattr(met, "once", False):
                met.once = True
                meeting.wait()
        return {"done": True}

    app.add_url_rule("/api/v1/cross/<int:first>/<int:second>", "cross", view, methods=["POST"])
    lin = Caller(app, "acme", "lin").log_in()
    ids = [lin.post("/records/note", {"title": "t"}).json["id"] for _ in range(2)]
    answers: list[int] = []

    def send(first: int, second: int) -> None:
        other = Caller(app, "acme", "lin")
        other.tokens = lin.tokens
        answers.append(other.post(f"/cross/{first}/{second}").status_code)

    threads = [threading.Thread(target=send, args=pair) for pair in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200, 200]
    titles = {note["title"] for note in lin.get("/records/note?fields=title").json["result"]}
    assert {"".join(sorted(title)) for title in titles} == {"".join(sorted(f"t{ids[0]}{ids[1]}"))}
