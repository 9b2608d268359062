"""What this package brings to the platform: the filler of stored formulas, the jobs that keep values current, and the
check of what hangs on records by number."""

from __future__ import annotations

from typing import Any

from yuanke.jobs import LongJob
from yuanke.jobs.kinds import daily
from yuanke.kernel.hooks import impl
from yuanke.kernel.text import Label
from yuanke.records import filling, migrating
from yuanke.records.duplicates import function, likeness  # noqa: F401 - the function of expressions
from yuanke.records.duplicates.refusing import check_duplicates
from yuanke.records.hanging import check_hanging
from yuanke.records.parameters import REFILL, refill
from yuanke.records.transferring.leaving import check_leaving
from yuanke.records.undoing import job as undoing
from yuanke.storage import apply, steps

steps.fillers.append(filling.fill)
steps.migrators.append(migrating.migrate)
apply.followers.append(filling.follow)
daily.append(filling.new_day)


@impl
def job_kinds() -> dict[str, Any]:
    return {
        filling.REINDEX: LongJob(filling.reindex, Label("重建搜索索引", "Search index")),
        filling.REFRESH: LongJob(filling.refresh_day, Label("更新当日数值", "Values of the day")),
        REFILL: LongJob(refill, Label("按新的参数重新计算", "Figures after a changed setting")),
        likeness.KIND: LongJob(likeness.find_alike, Label("查找相似的记录", "Similar records")),
        undoing.KIND: LongJob(undoing.run_undo, Label("撤销批量操作", "Undo of a bulk operation")),
    }


@impl
def before_save(save: Any) -> None:
    check_hanging(save)
    check_duplicates(save)
    check_leaving(save)
