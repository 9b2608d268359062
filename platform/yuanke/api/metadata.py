"""The running dialect, as its reader may know it: entities he may read, fields he may see, what he may change.

The one rule: what is hidden from the reader does not appear here either, not even by name.
"""

from __future__ import annotations

from typing import Any

from flask import Response

from yuanke.access.grants import grant
from yuanke.api import asked
from yuanke.api.answers import reply
from yuanke.api.resource import Resource, expose
from yuanke.expressions import Expression
from yuanke.kernel.errors import AccessDenied, RecordNotFound
from yuanke.kernel.text import Label, message
from yuanke.metadata.faults import Faults
from yuanke.metadata.node import Node
from yuanke.metadata.registry import Entity, Field
from yuanke.metadata.stack import lay
from yuanke.storage import definitions
from yuanke.web.language import locale
from yuanke.web.requests import Current, current

VERBS = ("read", "create", "update", "delete", "export", "import")


class MetadataApi(Resource):
    route_base = "/api/v1/metadata"

    @expose("", methods=("GET",))
    def list(self) -> Response:
        """Entities, modules and roles; ``digest`` changes whenever any definition does."""
        asked.only(())
        return reply(overview(current()))

    @expose("/<key:entity>", methods=("GET",))
    def get(self, entity: str) -> Response:
        """One entity with its fields; ``provenance=1`` (administrators) says for each field who set it, and where."""
        asked.only(("provenance",))
        held = current()
        found = held.unit.registry.entities.get(entity)
        if found is None or found.kind == "pair" or not _open(held, found):
            raise RecordNotFound(message("没有名为 {entity} 的数据", entity=entity))
        said = entity_json(held, found)
        if asked.choice("provenance", ("0", "1"), "0") == "1":
            said["provenance"] = _provenance(held, entity)
        return reply(said)


def overview(held: Current) -> dict[str, Any]:
    """What there is, for this reader."""
    registry = held.unit.registry
    entities = [
        _brief(held, entity) for entity in registry.entities.values() if entity.kind != "pair" and _open(held, entity)
    ]
    modules = [{"key": m.key, "label": _said(m.label), "version": m.version} for m in registry.modules.values()]
    roles = [{"key": key, "label": _said(label)} for key, label in registry.roles.items()]
    return {"digest": registry.digest, "result": entities, "modules": modules, "roles": roles}


def entity_json(held: Current, entity: Entity) -> dict[str, Any]:
    readable = grant(held.unit, held.actor, entity, "read").readable
    writable = grant(held.unit, held.actor, entity, "update").writable
    first = grant(held.unit, held.actor, entity, "create").writable
    fields = [
        field_json(field, key in writable, key in first)
        for key, field in entity.fields.items()
        if key in readable and not field.retired and key != "deleted_at"
    ]
    related = [
        {"name": inverse.name, "entity": inverse.entity, "field": inverse.field, "label": _said(inverse.label)}
        for inverse in entity.inverses.values()
        if _open(held, held.unit.registry.entities[inverse.entity])
    ]
    views = [{"name": view.name, "kind": view.kind, "label": _said(view.label)} for view in entity.views.values()]
    more = {
        "fields": fields,
        "related": related,
        "views": views,
        "number": entity.number.format if entity.number else None,
    }
    return {**_brief(held, entity), **more}


def field_json(field: Field, writable: bool, at_creation: bool) -> dict[str, Any]:
    """What a form needs to know of a field. ``writable`` and ``writable_new`` are the reader's rights."""
    said: dict[str, Any] = {
        "key": field.key, "type": field.type.name, "label": _said(field.label), "source": field.source,
        "required": field.required, "multiple": field.multiple, "custom": field.custom,
        "writable": writable and field.source == "typed" and field.editable is not False,
        "writable_new": at_creation and field.source == "typed" and field.editable is not False,
    }  # fmt: skip
    limits = {name: getattr(field, name) for name in ("length", "pattern", "scale", "min", "max")}
    said |= {name: _plain(value) for name, value in limits.items() if value is not None}
    if field.help:
        said["help"] = _said(field.help)
    if field.options is not None:
        said["options"] = [
            {"key": o.key, "label": _said(o.label), "color": o.color} for o in field.options.values() if not o.retired
        ]
    if field.targets:
        said["targets"] = list(field.targets)
    if field.rows:
        said["rows"] = field.rows
    if field.formula is not None:
        said["formula"] = field.formula.source
    if field.default is not None:
        said["default"] = _plain(field.default)
    return said


def _plain(value: Any) -> Any:
    return f"={value.source}" if isinstance(value, Expression) else value


def _brief(held: Current, entity: Entity) -> dict[str, Any]:
    verbs = [verb for verb in VERBS if grant(held.unit, held.actor, entity, verb).allowed]
    return {
        "key": entity.key, "label": _said(entity.label), "plural": _said(entity.plural), "icon": entity.icon,
        "module": entity.module, "kind": entity.kind, "title": entity.title, "may": verbs,
    }  # fmt: skip


def _open(held: Current, entity: Entity) -> bool:
    return grant(held.unit, held.actor, entity, "read").allowed


def _said(label: Label) -> str:
    return label.say(locale())


def _provenance(held: Current, entity: str) -> dict[str, Any]:
    """Path inside the entity -> who set it and where: ``fields.amount.label`` -> layer, file, line, column."""
    if not held.actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以查看定义的来源"))
    stack = lay(definitions.layers_of(held.unit, as_written=True), Faults())
    entities = stack.sections.get("entities")
    found = entities.get(entity) if entities is not None else None
    places: dict[str, Any] = {}
    if found is not None:
        _walk(found, (), places)
    return places


def _walk(node: Node, path: tuple[str, ...], places: dict[str, Any]) -> None:
    if node.is_map and len(path) < 4:
        for key, child in node.items():
            _walk(child, (*path, key), places)
        return
    said: dict[str, Any] = {
        "layer": node.layer,
        "file": node.span.file,
        "line": node.span.line,
        "column": node.span.column,
    }
    if node.hidden:
        said["hides"] = [{"layer": h.layer, "file": h.span.file, "line": h.span.line} for h in node.hidden]
    places[".".join(path)] = said
