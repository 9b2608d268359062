"""The page of one record: what it says, what hangs on it, what happened to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.access.login import own_password
from yuanke.kernel.errors import AccessDenied, RecordNotFound
from yuanke.kernel.text import Label
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Query, Record
from yuanke.screens import approving, favourites, urls
from yuanke.screens.cells import cell, colour
from yuanke.screens.columns import listed, styles
from yuanke.screens.form_start import Values
from yuanke.screens.neighbours import neighbours
from yuanke.screens.pages.acts import buttons
from yuanke.screens.pages.inline import field_shown
from yuanke.screens.pages.record_actions import first, may_update, more
from yuanke.screens.pages.timeline import may_say, say, timeline
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.shell import shell
from yuanke.workflow.documents import chain, offered

MOST_FIGURES = 4
MOST_FACTS = 4
MOST_ACTIONS = 2
RELATED = 10


def record_page(reader: Reader, entity: Entity, record: Record) -> Response:
    moves, actions = buttons(reader, entity, record)
    approval = approving.panel(reader, entity, record)
    model = {
        "entity": {"key": entity.key, "label": reader.say(entity.label), "icon": entity.icon},
        "id": record.id, "title": record.title,
        "crumbs": [{"label": reader.say(entity.plural), "url": urls.entity(entity.key)}, {"label": str(record.values.get("number") or record.title), "url": None}],
        "tag": _tag(reader, entity, record), "star": _star(reader, entity, record), "facts": _facts(reader, entity, record), "labels": [],
        **neighbours(reader, entity, record.id),
        "actions": [*first(reader, entity, record), *actions[:MOST_ACTIONS]], "create": _create(reader, entity, record), "more": [*actions[MOST_ACTIONS:], *more(reader, entity, record)],
        "notes": _notes(reader, entity, record), "figures": _figures(reader, entity, record), "flow": _flow(reader, entity, record, moves), "chain": _chain(reader, entity, record),
        "sections": _sections(reader, entity, record),
        **_related(reader, entity, record),
        "timeline": timeline(reader, entity, record), "approval": approval, "phone_bar": approval["mine"][1::-1] if approval else [],
    }  # fmt: skip
    seen = {"title": record.title, "kind": reader.say(entity.label)}
    context = {
        "record": model,
        "shell": shell(reader),
        "seen": seen,
        "ctx": {"cell": False, "locale": reader.locale},
        "locale": reader.locale,
    }
    return make_response(render_template("record.html", **context))


def _star(reader: Reader, entity: Entity, record: Record) -> dict[str, Any] | None:
    of = reader.registry.entities.get(favourites.FAVOURITES)
    if of is None or not reader.may(of, "create"):
        return None
    return {"on": favourites.is_kept(reader, entity, record.id), "url": f"{urls.record(entity.key, record.id)}/star"}


def _tag(reader: Reader, entity: Entity, record: Record) -> tuple[str, str] | None:
    field = _state_field(entity)
    option = (field.options or {}).get(str(record.values.get(field.key))) if field is not None else None
    return (reader.say(option.label), colour(option)) if option is not None else None


def _state_field(entity: Entity) -> Field | None:
    """The state of the workflow, else the first choice among the list's columns."""
    if entity.workflow is not None and entity.workflow.get("field") in entity.fields:
        return entity.fields[entity.workflow["field"]]
    view = entity.views.get("list")
    for key in view.body.get("columns", ()) if view else ():
        field = entity.fields.get(key)
        if field is not None and field.options is not None and not field.multiple:
            return field
    return None


def _facts(reader: Reader, entity: Entity, record: Record) -> list[Any]:
    """Number, owner and the first links of the list view."""
    view = entity.views.get("list")
    keys = dict.fromkeys(["number", *(view.body.get("columns", ()) if view else ()), "owner"])
    state = _state_field(entity)
    found: list[Any] = []
    for key in keys:
        field, value = entity.fields.get(key), record.values.get(key)
        if field is None or value is None or key == entity.title or field is state or field.type.numeric:
            continue
        found.append(cell(record, field, reader.place))
    return found[:MOST_FACTS]


def _figures(reader: Reader, entity: Entity, record: Record) -> list[dict[str, Any]]:
    """Money and computed numbers, in the order of declaration."""
    found: list[dict[str, Any]] = []
    for field in entity.fields.values():
        value = record.values.get(field.key)
        if (
            field.retired
            or field.source not in ("stored", "rollup", "computed")
            or not field.type.numeric
            or value is None
        ):
            continue
        text = field.type.text(field, value, reader.place)
        found.append({"label": reader.say(field.label), "value": text, "note": None, "tone": ""})
    return found[:MOST_FIGURES]


def _flow(reader: Reader, entity: Entity, record: Record, moves: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The states of a workflow with the one the record is in, and the moves that may be made now."""
    if entity.workflow is None:
        return None
    field = entity.fields.get(entity.workflow.get("field", ""))
    if field is None or not field.options or field.key not in record.values:
        return None
    keys = [k for k, o in field.options.items() if not o.retired]
    now = record.values[field.key]
    at = keys.index(now) if now in keys else -1
    steps = [
        {"label": reader.say(field.options[k].label), "note": None, "tone": "",
         "state": "now" if i == at else "done" if i < at and not field.options[k].values.get("closed") else ""}
        for i, k in enumerate(keys)
    ]  # fmt: skip
    picture = urls.with_query(f"/records/{entity.key}/flow", {"id": record.id})
    return {"label": reader.say(field.label), "steps": steps, "moves": moves, "why": None, "picture": picture}


def _chain(reader: Reader, entity: Entity, record: Record) -> list[list[dict[str, Any]]]:
    """Documents that hang together, level by level; nothing when the record stands alone."""
    stops = chain(reader.unit, reader.actor, entity, record.id)
    levels: dict[int, list[dict[str, Any]]] = {}
    for stop in stops if len(stops) > 1 else ():
        field = stop.entity.fields.get((stop.entity.workflow or {}).get("field", ""))
        option = (field.options or {}).get(stop.state or "") if field is not None else None
        levels.setdefault(stop.level, []).append(
            {
                "label": reader.say(stop.entity.label), "icon": stop.entity.icon, "title": stop.title, "now": stop.level == 0,
                "url": urls.record(stop.entity.key, stop.id),
                "state": (reader.say(option.label), colour(option)) if option is not None else None,
            }
        )  # fmt: skip
    return [levels[level] for level in sorted(levels)]


def _notes(reader: Reader, entity: Entity, record: Record) -> list[dict[str, Any]]:
    if "merged" in request.args:
        said = str(_("你打开的那条已合并到这里"))
        return [{"tone": "info", "title": said, "said": ""}]
    if entity.key == "user" and reader.actor.is_admin and own_password(reader.unit, record.id) is None:
        return [{"tone": "", "title": str(_("还没有密码，不能登录")), "said": str(_("在“更多操作”里设置密码"))}]
    return []


def _create(reader: Reader, entity: Entity, record: Record) -> list[dict[str, Any]]:
    """New records that hang on this one."""
    found: list[dict[str, Any]] = [
        {"label": reader.say(one.label), "icon": one.entity.icon, "method": "get",
         "url": urls.with_query(urls.new(one.entity.key), {"becomes": f"{entity.key}.{record.id}.{one.key}"})}
        for one in offered(reader.unit, reader.actor, entity, record.id)
    ]  # fmt: skip
    for inverse in entity.inverses.values():
        other = reader.registry.entities[inverse.entity]
        if other.kind == "record" and not other.system and not inverse.through_pairs and reader.may(other, "create"):
            found.append(
                {
                    "label": reader.say(other.label),
                    "icon": other.icon,
                    "url": urls.new(other.key, **{inverse.field: record.id}),
                    "method": "get",
                }
            )
    return found[:8]


def _sections(reader: Reader, entity: Entity, record: Record) -> list[dict[str, Any]]:
    view = entity.views.get("form")
    editable = may_update(reader, entity, record)
    values = Values(reader, entity, record.values)
    made = []
    for section in view.body.get("sections", ()) if view else ():
        fields = [
            field_shown(reader, entity, entity.fields[key], record, editable)
            for row in section["rows"] for key in row if key in record.values and _worth(entity.fields[key], record, values)
        ]  # fmt: skip
        if fields:
            label = section["label"]
            title = reader.say(label) if isinstance(label, Label) else str(label)
            made.append({"title": title, "note": None, "columns": 2, "fields": fields})
    return made


def _worth(field: Field, record: Record, values: Values) -> bool:
    """Owned rows have a list of their own; what the form would not ask for is shown only where it holds something."""
    if field.rows:
        return False
    return field.visible_when is None or record.values.get(field.key) is not None or values.holds(field.visible_when)


# -- related lists ------------------------------------------------------------------------------------------------


def _related(reader: Reader, entity: Entity, record: Record) -> dict[str, Any]:
    """Owned rows first, then what links here; the others are only counted."""
    names = related_names(reader, entity, record)
    tabs = [
        {
            "key": name,
            "label": label,
            "count": None,
            "url": f"{urls.record(entity.key, record.id)}/related/{name}",
            "on": at == 0,
        }
        for at, (name, label) in enumerate(names)
    ]
    now = related_model(reader, entity, record.id, names[0][0]) if names else None
    for tab in tabs:
        tab["count"] = (
            now.pop("count")
            if tab["on"] and now is not None
            else _related_count(reader, entity, record, str(tab["key"]))
        )
    return {"related": tabs, "related_now": now}


def _related_count(reader: Reader, entity: Entity, record: Record, name: str) -> str:
    rows = record.values.get(name)
    if isinstance(rows, list):
        return f"{len(rows):,}"
    page = reader.records.related(entity.key, record.id, name, Query(fields=("id",), limit=1))
    return f"{page.count or 0:,}{'+' if page.count_capped else ''}"


def related_names(reader: Reader, entity: Entity, record: Record) -> list[tuple[str, str]]:
    found = [
        (key, reader.say(field.label))
        for key, field in entity.fields.items()
        if field.rows and not field.retired and key in record.values
    ]
    for inverse in entity.inverses.values():
        other = reader.registry.entities[inverse.entity]
        if other.kind == "record" and not other.system and reader.may(other, "read"):
            found.append((inverse.name, reader.say(other.plural)))
    return found


def related_model(reader: Reader, entity: Entity, record_id: int, name: str) -> dict[str, Any]:
    """One related list, its first ten records. Raises RecordNotFound for a name there is not."""
    of, field = _target(reader, entity, name)
    fields = [f for f in listed(reader, of, _columns(of)) if f.key != field]
    query = Query(fields=tuple(f.key for f in fields), limit=RELATED, sort=("position",) if of.kind == "rows" else ())
    try:
        page = reader.records.related(entity.key, record_id, name, query)
    except AccessDenied as denied:
        raise RecordNotFound() from denied
    rows = [
        {"url": None if of.kind == "rows" else urls.record(of.key, r.id), "cells": [cell(r, f, reader.place) for f in fields]}
        for r in page.records
    ]  # fmt: skip
    if of.kind == "rows":
        rows = [{**row, "cells": [_untitled(c) for c in row["cells"] or ()]} for row in rows]
    count = None if page.count is None else f"{page.count:,}{'+' if page.count_capped else ''}"
    create = None
    if of.kind == "record" and field and reader.may(of, "create"):
        create = {
            "label": str(_("新建%(name)s", name=reader.say(of.label))),
            "icon": "plus",
            "url": urls.new(of.key, **{field: record_id}),
            "method": "get",
        }
    everything = (
        urls.entity(of.key, **{f"f.{field}": record_id}) if of.kind == "record" and field and page.next else None
    )
    empty = {"icon": of.icon, "title": str(_("还没有%(name)s", name=reader.say(of.plural))), "said": None}
    return {
        "columns": [{"label": reader.say(f.label), "css": css} for f, css in zip(fields, styles(of, fields), strict=True)],
        "rows": rows, "foot": None, "all_url": everything, "all_label": str(_("全部 %(n)s 条", n=count)), "create": create,
        "empty": None if rows else empty, "count": count,
    }  # fmt: skip


def _untitled(shown: Any) -> Any:
    return ("text", shown[1], None) if shown[0] == "title" else shown


def _target(reader: Reader, entity: Entity, name: str) -> tuple[Entity, str | None]:
    field, inverse = entity.fields.get(name), entity.inverses.get(name)
    if inverse is not None:
        return reader.registry.entities[inverse.entity], None if inverse.through_pairs else inverse.field
    if field is not None and field.rows:
        rows = reader.registry.entities[field.rows]
        return rows, rows.parent_link
    raise RecordNotFound()


def _columns(entity: Entity) -> list[str]:
    if entity.kind == "rows":
        return [
            k
            for k, f in entity.fields.items()
            if not f.retired and f.source not in ("system",) and k != entity.parent_link
        ][:8]
    view = entity.views.get("list")
    return list(view.body.get("columns", ()))[:6] if view else []


def related_part(reader: Reader, entity: Entity, record_id: int, name: str) -> Response:
    model = related_model(reader, entity, record_id, name)
    return make_response(render_template("_related.html", related=model, ctx={"cell": False, "locale": reader.locale}))


def history_part(reader: Reader, entity: Entity, record_id: int) -> Response:
    """GET ``before``, ``until``: older entries than those that stand on the page."""
    before, until = request.args.get("before", ""), request.args.get("until", "")
    record = reader.records.get(entity.key, record_id, fields=())
    try:
        moment = datetime.fromisoformat(until) if until else None
    except ValueError:
        moment = None
    model = timeline(
        reader,
        entity,
        record,
        int(before) if before.isdigit() else None,
        moment if moment is None or moment.tzinfo else None,
    )
    return make_response(
        render_template("_timeline_items.html", timeline=model, ctx={"cell": False, "locale": reader.locale})
    )


def say_part(reader: Reader, entity: Entity, record_id: int) -> Response:
    """POST ``text``: a comment; answers the timeline, or leads back to the record without htmx."""
    record = reader.records.get(entity.key, record_id, fields=())
    text = request.form.get("text", "")
    if not may_say(reader, entity):
        raise RecordNotFound()
    if text.strip():
        say(reader, entity, record, text)
    if not wants_part():
        return redirect(urls.record(entity.key, record_id), 303)  # type: ignore[return-value]
    return make_response(
        render_template(
            "_timeline.html", timeline=timeline(reader, entity, record), ctx={"cell": False, "locale": reader.locale}
        )
    )
