"""``kill -9`` of servers and workers: what was accepted happens, and the effect of each run stands once.

Real processes, really killed in the middle of their work. The short form runs with the suite, the long one nightly.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import socket
import threading
import time
from collections import Counter
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke import jobs
from yuanke.jobs.tables import JOB
from yuanke.kernel import clock
from yuanke.storage import Installation
from yuanke.workflow.automations import every
from yuanke.workflow.automations.schedule import next_time

SHORT, LONG = pytest.param(2, id="short"), pytest.param(12, id="long", marks=pytest.mark.nightly)
FORK = multiprocessing.get_context("fork")


def serve(home: Path, url: str | None, port: int) -> None:
    """What ``yuanke serve`` does until it is killed: requests, and jobs beside them."""
    from yuanke.app import create_app
    from yuanke.app.commands.serve import run

    run(create_app({"YUANKE_HOME": home, "YUANKE_DATABASE_URL": url, "ENTERPRISE_LIMIT": "off"}), "127.0.0.1", port, 4)


def work(home: Path, url: str | None) -> None:
    """What ``yuanke worker`` does until it is killed."""
    jobs.Runner(Installation(home, url), threads=2).start()
    threading.Event().wait()


def where(desk: Any) -> tuple[Path, str | None]:
    shared = desk.installation.engines.shared
    return desk.installation.home, shared.url.render_as_string(hide_password=False) if shared is not None else None


def call(port: int, path: str, body: Any, token: str | None = None) -> Any:
    """The answer, or None when the server died meanwhile."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    try:
        connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
        answer = connection.getresponse()
        return json.loads(answer.read()) if answer.status < 300 else None
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def log_in(desk: Any, port: int) -> str:
    body = {"enterprise": desk.at.slug, "username": "chief", "password": "a-L0ng-password", "provider": "db"}
    end = time.monotonic() + 30
    while (answer := call(port, "/security/login", body)) is None:
        assert time.monotonic() < end, "the server did not answer"
        time.sleep(0.05)
    return str(answer["access_token"])


@pytest.mark.parametrize("kills", [SHORT, LONG])
def test_a_server_that_is_killed_while_it_saves_and_runs_leaves_each_effect_once(desk: Any, kills: int) -> None:
    chance, accepted = random.Random(kills), []
    for turn in range(kills):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = FORK.Process(target=serve, args=(*where(desk), port))
        process.start()
        token = log_in(desk, port)
        ends = time.monotonic() + 0.3 + chance.random() * 0.5
        killer = threading.Timer(ends - time.monotonic(), lambda pid=process.pid: os.kill(pid, signal.SIGKILL))
        killer.start()
        for n in range(10_000):
            made = call(port, "/records/visit", {"name": f"v{turn}-{n}", "amount": "200"}, token)
            if made is None:
                break
            accepted.append(made["name"])
        process.join()
        leases_run_out(desk)
    desk.run()
    with desk.installation.unit(desk.at) as unit:
        saved = list(unit.execute(sa.select(unit.tables["visit"].c.name)).scalars())
        states = set(unit.execute(sa.select(JOB.c.state).where(JOB.c.kind == "automation")).scalars())
    assert len(accepted) > 10 and set(accepted) <= set(saved)
    assert Counter(desk.entries()) == Counter(saved)  # each that was saved was welcomed, once
    assert states == {"done"}
    assert len(desk.log("visit.welcome")) == len(saved)


@pytest.mark.parametrize("kills", [SHORT, LONG])
def test_a_worker_that_is_killed_in_the_middle_of_many_records_does_none_twice(desk: Any, kills: int) -> None:
    records = 400 if kills < 5 else 4000
    with desk.installation.unit(desk.at, write=True) as unit:
        row = {"created_at": clock.now(), "updated_at": clock.now(), "version": 1, "done": False, "touched": 0}
        chores = [{**row, "name": f"c{n}", "state": "fresh"} for n in range(records)]
        unit.execute(unit.tables["chore"].insert(), chores)
        moment = next_time("weekday 08:00", clock.now() - timedelta(days=4), "Asia/Shanghai")
        jobs.enqueue(unit, desk.engine, every.KIND, {"automation": "chore.chase", "at": moment.isoformat()})
    chance, reached = random.Random(kills), [0]
    for _ in range(kills):
        process = FORK.Process(target=work, args=where(desk))
        process.start()
        end = time.monotonic() + 20
        while len(desk.entries()) <= reached[-1] and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(chance.random() * 0.05)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        reached.append(len(desk.entries()))
        leases_run_out(desk)
    assert 0 < reached[-1] < records, f"killed at work, not before or after it: {reached}"
    desk.run()
    assert Counter(desk.entries()) == {f"chase c{n}": 1 for n in range(records)}
    with desk.installation.unit(desk.at) as unit:
        assert set(unit.execute(sa.select(unit.tables["chore"].c.touched)).scalars()) == {1}


def leases_run_out(desk: Any) -> None:
    """A minute passes."""
    with desk.installation.unit(desk.at, write=True) as unit:
        unit.execute(JOB.update().where(JOB.c.state == "running").values(lease_until=clock.after(-1)))
        unit.execute(JOB.update().where(JOB.c.state == "queued", JOB.c.kind == "automation").values(run_at=clock.now()))
