"""The import wizard: upload, map, check without writing, run as a job, see what became of it.

The one rule: nothing is written before the fourth step, and what the third step counted is what the fourth does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Response, make_response, redirect, render_template, request, send_file
from flask_babel import gettext as _

from yuanke.exchange.kinds import start_import
from yuanke.exchange.limits import FileFault
from yuanke.exchange.mapping import ImportMapping, MappingFault, from_plain
from yuanke.exchange.prepared import fillable
from yuanke.exchange.templates import write_template
from yuanke.jobs import Job, find
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refusal, ValidationFailed
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.screens import undoable, urls
from yuanke.screens.pages import import_check, import_map
from yuanke.screens.pages.import_frame import draw, frame, give_token, read_token
from yuanke.screens.pages.jobs import progress_of
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.reader import reader as fresh
from yuanke.web.language import say, told
from yuanke.web.requests import give_up

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def begin(reader: Reader, entity: Entity) -> Response:
    """Step 1; with ``?file=`` step 2, as it was left in the job ``?job=`` when one comes back to it."""
    _allowed(reader, entity)
    token = request.args.get("file")
    if not token:
        return _first(reader, entity, None)
    try:
        return import_map.page(reader, entity, token, _left(reader, entity))
    except FileFault as fault:
        return _first(reader, entity, say(fault.said), 422)


def _left(reader: Reader, entity: Entity) -> ImportMapping | None:
    said = request.args.get("job", "")
    return (
        from_plain(_job(reader, entity, int(said)).arguments["mapping"]) if said.isdigit() and len(said) < 19 else None
    )


def upload(reader: Reader, entity: Entity) -> Response:
    """POST of the file: kept; it is read afterwards, in a unit that holds up nobody."""
    _allowed(reader, entity)
    given = request.files.get("file")
    if given is None or not given.filename:
        give_up()
        return _first(fresh(), entity, str(_("请选择一个文件")), 422)
    try:
        info = reader.unit.files.put(given.stream, given.filename, reader.actor.user_id)
    except ValidationFailed as fault:
        give_up()
        return _first(fresh(), entity, _said(fault), 422)
    return redirect(urls.with_query(_at(entity), {"file": give_token(info.id, info.name)}), 303)  # type: ignore[return-value]


def check(reader: Reader, entity: Entity) -> Response:
    """POST of the mapping: a dry run is queued (step 3)."""
    _allowed(reader, entity)
    token = request.form.get("import", "")
    file_id, name = read_token(token)
    try:
        job = start_import(reader.unit, reader.speaking, import_map.sent(entity, name), {name: file_id}, dry=True)
    except MappingFault as fault:
        give_up()
        return import_map.page(fresh(), entity, token, None, told(fault.faults.values()))
    return redirect(f"{_at(entity)}/{job}", 303)  # type: ignore[return-value]


def follow(reader: Reader, entity: Entity, job_id: int) -> Response:
    """The page of a run: its progress, then what the check found (3) or what became of it (5)."""
    job = _job(reader, entity, job_id)
    if job.state != "done":
        return _progress(reader, entity, job)
    if wants_part():
        return Response("", 200, headers={"HX-Redirect": request.path})
    return import_check.page(reader, entity, job) if job.arguments["dry"] else _result(reader, entity, job)


def mend(reader: Reader, entity: Entity, job_id: int) -> Response:
    """POST ``field``, ``text``, ``option``: this word means that option, in every row; checked again."""
    job = _job(reader, entity, job_id)
    plain = import_check.mended(entity, job.arguments["mapping"], request.form)
    return _start(reader, entity, job, from_plain(plain), dry=True)


def run(reader: Reader, entity: Entity, job_id: int) -> Response:
    """POST: do what the dry run counted."""
    job = _job(reader, entity, job_id)
    return _start(reader, entity, job, from_plain(job.arguments["mapping"]), dry=False)


def _start(reader: Reader, entity: Entity, job: Job, mapping: ImportMapping, dry: bool) -> Response:
    _allowed(reader, entity)
    started = start_import(reader.unit, reader.speaking, mapping, job.arguments["files"], dry=dry)
    return redirect(f"{_at(entity)}/{started}", 303)  # type: ignore[return-value]


def template(reader: Reader, entity: Entity) -> Response:
    """An empty workbook with a column for each field this person may fill."""
    _allowed(reader, entity)
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as made:
        write_template(entity, fillable(reader.unit, reader.actor, entity), Path(made.name), reader.locale)
        stream = open(made.name, "rb")  # noqa: SIM115 - sent after the name is gone
    name = str(_("%(name)s导入模板", name=reader.say(entity.label))) + ".xlsx"
    return send_file(stream, WORKBOOK, as_attachment=True, download_name=name)


def _at(entity: Entity) -> str:
    return f"/records/{entity.key}/import"


def _allowed(reader: Reader, entity: Entity) -> None:
    given = reader.records.grant(entity.key, "import")
    if not given.allowed:
        raise AccessDenied(given.reason)


def _job(reader: Reader, entity: Entity, job_id: int) -> Job:
    job = find(reader.unit, reader.actor, job_id)
    if job.kind != "import" or job.arguments["mapping"].get("entity") != entity.key:
        raise RecordNotFound(message("没有找到这次导入"))
    return job


def _said(fault: Refusal) -> str:
    if isinstance(fault, ValidationFailed):
        return told(m for said in fault.errors.values() for m in said)
    return say(fault.said)


def _first(reader: Reader, entity: Entity, fault: str | None, status: int = 200) -> Response:
    model = {
        **frame(reader, entity, 1, fault), "upload_url": _at(entity), "accept": ".xlsx,.csv",
        "limits": str(_(".xlsx、.csv，最多 1,000,000 行、20 MB")), "template_url": f"{_at(entity)}/template", "recents": [],
    }  # fmt: skip
    return draw(reader, model, status)


def _progress(reader: Reader, entity: Entity, job: Job) -> Response:
    dry = bool(job.arguments["dry"])
    title = str(_("正在预检，还没有写入任何数据")) if dry else str(_("正在导入"))
    model = {
        **progress_of(reader, job, request.path),
        "title": title,
        "leave": {"label": str(_("回到列表")), "url": urls.entity(entity.key)},
    }
    if wants_part():
        return make_response(render_template("_import_progress.html", progress=model))
    return draw(reader, {**frame(reader, entity, 3 if dry else 4, None), "progress": model, "file": _file(job)})


def _file(job: Job) -> dict[str, str]:
    return {"name": str(job.arguments["file"]), "said": ""}


def _result(reader: Reader, entity: Entity, job: Job) -> Response:
    result: Mapping[str, Any] = job.result
    done = result["created"] + result["updated"]
    links = [
        {
            "label": str(_("查看%(name)s", name=reader.say(entity.plural))),
            "icon": "list",
            "url": urls.entity(entity.key),
            "primary": True,
            "method": "get",
        }
    ]
    if result.get("error_file"):
        links.append(
            {
                "label": str(_("下载错误行")),
                "icon": "download",
                "url": f"/files/{result['error_file']}",
                "primary": False,
                "method": "get",
            }
        )
    links.append(
        {"label": str(_("再导入一个文件")), "icon": "upload", "url": _at(entity), "primary": False, "method": "get"}
    )
    undo = undoable.action(reader, result.get("change_set"), str(_("撤销这次导入")))
    links += [undo] if undo is not None else []
    words = {"created": _("新建"), "updated": _("更新"), "skipped": _("跳过"), "failed": _("错误")}
    counts = [
        {"label": str(word), "value": f"{result[key]:,}"}
        for key, word in words.items()
        if result[key] or key in ("created", "failed")
    ]
    shown = {
        "ok": not result["failed"],
        "title": str(_("导入完成，%(n)s 行", n=f"{done:,}")),
        "said": _file(job)["name"],
        "counts": counts,
        "links": links,
        "note": None,
    }
    return draw(reader, {**frame(reader, entity, 5, None), "file": _file(job), "result": shown})
