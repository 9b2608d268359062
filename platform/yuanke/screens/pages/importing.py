"""The import wizard: upload, map, check without writing, run as a job, see what became of it.

The one rule: nothing is written before the fourth step, and what the third step counted is what the fourth does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Response, current_app, make_response, redirect, render_template, request
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer

from yuanke.exchange.cells import Cell, shown
from yuanke.exchange.error_files import said_of
from yuanke.exchange.kinds import start_import
from yuanke.exchange.limits import FileFault
from yuanke.exchange.mapping import ImportMapping, MappingFault, Source, from_plain
from yuanke.exchange.prepared import fillable
from yuanke.exchange.proposing import Proposal, propose
from yuanke.exchange.reading import open_table
from yuanke.jobs import Job, find, notes
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refusal, ValidationFailed
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field
from yuanke.screens import urls
from yuanke.screens.pages.jobs import progress_of
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.shell import shell
from yuanke.web.language import say
from yuanke.web.requests import give_up

SAMPLE = 200
SHOWN_FAULTS = 100
MOST_WORDS = 12
MODES = ("update", "fill", "skip")


def begin(reader: Reader, entity: Entity) -> Response:
    """Step 1."""
    _allowed(reader, entity)
    return _page(reader, entity, 1, None)


def upload(reader: Reader, entity: Entity) -> Response:
    """POST of the file: kept, read a little, and a mapping proposed (step 2)."""
    _allowed(reader, entity)
    given = request.files.get("file")
    if given is None or not given.filename:
        return _page(reader, entity, 1, str(_("请选择一个文件")))
    try:
        info = reader.unit.files.put(given.stream, given.filename, reader.actor.user_id)
        return _map_page(reader, entity, info.id, info.name)
    except (FileFault, ValidationFailed) as fault:
        give_up()
        return _page(_fresh(), entity, 1, _said(fault), 422)


def check(reader: Reader, entity: Entity) -> Response:
    """POST of the mapping: a dry run is queued (step 3)."""
    _allowed(reader, entity)
    file_id, name = _token(request.form.get("import", ""))
    try:
        mapping = _mapping(reader, entity, file_id, name)
        job = start_import(reader.unit, reader.actor, mapping, {name: file_id}, dry=True)
    except (MappingFault, FileFault) as fault:
        give_up()
        return _map_page(_fresh(), entity, file_id, name, _said(fault))
    return redirect(f"/records/{entity.key}/import/{job}", 303)  # type: ignore[return-value]


def follow(reader: Reader, entity: Entity, job_id: int) -> Response:
    """The page of a run: its progress, then what the check found (3) or what became of it (5)."""
    job = _job(reader, entity, job_id)
    dry = bool(job.arguments["dry"])
    if not job.ended or job.state != "done":
        return _progress(reader, entity, job, dry)
    if wants_part():
        return Response("", 200, headers={"HX-Redirect": request.path})
    return _checked(reader, entity, job) if dry else _result(reader, entity, job)


def run(reader: Reader, entity: Entity, job_id: int) -> Response:
    """POST: do what the dry run counted."""
    _allowed(reader, entity)
    job = _job(reader, entity, job_id)
    mapping = from_plain(job.arguments["mapping"])
    started = start_import(reader.unit, reader.actor, mapping, job.arguments["files"])
    return redirect(f"/records/{entity.key}/import/{started}", 303)  # type: ignore[return-value]


def _allowed(reader: Reader, entity: Entity) -> None:
    given = reader.records.grant(entity.key, "import")
    if not given.allowed:
        raise AccessDenied(given.reason)


def _job(reader: Reader, entity: Entity, job_id: int) -> Job:
    job = find(reader.unit, reader.actor, job_id)
    if job.kind != "import" or job.arguments["mapping"].get("entity") != entity.key:
        raise RecordNotFound(message("没有找到这次导入"))
    return job


def _fresh() -> Reader:
    from yuanke.screens.reader import reader

    return reader()


def _said(fault: Refusal) -> str:
    if isinstance(fault, ValidationFailed):
        return "；".join(say(m) for said in fault.errors.values() for m in said)
    return say(fault.said)


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="import")


def _token(said: str) -> tuple[int, str]:
    try:
        file_id, name = _serializer().loads(said)
    except BadSignature as fault:
        raise RecordNotFound(message("这次导入已失效，请重新上传文件")) from fault
    return int(file_id), str(name)


# -- step 2 -------------------------------------------------------------------------------------------------------


def _opened(reader: Reader, file_id: int, name: str) -> tuple[list[str], list[list[Cell]]]:
    """Header and first rows. Raises FileFault."""
    info = reader.unit.files.info(file_id)
    if info.created_by != reader.actor.user_id and not reader.actor.is_admin:
        raise RecordNotFound(message("没有找到这个文件"))
    table = open_table(Path(reader.unit.files.path(info.sha256)), name)
    try:
        return list(table.header), table.sample(SAMPLE)
    finally:
        table.close()


def _map_page(reader: Reader, entity: Entity, file_id: int, name: str, fault: str | None = None) -> Response:
    header, sample = _opened(reader, file_id, name)
    writable = fillable(reader.unit, reader.actor, entity)
    proposals = propose(entity, header, sample, reader.place, writable)
    columns = [_column(reader, entity, at, p, sample) for at, p in enumerate(proposals)]
    sure, asked = sum(p.sure for p in proposals), sum(p.field is not None and not p.sure for p in proposals)
    model = {
        **_frame(reader, entity, 2, fault), "file": {"name": name, "said": ""}, "token": _serializer().dumps([file_id, name]),
        "map_url": f"/records/{entity.key}/import/check", "back_url": f"/records/{entity.key}/import",
        "said_ok": str(_("%(all)s 列中 %(n)s 列已自动对应", all=len(header), n=sure)),
        "said_ask": str(_("%(n)s 列要你确认", n=asked)) if asked else None,
        "keys": _keys(reader, entity, writable, {p.field for p in proposals}), "modes": _modes(), "columns": columns,
        "groups": _groups(reader, entity, writable),
    }  # fmt: skip
    return _render(reader, model, 422 if fault else 200)


def _column(reader: Reader, entity: Entity, at: int, proposal: Proposal, sample: Sequence[Sequence[Cell]]) -> dict[str, Any]:
    texts = [shown(row[at]) for row in sample[:2] if at < len(row)]
    why = "none" if proposal.field is None else "ok" if proposal.sure else "ask"
    return {
        "n": at, "head": proposal.column, "samples": texts, "field": proposal.field or "", "why": why, "said": say(proposal.reason),
        "values": _words(reader, entity, proposal),
    }  # fmt: skip


def _words(reader: Reader, entity: Entity, proposal: Proposal) -> list[dict[str, Any]]:
    field = entity.fields.get(proposal.field or "")
    if field is None or not field.options or not proposal.unknown:
        return []
    options = [{"key": k, "label": reader.say(o.label)} for k, o in field.options.items() if not o.retired]
    return [{"n": n, "given": word, "options": options, "chosen": ""} for n, word in enumerate(proposal.unknown[:MOST_WORDS])]


def _keys(reader: Reader, entity: Entity, writable: frozenset[str], proposed: set[str | None]) -> list[dict[str, Any]]:
    """Fields that may tell that a row is already there: unique ones, the number, the title."""
    names = [k for k, f in entity.fields.items() if f.unique == () and (k in writable or k == "number")]
    if entity.title in writable and entity.title not in names:
        names.append(entity.title)
    first = next((k for k in names if k in proposed), "")
    none = {"key": "", "label": str(_("不识别，全部新建")), "on": not first}
    return [none, *({"key": k, "label": reader.say(entity.fields[k].label), "on": k == first} for k in names)]


def _modes() -> list[dict[str, Any]]:
    words = {"update": _("更新"), "fill": _("只补空白"), "skip": _("跳过")}
    return [{"key": mode, "label": str(words[mode]), "on": mode == "update"} for mode in MODES]


def _groups(reader: Reader, entity: Entity, writable: frozenset[str]) -> list[dict[str, Any]]:
    view = entity.views.get("form")
    groups, named = [], set()
    for section in view.body.get("sections", ()) if view else ():
        keys = [k for row in section["rows"] for k in row if k in writable and not entity.fields[k].rows]
        named.update(keys)
        if keys:
            groups.append({"label": reader.say(section["label"]), "options": [_option(reader, entity.fields[k]) for k in keys]})
    rest = [f for k, f in entity.fields.items() if k in writable and k not in named and not f.rows and not f.retired]
    if rest:
        groups.append({"label": str(_("其他")), "options": [_option(reader, f) for f in rest]})
    return groups


def _option(reader: Reader, field: Field) -> dict[str, Any]:
    return {"key": field.key, "label": reader.say(field.label), "required": field.required}


def _mapping(reader: Reader, entity: Entity, file_id: int, name: str) -> ImportMapping:
    """What step 2 sent, with the expressions that were proposed where a column still goes to the proposed field."""
    header, sample = _opened(reader, file_id, name)
    proposals = propose(entity, header, sample, reader.place, fillable(reader.unit, reader.actor, entity))
    columns: dict[str, Source] = {}
    for at, proposal in enumerate(proposals):
        key = request.form.get(f"column.{at}", "")
        if not key:
            continue
        if key in columns:
            label = reader.say(entity.fields[key].label) if key in entity.fields else key
            raise MappingFault({proposal.column: message("有两列都对应到 {field}，请留一列", field=label)})
        source = proposal.source if proposal.field == key and proposal.source else Source(column=proposal.column)
        columns[key] = replace(source, values=_given_words(at)) if source.column else source
    key, mode = request.form.get("key", ""), request.form.get("mode", "update")
    plain = {
        "entity": entity.key, "file": name, "key": [key] if key else [], "when_found": mode if mode in MODES else "update",
        "columns": {k: s.plain() for k, s in columns.items()},
    }  # fmt: skip
    if key and key not in columns:
        raise MappingFault({"key": message("识别重复的字段没有对应到任何一列")})
    return from_plain(plain)


def _given_words(at: int) -> Mapping[str, Any]:
    found = {}
    for n in range(MOST_WORDS):
        chosen, word = request.form.get(f"value.{at}.{n}"), request.form.get(f"given.{at}.{n}")
        if chosen and word:
            found[word] = chosen
    return found


# -- steps 3 to 5 -------------------------------------------------------------------------------------------------


def _progress(reader: Reader, entity: Entity, job: Job, dry: bool) -> Response:
    model = progress_of(reader, job, request.path)
    model["title"] = str(_("正在预检，还没有写入任何数据")) if dry else str(_("正在导入"))
    if wants_part():
        return make_response(render_template("_import_progress.html", progress=model))
    return _render(reader, {**_frame(reader, entity, 4, None), "progress": model, "file": _file(job)})


def _file(job: Job) -> dict[str, str]:
    return {"name": str(job.arguments["file"]), "said": ""}


def _checked(reader: Reader, entity: Entity, job: Job) -> Response:
    result = job.result
    good = result["created"] + result["updated"] + result["skipped"]
    sums = [
        {"kind": "ok", "icon": "circle-check", "label": str(_("可以导入")), "value": f"{good:,}",
         "said": str(_("新建 %(a)s，更新 %(b)s，跳过 %(c)s", a=f"{result['created']:,}", b=f"{result['updated']:,}", c=f"{result['skipped']:,}"))},
        {"kind": "bad" if result["failed"] else "", "icon": "alert-circle", "label": str(_("有错误")), "value": f"{result['failed']:,}",
         "said": str(_("不会导入，可下载后修改再传"))},
    ]  # fmt: skip
    errors = result.get("error_file")
    table = _faulty(reader, job, result["failed"], f"/files/{errors}" if errors else None) if result["failed"] else None
    submit = str(_("导入 %(n)s 行", n=f"{good:,}")) + (str(_("，跳过 %(n)s 行", n=f"{result['failed']:,}")) if result["failed"] else "")
    model = {
        **_frame(reader, entity, 3, None), "file": _file(job), "token": "", "run_url": f"/records/{entity.key}/import/{job.id}/run",
        "sums": [{**s, "url": None, "on": False} for s in sums], "table": table, "fixes": [], "submit": submit, "may_run": good > 0,
        "back_url": f"/records/{entity.key}/import",
    }  # fmt: skip
    return _render(reader, model)


def _faulty(reader: Reader, job: Job, count: int, errors_url: str | None) -> dict[str, Any]:
    """The first faulty rows as they stand in the file, with the reasons at the end."""
    told = dict(notes(reader.unit, job, limit=SHOWN_FAULTS))
    name = str(job.arguments["file"])
    info = reader.unit.files.info(job.arguments["files"][name])
    table = open_table(Path(reader.unit.files.path(info.sha256)), name)
    try:
        rows = []
        for number, cells in table.rows():
            if number in told:
                rows.append(_row(number, [shown(c) for c in cells], said_of(told[number], lambda text: str(_(text))), len(table.header)))
            if len(rows) == len(told):
                break
        heads = [{"label": h, "css": ""} for h in table.header]
    finally:
        table.close()
    return {"said": str(_("%(n)s 行有错误", n=f"{count:,}")), "errors_url": errors_url, "heads": heads, "rows": rows}


def _row(number: int, texts: list[str], said: str, width: int) -> dict[str, Any]:
    padded = [*texts, *[""] * width][:width]
    return {"n": number, "url": "", "said": said, "mended": False, "cells": [{"text": t, "css": "", "bad": False, "column": n, "label": ""} for n, t in enumerate(padded)]}


def _result(reader: Reader, entity: Entity, job: Job) -> Response:
    result = job.result
    done = result["created"] + result["updated"]
    links = [{"label": str(_("查看%(name)s", name=reader.say(entity.plural))), "icon": "list", "url": urls.entity(entity.key), "primary": True, "method": "get"}]
    if result.get("error_file"):
        links.append({"label": str(_("下载错误行")), "icon": "download", "url": f"/files/{result['error_file']}", "primary": False, "method": "get"})
    links.append({"label": str(_("再导入一个文件")), "icon": "upload", "url": f"/records/{entity.key}/import", "primary": False, "method": "get"})
    words = {"created": _("新建"), "updated": _("更新"), "skipped": _("跳过"), "failed": _("错误")}
    counts = [{"label": str(word), "value": f"{result[key]:,}"} for key, word in words.items()]
    model = {
        **_frame(reader, entity, 5, None), "file": _file(job),
        "result": {"ok": not result["failed"], "title": str(_("导入完成，%(n)s 行", n=f"{done:,}")), "said": _file(job)["name"], "counts": counts, "links": links, "note": None},
    }  # fmt: skip
    return _render(reader, model)


# -- the frame ----------------------------------------------------------------------------------------------------


def _frame(reader: Reader, entity: Entity, step: int, fault: str | None) -> dict[str, Any]:
    name = reader.say(entity.plural)
    return {
        "title": str(_("导入%(name)s", name=name)), "crumbs": [{"label": name, "url": urls.entity(entity.key)}], "step": step, "file": None,
        "cancel_url": urls.entity(entity.key), "back_url": None, "token": None, "fault": fault, "submit": "", "may_run": False, "table": None,
        "fixes": [], "sums": [],
    }  # fmt: skip


def _page(reader: Reader, entity: Entity, step: int, fault: str | None, status: int = 200) -> Response:
    model = {
        **_frame(reader, entity, step, fault), "upload_url": f"/records/{entity.key}/import", "accept": ".xlsx,.csv",
        "limits": str(_(".xlsx、.csv，最多 1,000,000 行、20 MB")), "template_url": None, "recents": [],
    }  # fmt: skip
    return _render(reader, model, status)


def _render(reader: Reader, model: dict[str, Any], status: int = 200) -> Response:
    context = {"imp": model, "shell": shell(reader), "seen": None, "ctx": {"cell": False, "locale": reader.locale}, "locale": reader.locale}
    return make_response(render_template("import.html", **context), status)
