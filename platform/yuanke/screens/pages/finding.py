"""Global search and the look-ups of forms."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, make_response, render_template, request
from markupsafe import Markup, escape

from yuanke.kernel.errors import QueryFault
from yuanke.metadata.registry import Entity, Field
from yuanke.records import LinkValue
from yuanke.records.filters import filter_expression
from yuanke.records.finding import lookup
from yuanke.records.selection import Selection
from yuanke.screens import urls
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.shell import shell
from yuanke.screens.spec import extras

MOST = 24
MOST_A_GROUP = 6
MOST_CHOICES = 20


def search_page(reader: Reader) -> Response:
    q = request.args.get("q", "")[:100].strip()
    groups = _groups(reader, q) if q else []
    if wants_part():
        return make_response(render_template("_search_results.html", q=q, groups=groups))
    return make_response(render_template("search.html", q=q, groups=groups, shell=shell(reader), seen=None, locale=reader.locale))


def _groups(reader: Reader, q: str) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for hit in reader.records.search(q, MOST):
        entity = reader.registry.entities[hit.entity]
        if entity.kind == "record" and not entity.system:
            sub = hit.snippet if hit.field != entity.title else ""
            found.setdefault(hit.entity, []).append({"title": marked(hit.title, q), "sub": sub, "url": urls.record(hit.entity, hit.id)})
    return [
        {"label": reader.say(reader.registry.entities[key].plural), "icon": reader.registry.entities[key].icon,
         "all_url": urls.entity(key, q=q), "items": items[:MOST_A_GROUP]}
        for key, items in found.items()
    ]  # fmt: skip


def marked(title: str, q: str) -> Markup:
    at = title.lower().find(q.lower())
    if at < 0:
        return escape(title)
    end = at + len(q)
    return Markup("{}<mark>{}</mark>{}").format(title[:at], title[at:end], title[end:])  # noqa: S704 - format escapes


def lookup_json(reader: Reader, entity: Entity) -> Response:
    """``?q=&for=order.contact&customer=5``: records to choose from; ``extra`` holds what the asking form's defaults read."""
    field, asking = _asking(reader, request.args.get("for", ""))
    q = request.args.get("q", "")[:100]
    selection = Selection(reader.unit, reader.actor, entity)
    condition = _narrowed(reader, selection, field) if field is not None and selection.grant.allowed else None
    found = lookup(reader.unit, reader.actor, entity, q, MOST_CHOICES, condition)
    wanted = [k for k in extras(asking, field.key) if k in entity.fields] if field is not None and asking is not None else []
    answer = jsonify(result=[{"id": one.id, "title": one.title, "sub": "", **_extra(reader, entity, one, wanted)} for one in found])
    return answer


def _asking(reader: Reader, said: str) -> tuple[Field | None, Entity | None]:
    key, _dot, name = said.partition(".")
    entity = reader.registry.entities.get(key)
    field = entity.fields.get(name) if entity is not None else None
    return field, entity if field is not None else None


def _narrowed(reader: Reader, selection: Selection, field: Field) -> Any:
    """The filter of the link with what the form holds now in place of ``this.customer``."""
    if field.filter is None:
        return None
    source = field.filter.source
    for path in sorted(field.filter.reads, key=len, reverse=True):
        if len(path) == 2 and path[0] in ("this", "record", "row"):
            value = request.args.get(path[1], "")
            source = source.replace(".".join(path), value if value.isdigit() else "null")
    try:
        return filter_expression(selection, source)
    except QueryFault:
        return None  # what cannot be asked yet is checked when the record is saved


def _extra(reader: Reader, entity: Entity, one: LinkValue, wanted: list[str]) -> dict[str, Any]:
    if not wanted or one.id is None:
        return {}
    readable = reader.records.grant(entity.key).readable
    record = reader.records.get(entity.key, one.id, [k for k in wanted if k in readable])
    return {"extra": {k: entity.fields[k].type.form_text(entity.fields[k], v, reader.place) for k, v in record.values.items()}}


