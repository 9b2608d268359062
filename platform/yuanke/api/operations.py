"""The parts of which the description is made: operations, parameters, answers, refusals."""

from __future__ import annotations

from typing import Any

from yuanke.metadata.registry import Entity

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


def refusal(said: str) -> Json:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": said, "content": {"application/problem+json": {"schema": schema}}}


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
    "box": _in("query", "box", {"enum": ["todo", "done", "mine", "cc"], "default": "todo"}, "Which box"),
    "papers": _in("query", "entity", _TEXT, "Only papers of this kind"),
    "counted": _in("query", "count", {"enum": ["capped", "none"], "default": "capped"}, "How to count"),
    "before": _in("query", "before", {"type": "integer", "minimum": 1}, "Id of the last entry of the page before"),
    "job_state": _in(
        "query", "state", {"enum": ["queued", "running", "done", "failed", "cancelled"]}, "Only these jobs"
    ),
    "run_state": _in("query", "state", {"enum": ["done", "skipped", "failed", "stopped"]}, "Only these runs"),
    "version": _in("query", "version", {"type": "integer", "minimum": 1}, "The version that must still stand"),
    "if_match": _in("header", "If-Match", _TEXT, "The ETag that must still hold"),
    "merge": _in("query", "merge", {"enum": ["0", "1"], "default": "0"}, "1: the body is laid over what stands"),
    "digest": _in("query", "digest", _TEXT, "The digest of the plan that was looked at"),
    "reason": _in("query", "reason", {"type": "string", "maxLength": 1000}, "Why, for those who look back"),
    "seen": _in("query", "version", {"type": "integer", "minimum": 1}, "The version the plan was made on"),
    "key": _in("header", "Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 200}, "Kept 48 hours"),
}
