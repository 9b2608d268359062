"""The picture of a workflow: on a record with the state it is in, and for whoever sets it up."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request
from flask_babel import gettext as _

from yuanke.kernel.errors import AccessDenied, RecordNotFound
from yuanke.metadata.registry import Entity
from yuanke.screens.cells import colour
from yuanke.screens.reader import Reader
from yuanke.web.language import enumerated
from yuanke.workflow import Act, acts
from yuanke.workflow.acts import state_field
from yuanke.workflow.picture import HEIGHT, WIDTH, picture


def flow_part(reader: Reader, entity: Entity) -> Response:
    """GET, ``id`` of the record whose state is shown."""
    given, field, drawn = reader.records.grant(entity.key), state_field(entity), picture(entity)
    if not given.allowed:
        raise AccessDenied(given.reason)
    if drawn is None or field is None or field.key not in given.readable:
        raise RecordNotFound()
    now = _state(reader, entity, field.key)
    states = [
        {"label": reader.say(s.option.label), "colour": colour(s.option), "x": s.x, "y": s.y, "w": WIDTH, "h": HEIGHT,
         "now": s.key == now, "end": s.end}
        for s in drawn.states
    ]  # fmt: skip
    moves = [
        {"label": "/".join(reader.say(one) for one in m.label)[:18], "path": m.path, "x": m.x, "y": m.y, "back": m.back, "asks": m.asks}
        for m in drawn.moves
    ]  # fmt: skip
    listed = [_listed(reader, entity, one) for one in acts(entity).values() if one.is_transition]
    title = str(_("%(name)s的流程", name=reader.say(entity.label)))
    model: dict[str, Any] = {
        "title": title, "said": None, "width": drawn.width, "height": drawn.height, "states": states, "moves": moves,
        "listed": listed, "text": enumerated(f"{one['label']} {one['way']}" for one in listed),
    }  # fmt: skip
    return make_response(render_template("_flow_picture.html", flow=model))


def _state(reader: Reader, entity: Entity, key: str) -> str | None:
    asked = request.args.get("id", "")
    if not asked.isdigit() or len(asked) > 18:
        return None
    value = reader.records.get(entity.key, int(asked), (key,)).values.get(key)
    return str(value) if value is not None else None


def _listed(reader: Reader, entity: Entity, one: Act) -> dict[str, Any]:
    """One move in words, for readers who do not see the picture."""
    field = state_field(entity)
    options = (field.options if field is not None else None) or {}
    sources = [reader.say(o.label) for k, o in options.items() if one.sources is None or k in one.sources]
    targets = [
        reader.say(options[k].label) for k in ([one.to or ""] if one.to in options else one.targets) if k in options
    ]
    to = enumerated(targets) if targets else str(_("上一个状态"))
    source = str(_("任何状态")) if one.sources is None else enumerated(sources)
    return {
        "label": reader.say(one.label),
        "way": f"{source} → {to}",
        "note": str(_("需要审批")) if one.said.get("approval") else None,
    }
