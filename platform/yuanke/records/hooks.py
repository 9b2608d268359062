"""What this package brings to the platform: the filler of stored formulas, the jobs that keep values current, and the
check of what hangs on records by number."""

from __future__ import annotations

from typing import Any

from yuanke.jobs import LongJob
from yuanke.jobs.kinds import daily
from yuanke.kernel.hooks import impl
from yuanke.records import filling
from yuanke.records.hanging import check_hanging
from yuanke.storage import apply, steps

steps.fillers.append(filling.fill)
apply.followers.append(filling.follow)
daily.append(filling.new_day)


@impl
def job_kinds() -> dict[str, Any]:
    return {filling.REINDEX: LongJob(filling.reindex), filling.REFRESH: LongJob(filling.refresh_day)}


@impl
def before_save(save: Any) -> None:
    check_hanging(save)
