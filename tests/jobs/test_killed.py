"""``kill -9`` of workers: every accepted job runs at least once, and what it does in the database stands once.

Real processes, really killed in the middle of their work. The short form runs with the suite, the long one nightly.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from yuanke import jobs
from yuanke.jobs.tables import JOB
from yuanke.kernel import clock
from yuanke.storage import Installation
from yuanke.storage.system import SETTING

SHORT_JOBS, LONG_JOBS, STEPS = 60, 3, 20


def work(home: Path, url: str | None) -> None:
    """What ``yuanke worker`` does until it is killed."""
    jobs.Runner(Installation(home, url), threads=3).start()
    threading.Event().wait()


def effect(unit, name: str) -> None:
    """Stands once or not at all: a second one would break the key."""
    unit.execute(SETTING.insert().values(key=name, value=1))


@pytest.mark.parametrize("kills", [pytest.param(3, id="short"), pytest.param(20, id="long", marks=pytest.mark.nightly)])
def test_effects_stand_once_however_often_workers_are_killed(bench, tmp_path, kills):
    outside = os.open(tmp_path / "outside", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def short(unit, actor, arguments, progress):
        effect(unit, f"short {arguments['n']}")
        os.write(outside, f"{arguments['n']}\n".encode())
        time.sleep(0.01)

    def long(run):
        for at in range(run.checkpoint.get("at", 0), STEPS):
            with run.step() as step:
                effect(step.unit, f"long {run.arguments['n']} {at}")
                run.checkpoint["at"] = at + 1
                time.sleep(0.01)
        return STEPS

    bench.kinds_of_test.update(short=jobs.ShortJob(short, attempts=kills + 5), long=jobs.LongJob(long))
    ids = [bench.enqueue("long", {"n": n}) for n in range(LONG_JOBS)]
    ids += [bench.enqueue("short", {"n": n}) for n in range(SHORT_JOBS * max(1, kills // 4))]
    shared = bench.installation.engines.shared
    url = shared.url.render_as_string(hide_password=False) if shared is not None else None
    chance = random.Random(kills)
    for _ in range(kills):
        process = multiprocessing.get_context("fork").Process(target=work, args=(bench.installation.home, url))
        before = ended(bench)
        process.start()
        until(lambda before=before: ended(bench) > before)
        time.sleep(chance.random() * 0.1)
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        a_minute_passes(bench)
    assert 0 < ended(bench) < len(ids), "they were killed at work, not before or after it"
    runner = jobs.Runner(bench.installation, threads=3).start()
    until(lambda: ended(bench) == len(ids), 60)
    runner.stop()
    with bench.installation.unit(bench.slug) as unit:
        mine = JOB.c.kind.in_(("short", "long"))
        assert set(unit.execute(sa.select(JOB.c.state).where(mine)).scalars()) == {"done"}
        effects = set(unit.execute(sa.select(SETTING.c.key)).scalars())
    short_ones = len(ids) - LONG_JOBS
    assert effects == {f"short {n}" for n in range(short_ones)} | {
        f"long {n} {at}" for n in range(LONG_JOBS) for at in range(STEPS)
    }
    os.close(outside)
    lines = (tmp_path / "outside").read_text().split()
    assert set(lines) == {str(n) for n in range(short_ones)}  # outside the database: at least once


def ended(bench) -> int:
    with bench.installation.unit(bench.slug) as unit:
        done = (
            sa.select(sa.func.count()).select_from(JOB).where(JOB.c.state == "done", JOB.c.kind.in_(("short", "long")))
        )
        return unit.execute(done).scalar() or 0


def a_minute_passes(bench) -> None:
    """The leases of the dead run out."""
    with bench.installation.unit(bench.slug, write=True) as unit:
        unit.execute(JOB.update().where(JOB.c.state == "running").values(lease_until=clock.after(-1)))
        unit.execute(JOB.update().where(JOB.c.state == "queued").values(run_at=clock.now()))


def until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)
