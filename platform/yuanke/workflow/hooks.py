"""What this package brings to the platform: the guard of states and the lock of approvals at every save, and its jobs."""

from __future__ import annotations

from typing import Any

from yuanke.kernel.hooks import impl
from yuanke.workflow import approvals, handing
from yuanke.workflow.guard import guard_state
from yuanke.workflow.perform import waits

waits.append(approvals.start)


@impl
def before_save(save: Any) -> None:
    guard_state(save)
    approvals.lock(save)


@impl
def after_save(save: Any) -> None:
    approvals.watch_people(save)


@impl
def after_change_set(unit: Any, actor: Any, change_set: Any) -> None:
    handing.tell(unit, actor, change_set)


@impl
def job_kinds() -> dict[str, Any]:
    return dict(approvals.JOBS)
