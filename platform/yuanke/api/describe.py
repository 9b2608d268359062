"""Paths and schemas of the description: generic operations, spelled out for each entity the caller may use."""

from __future__ import annotations

from yuanke.access.grants import Grant, grant
from yuanke.api.contracts import contract
from yuanke.api.describe_handing import handing
from yuanke.api.describe_others import beside_records
from yuanke.api.members import Value
from yuanke.api.operations import (
    LIST_PARAMETERS,
    PARAMETERS,
    REFUSALS,
    Json,
    many,
    operation,
    page,
    parameter,
    ref,
    refusal,
)
from yuanke.api.schemas import FIXED
from yuanke.metadata.registry import Entity
from yuanke.web.requests import Current
from yuanke.workflow.offers import acts_for


def description(held: Current, locale: str) -> Json:
    """The whole document."""
    schemas: Json = dict(FIXED)
    paths: Json = beside_records(held)
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
            "responses": {code: refusal(said) for code, said in REFUSALS.items()},
            "parameters": PARAMETERS,
        },
    }


def _add(held: Current, entity: Entity, locale: str, paths: Json, schemas: Json) -> None:
    grants = {verb: grant(held.unit, held.actor, entity, verb) for verb in ("read", "create", "update", "delete")}
    if not any(given.allowed for given in grants.values()):
        return
    for verb, name in (("read", entity.key), ("create", f"{entity.key}.new"), ("update", f"{entity.key}.change")):
        schemas[name] = contract(held.unit, held.actor, entity, verb).described(locale)
    at = f"/api/v1/records/{entity.key}"
    whole, one = _collection(entity, grants, locale), _single(entity, grants, locale)
    for path, item in ((at, whole), (f"{at}/{{id}}", one), *_beside(held, at, entity, grants, locale)):
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


def _acts(held: Current, at: str, entity: Entity, locale: str) -> list[tuple[str, Json]]:
    """Transitions and actions that the caller may take on some record, each with what it asks."""
    found: list[tuple[str, Json]] = []
    for offer in acts_for(held.unit, held.actor, entity):
        name = f"{offer.key} {entity.key}"
        asks = {key: Value(field, sent=True).described(locale) for key, field in offer.ask.items()}
        known = {"version": {"type": "integer"}, "confirm": {"type": "array", "items": {"type": "string"}}}
        made = operation(name, entity, locale, ref(entity.key), key=True)
        body = {
            "type": "object",
            "properties": {**known, **asks, "reason": {"type": "string"}},
            "additionalProperties": False,
        }
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
        place = "transitions" if offer.kind == "transition" else "actions"
        found.append((f"{at}/{{id}}/{place}/{offer.key}", {"parameters": [parameter("id")], "post": made}))
    return found


def _documents(held: Current, at: str, entity: Entity, locale: str) -> list[tuple[str, Json]]:
    """The next documents that the caller may make of some record."""
    found: list[tuple[str, Json]] = []
    for key, said in (entity.more.get("becomes") or {}).items():
        target = held.unit.registry.entities[str(said.get("entity") or key)]
        if not grant(held.unit, held.actor, target, "create").allowed:
            continue
        listed: Json = {"type": "object", "properties": {"result": {"type": "array", "items": {"type": "object"}}}}
        draft = operation(f"draft {key} of {entity.key}", entity, locale, listed)
        made = operation(f"{entity.key} becomes {key}", entity, locale, listed, status="201", key=True)
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
        found.append((f"{at}/{{id}}/becomes/{key}", {"parameters": [parameter("id")], "get": draft, "post": made}))
    return found


def _readable(held: Current, entity: str) -> bool:
    return grant(held.unit, held.actor, held.unit.registry.entities[entity], "read").allowed


def _beside(held: Current, at: str, entity: Entity, grants: dict[str, Grant], locale: str) -> list[tuple[str, Json]]:
    given = grants["read"]
    one = {"parameters": [parameter("id")]}
    found: list[tuple[str, Json]] = []
    if grants["read"].allowed:
        look = operation(f"look up {entity.key}", entity, locale, many("Link"), parameters=("q", "filter", "few"))
        past = operation(
            f"history of {entity.key}", entity, locale, many("HistoryEntry"), parameters=("limit", "before")
        )
        found += [(f"{at}/lookup", {"get": look}), (f"{at}/{{id}}/history", {**one, "get": past})]
        names = [name for name, inverse in entity.inverses.items() if _readable(held, inverse.entity)]
        names += [key for key, field in entity.fields.items() if (field.rows or field.pairs) and key in given.readable]
        if names:
            named = {"name": "name", "in": "path", "required": True, "schema": {"enum": names}}
            listed = {"type": "object", "properties": {"result": {"type": "array", "items": {"type": "object"}}}}
            more = operation(f"related to {entity.key}", entity, locale, listed, parameters=LIST_PARAMETERS)
            found.append((f"{at}/{{id}}/related/{{name}}", {"parameters": [parameter("id"), named], "get": more}))
    found += _acts(held, at, entity, locale)
    found += _documents(held, at, entity, locale)
    found += handing(held, at, entity, locale)
    if grants["delete"].allowed:
        back = operation(f"restore {entity.key}", entity, locale, ref(entity.key), key=True)
        found.append((f"{at}/{{id}}/restore", {**one, "post": back}))
    if grants["create"].allowed or grants["update"].allowed:
        some = operation(f"batch {entity.key}", entity, locale, many("Outcome"), body="Batch", key=True)
        found.append((f"{at}/batch", {"post": some}))
    return found
