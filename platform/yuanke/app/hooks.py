"""What the application itself brings: the job that finishes changes of the schema, and users that can be found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yuanke.access import people
from yuanke.jobs import LongJob, Run
from yuanke.kernel.hooks import impl
from yuanke.kernel.text import Label, message
from yuanke.records.index import write_index
from yuanke.storage import Unit
from yuanke.storage.steps import run_pending_steps


def index_user(unit: Unit, user_id: int, values: Mapping[str, Any]) -> None:
    """A user entered by a command is found by name and initials like one entered on a page."""
    write_index(unit, unit.registry.entities["user"], [(user_id, dict(values))], fresh=True)


people.entered.append(index_user)


@impl
def job_kinds() -> dict[str, Any]:
    return {"finish_schema": LongJob(finish_schema, Label("完成结构变更", "Finish a change of definitions"))}


def finish_schema(run: Run) -> dict[str, int]:
    """Build the indexes and fill the stored formulas that an apply left for later."""

    def told(name: str, done: int, total: int) -> None:
        run.report(
            done / total if total else 0.0,
            message("正在整理 {name}：{done}/{total}", name=name, done=done, total=total),
        )

    return {"pending": run_pending_steps(run.installation, run.enterprise, told)}
