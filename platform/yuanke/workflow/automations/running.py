"""One run of an automation on one record, and the job that does it after the commit.

The one rule: condition, steps and the line in the log are one transaction with the end of the job.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yuanke import jobs
from yuanke.access.grants import engine_of
from yuanke.jobs import Failure, ShortJob
from yuanke.jobs.words import reason
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound, Refusal, TooManyRequests, Unavailable
from yuanke.kernel.text import Label, Message, message
from yuanke.storage import Unit
from yuanke.workflow.automations import causes, logbook, switching
from yuanke.workflow.automations.told import Told
from yuanke.workflow.steps import StepRun, run_steps

KIND = "automation"
log = logging.getLogger("yuanke.automations")


@dataclass(frozen=True)
class Outcome:
    """``state`` done | skipped; ``did`` what each step told."""

    state: str
    said: Message | None = None
    did: Sequence[tuple[str, Any]] = ()


def engine(unit: Unit) -> Actor:
    return engine_of(Actor(unit.enterprise.slug, None, door="job"))


def run_on(unit: Unit, told: Told) -> Outcome:
    """Ask the condition and do the steps, in the open transaction; any Refusal is the caller's to undo."""
    automation, names = told.automation, told.names(unit)
    if told.record is not None:
        if names.record is None:
            return Outcome("skipped", message("记录已不存在"))
        if names.record.row.get("deleted_at") is not None and told.event != "delete":
            return Outcome("skipped", message("记录已删除"))
    if not told.met and automation.when is not None and not names.holds(automation.when):
        return Outcome("skipped", message("条件不成立"))
    moment = told.more.get("at") if told.event == "at" else None
    run = StepRun(unit, names.actor, automation.entity, told.record, automation.key, moment=moment)
    with causes.caused(unit, [*told.chain, told.link]):
        run_steps(automation.steps, names, run)
    return Outcome("done", None, run.done)


# -- after the commit --------------------------------------------------------------------------------------------------


def queue(unit: Unit, *many: Told) -> None:
    """Leave runs behind this transaction."""
    jobs.enqueue_all(unit, engine(unit), KIND, [told.arguments() for told in many])


def run_job(unit: Unit, actor: Actor, arguments: Mapping[str, Any], progress: Callable[..., None]) -> dict[str, Any]:
    try:
        told = Told.of(unit, arguments)
    except RecordNotFound as gone:
        return {"state": "skipped", "said": gone.said.say()}
    address = told.automation.address
    paused = not told.automation.active or switching.is_paused(unit, address)
    outcome = Outcome("skipped", message("自动化已暂停")) if paused else run_on(unit, told)
    logbook.write_again(unit, line_of(told, outcome, unit.kept.get("job")))
    return {"state": outcome.state, "did": len(outcome.did)}


def line_of(told: Told, outcome: Outcome, job: int | None = None) -> dict[str, Any]:
    return logbook.line(
        told.automation.address, told.record, told.event, outcome.state, said=outcome.said, did=outcome.did,
        chain=told.chain, job=job, by=told.me,
    )  # fmt: skip


def run_failed(unit: Unit, failure: Failure) -> None:
    """What went wrong stands in the log; the next try takes its place."""
    told, said = failure.arguments, failure.said
    if not failure.final:
        said = message("{said}（第 {attempts} 次，稍后再试）", said=said, attempts=failure.attempts)
    failed = logbook.line(
        told["automation"], told["record"], told["event"], "failed", said=said, chain=told["chain"], job=failure.job,
        by=told["me"],
    )  # fmt: skip
    logbook.write_again(unit, failed)


JOB_KIND = ShortJob(run_job, Label("自动化", "Automation"), failed=run_failed)


# -- many in one transaction -------------------------------------------------------------------------------------------


def attempt(unit: Unit, told: Told, job: int | None = None) -> dict[str, Any] | None:
    """Run one of many: alone in a savepoint, so that what is refused for one record stops no other. Its line for the log,
    None when its condition did not hold; what broke gets a job of its own, which tries again."""
    try:
        with unit.savepoint():
            outcome = run_on(unit, told)
    except (Unavailable, TooManyRequests):
        queue(unit, told)
        return None
    except Refusal as refusal:
        outcome = Outcome("failed", reason(refusal))
    except Exception:
        log.exception("%s of %s broke", told.link, unit.enterprise.slug)
        queue(unit, told)
        return None
    return None if outcome.state == "skipped" else line_of(told, outcome, job)
