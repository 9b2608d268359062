"""Jobs a second through one worker, each with an effect of its own, beside a bare loop over a table of the same shape.

The one rule: the floor takes a job, does it and says so as durably as the platform, one transaction a job; the platform's
side is the real ``yuanke worker``. This file is also the plugin that brings the kind of job.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from yuanke.kernel.hooks import impl
from yuanke.storage.system import SETTING

from benchmarks import company, servers
from benchmarks.scene import Scene

JOBS = 2_000
GOAL = 200.0  # jobs a second through one worker on SQLite
KIND = "bench_effect"
TABLES = (
    "CREATE TABLE job (id INTEGER PRIMARY KEY, kind TEXT, arguments TEXT, state TEXT, run_at TEXT, attempts INTEGER, lease TEXT, "
    "lease_until TEXT, started_at TEXT, ended_at TEXT)",
    "CREATE INDEX job_due ON job (state, run_at)",
    "CREATE TABLE effect (key TEXT PRIMARY KEY, value TEXT)",
)


@impl
def job_kinds() -> dict[str, Any]:
    return {KIND: _effect}


def _effect(unit: Any, actor: Any, arguments: Any, progress: Any) -> None:
    unit.execute(SETTING.insert().values(key=f"bench {arguments['n']}", value=1))


def floor(where: str, jobs: int) -> float:
    """Jobs a second of the bare driver on one connection."""
    lite = not where.startswith("postgresql")
    if lite:
        connection: Any = sqlite3.connect(where, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
    else:
        connection = psycopg.connect(where, autocommit=True, options="-c search_path=floor")
    mark, lock = ("?", "") if lite else ("%s", " FOR UPDATE SKIP LOCKED")
    for name in ("job", "effect"):
        connection.execute(f"DROP TABLE IF EXISTS {name}")
    for statement in TABLES:
        connection.execute(statement)
    connection.execute("BEGIN")
    cursor = connection.cursor()
    cursor.executemany(
        f"INSERT INTO job (id, kind, arguments, state, run_at, attempts) VALUES ({mark}, 'effect', {mark}, 'queued', {mark}, 0)",
        [(n, json.dumps({"n": n}), f"2026-01-01T00:00:{n:06d}") for n in range(1, jobs + 1)],
    )
    connection.execute("COMMIT")
    take = (
        f"SELECT id, arguments FROM job WHERE state = 'queued' AND run_at <= '2027' ORDER BY run_at, id LIMIT 1{lock}"
    )
    begun = f"UPDATE job SET state = 'running', attempts = attempts + 1, lease = {mark}, lease_until = {mark}, started_at = {mark} WHERE id = {mark}"
    done = f"UPDATE job SET state = 'done', lease = NULL, ended_at = {mark} WHERE id = {mark} AND lease = {mark}"
    began = time.perf_counter()
    job = connection.execute(take).fetchone()
    while job is not None:
        connection.execute("BEGIN IMMEDIATE" if lite else "BEGIN")
        connection.execute(f"INSERT INTO effect VALUES ({mark}, {mark})", (f"bench {json.loads(job[1])['n']}", "1"))
        connection.execute(begun, ("lease", "2026-01-01T00:01:00", "2026-01-01T00:00:00", job[0]))
        connection.execute(done, ("2026-01-01T00:00:00", job[0], "lease"))
        job = connection.execute(take).fetchone()
        connection.execute("COMMIT")
    spent = time.perf_counter() - began
    connection.close()
    return jobs / spent


def through_worker(at: Scene, jobs: int) -> float:
    """Jobs a second of ``yuanke worker``, from the beginning of the first to the end of the last."""
    from yuanke.app import plugins
    from yuanke.jobs import enqueue_all
    from yuanke.jobs.tables import JOB
    from yuanke.kernel.actor import Actor
    from yuanke.kernel.hooks import hooks
    from yuanke.storage import Installation

    plugins.load()
    if not hooks().has_plugin(__name__):
        hooks().register(sys.modules[__name__], __name__)
    installation = Installation(at.home, at.url)
    with installation.unit(company.SLUG, write=True) as unit:
        enqueue_all(unit, Actor(company.SLUG, None, engine=True), KIND, [{"n": n} for n in range(jobs)])
    mine = JOB.c.kind == KIND
    found = sa.select(sa.func.count(), sa.func.min(JOB.c.started_at), sa.func.max(JOB.c.ended_at))
    command = [sys.executable, "-c", "from yuanke.app.commands import main; main()", "worker"]
    environment = {**servers.environment(at.home, at.url), "YUANKE_PLUGINS": str(Path(__file__))}
    with (at.folder / "worker.log").open("wb") as log:
        worker = subprocess.Popen(command, cwd=servers.ROOT, env=environment, stdout=log, stderr=log)
        try:
            until = time.monotonic() + servers.PATIENCE * 2
            while True:
                with installation.unit(company.SLUG) as unit:
                    done, first, last = unit.execute(found.where(mine, JOB.c.state == "done")).one()
                if done == jobs:
                    break
                if worker.poll() is not None or time.monotonic() > until:
                    raise SystemExit(f"the worker did {done} of {jobs} jobs; see {log.name}")
                time.sleep(0.1)
        finally:
            os.kill(worker.pid, signal.SIGTERM)
            worker.wait(20)
    with installation.unit(company.SLUG, write=True) as unit:
        unit.execute(JOB.delete().where(mine))
        unit.execute(SETTING.delete().where(SETTING.c.key.like("bench %")))
    installation.close()
    return float(jobs / max((last - first).total_seconds(), 0.001))


def measure(at: Scene, jobs: int = JOBS, rounds: int = 3) -> dict[str, Any]:
    """The two in turn; the quietest round of each counts."""
    bare, ours = 0.0, 0.0
    where = str(at.folder / "outbox.sqlite") if at.database == "sqlite" else at.floor
    for _ in range(rounds):
        bare, ours = max(bare, floor(where, jobs)), max(ours, through_worker(at, jobs))
    return {"database": at.database, "jobs": jobs, "floor": bare, "rate": ours, "of_floor": bare / ours, "goal": GOAL}
