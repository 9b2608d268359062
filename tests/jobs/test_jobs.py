"""Every accepted job runs at least once, its effect in the database stands once, and its actor has the rights of
now."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from yuanke import jobs
from yuanke.jobs.kinds import MOST_ATTEMPTS
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound, Refused, Unavailable
from yuanke.kernel.text import message
from yuanke.storage.provision import set_state
from yuanke.storage.system import SETTING


def count_up(unit, name: str = "count") -> None:
    """An effect in the database that shows how often it happened."""
    now = unit.execute(sa.select(SETTING.c.value).where(SETTING.c.key == name)).scalar()
    if now is None:
        unit.execute(SETTING.insert().values(key=name, value=1))
    else:
        unit.execute(SETTING.update().where(SETTING.c.key == name).values(value=now + 1))


def counted(bench, name: str = "count") -> int:
    with bench.installation.unit(bench.slug) as unit:
        return unit.execute(sa.select(SETTING.c.value).where(SETTING.c.key == name)).scalar() or 0


def test_a_job_runs_once_and_its_result_can_be_read(bench):
    def add(unit, actor, arguments, progress):
        count_up(unit)
        return {"sum": arguments["a"] + arguments["b"], "who": actor.username, "door": actor.door}

    bench.kinds_of_test["add"] = add
    job_id = bench.enqueue("add", {"a": 2, "b": 3})
    assert bench.job(job_id).state == "queued"
    assert bench.run() == 1
    job = bench.job(job_id)
    assert (job.state, job.progress, job.result) == ("done", 1.0, {"sum": 5, "who": "anna", "door": "job"})
    assert bench.run() == 0
    assert counted(bench) == 1


def test_a_job_is_there_exactly_if_its_cause_was_committed(bench):
    bench.kinds_of_test["add"] = lambda unit, actor, arguments, progress: count_up(unit)
    with pytest.raises(RuntimeError), bench.installation.unit(bench.slug, write=True) as unit:
        jobs.enqueue(unit, bench.user, "add", {})
        raise RuntimeError
    assert bench.run() == 0


def test_an_unknown_kind_is_refused_at_once(bench):
    with pytest.raises(ValueError, match="nobody"):
        bench.enqueue("nobody")


def test_a_later_job_waits_for_its_time(bench):
    bench.kinds_of_test["add"] = lambda unit, actor, arguments, progress: count_up(unit)
    bench.enqueue("add", run_at=clock.now() + timedelta(hours=1))
    assert bench.run() == 0
    with clock.stopped(clock.now() + timedelta(hours=2)):
        assert bench.run() == 1


def test_one_dedupe_key_is_one_job(bench):
    bench.kinds_of_test["add"] = lambda unit, actor, arguments, progress: count_up(unit)
    first = bench.enqueue("add", dedupe="x")
    assert bench.enqueue("add", dedupe="x") == first
    bench.run()
    assert bench.enqueue("add", dedupe="x") == first  # ever: also after it ran
    assert bench.enqueue("add", dedupe="y") != first
    bench.run()
    assert counted(bench) == 2


def test_a_pending_dedupe_key_frees_itself_when_the_job_begins(bench):
    bench.kinds_of_test["add"] = lambda unit, actor, arguments, progress: count_up(unit)
    first = bench.enqueue("add", dedupe="x", once="pending")
    assert bench.enqueue("add", dedupe="x", once="pending") == first
    bench.run()
    assert bench.enqueue("add", dedupe="x", once="pending") != first


def test_a_refusal_fails_the_job_with_its_sentence_and_is_not_tried_again(bench):
    def refuse(unit, actor, arguments, progress):
        count_up(unit)
        raise Refused(message("账期 {month} 已关闭", month="2026-03"))

    bench.kinds_of_test["post"] = refuse
    job_id = bench.enqueue("post")
    assert bench.run() == 1
    job = bench.job(job_id)
    assert job.state == "failed"
    assert job.error.say() == "账期 2026-03 已关闭"
    assert job.error.text == "账期 {month} 已关闭"  # still translatable
    assert counted(bench) == 0


@pytest.mark.parametrize("error", [RuntimeError("boom"), Unavailable(message("忙"))])
def test_a_fault_is_tried_again_with_growing_pauses_and_given_up_at_the_end(bench, error):
    def fail(unit, actor, arguments, progress):
        count_up(unit)
        raise error

    bench.kinds_of_test["fail"] = fail
    job_id = bench.enqueue("fail")
    pauses = []
    moment = clock.now()
    for _ in range(MOST_ATTEMPTS):
        with clock.stopped(moment):
            assert bench.run() == 1
            row = bench.row(job_id)
            if row.state == "queued":
                pauses.append((row.run_at - moment).total_seconds())
                assert bench.run() == 0  # not before its time
            moment = row.run_at if row.state == "queued" else moment
    assert bench.row(job_id).state == "failed"
    assert len(pauses) == MOST_ATTEMPTS - 1
    assert pauses == sorted(pauses) and pauses[-1] > 8 * pauses[0]
    assert counted(bench) == 0
    assert "boom" not in bench.job(job_id).error.say()  # what broke is for the log


def test_a_turn_that_died_is_noticed_by_its_lease_and_the_job_runs_again(bench):
    bench.kinds_of_test["add"] = lambda unit, actor, arguments, progress: count_up(unit)
    job_id = bench.enqueue("add")
    bench.change(job_id, state="running", lease="dead", attempts=1, lease_until=clock.after(60))
    assert bench.run() == 0  # its lease still stands
    with clock.stopped(clock.after(61)):
        assert bench.run() == 1
    assert bench.job(job_id).state == "done"


def test_a_job_that_kills_its_worker_five_times_is_given_up(bench):
    bench.kinds_of_test["add"] = lambda unit, actor, arguments, progress: count_up(unit)
    job_id = bench.enqueue("add")
    bench.change(job_id, state="running", lease="dead", attempts=MOST_ATTEMPTS, lease_until=clock.after(-1))
    assert bench.run() == 0
    assert bench.job(job_id).state == "failed"
    assert counted(bench) == 0


def test_a_turn_that_lost_its_lease_commits_nothing(bench):
    def slow(run):
        with run.step() as step:
            count_up(step.unit, "first")
        bench.change(run.id, lease="somebody else")
        with run.step() as step:
            count_up(step.unit, "second")
        return "never"

    bench.kinds_of_test["slow"] = jobs.LongJob(slow)
    job_id = bench.enqueue("slow")
    bench.run()
    row = bench.row(job_id)
    assert (row.state, row.lease, row.result) == ("running", "somebody else", None)
    assert (counted(bench, "first"), counted(bench, "second")) == (1, 0)


def test_a_long_job_goes_on_at_its_checkpoint_and_does_nothing_twice(bench):
    dies_at = [3]

    def steps(run):
        while (at := run.checkpoint.get("at", 0)) < 6:
            with run.step() as step:
                count_up(step.unit, f"step{at}")
                step.note(at, {"did": at})
                run.checkpoint["at"] = at + 1
                run.report((at + 1) / 6, message("第 {at} 步", at=at))
                if at == dies_at[0]:
                    dies_at[0] = -1
                    raise RuntimeError("killed in the middle of a step")
        return {"steps": run.checkpoint["at"]}

    bench.kinds_of_test["steps"] = jobs.LongJob(steps)
    job_id = bench.enqueue("steps")
    bench.run()
    waiting = bench.job(job_id)
    assert (waiting.state, waiting.progress, waiting.said.say()) == ("queued", 0.5, "第 2 步")
    with clock.stopped(clock.after(3600)):
        bench.run()
    done = bench.job(job_id)
    assert (done.state, done.result) == ("done", {"steps": 6})
    assert [counted(bench, f"step{n}") for n in range(6)] == [1] * 6
    with bench.installation.unit(bench.slug) as unit:
        assert [row for row, _ in jobs.notes(unit, done, after=-1)] == list(range(6))


def test_a_trial_leaves_nothing(bench):
    def trial(run):
        with run.trial() as step:
            count_up(step.unit)
        with run.step():
            run.report(0.5)
        return "tried"

    bench.kinds_of_test["trial"] = jobs.LongJob(trial)
    job_id = bench.enqueue("trial")
    bench.run()
    assert bench.job(job_id).result == "tried"
    assert counted(bench) == 0


def test_a_running_job_stops_at_its_next_step_and_keeps_what_it_did(bench):
    def steps(run):
        for n in range(10):
            with run.step() as step:
                count_up(step.unit)
                run.result = {"done": n + 1}
            if n == 2:
                with bench.installation.unit(bench.slug, write=True) as unit:
                    jobs.cancel(unit, bench.user, run.id)
        return "all"

    bench.kinds_of_test["steps"] = jobs.LongJob(steps)
    job_id = bench.enqueue("steps")
    bench.run()
    job = bench.job(job_id)
    assert (job.state, job.result) == ("cancelled", {"done": 3})
    assert counted(bench) == 3


def test_a_queued_job_is_cancelled_at_once(bench):
    bench.kinds_of_test["add"] = lambda unit, actor, arguments, progress: count_up(unit)
    job_id = bench.enqueue("add")
    with bench.installation.unit(bench.slug, write=True) as unit:
        assert jobs.cancel(unit, bench.user, job_id).state == "cancelled"
    assert bench.run() == 0


def test_the_actor_is_the_user_as_he_stands_when_the_job_runs(bench):
    bench.kinds_of_test["who"] = lambda unit, actor, arguments, progress: actor.username
    job_id = bench.enqueue("who")
    with bench.installation.unit(bench.slug, write=True) as unit:
        unit.execute(
            unit.tables["user"].update().where(unit.tables["user"].c.id == bench.user_id).values(status="left")
        )
    bench.run()
    assert bench.job(job_id).state == "failed"


def test_a_job_is_seen_by_its_owner_and_the_administrator_alone(bench):
    bench.kinds_of_test["add"] = lambda unit, actor, arguments, progress: None
    job_id = bench.enqueue("add")
    with bench.installation.unit(bench.slug) as unit:
        assert jobs.find(unit, bench.user, job_id).id == job_id
        assert jobs.find(unit, Actor(bench.slug, 99, roles=frozenset({"admin"})), job_id).id == job_id
        with pytest.raises(RecordNotFound):
            jobs.find(unit, Actor(bench.slug, bench.user_id + 1), job_id)
        assert [job.id for job in jobs.recent(unit, bench.user)] == [job_id]
        assert jobs.recent(unit, Actor(bench.slug, bench.user_id + 1)) == []


def test_finished_jobs_are_forgotten_after_a_while(bench):
    bench.kinds_of_test["add"] = lambda unit, actor, arguments, progress: None
    done, waiting = bench.enqueue("add"), bench.enqueue("add", run_at=clock.after(3600))
    bench.run()
    with bench.installation.unit(bench.slug, write=True) as unit:
        assert jobs.purge_finished(unit, clock.after(-60)) == 0
        assert jobs.purge_finished(unit, clock.after(60)) == 1
    assert bench.job(waiting).state == "queued"
    with pytest.raises(RecordNotFound):
        bench.job(done)


def test_a_suspended_enterprise_runs_no_jobs(bench):
    bench.kinds_of_test["add"] = lambda unit, actor, arguments, progress: count_up(unit)
    bench.enqueue("add")
    set_state(bench.installation, bench.slug, state="suspended")
    assert bench.run() == 0
    set_state(bench.installation, bench.slug, state="active")
    assert bench.run() == 1


def test_a_dead_letter_is_put_back_by_hand_and_goes_on_at_its_checkpoint(bench):
    broken = [True]

    def steps(run):
        for at in range(run.checkpoint.get("at", 0), 3):
            with run.step() as step:
                count_up(step.unit)
                run.checkpoint["at"] = at + 1
            if broken[0]:
                raise Refused(message("打印机没纸了"))
        return "printed"

    bench.kinds_of_test["print"] = jobs.LongJob(steps)
    job_id = bench.enqueue("print")
    bench.run()
    assert bench.job(job_id).state == "failed"
    assert bench.run() == 0  # by itself it is not tried again
    broken[0] = False
    with bench.installation.unit(bench.slug, write=True) as unit:
        again = jobs.retry(unit, bench.user, job_id)
        assert (again.state, again.attempts, again.error) == ("queued", 0, None)
    bench.run()
    assert (bench.job(job_id).state, counted(bench)) == ("done", 3)


def test_only_what_failed_or_was_stopped_is_put_back_and_only_by_whoever_may_see_it(bench):
    bench.kinds_of_test["add"] = lambda unit, actor, arguments, progress: count_up(unit)
    job_id = bench.enqueue("add")
    bench.run()
    with bench.installation.unit(bench.slug, write=True) as unit:
        with pytest.raises(Refused):
            jobs.retry(unit, bench.user, job_id)
        with pytest.raises(RecordNotFound):
            jobs.retry(unit, Actor(bench.slug, bench.user_id + 1), job_id)
    assert bench.run() == 0
    assert counted(bench) == 1


def test_a_kind_is_told_of_each_turn_that_went_wrong_and_says_how_often_it_is_tried(bench):
    told: list[tuple[int, bool]] = []

    def fail(unit, actor, arguments, progress):
        count_up(unit)
        raise RuntimeError

    def failed(unit, failure):
        told.append((failure.attempts, failure.final))
        count_up(unit, "told")

    bench.kinds_of_test["call"] = jobs.ShortJob(fail, failed=failed, attempts=3, first_pause=1.0)
    job_id = bench.enqueue("call", {"to": "erp"})
    for hours in range(4):
        with clock.stopped(clock.after(3600 * hours)):
            bench.run()
    assert told == [(1, False), (2, False), (3, True)]
    assert bench.job(job_id).state == "failed"
    assert (counted(bench), counted(bench, "told")) == (0, 3)


def test_a_kind_is_told_when_a_job_that_killed_its_turns_is_given_up(bench):
    told = []
    bench.kinds_of_test["call"] = jobs.ShortJob(
        lambda unit, actor, arguments, progress: None,
        failed=lambda unit, failure: told.append(failure.final),
        attempts=2,
    )
    job_id = bench.enqueue("call")
    bench.change(job_id, state="running", lease="dead", attempts=2, lease_until=clock.after(-1))
    assert bench.run() == 0
    assert told == [True] and bench.job(job_id).state == "failed"


def test_a_lease_given_by_a_clock_that_was_set_back_since_does_not_hold_a_job_for_ever(bench):
    bench.kinds_of_test["add"] = lambda unit, actor, arguments, progress: count_up(unit)
    job_id = bench.enqueue("add")
    bench.change(job_id, state="running", lease="dead", attempts=1, lease_until=clock.after(86_400))
    assert bench.run() == 1
    assert bench.job(job_id).state == "done"


def test_a_clock_set_forward_makes_a_job_run_again_but_its_effect_stand_once(bench):
    turns = []

    def first_or_second(run):
        turns.append(run.lease)
        if len(turns) == 1:
            with clock.stopped(clock.after(86_400)):  # another worker, whose clock is a day ahead, takes over
                bench.run()
        with run.step() as step:
            count_up(step.unit)
            run.checkpoint["did"] = True

    bench.kinds_of_test["slow"] = jobs.LongJob(first_or_second)
    job_id = bench.enqueue("slow")
    bench.run()
    assert len(turns) == 2
    assert (bench.job(job_id).state, counted(bench)) == ("done", 1)


def test_jobs_are_listed_by_state_and_in_pages(bench):
    def odd(unit, actor, arguments, progress):
        if arguments["n"] % 2:
            raise Refused(message("单数"))

    bench.kinds_of_test["odd"] = odd
    ids = [bench.enqueue("odd", {"n": n}) for n in range(6)]
    bench.run()
    with bench.installation.unit(bench.slug) as unit:
        assert [j.id for j in jobs.recent(unit, bench.user, states=["failed"])] == [ids[5], ids[3], ids[1]]
        assert [j.id for j in jobs.recent(unit, bench.user, limit=2, before=ids[4])] == [ids[3], ids[2]]
        found = jobs.counts(unit, bench.user)
        assert (found["done"], found["failed"], found["queued"]) == (3, 3, 0)


def test_many_jobs_are_queued_in_one_go(bench):
    bench.kinds_of_test["add"] = lambda unit, actor, arguments, progress: count_up(unit, f"n{arguments['n']}")
    with bench.installation.unit(bench.slug, write=True) as unit:
        jobs.enqueue_all(unit, bench.engine, "add", [{"n": n} for n in range(20)])
    assert bench.run() == 20
    assert all(counted(bench, f"n{n}") == 1 for n in range(20))


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_next_job_is_found_along_the_index_however_many_wait(bench):
    from yuanke.jobs.claims import WAITS

    asked = {"now": clock.now(), "kinds": ["add"], "only": 0}
    with bench.installation.unit(bench.slug) as unit:
        text = str(WAITS.params(**asked).compile(unit.connection, compile_kwargs={"literal_binds": True}))
        plan = " ".join(str(row) for row in unit.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))
    assert "ix_yk_job_due" in plan and "TEMP B-TREE" not in plan, plan
