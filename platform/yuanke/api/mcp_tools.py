"""What an assistant may do here, as tools of the Model Context Protocol: the doors of the REST API under other names.

The one rule: a tool has no rights of its own. It runs as the caller, through the same doors, and what a caller may not see
is not there for his assistant either. Definitions are planned, never applied: that is for a person who has read the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from yuanke.access.grants import grant
from yuanke.api import plans
from yuanke.api.answers import page_json, record_json
from yuanke.api.metadata import entity_json, overview
from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import message
from yuanke.metadata import Layer
from yuanke.records import Query
from yuanke.storage import definitions
from yuanke.storage.overlays import merged, overlay_of
from yuanke.storage.plan import plan
from yuanke.web.requests import Current

Json = dict[str, Any]
_ENTITY = {"type": "string", "description": "Key of an entity, as describe tells them"}
_ID = {"type": "integer", "minimum": 1, "description": "Id of the record"}
_VALUES = {
    "type": "object",
    "description": "Field keys with values: choices by key, links by id or title, money as text, times RFC 3339",
}


@dataclass(frozen=True)
class Tool:
    """``run`` answers plain JSON; ``writes``: it needs a unit that writes."""

    name: str
    said: str
    properties: Mapping[str, Json]
    run: Callable[[Current, Mapping[str, Any]], Any]
    required: tuple[str, ...] = ()
    writes: bool = False

    @property
    def schema(self) -> Json:
        made: Json = {"type": "object", "properties": dict(self.properties), "additionalProperties": False}
        return {**made, "required": list(self.required)} if self.required else made


def _describe(held: Current, given: Mapping[str, Any]) -> Any:
    key = given.get("entity")
    if key is None:
        return overview(held)
    found = held.unit.registry.entities.get(key)
    if found is None or found.kind == "pair" or not grant(held.unit, held.actor, found, "read").allowed:
        raise RecordNotFound(message("没有名为 {entity} 的数据", entity=key))
    return entity_json(held, found)


def _query(held: Current, given: Mapping[str, Any]) -> Any:
    asked = Query(
        filter=given.get("filter"),
        q=given.get("q"),
        sort=tuple(given.get("sort", ())),
        fields=tuple(given["fields"]) if "fields" in given else None,
        limit=given.get("limit", 20),
        after=given.get("after"),
    )
    return page_json(held.records.list(given["entity"], asked))


def _get(held: Current, given: Mapping[str, Any]) -> Any:
    return record_json(held.records.get(given["entity"], given["id"]))


def _create(held: Current, given: Mapping[str, Any]) -> Any:
    return record_json(held.records.create(given["entity"], given["values"]))


def _update(held: Current, given: Mapping[str, Any]) -> Any:
    return record_json(held.records.update(given["entity"], given["id"], given["values"], given.get("version")))


def _plan(held: Current, given: Mapping[str, Any]) -> Any:
    plans.admin()
    own = Layer.from_plain(definitions.OWN, "enterprise", merged(overlay_of(held.unit), given["overlay"]))
    made = plan(held.unit, definitions.replaced(definitions.layers_of(held.unit), own))
    return plans.plan_json(made)


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("describe", "Lists the entities you may read, or with `entity` tells its fields, types, options, relations and rights.", {"entity": _ENTITY}, _describe),
        Tool(
            "query", "Records of an entity. `filter` is an expression such as: amount > 100 and stage == won and contains(name, \"abc\").",
            {
                "entity": _ENTITY, "filter": {"type": "string", "maxLength": 4000}, "q": {"type": "string", "maxLength": 200, "description": "Full-text search"},
                "sort": {"type": "array", "items": {"type": "string"}, "description": "Field keys, - before for descending"},
                "fields": {"type": "array", "items": {"type": "string"}}, "limit": {"type": "integer", "minimum": 1, "maximum": 200}, "after": {"type": "string"},
            }, _query, ("entity",),
        ),
        Tool("get", "One record with all fields you may read.", {"entity": _ENTITY, "id": _ID}, _get, ("entity", "id")),
        Tool("create", "Makes a record; rules, numbers and formulas are applied.", {"entity": _ENTITY, "values": _VALUES}, _create, ("entity", "values"), writes=True),
        Tool(
            "update", "Changes fields of a record; with `version` only if nobody changed it since.",
            {"entity": _ENTITY, "id": _ID, "values": _VALUES, "version": {"type": "integer", "minimum": 1}}, _update, ("entity", "id", "values"), writes=True,
        ),
        Tool(
            "plan_customization", "For administrators: what a change of the definitions would do (columns, rights, rows touched, where used). Nothing is applied.",
            {"overlay": {"type": "object", "description": "The change in the dialect, e.g. {entities: {member: {fields: {mood: {type: text, label: Mood}}}}}"}}, _plan, ("overlay",),
        ),
    )
}  # fmt: skip
