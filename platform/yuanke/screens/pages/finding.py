"""Global search and the look-ups of forms."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, make_response, render_template, request
from markupsafe import Markup, escape

from yuanke.kernel.errors import QueryFault
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Condition, LinkValue, Query, Record
from yuanke.records.filters import filter_expression
from yuanke.records.finding import lookup
from yuanke.records.selection import Selection
from yuanke.screens import urls
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.shell import shell
from yuanke.screens.spec import asked_of_form, extras

MOST = 24
MOST_A_GROUP = 6
MOST_CHOICES = 20


def search_page(reader: Reader) -> Response:
    q = request.args.get("q", "")[:100].strip()
    groups = _groups(reader, q) if q else []
    if wants_part():
        return make_response(render_template("_search_results.html", q=q, groups=groups))
    return make_response(
        render_template("search.html", q=q, groups=groups, shell=shell(reader), seen=None, locale=reader.locale)
    )


def _groups(reader: Reader, q: str) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for hit in reader.records.search(q, MOST):
        entity = reader.registry.entities[hit.entity]
        if entity.kind == "record" and not entity.system:
            sub = hit.snippet if hit.field != entity.title else ""
            found.setdefault(hit.entity, []).append(
                {"title": marked(hit.title, q), "sub": sub, "url": urls.record(hit.entity, hit.id)}
            )
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
    return Markup("{}<mark>{}</mark>{}").format(title[:at], title[at:end], title[end:])


def lookup_json(reader: Reader, entity: Entity) -> Response:
    """``?q=&for=order.guest&member=5``: records to choose from; ``extra`` holds what the asking form's defaults read."""
    field, asking = _asking(reader, request.args.get("for", ""))
    q = request.args.get("q", "")[:100]
    selection = Selection(reader.unit, reader.actor, entity)
    condition = _narrowed(reader, selection, field) if field is not None and selection.grant.allowed else None
    found = lookup(reader.unit, reader.actor, entity, q, MOST_CHOICES, condition)
    wanted = extras(asking, field.key) if field is not None and asking is not None else []
    more = _more(reader, entity, [one.id for one in found if one.id is not None], wanted)
    return jsonify(result=[{"id": one.id, "title": one.title, **more.get(one.id or 0, {})} for one in found])


def item_of(reader: Reader, entity: Entity, one: LinkValue, asking: str) -> dict[str, Any]:
    """One record as `lookup_json` gives it to the field ``asking`` (``order.guest``)."""
    field, of = _asking(reader, asking)
    wanted = extras(of, field.key) if field is not None and of is not None else []
    return {"id": one.id, "title": one.title, **_more(reader, entity, [one.id or 0], wanted).get(one.id or 0, {})}


def _asking(reader: Reader, said: str) -> tuple[Field | None, Entity | None]:
    key, _dot, name = said.partition(".")
    entity = reader.registry.entities.get(key)
    field = entity.fields.get(name) if entity is not None else None
    return field, entity if field is not None else None


def _narrowed(reader: Reader, selection: Selection, field: Field) -> Any:
    """The filter of the link with what the form holds now in place of ``this.member``; nothing while that is empty."""
    if field.filter is None:
        return None
    source = field.filter.source
    for whole, name in asked_of_form(field):
        said = request.args.get(name, "")
        if not said.isdigit() and not (said.isidentifier() and said.isascii()):
            return None
        source = source.replace(whole, said if said.isdigit() else f"'{said}'")
    try:
        return filter_expression(selection, source)
    except QueryFault:
        return None  # what cannot be asked yet is checked when the record is saved


def _more(reader: Reader, entity: Entity, ids: list[int], wanted: list[str]) -> dict[int, dict[str, Any]]:
    """``sub`` (number, phone or the like, to tell namesakes apart) and ``extra`` of all, in one query."""
    readable = reader.records.grant(entity.key).readable
    told = _telling(entity, readable)
    extra = [k for k in wanted if k in readable and k in entity.fields]
    if not ids or not (told or extra):
        return {}
    query = Query(
        conditions=(Condition("id", "in", ids),),
        fields=tuple(dict.fromkeys([*told, *extra])),
        limit=len(ids),
        count="none",
    )
    found = {}
    for record in reader.records.list(entity.key, query).records:
        sub = " · ".join(text for text in (_said(reader, entity, record, key) for key in told) if text)
        values = {
            k: entity.fields[k].type.form_text(entity.fields[k], record.values.get(k), reader.place)
            for k in extra
            if record.values.get(k) is not None
        }
        found[record.id] = {"sub": sub, **({"extra": values} if extra else {})}
    return found


def _telling(entity: Entity, readable: frozenset[str]) -> list[str]:
    """At most two short columns of the list that are not the title."""
    view = entity.views.get("list")
    keys = [
        k
        for k in (view.body.get("columns", ()) if view else ())
        if k in readable and k in entity.fields and k != entity.title
    ]
    fit = [
        k
        for k in keys
        if k == "number"
        or entity.fields[k].type.name in ("phone", "text")
        or (entity.fields[k].targets and not entity.fields[k].pairs)
    ]
    return [k for k in fit if k != "owner"][:2]


def _said(reader: Reader, entity: Entity, record: Record, key: str) -> str:
    value, field = record.values.get(key), entity.fields[key]
    if isinstance(value, LinkValue):
        return value.title or ""
    return field.type.text(field, value, reader.place) if value is not None else ""
