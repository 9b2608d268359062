"""Long work as a page: its progress, how to stop it, where its result is."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.jobs import Job, cancel, find
from yuanke.screens import urls
from yuanke.screens.controls import size_said
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.shell import shell
from yuanke.web.addresses import local_path
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
    """An export or the like; when it is done its file is fetched once, and stays here to be fetched again."""
    job = find(reader.unit, reader.actor, job_id)
    entity = reader.registry.entities.get(str(job.arguments.get("entity", "")))
    done = job.state == "done"
    if done and wants_part():
        return Response("", 200, headers={"HX-Redirect": urls.with_query(request.path, {"start": 1})})
    model = progress_of(reader, job, request.path)
    title = (
        str(_("导出%(name)s", name=reader.say(entity.plural)))
        if entity is not None and job.kind == "export"
        else model["title"] or str(_("任务"))
    )
    if entity is not None:
        model["leave"] = {"label": str(_("回到列表")), "url": urls.entity(entity.key)}
    if wants_part():
        return make_response(render_template("_import_progress.html", progress=model))
    crumbs = [{"label": reader.say(entity.plural), "url": urls.entity(entity.key)}] if entity is not None else []
    context = {
        "title": title,
        "crumbs": crumbs,
        "progress": model,
        "result": _result(job, model["leave"]) if done else None,
    }
    return make_response(render_template("job.html", shell=shell(reader), seen=None, locale=reader.locale, **context))


def _result(job: Job, leave: dict[str, str]) -> dict[str, Any]:
    result = job.result if isinstance(job.result, dict) else {}
    file = f"/files/{result['file']}" if result.get("file") else None
    said = f"{result.get('name', '')} · {size_said(int(result.get('size', 0)))}" if file else ""
    links = (
        [{"label": str(_("下载")), "icon": "download", "url": file, "primary": True, "method": "get"}] if file else []
    )
    if result.get("change_set"):
        url = f"/changes/{result['change_set']}"
        links.append({"label": str(_("查看操作记录")), "icon": "history", "url": url, "primary": True, "method": "get"})
    links.append({"label": leave["label"], "icon": "list", "url": leave["url"], "primary": not links, "method": "get"})
    title = str(_("已导出 %(n)s 条", n=f"{result['rows']:,}")) if "rows" in result else str(_("已完成"))
    return {"title": title, "said": said, "start": file if request.args.get("start") else None, "links": links}


def cancel_job(reader: Reader, job_id: int) -> Response:
    cancel(reader.unit, reader.actor, job_id)
    return redirect(local_path(request.referrer or f"/jobs/{job_id}"), 303)  # type: ignore[return-value]
