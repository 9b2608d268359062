"""Kanban: the records of a list in columns by a choice, moved by drag or from a menu.

The one rule: a move is a transition where the column is a state, else an update of one field; who may not do it cannot
move the card.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

from flask import Response, make_response, render_template, request

from yuanke.fieldtypes import Place
from yuanke.kernel import clock
from yuanke.kernel.errors import RecordNotFound, Refusal
from yuanke.metadata.registry import Entity, Field, Option
from yuanke.records import Condition, LinkValue, Record
from yuanke.screens import urls
from yuanke.screens.asked import Asked, asked, came_from
from yuanke.screens.assets import tint
from yuanke.screens.cells import cell, colour
from yuanke.screens.pages.acts import move_to
from yuanke.screens.pages.list_frame import head
from yuanke.screens.reader import Reader
from yuanke.screens.shell import shell
from yuanke.web.language import say, told
from yuanke.web.requests import give_up
from yuanke.workflow.offers import acts_for

CARDS = 30


def board_page(reader: Reader, entity: Entity) -> Response:
    ask, by = asked(entity), _by(entity)
    more = request.args.get("column")
    if more is not None and more in (by.options or {}):
        return _cards_part(reader, entity, ask, by, more)
    model = {
        **head(reader, entity, ask, "kanban"), "move_url": f"/records/{entity.key}/move", "may_move": may_move(reader, entity, by),
        "columns": _columns(reader, entity, ask, by, cards=True),
    }  # fmt: skip
    context = {
        "list": model,
        "shell": shell(reader),
        "seen": None,
        "ctx": {"cell": False, "locale": reader.locale},
        "locale": reader.locale,
    }
    return make_response(render_template("kanban.html", **context))


def move(reader: Reader, entity: Entity) -> Response:
    """POST id, version, to; answers the heads, or one plain sentence and the card goes back."""
    by, to, record_id = _by(entity), request.form.get("to", ""), request.form.get("id", "")
    if not record_id.isdigit() or to not in (by.options or {}):
        raise RecordNotFound()
    version = request.form.get("version", "")
    stands = int(version) if version.isdigit() else None
    try:
        record = _moved(reader, entity, by, int(record_id), to, stands)
    except Refusal as refusal:
        give_up()
        return Response(sentence(refusal), refusal.status, mimetype="text/plain")
    if isinstance(record, str):  # the move asks something: the card goes back and the dialog opens
        return Response("", 200, headers={"HX-Trigger": json.dumps({"yk-ask": {"id": record_id, "url": record}})})
    came = came_from(entity)
    response = make_response(
        render_template("_board_heads.html", list={"columns": _columns(reader, entity, came, by, cards=False)})
    )
    response.headers["HX-Trigger"] = json.dumps({"yk-card": {"id": str(record.id), "version": record.version}})
    return response


def _moved(reader: Reader, entity: Entity, by: Field, record_id: int, to: str, version: int | None) -> Record | str:
    """A state is moved by its transitions, any other choice by an update."""
    if entity.workflow is not None and entity.workflow.get("field") == by.key:
        return move_to(reader, entity, record_id, to, version)
    return reader.records.update(entity.key, record_id, {by.key: to}, version)


def sentence(refusal: Refusal) -> str:
    """A refusal for people who dragged something: all its faults in one line."""
    errors = getattr(refusal, "errors", None)
    return told(m for said in errors.values() for m in said) if errors else say(refusal.said)


def _by(entity: Entity) -> Field:
    view = entity.views.get("kanban")
    field = entity.fields.get(str(view.body.get("by", ""))) if view else None
    if field is None or field.options is None:
        raise RecordNotFound()
    return field


def may_move(reader: Reader, entity: Entity, by: Field) -> bool:
    if entity.workflow is not None and entity.workflow.get("field") == by.key:
        return any(one.kind == "transition" for one in acts_for(reader.unit, reader.actor, entity))
    given = reader.records.grant(entity.key, "update")
    return given.allowed and by.key in given.writable


def _columns(reader: Reader, entity: Entity, ask: Asked, by: Field, cards: bool) -> list[dict[str, Any]]:
    total = entity.views["kanban"].body.get("total")
    total = total if total in reader.records.grant(entity.key).readable else None
    groups = {g.key: g for g in reader.records.group(entity.key, by.key, total, ask.query(reader, []))}
    found = []
    for key, option in (by.options or {}).items():
        group = groups.get(key)
        if option.retired and group is None:
            continue
        found.append(_column(reader, entity, ask, by, key, option, group, total, cards))
    return found


def _column(
    reader: Reader,
    entity: Entity,
    ask: Asked,
    by: Field,
    key: str,
    option: Option,
    group: Any,
    total: str | None,
    cards: bool,
) -> dict[str, Any]:
    count = group.records if group else 0
    summed = None
    if total and group and group.total is not None:
        summed = entity.fields[total].type.text(entity.fields[total], group.total, reader.place)
    made: dict[str, Any] = {"key": key, "label": reader.say(option.label), "colour": colour(option), "count": f"{count:,}", "sum": summed,
            "closed": bool(option.values.get("closed")), "cards": [], "more_url": None}  # fmt: skip
    if cards and count:
        made.update(_cards(reader, entity, ask, by, key))
    return made


def _cards(reader: Reader, entity: Entity, ask: Asked, by: Field, key: str) -> dict[str, Any]:
    fields = _card_fields(reader, entity)
    asking = ask.query(reader, fields, "none")
    after = request.args.get("after") if request.args.get("column") == key else None
    query = replace(asking, conditions=(*asking.conditions, Condition(by.key, "eq", key)), limit=CARDS, after=after)
    page = reader.records.list(entity.key, query)
    more = ask.url(column=key, after=page.next) if page.next else None
    return {"cards": [_card(reader.place, entity, record, fields) for record in page.records], "more_url": more}


def _cards_part(reader: Reader, entity: Entity, ask: Asked, by: Field, key: str) -> Response:
    column = _cards(reader, entity, ask, by, key)
    model = {"may_move": may_move(reader, entity, by)}
    return make_response(render_template("_board_cards.html", column=column, list=model))


def _card_fields(reader: Reader, entity: Entity) -> list[Field]:
    readable = reader.records.grant(entity.key).readable
    view = entity.views["kanban"]
    keys = dict.fromkeys([entity.title, *view.body.get("card", ()), view.body.get("total"), "owner"])
    return [entity.fields[k] for k in keys if k in readable and k in entity.fields]


def _card(place: Place, entity: Entity, record: Record, fields: list[Field]) -> dict[str, Any]:
    shown = {f.key: cell(record, f, place) for f in fields}
    owner = record.values.get("owner")
    figure = next((c[1] for k, c in shown.items() if c[0] == "num"), None)
    tag = next(((c[1], c[2]) for k, c in shown.items() if c[0] == "tag"), None)
    due_field = next((f for f in fields if f.type.name == "date" and record.values.get(f.key)), None)
    aside = (entity.title, "owner", due_field.key if due_field else "")
    lines = [c[1] for k, c in shown.items() if k not in aside and c[0] in ("text", "link", "href") and c[1]]
    return {
        "id": record.id, "version": record.version, "url": urls.record(entity.key, record.id), "title": record.title, "tag": tag,
        "lines": [" · ".join(lines)] if lines else [], "figure": figure,
        "due": _due(place, record.values[due_field.key]) if due_field else None,
        "owner": {"name": owner.title, "tint": tint(owner.id)} if isinstance(owner, LinkValue) and owner.title else None,
    }  # fmt: skip


def _due(place: Place, day: date) -> tuple[str, str, str]:
    """``12-16``, with the year when it is another one; past days are late, today is now."""
    today = clock.today(place.timezone)
    text = f"{day:%m-%d}" if day.year == today.year else f"{day:%Y-%m-%d}"
    return "due", text, "late" if day < today else "now" if day == today else ""
