"""Paths and schemas of the description: generic operations, spelled out for each entity the caller may use."""

from __future__ import annotations

from typing import Any

from yuanke.access.grants import Grant, grant
from yuanke.api.schemas import FIXED, field_schema, written_schema
from yuanke.metadata.registry import Entity
from yuanke.web.requests import Current

Json = dict[str, Any]
REFUSALS = {
    "400": "The request or its query string cannot be understood",
    "401": "Nobody is logged in",
    "403": "Not allowed",
    "404": "Absent, or not for this caller",
    "409": "Stands in the way, or changed meanwhile",
    "412": "If-Match no longer holds",
    "413": "Too large",
    "415": "Not JSON",
    "422": "Wrong values, told by field",
    "429": "Too many requests",
    "503": "Busy; try again after Retry-After",
}


def description(held: Current, locale: str) -> Json:
    """The whole document."""
    schemas: Json = dict(FIXED)
    paths: Json = dict(fixed_paths())
    for entity in held.unit.registry.entities.values():
        if entity.kind == "record":
            _add(held, entity, locale, paths, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": held.enterprise.label, "version": held.unit.registry.digest[-12:] or "0"},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "responses": {code: _refusal(said) for code, said in REFUSALS.items()},
            "parameters": PARAMETERS,
        },
    }


def _refusal(said: str) -> Json:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": said, "content": {"application/problem+json": {"schema": schema}}}


def _add(held: Current, entity: Entity, locale: str, paths: Json, schemas: Json) -> None:
    grants = {verb: grant(held.unit, held.actor, entity, verb) for verb in ("read", "create", "update", "delete")}
    if not any(given.allowed for given in grants.values()):
        return
    schemas[entity.key] = _read_schema(held, entity, grants["read"], locale)
    schemas[f"{entity.key}.new"] = _write_schema(held, entity, grants["create"], locale, True)
    schemas[f"{entity.key}.change"] = _write_schema(held, entity, grants["update"], locale, False)
    at = f"/api/v1/records/{entity.key}"
    whole, one = _collection(entity, grants, locale), _single(entity, grants, locale)
    for path, item in ((at, whole), (f"{at}/{{id}}", one), *_beside(at, entity, grants, locale)):
        if any(method in item for method in ("get", "post", "patch", "delete")):
            paths[path] = item


def _collection(entity: Entity, grants: dict[str, Grant], locale: str) -> Json:
    item: Json = {}
    if grants["read"].allowed:
        item["get"] = operation(f"list {entity.key}", entity, locale, page(entity.key), parameters=LIST_PARAMETERS)
    if grants["create"].allowed:
        item["post"] = operation(
            f"create {entity.key}", entity, locale, ref(entity.key), body=f"{entity.key}.new", status="201", key=True
        )
    return item


def _single(entity: Entity, grants: dict[str, Grant], locale: str) -> Json:
    item: Json = {"parameters": [parameter("id")]}
    if grants["read"].allowed:
        item["get"] = operation(f"get {entity.key}", entity, locale, ref(entity.key), parameters=("fields", "related"))
    if grants["update"].allowed:
        change = f"{entity.key}.change"
        item["patch"] = operation(
            f"change {entity.key}", entity, locale, ref(entity.key), body=change, parameters=("if_match",)
        )
    if grants["delete"].allowed:
        item["delete"] = operation(
            f"bin {entity.key}", entity, locale, None, status="204", parameters=("version", "if_match")
        )
    return item


def _beside(at: str, entity: Entity, grants: dict[str, Grant], locale: str) -> list[tuple[str, Json]]:
    one = {"parameters": [parameter("id")]}
    found: list[tuple[str, Json]] = []
    if grants["read"].allowed:
        look = operation(f"look up {entity.key}", entity, locale, many("Link"), parameters=("q", "filter", "few"))
        past = operation(
            f"history of {entity.key}", entity, locale, many("HistoryEntry"), parameters=("limit", "before")
        )
        found += [(f"{at}/lookup", {"get": look}), (f"{at}/{{id}}/history", {**one, "get": past})]
    if grants["delete"].allowed:
        back = operation(f"restore {entity.key}", entity, locale, ref(entity.key), key=True)
        found.append((f"{at}/{{id}}/restore", {**one, "post": back}))
    if grants["create"].allowed or grants["update"].allowed:
        some = operation(f"batch {entity.key}", entity, locale, many("Outcome"), body="Batch", key=True)
        found.append((f"{at}/batch", {"post": some}))
    return found


def operation(
    name: str,
    entity: Entity | None,
    locale: str,
    answer: Json | None,
    *,
    body: str = "",
    status: str = "200",
    parameters: tuple[str, ...] = (),
    key: bool = False,
    tag: str = "",
) -> Json:
    said: Json = {"description": "Done"}
    if answer is not None:
        said["content"] = {"application/json": {"schema": answer}}
    made: Json = {
        "operationId": name.replace(" ", "_"),
        "summary": name,
        "tags": [entity.label.say(locale) if entity else tag],
        "responses": {status: said, **{code: {"$ref": f"#/components/responses/{code}"} for code in REFUSALS}},
    }
    named = (*parameters, "key") if key else parameters
    if named:
        made["parameters"] = [parameter(one) for one in named]
    if body:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": ref(body)}}}
    return made


def _read_schema(held: Current, entity: Entity, given: Grant, locale: str) -> Json:
    properties: Json = {"id": {"type": "integer"}, "version": {"type": "integer"}}
    for key, field in entity.fields.items():
        if key in given.readable and not field.retired and key not in ("id", "version", "deleted_at"):
            properties[key] = field_schema(held, field, locale)
    return {
        "type": "object",
        "title": entity.label.say(locale),
        "properties": properties,
        "required": ["id", "version"],
    }


def _write_schema(held: Current, entity: Entity, given: Grant, locale: str, new: bool) -> Json:
    properties: Json = {} if new else {"version": {"type": "integer", "minimum": 1}}
    for key, field in entity.fields.items():
        open_ = field.editable is not False and (new or field.editable != "new")
        if key in given.writable and field.source == "typed" and open_ and not field.retired:
            properties[key] = written_schema(held, field, locale)
    for key in ("owner",):
        if key in given.writable and key in entity.fields:
            properties[key] = written_schema(held, entity.fields[key], locale)
    return {
        "type": "object",
        "title": entity.label.say(locale),
        "properties": properties,
        "additionalProperties": False,
    }


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def many(name: str) -> Json:
    return {"type": "object", "properties": {"result": {"type": "array", "items": ref(name)}}, "required": ["result"]}


def page(name: str) -> Json:
    more = {
        "next": {"type": ["string", "null"]},
        "count": {"type": ["integer", "null"]},
        "count_capped": {"type": "boolean"},
    }
    listed = {"result": {"type": "array", "items": ref(name)}}
    return {"type": "object", "properties": {**listed, **more}, "required": ["result", "next"]}


def parameter(name: str) -> Json:
    return {"$ref": f"#/components/parameters/{name}"}


LIST_PARAMETERS = ("filter", "q", "sort", "fields", "view", "limit", "after", "count")


def _in(where: str, name: str, schema: Json, said: str) -> Json:
    return {"name": name, "in": where, "required": where == "path", "schema": schema, "description": said}


_TEXT = {"type": "string", "maxLength": 200}
PARAMETERS: Json = {
    "id": _in("path", "id", {"type": "integer", "minimum": 1}, "Id of the record"),
    "filter": _in(
        "query", "filter", {"type": "string", "maxLength": 4000}, "An expression of the dialect, such as amount > 100"
    ),
    "q": _in("query", "q", _TEXT, "Text to search for; initials work too"),
    "sort": _in("query", "sort", _TEXT, "Field names, commas between, - before for descending"),
    "fields": _in("query", "fields", {"type": "string", "maxLength": 2000}, "Field names, commas between"),
    "view": _in("query", "view", _TEXT, "Name of a filter that the list declares"),
    "related": _in(
        "query",
        "related",
        {"type": "string", "maxLength": 2000},
        "What hangs on the record, as `_related` of the answer: names, commas between, `:20` behind for so many",
    ),
    "limit": _in(
        "query", "limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}, "Records on a page"
    ),
    "few": _in("query", "limit", {"type": "integer", "minimum": 1, "maximum": 50, "default": 10}, "Suggestions"),
    "after": _in("query", "after", {"type": "string", "maxLength": 4000}, "`next` of the page before"),
    "count": _in("query", "count", {"enum": ["exact", "capped", "none"], "default": "capped"}, "How to count"),
    "before": _in("query", "before", {"type": "integer", "minimum": 1}, "Id of the last entry of the page before"),
    "version": _in("query", "version", {"type": "integer", "minimum": 1}, "The version that must still stand"),
    "if_match": _in("header", "If-Match", _TEXT, "The ETag that must still hold"),
    "key": _in("header", "Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 200}, "Kept 48 hours"),
}


def fixed_paths() -> Json:
    """What there is beside the records."""
    hit = many("SearchHit")
    return {
        "/api/v1/me": {"get": operation("me", None, "", ref("Me"), tag="me")},
        "/api/v1/search": {"get": operation("search", None, "", hit, parameters=("q", "few"), tag="search")},
        "/api/v1/metadata": {"get": operation("metadata", None, "", {"type": "object"}, tag="metadata")},
        "/api/v1/jobs": {"get": operation("jobs", None, "", many("Job"), parameters=("few",), tag="jobs")},
        "/api/v1/jobs/{id}": {
            "parameters": [parameter("id")],
            "get": operation("job", None, "", ref("Job"), tag="jobs"),
        },
    }
