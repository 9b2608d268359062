"""``kill -9`` in an import: no half row, it goes on at the last chunk, nothing twice. A real process, really killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
from yuanke import jobs
from yuanke.app import plugins
from yuanke.kernel import clock
from yuanke.records import Query
from yuanke.storage import Installation

ROWS = 900
ROUNDS = 3
DEAL_LINES = {
    "entity": "deal",
    "file": "orders.csv",
    "key": "ext_code",
    "columns": {"ext_code": "no"},
    "links": {"firm": "firm"},
    "rows": {
        "lines": {"file": "lines.csv", "match": "no", "columns": {"quantity": "q", "price": "p", "product": "product"}}
    },
}


def work(home: Path, url: str | None, slug: str, hours: int) -> None:
    """What a worker process does: run what is due, also what a dead one left ``hours`` ago."""
    plugins.load()
    installation = Installation(home, url)
    with clock.stopped(clock.after(3600 * hours)):
        jobs.run_pending(installation, slug)
    installation.close()


def test_an_import_survives_being_killed(company_there):
    company = company_there
    company.bring({"entity": "firm", "columns": {"name": "n"}}, [["n"], ["甲"]])
    company.bring({"entity": "product", "columns": {"name": "n"}}, [["n"], ["笔"]])
    orders = [["no", "firm"], *([f"N{n}", "甲"] for n in range(ROWS))]
    lines = [["no", "product", "q", "p"], *([f"N{n}", "笔", "2", "1.5"] for n in range(ROWS) for _ in range(2))]
    job_id = company.start(DEAL_LINES, {"orders.csv": orders, "lines.csv": lines})
    url = company.installation.engines.shared
    arguments = (
        company.installation.home,
        url.url.render_as_string(hide_password=False) if url is not None else None,
        company.at.slug,
    )
    context = multiprocessing.get_context("spawn")
    reached = []
    for hours in range(1, ROUNDS + 1):
        before = done(company, job_id)
        process = context.Process(target=work, args=(*arguments, hours))
        process.start()
        until = time.monotonic() + 60
        while done(company, job_id) <= before and process.is_alive() and time.monotonic() < until:
            time.sleep(0.02)
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        reached.append(done(company, job_id))
    assert reached[-1] > 0 and len(set(reached)) > 1, reached  # it was killed at work, and got on between
    with clock.stopped(clock.after(3600 * (ROUNDS + 1))):
        jobs.run_pending(company.installation, company.at)
    job = company.job(job_id)
    assert job.state == "done", job
    assert (job.result["created"], job.result["updated"], job.result["failed"], job.result["unclaimed"]) == (
        ROWS,
        0,
        0,
        0,
    )
    with company.as_("admin", write=False) as door:
        assert door.list("deal", Query(count="exact", limit=1)).count == ROWS
        assert (
            door.list("deal", Query(filter="amount == 6 and count(lines) == 2", count="exact", limit=1)).count == ROWS
        )


def done(company, job_id: int) -> int:
    """Rows that are committed so far."""
    result = company.job(job_id).result
    return result["created"] if result else 0


@pytest.fixture
def installation(home: Path, database_url: str | None):
    plugins.load()
    made = Installation(home, database_url)
    yield made
    made.close()
