"""查重: groups of likely duplicates of one entity, each with the way to merge it or to say that they are different.

The one rule: a group shows only what its reader may read; names that are nearly the same are found by a job, not here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke import jobs
from yuanke.kernel.errors import RecordNotFound
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Condition, Query
from yuanke.records.chosen import offered, rows_of
from yuanke.records.duplicates.groups import MOST, Group, duplicate_groups, last_search
from yuanke.records.duplicates.kept import normal_fields
from yuanke.records.duplicates.likeness import KIND, keep_apart, similar_fields
from yuanke.screens import urls
from yuanke.screens.asking import ids_of
from yuanke.screens.cells import cell
from yuanke.screens.columns import listed, styles
from yuanke.screens.pages.jobs import progress_of
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.shell import shell
from yuanke.screens.undoable import may_do
from yuanke.web.language import enumerated

A_PAGE = 20
MOST_COLUMNS = 6


def at(entity: Entity, **query: Any) -> str:
    return urls.with_query(f"/records/{entity.key}/duplicates", query)


def offers(reader: Reader, entity: Entity) -> bool:
    """Whether the page is there for this reader: the entity says what is a duplicate, and he may do something about it."""
    looked = any(rule.match or rule.similar for rule in entity.duplicates)
    return looked and (may_do(reader, entity, "merge") or reader.may(entity, "update"))


def show(reader: Reader, entity: Entity) -> Response:
    """GET ``at``: from which group on; ``job``: the search that runs."""
    if not offers(reader, entity):
        raise RecordNotFound()
    progress = _progress(reader, entity)
    if wants_part() and "job" in request.args:
        if progress is None:
            return Response("", 200, headers={"HX-Redirect": at(entity)})
        return make_response(render_template("_import_progress.html", progress=progress))
    first = next(iter(ids_of([request.args.get("at", "")])), 0)
    every = duplicate_groups(reader.unit, reader.actor, entity)
    shown = every[first : first + A_PAGE]
    name, merges = reader.say(entity.plural), may_do(reader, entity, "merge")
    model = {
        "title": str(_("%(name)s查重", name=name)), "crumbs": [{"label": name, "url": urls.entity(entity.key)}],
        "count": f"{len(every)}{'+' if len(every) >= MOST else ''}" if every else None,
        "search": _search(reader, entity) if merges and _similar(reader, entity) else None, "progress": progress,
        **_groups(reader, entity, shown, merges), "merge_url": f"/records/{entity.key}/merge" if merges else None,
        "apart_url": f"/records/{entity.key}/duplicates/apart" if merges else None,
        "prev_url": at(entity, at=max(0, first - A_PAGE) or None) if first else None,
        "next_url": at(entity, at=first + A_PAGE) if len(every) > first + A_PAGE else None,
    }  # fmt: skip
    return make_response(
        render_template("duplicates.html", page=model, shell=shell(reader), seen=None, locale=reader.locale)
    )


def _similar(reader: Reader, entity: Entity) -> bool:
    return bool(similar_fields(entity, normal_fields(reader.registry, entity)))


def _search(reader: Reader, entity: Entity) -> dict[str, str]:
    """The button that looks for names that are nearly the same, and when that was done last."""
    found = last_search(reader.unit, entity)
    when = found.astimezone(ZoneInfo(reader.place.timezone)) if found is not None else None
    said = str(_("名称相近的上次查找于 %(when)s", when=f"{when:%Y-%m-%d %H:%M}")) if when else ""
    return {"url": f"/records/{entity.key}/duplicates/search", "said": said}


def _groups(reader: Reader, entity: Entity, groups: Sequence[Group], merges: bool) -> dict[str, Any]:
    fields = _columns(reader, entity, groups)
    ids = [one for group in groups for one in group.ids]
    query = Query(
        conditions=(Condition("id", "in", ids),),
        fields=tuple(f.key for f in fields),
        limit=max(1, len(ids)),
        count="none",
    )
    records = {r.id: r for r in reader.records.list(entity.key, query).records} if ids else {}
    made = []
    for group in groups:
        rows = [
            {"id": one, "title": title, "cells": [cell(records[one], f, reader.place) for f in fields]}
            for one, title in zip(group.ids, group.titles, strict=True) if one in records
        ]  # fmt: skip
        made.append({"why": _why(reader, group), "alike": group.score is not None, "rows": rows})
    columns = [
        {"label": reader.say(f.label), "css": css} for f, css in zip(fields, styles(entity, fields), strict=True)
    ]
    return {"groups": made, "columns": columns}


def _columns(reader: Reader, entity: Entity, groups: Sequence[Group]) -> list[Field]:
    """Number and title, what is the same in one of the groups, the first columns of the list, whose it is."""
    view = entity.views.get("list")
    compared = [field.key for group in groups for field in group.why]
    first = dict.fromkeys(["number", entity.title, *compared])
    rest = [key for key in (view.body.get("columns", ()) if view else ()) if key not in first and key != "owner"]
    return listed(reader, entity, [*first, *rest[: max(0, MOST_COLUMNS - len(first) - 1)], "owner"])


def _why(reader: Reader, group: Group) -> str:
    names = enumerated(reader.say(field.label) for field in group.why)
    if group.score is None:
        return str(_("%(fields)s相同", fields=names))
    return str(_("%(fields)s相似 %(n)s%%", fields=names, n=group.score))


def _progress(reader: Reader, entity: Entity) -> Mapping[str, Any] | None:
    """The search of ``?job=`` while it runs; a faulty one says so."""
    job_id = next(iter(ids_of([request.args.get("job", "")])), None)
    if job_id is None:
        return None
    job = jobs.find(reader.unit, reader.actor, job_id)
    if job.kind != KIND or job.arguments.get("entity") != entity.key:
        raise RecordNotFound()
    if job.state == "done":
        return None
    return {
        **progress_of(reader, job, at(entity, job=job_id)),
        "leave": {"label": str(_("回到列表")), "url": urls.entity(entity.key)},
    }


def search(reader: Reader, entity: Entity) -> Response:
    """POST: names that are nearly the same are looked for by a job."""
    offered(reader.unit, reader.actor, entity, "merge")
    job = jobs.enqueue(reader.unit, reader.speaking, KIND, {"entity": entity.key}, dedupe=f"{KIND}:{entity.key}")
    return redirect(at(entity, job=job), 303)  # type: ignore[return-value]


def apart(reader: Reader, entity: Entity) -> Response:
    """POST ``id`` repeated: these are different things and are proposed no more."""
    offered(reader.unit, reader.actor, entity, "merge")
    ids = ids_of(request.form.getlist("id"))
    rows_of(reader.unit, reader.actor, entity, ids, "merge")
    keep_apart(reader.unit, entity, ids, reader.actor.user_id)
    flash(str(_("已记下，不再提示这 %(n)s 条重复", n=len(ids))), "success")
    return redirect(at(entity), 303)  # type: ignore[return-value]
