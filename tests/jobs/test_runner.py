"""The runner of a server process: woken by what is committed, fair between enterprises, safe to stop."""

from __future__ import annotations

import os
import threading
import time

import pytest
from yuanke import jobs
from yuanke.jobs.runner import LONGEST_TURN
from yuanke.kernel.actor import Actor
from yuanke.storage import create_enterprise, remove_enterprise


def until(condition, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


@pytest.fixture
def runner(bench):
    made = jobs.Runner(bench.installation, threads=2, round_seconds=60.0)
    yield made
    made.stop()


def test_a_committed_job_is_run_without_waiting_for_a_round(bench, runner):
    done = threading.Event()
    bench.kinds_of_test["ring"] = lambda unit, actor, arguments, progress: done.set()
    runner.start()
    time.sleep(0.3)  # the first round is over
    began = time.monotonic()
    job_id = bench.enqueue("ring")
    assert done.wait(5)
    assert time.monotonic() - began < 2
    until(lambda: bench.job(job_id).state == "done")


def test_a_job_left_by_another_process_is_found_by_the_round(bench):
    done = threading.Event()
    bench.kinds_of_test["ring"] = lambda unit, actor, arguments, progress: done.set()
    bench.enqueue("ring")  # nobody was there to be woken
    runner = jobs.Runner(bench.installation, round_seconds=60.0).start()
    try:
        assert done.wait(5)
    finally:
        runner.stop()


def test_an_enterprise_with_many_jobs_does_not_hold_up_another(bench, runner):
    order: list[str] = []
    begun: list[str] = []
    gate = threading.Event()

    def slow(unit, actor, arguments, progress):
        begun.append(unit.enterprise.slug)
        gate.wait(10)
        order.append(unit.enterprise.slug)

    bench.kinds_of_test["slow"] = slow
    other = f"other{os.getpid()}"
    create_enterprise(bench.installation, other, other, layers=[])
    for _ in range(6):
        bench.enqueue("slow", actor=bench.engine)
    with bench.installation.unit(other, write=True) as unit:
        jobs.enqueue(unit, Actor(other, None, engine=True), "slow", {})
    runner.start()
    until(lambda: begun)
    time.sleep(LONGEST_TURN * 1.1)  # nobody has a second job in his turn while somebody else waits
    gate.set()
    until(lambda: len(order) == 7)
    runner.stop()
    remove_enterprise(bench.installation, other)
    assert other in order[:3]


def test_stopping_waits_for_the_turn_that_runs(bench, runner):
    began, ended = threading.Event(), threading.Event()

    def slow(unit, actor, arguments, progress):
        began.set()
        time.sleep(0.5)
        ended.set()

    bench.kinds_of_test["slow"] = slow
    runner.start()
    job_id = bench.enqueue("slow")
    assert began.wait(5)
    runner.stop()
    assert ended.is_set()
    assert bench.job(job_id).state == "done"


def test_long_work_holds_up_neither_short_work_of_its_enterprise_nor_a_quick_letter(bench, runner):
    gate, began, letters = threading.Event(), threading.Event(), []

    def slow(run):
        began.set()
        gate.wait(10)

    bench.kinds_of_test.update(
        slow=jobs.LongJob(slow),
        ring=lambda unit, actor, arguments, progress: letters.append("rung"),
        letter=jobs.LongJob(lambda run: letters.append("sent"), quick=True),
    )
    slow_ids = [bench.enqueue("slow") for _ in range(3)]
    runner.start()
    assert began.wait(5)
    quick = [bench.enqueue("ring"), bench.enqueue("letter")]
    until(lambda: all(bench.job(job_id).state == "done" for job_id in quick))
    assert [bench.job(job_id).state for job_id in slow_ids] == ["running", "queued", "queued"]
    gate.set()
    until(lambda: all(bench.job(job_id).state == "done" for job_id in slow_ids))
    assert sorted(letters) == ["rung", "sent"]


def test_long_work_of_another_enterprise_begins_when_there_is_room(bench, runner):
    gate, running, most = threading.Event(), [], []

    def slow(run):
        running.append(run.enterprise.slug)
        most.append(len(running))
        gate.wait(10)
        running.remove(run.enterprise.slug)

    bench.kinds_of_test["slow"] = jobs.LongJob(slow)
    other = f"other{os.getpid()}"
    create_enterprise(bench.installation, other, other, layers=[])
    bench.enqueue("slow", actor=bench.engine)
    with bench.installation.unit(other, write=True) as unit:
        theirs = jobs.enqueue(unit, Actor(other, None, engine=True), "slow", {})
    runner.start()
    until(lambda: len(running) == 1)
    time.sleep(0.3)
    assert len(running) == 1  # of two threads one is kept for short work
    gate.set()

    def done() -> bool:
        with bench.installation.unit(other) as unit:
            return jobs.find(unit, Actor(other, None, engine=True), theirs).state == "done"

    until(done)
    runner.stop()
    remove_enterprise(bench.installation, other)
    assert max(most) == 1
