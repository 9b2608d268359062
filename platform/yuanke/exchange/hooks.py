"""What this package brings to the platform: two kinds of jobs."""

from __future__ import annotations

from typing import Any

from yuanke.kernel.hooks import impl
from yuanke.kernel.text import Label


@impl
def job_kinds() -> dict[str, Any]:
    from yuanke import jobs
    from yuanke.exchange import kinds

    return {
        "import": jobs.LongJob(kinds.run_import, Label("导入", "Import")),
        "export": jobs.LongJob(kinds.run_export, Label("导出", "Export")),
    }
