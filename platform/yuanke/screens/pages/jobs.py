"""Long work as a page: its progress, how to stop it, where its result is."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.jobs import Job, cancel, find
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.shell import shell
from yuanke.web.language import say


def progress_of(reader: Reader, job: Job, url: str) -> dict[str, Any]:
    """As `_import_progress.html` takes it."""
    failed = say(job.error) if job.error else None
    if job.state == "cancelled":
        failed = str(_("已停止"))
    waiting = job.state == "queued"
    said = say(job.said) if job.said else str(_("排队等待中")) if waiting else ""
    return {
        "url": url, "title": said, "value": None if waiting else job.progress, "max": 1, "said": said,
        "percent": f"{job.progress:.0%}", "counts": [], "note": str(_("可以离开这个页面，工作会继续")),
        "stop_url": None if job.ended else f"/jobs/{job.id}/cancel", "leave": {"label": str(_("回到工作台")), "url": "/"}, "failed": failed,
    }  # fmt: skip


def job_page(reader: Reader, job_id: int) -> Response:
    """An export or the like: when done it leads to its file."""
    job = find(reader.unit, reader.actor, job_id)
    if job.state == "done" and isinstance(job.result, dict) and job.result.get("file"):
        target = f"/files/{job.result['file']}"
        if wants_part():
            return Response("", 200, headers={"HX-Redirect": target})
        return redirect(target)  # type: ignore[return-value]
    model = progress_of(reader, job, request.path)
    model["title"] = str(_("正在导出")) if job.kind == "export" else model["title"]
    if wants_part():
        return make_response(render_template("_import_progress.html", progress=model))
    context = {"title": model["title"], "crumbs": [], "progress": model, "shell": shell(reader), "seen": None, "locale": reader.locale}
    return make_response(render_template("job.html", **context))


def cancel_job(reader: Reader, job_id: int) -> Response:
    cancel(reader.unit, reader.actor, job_id)
    return redirect(request.referrer or f"/jobs/{job_id}", 303)  # type: ignore[return-value]
