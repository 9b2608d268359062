"""The description of everything beside the records: who I am, search, metadata, files, imports, exports, jobs."""

from __future__ import annotations

from typing import Any

from yuanke.access.grants import grant
from yuanke.api.operations import Json, many, operation, parameter, ref
from yuanke.web.requests import Current

_OBJECT: Json = {"type": "object"}


def beside_records(held: Current) -> Json:
    """Paths, for the caller's own rights."""
    paths: Json = {
        "/api/v1/me": {"get": _operation("me", ref("Me"))},
        "/api/v1/search": {"get": _operation("search", many("SearchHit"), parameters=("q", "few"))},
        "/api/v1/metadata": {"get": _operation("metadata", _OBJECT)},
        "/api/v1/metadata/{entity}": {
            "parameters": [_named(_open_for(held, "read"))],
            "get": _operation("metadata of", _OBJECT),
        },
        "/api/v1/files": {"post": _upload(_operation("upload", ref("File"), status="201", key=True))},
        "/api/v1/files/{id}": {"parameters": [parameter("id")], "get": _download()},
        "/api/v1/jobs": {"get": _operation("jobs", many("Job"), parameters=("few",))},
        "/api/v1/jobs/{id}": {"parameters": [parameter("id")], "get": _operation("job", ref("Job"))},
        "/api/v1/jobs/{id}/cancel": {
            "parameters": [parameter("id")],
            "post": _operation("cancel job", ref("Job"), key=True),
        },
    }
    for verb, name in (("import", "imports"), ("export", "exports")):
        keys = _open_for(held, verb)
        if keys:
            begun = _operation(verb, ref("Job"), status="202", key=True, body=verb.capitalize())
            paths[f"/api/v1/{name}/{{entity}}"] = {"parameters": [_named(keys)], "post": begun}
    if held.actor.is_admin:
        at = "/api/v1/security/keys"
        paths[at] = {"post": _operation("new key", ref("NewKeyMade"), status="201", body="NewKey")}
        revoke = operation("revoke key", None, "", None, tag="key", status="204")
        paths[f"{at}/{{id}}"] = {"parameters": [parameter("id")], "delete": revoke}
        at = "/api/v1/customizations"
        paths[at] = {"get": _operation("customizations", _OBJECT)}
        paths[f"{at}/plan"] = {"post": _operation("plan customizations", _OBJECT, body="Overlay")}
        paths[f"{at}/apply"] = {"post": _operation("apply customizations", _OBJECT, body="Overlay", key=True)}
    return paths


def _operation(name: str, answer: Json, **more: Any) -> Json:
    return operation(name, None, "", answer, tag=name.split()[-1], **more)


def _open_for(held: Current, verb: str) -> list[str]:
    entities = held.unit.registry.entities.values()
    return [e.key for e in entities if e.kind == "record" and grant(held.unit, held.actor, e, verb).allowed]


def _named(keys: list[str]) -> Json:
    return {"name": "entity", "in": "path", "required": True, "schema": {"enum": keys}}


def _upload(made: Json) -> Json:
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    schema = {"type": "object", "properties": {"file": file}, "required": ["file"]}
    return {**made, "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def _download() -> Json:
    made = _operation("download", _OBJECT)
    made["responses"]["200"] = {"description": "The content", "content": {"*/*": {"schema": {"type": "string"}}}}
    return made
