"""Step 3: what the dry run found. Faulty cells are marked in their place, one answer mends a word in every row.

The one rule: nothing has been written; whatever is changed here is checked again.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response
from flask_babel import gettext as _
from markupsafe import Markup

from yuanke.exchange.error_files import said_of
from yuanke.exchange.telling import reasons
from yuanke.jobs import Job, notes
from yuanke.kernel.errors import RecordNotFound
from yuanke.metadata.registry import Entity
from yuanke.screens.pages.import_frame import draw, frame, give_token
from yuanke.screens.pages.import_map import opened
from yuanke.screens.reader import Reader
from yuanke.screens.urls import with_query

SHOWN_FAULTS = 100
LOOKED_AT = 2_000
MOST_FIXES = 6
Note = tuple[int, Mapping[str, Any]]


def page(reader: Reader, entity: Entity, job: Job) -> Response:
    result, at = job.result, f"/records/{entity.key}/import"
    good = result["created"] + result["updated"] + result["skipped"]
    told = list(itertools.islice(_notes(reader, job), LOOKED_AT)) if result["failed"] else []
    header = _header(reader, job) if told else []
    counts = {"n": f"{good:,}", "failed": f"{result['failed']:,}"}
    submit = str(
        _("导入 %(n)s 行，跳过 %(failed)s 行", **counts) if result["failed"] else _("导入 %(n)s 行", n=counts["n"])
    )
    name = str(job.arguments["file"])
    back = with_query(at, {"file": give_token(job.arguments["files"][name], name), "job": job.id})
    model = {
        **frame(reader, entity, 3, None), "file": {"name": name, "said": str(_("%(n)s 行", n=f"{result['rows']:,}"))}, "token": "",
        "run_url": f"{at}/{job.id}/run", "sums": _sums(result, good), "table": _table(job, told, header) if told else None,
        "fixes": _fixes(reader, entity, job, told, header), "submit": submit, "may_run": good > 0, "back_url": back,
    }  # fmt: skip
    return draw(reader, model)


def _sums(result: Mapping[str, Any], good: int) -> list[dict[str, Any]]:
    said = str(
        _(
            "新建 %(a)s，更新 %(b)s，跳过 %(c)s",
            a=f"{result['created']:,}",
            b=f"{result['updated']:,}",
            c=f"{result['skipped']:,}",
        )
    )
    found = [("ok", "circle-check", _("可以导入"), good, said)]
    found.append(
        (
            "bad" if result["failed"] else "",
            "alert-circle",
            _("有错误"),
            result["failed"],
            str(_("不会导入，可以下载后改好再传")),
        )
    )
    if result.get("incomplete"):
        found.append(("ask", "link", _("缺关联"), result["incomplete"], str(_("会导入，但所指的记录没有导入"))))
    found.append(("", "table", _("文件共"), result["rows"], str(_("还没有写入任何数据"))))
    return [
        {"kind": kind, "icon": icon, "label": str(label), "value": f"{value:,}", "said": told, "url": None, "on": False}
        for kind, icon, label, value, told in found
    ]


def _notes(reader: Reader, job: Job) -> Iterator[Note]:
    after = 0
    while True:
        found = notes(reader.unit, job, after)
        yield from found
        if not found:
            return
        after = found[-1][0]


def _header(reader: Reader, job: Job) -> list[str]:
    name = str(job.arguments["file"])
    return opened(reader, job.arguments["files"][name], name)[0]


def _table(job: Job, told: list[Note], header: list[str]) -> dict[str, Any]:
    errors = job.result.get("error_file")
    shown = told[:SHOWN_FAULTS]
    return {
        "said": str(_("%(n)s 行有错误", n=f"{job.result['failed']:,}")), "errors_url": f"/files/{errors}" if errors else None,
        "note": str(_("前 %(n)s 行", n=len(shown))) if job.result["failed"] > len(shown) else None,
        "heads": [{"label": head, "css": ""} for head in header], "rows": [_row(number, body, header) for number, body in shown],
    }  # fmt: skip


def _row(number: int, body: Mapping[str, Any], header: list[str]) -> dict[str, Any]:
    wrong = {column for error in body.get("errors", ()) if not error.get("file") for column in error["columns"]}
    texts = [*body.get("cells", ()), *[""] * len(header)][: len(header)]
    cells = [
        {"text": text, "css": "", "bad": head in wrong, "column": at, "label": head}
        for at, (head, text) in enumerate(zip(header, texts, strict=True))
    ]
    return {"n": number, "url": None, "said": said_of(body, lambda text: str(_(text))), "mended": False, "cells": cells}


def _fixes(reader: Reader, entity: Entity, job: Job, told: list[Note], header: list[str]) -> list[dict[str, Any]]:
    """Words that are no options: one answer for all their rows."""
    found = []
    for reason in reasons(iter(told), header):
        field = entity.fields.get(reason.field)
        if field is None or not field.options or not reason.text or reason.column is None:
            continue
        said = Markup(_("%(n)s 行的%(field)s是“%(text)s”，都算作")) % {
            "n": f"{reason.count:,}",
            "field": reader.say(field.label),
            "text": reason.text,
        }
        options = [{"key": k, "label": reader.say(o.label)} for k, o in field.options.items() if not o.retired]
        found.append({
            "said": said, "label": str(_("应用到 %(n)s 行", n=f"{reason.count:,}")), "url": f"/records/{entity.key}/import/{job.id}/mend",
            "hidden": [("field", field.key), ("text", reason.text)], "options": options,
        })  # fmt: skip
    return found[:MOST_FIXES]


def mended(entity: Entity, plain: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """The mapping with one word more: in the column of ``field``, ``text`` means ``option``."""
    key, text, option = form.get("field", ""), form.get("text", ""), form.get("option", "")
    field = entity.fields.get(key)
    said = plain.get("columns", {}).get(key)
    if field is None or not field.options or option not in field.options or not text or said is None:
        raise RecordNotFound()
    source = said if isinstance(said, Mapping) else {"column": said}
    values = {**source.get("values", {}), text: option}
    return {**plain, "columns": {**plain["columns"], key: {**source, "values": values}}}
