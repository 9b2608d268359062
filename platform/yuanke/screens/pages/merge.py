"""合并: records side by side, field by field, what hangs on each and what becomes one, before anybody confirms it.

The one rule: what the page proposes is what the merge would do if nobody chose anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, make_response, render_template, request
from flask_babel import gettext as _

from yuanke.kernel.errors import Refusal, ValidationFailed
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Record
from yuanke.records.chosen import offered
from yuanke.records.duplicates.asked import asked_matches, compared_fields
from yuanke.records.merging import MOST, merge, preview
from yuanke.records.merging.choices import BOTH
from yuanke.records.merging.merge import WITHIN
from yuanke.records.merging.preview import Choice, Preview
from yuanke.screens import urls
from yuanke.screens.asking import LONGEST_REASON, chosen_records, ids_of, people, said_reason
from yuanke.screens.cells import EMPTY, Cell, shown
from yuanke.screens.dialogs import dialog, lead_on
from yuanke.screens.pages.bulk import chosen_ids
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.reader import reader as fresh
from yuanke.screens.shell import shell
from yuanke.screens.undoable import length_said, told
from yuanke.web.language import say
from yuanke.web.requests import give_up

#: cells that lead somewhere are words here: a press chooses the value
WORDS = frozenset({"title", "link", "mail", "tel", "url", "href"})


def show(reader: Reader, entity: Entity) -> Response:
    """GET ``id`` repeated and perhaps ``keep``; with fewer than two records a dialog asks for the others."""
    offered(reader.unit, reader.actor, entity, "merge")
    ids = chosen_ids()
    if wants_part():
        return _which(reader, entity, ids, None) if len(ids) < 2 else lead_on(at(entity, ids[: MOST + 1]))
    if not 2 <= len(ids) <= MOST:
        return lead_on(urls.entity(entity.key))
    return _page(reader, entity, ids, None, {}, [])


def at(entity: Entity, ids: Sequence[int], keep: int | None = None) -> str:
    return urls.with_query(f"/records/{entity.key}/merge", {"id": list(ids), "keep": keep})


def choose(reader: Reader, entity: Entity) -> Response:
    """POST ``id`` repeated and ``others`` repeated: which records it is about."""
    offered(reader.unit, reader.actor, entity, "merge")
    ids = list(dict.fromkeys([*chosen_ids(), *ids_of(request.form.getlist("others"))]))
    if not 2 <= len(ids) <= MOST:
        give_up()
        return _which(fresh(), entity, chosen_ids(), str(_("选择 1 到 %(n)s 条", n=MOST - 1)))
    return lead_on(at(entity, ids))


def do(reader: Reader, entity: Entity) -> Response:
    """POST ``id`` repeated, ``keep``, ``choice.<field>``, ``reason``."""
    ids, form = chosen_ids(), request.form
    keep = next(iter(ids_of([form.get("keep", "")])), ids[0] if ids else 0)
    chosen = _chosen(form)
    lose = [one for one in ids if one != keep]
    reason = said_reason()
    try:
        done = merge(reader.unit, reader.actor, entity, keep, lose, chosen, reason)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        give_up()
        return _page(fresh(), entity, ids, keep, chosen, _sentences(refusal))
    told(reader, str(_("已把 %(n)s 条合并为一条", n=len(ids))), done.change_set)
    return lead_on(urls.record(entity.key, done.keep))


def _chosen(form: Mapping[str, str]) -> dict[str, int | str]:
    """Field -> the record whose value it gets, or ``both``."""
    found: dict[str, int | str] = {}
    for name, value in form.items():
        if name.startswith("choice.") and (value == BOTH or value.isdigit()):
            found[name.removeprefix("choice.")] = BOTH if value == BOTH else int(value)
    return found


def _sentences(refusal: Refusal) -> list[str]:
    if isinstance(refusal, ValidationFailed):
        return [say(m) for said in refusal.errors.values() for m in said]
    return [say(refusal.said)]


# -- which --------------------------------------------------------------------------------------------------------


def _which(reader: Reader, entity: Entity, ids: Sequence[int], fault: str | None) -> Response:
    """The others; what seems to be the same thing stands in the field already."""
    likely = ids_of(request.form.getlist("others")) if request.method == "POST" else _likely(reader, entity, ids)
    name = reader.say(entity.label)
    field = people(
        "others", str(_("与哪些%(name)s合并", name=name)), entity.key, chosen_records(reader, entity.key, likely),
        required=True, errors=[fault] if fault else [], help=str(_("查重找到的已经填好")) if likely and not fault else "",
    )  # fmt: skip
    return dialog(
        reader, str(_("合并%(name)s", name=name)), f"/records/{entity.key}/merge/choose", [field], str(_("下一步")),
        said=str(_("下一步逐个字段比较，现在还不会改动")), hidden=[("id", one) for one in ids],
    )  # fmt: skip


def _likely(reader: Reader, entity: Entity, ids: Sequence[int]) -> list[int]:
    if len(ids) != 1 or not entity.duplicates:
        return []
    try:
        values = reader.records.get(entity.key, ids[0]).values
        raw = {key: getattr(values[key], "id", values[key]) for key in compared_fields(entity) if values.get(key)}
        found = asked_matches(reader.unit, reader.actor, entity, raw, ids[0])
    except Refusal:
        return []
    return [one.id for one in found if one.entity is entity and one.id is not None][: MOST - 1]


# -- side by side -------------------------------------------------------------------------------------------------


def _page(
    reader: Reader, entity: Entity, ids: Sequence[int], keep: int | None, chosen: Mapping[str, int | str],
    faults: Sequence[str],
) -> Response:  # fmt: skip
    wanted = keep or next(iter(ids_of([request.args.get("keep", "")])), None)
    found = preview(reader.unit, reader.actor, entity, ids, wanted if wanted in ids else None)
    name, n = reader.say(entity.label), len(found.records)
    notes = [{"tone": "bad", "title": fault} for fault in faults] + _refused(found)
    rows = [_row(reader, one, found, chosen) for one in found.choices]
    model = {
        "title": str(_("合并 %(n)s 条%(name)s", n=n, name=name)), "url": f"/records/{entity.key}/merge",
        "crumbs": [{"label": reader.say(entity.plural), "url": urls.entity(entity.key)}],
        "notes": notes, "may": not found.refused, "keep": found.keep,
        "records": [_head(reader, entity, one, found) for one in found.records],
        "fields": [row for row in rows if row["differs"]], "alike": [row for row in rows if not row["differs"] and row["filled"]],
        "hangs": [
            {"label": reader.say(label), "counts": [counts.get(r.id, 0) for r in found.records], "total": sum(counts.values())}
            for label, counts in found.hangs
        ],
        "same": [{"label": reader.say(label), "kept": kept, "gone": gone} for label, kept, gone in found.same],
        "reason": request.form.get("reason", ""), "longest": LONGEST_REASON,
        "submit": str(_("合并为一条")), "back_url": urls.entity(entity.key), "confirm": _confirm(entity, found),
    }  # fmt: skip
    status = 422 if faults else 200
    return make_response(
        render_template("merge.html", page=model, shell=shell(reader), seen=None, locale=reader.locale), status
    )


def _refused(found: Preview) -> list[dict[str, Any]]:
    titles = {record.id: record.title for record in found.records}
    return [
        {"tone": "bad", "title": str(_("“%(name)s”不能合并", name=titles[one])), "said": say(why)}
        for one, why in found.refused.items()
    ]


def _head(reader: Reader, entity: Entity, record: Record, found: Preview) -> dict[str, Any]:
    ids = [one.id for one in found.records]
    number, made = record.values.get("number"), record.values.get("created_at")
    field = entity.fields.get("created_at")
    when = field.type.text(field, made, reader.place) if field is not None and made is not None else ""
    return {
        "id": record.id, "title": record.title, "url": urls.record(entity.key, record.id), "kept": record.id == found.keep,
        "keep_url": at(entity, ids, record.id), "number": str(number) if number and str(number) != record.title else "",
        "made": str(_("%(when)s 新建", when=when)) if when else "",
    }  # fmt: skip


def _row(reader: Reader, one: Choice, found: Preview, chosen: Mapping[str, int | str]) -> dict[str, Any]:
    """What looks alike (moments of the same minute) is no choice for anybody."""
    taken = chosen.get(one.field.key, one.taken)
    cells = [{"id": r.id, "cell": _cell(reader, one.field, r), "on": taken == r.id} for r in found.records]
    return {
        "key": one.field.key, "label": reader.say(one.field.label), "unites": one.unites, "both": taken == BOTH, "cells": cells,
        "differs": one.differs and (bool(one.field.rows) or any(c["cell"] != cells[0]["cell"] for c in cells)),
        "filled": any(c["cell"] is not EMPTY for c in cells),
    }  # fmt: skip


def _cell(reader: Reader, field: Field, record: Record) -> Cell:
    value = record.values.get(field.key)
    if field.rows:
        return ("text", str(_("%(n)s 行", n=len(value))), None) if value else EMPTY
    if value is None or value in ("", []):
        return EMPTY
    kind, text, extra = shown(record, field, value, reader.place)
    return ("text", text, None) if kind in WORDS else (kind, text, extra)


def _confirm(entity: Entity, found: Preview) -> str:
    """What is asked last: which record stays, and for how long it can be taken back."""
    settings = entity.features.get("merge") or {}
    title = next(record.title for record in found.records if record.id == found.keep)
    length = length_said(str(settings.get("undo") or WITHIN))
    return str(_(
        "合并为“%(title)s”？\n其余 %(n)s 条移到回收站，它们的下级记录都归到保留的一条。%(length)s内可以撤销。",
        title=title, n=len(found.records) - 1, length=length,
    ))  # fmt: skip
