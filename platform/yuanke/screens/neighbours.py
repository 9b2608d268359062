"""The record before and the one after, in the list one came from.

The one rule: they are what that list shows this reader; a list that cannot be asked again has no neighbours.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import request
from werkzeug.datastructures import MultiDict

from yuanke.kernel.errors import Refusal
from yuanke.metadata.registry import Entity
from yuanke.records import Page, Query
from yuanke.screens import urls
from yuanke.screens.asked import Asked
from yuanke.screens.reader import Reader

NONE = {"prev_url": None, "next_url": None}


def neighbours(reader: Reader, entity: Entity, record_id: int) -> dict[str, Any]:
    """``prev_url`` and ``next_url``; the list goes along as ``in``, so that one can walk on."""
    asked = _came_from(entity)
    try:
        query = replace(asked.query(reader, ()), fields=("id",), count="none")
        ids = _ids(reader, entity, query)
    except Refusal:
        return NONE
    page, found = ids
    if record_id not in found:
        return NONE
    at = found.index(record_id)
    before = (found[at - 1], asked) if at else _last_before(reader, entity, asked, query)
    after = (found[at + 1], asked) if at + 1 < len(found) else _first_after(reader, entity, asked, query, page)
    return {"prev_url": _url(entity, before), "next_url": _url(entity, after)}


def _came_from(entity: Entity) -> Asked:
    said = request.args.get("in")
    if said is None:
        where = urlsplit(request.referrer or "")
        said = where.query if where.path == urls.entity(entity.key) else ""
    pairs = [(k, v) for k, values in parse_qs(said).items() for v in values]
    return Asked(entity, MultiDict(pairs))


def _ids(reader: Reader, entity: Entity, query: Query) -> tuple[Page, list[int]]:
    page = reader.records.list(entity.key, query)
    return page, [record.id for record in page.records]


def _first_after(reader: Reader, entity: Entity, asked: Asked, query: Query, page: Page) -> tuple[int, Asked] | None:
    """Over the edge of the page to the next one."""
    if page.next is None:
        return None
    trail = "~".join([*asked.trail, *([query.after] if query.after else [])][-20:])
    _page, found = _ids(reader, entity, replace(query, after=page.next, limit=1))
    there: MultiDict[str, str] = MultiDict({**asked.args.to_dict(flat=False), "after": [page.next], "trail": [trail]})
    return (found[0], Asked(entity, there)) if found else None


def _last_before(reader: Reader, entity: Entity, asked: Asked, query: Query) -> tuple[int, Asked] | None:
    if query.after is None:
        return None
    trail = asked.trail
    cursor = trail[-1] if trail else None
    _page, found = _ids(reader, entity, replace(query, after=cursor))
    there: MultiDict[str, str] = MultiDict(
        {k: v for k, v in asked.args.to_dict(flat=False).items() if k not in ("after", "trail")}
    )
    if cursor:
        there.setlist("after", [cursor])
        there.setlist("trail", ["~".join(trail[:-1])])
    return (found[-1], Asked(entity, there)) if found else None


def _url(entity: Entity, one: tuple[int, Asked] | None) -> str | None:
    if one is None:
        return None
    record_id, asked = one
    query = urls.with_query("", {k: asked.args.getlist(k) for k in asked.args if k not in ("at", "with")}).removeprefix(
        "?"
    )
    return (
        f"{urls.record(entity.key, record_id)}?{urls.with_query('', {'in': query}).removeprefix('?')}"
        if query
        else f"{urls.record(entity.key, record_id)}?in="
    )
