"""What the application itself brings: the job that finishes changes of the schema."""

from __future__ import annotations

from typing import Any

from yuanke.jobs import LongJob, Run
from yuanke.kernel.hooks import impl
from yuanke.kernel.text import message
from yuanke.storage.steps import run_pending_steps


@impl
def job_kinds() -> dict[str, Any]:
    return {"finish_schema": LongJob(finish_schema)}


def finish_schema(run: Run) -> dict[str, int]:
    """Build the indexes and fill the stored formulas that an apply left for later."""

    def told(name: str, done: int, total: int) -> None:
        run.report(
            done / total if total else 0.0,
            message("正在整理 {name}：{done}/{total}", name=name, done=done, total=total),
        )

    return {"pending": run_pending_steps(run.installation, run.enterprise, told)}
