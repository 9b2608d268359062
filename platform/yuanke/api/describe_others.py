"""The description of everything beside the records: who I am, search, metadata, files, imports, exports, jobs."""

from __future__ import annotations

from typing import Any

from yuanke.access.grants import grant
from yuanke.api.operations import Json, many, operation, page, parameter, ref, refusal
from yuanke.metadata.approvals import approvable
from yuanke.web.requests import Current
from yuanke.workflow.automations.declared import every_automation

_OBJECT: Json = {"type": "object"}


def beside_records(held: Current) -> Json:
    """Paths, for the caller's own rights."""
    paths: Json = {
        "/api/v1/me": {"get": _operation("me", ref("Me"))},
        "/api/v1/messages/unread": {"get": _operation("unread", ref("Unread"))},
        "/api/v1/messages/read-all": {"post": _operation("read all messages", ref("ReadAll"), key=True)},
        "/api/v1/messages/{id}/read": {
            "parameters": [parameter("id")],
            "post": operation("read message", None, "", None, tag="message", status="204", key=True),
        },
        "/api/v1/settings": {"get": _operation("settings", _OBJECT), "patch": _changed_settings()},
        "/api/v1/search": {"get": _operation("search", many("SearchHit"), parameters=("q", "few"))},
        "/api/v1/mcp": {"post": _protocol()},
        "/api/v1/metadata": {"get": _operation("metadata", _OBJECT)},
        "/api/v1/metadata/{entity}": {
            "parameters": [_named(_open_for(held, "read"))],
            "get": _operation("metadata of", _OBJECT),
        },
        "/api/v1/files": {"post": _upload(_operation("upload", ref("File"), status="201", key=True))},
        "/api/v1/files/{id}": {"parameters": [parameter("id")], "get": _download()},
        "/api/v1/jobs": {"get": _operation("jobs", many("Job"), parameters=("few", "before", "job_state"))},
        "/api/v1/jobs/{id}": {"parameters": [parameter("id")], "get": _operation("job", ref("Job"))},
        "/api/v1/jobs/{id}/cancel": {
            "parameters": [parameter("id")],
            "post": _operation("cancel job", ref("Job"), key=True),
        },
        "/api/v1/jobs/{id}/retry": {
            "parameters": [parameter("id")],
            "post": _operation("retry job", ref("Job"), key=True),
        },
    }
    paths |= _approvals(held)
    for verb, name in (("import", "imports"), ("export", "exports")):
        keys = _open_for(held, verb)
        if keys:
            begun = _operation(verb, ref("Job"), status="202", key=True, body=verb.capitalize())
            paths[f"/api/v1/{name}/{{entity}}"] = {"parameters": [_named(keys)], "post": begun}
    if held.actor.is_admin:
        paths |= _automations(held)
        at = "/api/v1/security/keys"
        paths[at] = {"post": _operation("new key", ref("NewKeyMade"), status="201", body="NewKey")}
        revoke = operation("revoke key", None, "", None, tag="key", status="204")
        paths[f"{at}/{{id}}"] = {"parameters": [parameter("id")], "delete": revoke}
        paths |= _customizations()
    return paths


def _protocol() -> Json:
    """A message that the protocol cannot read is refused in the protocol's own words."""
    made = _operation("model context protocol", _OBJECT, body="Message")
    told: Json = {"description": "Not a message of the protocol", "content": {"application/json": {"schema": _OBJECT}}}
    made["responses"]["400"] = {**told, "content": {**told["content"], **refusal("")["content"]}}
    return made


def _changed_settings() -> Json:
    made = _operation("change settings", _OBJECT)
    made["requestBody"] = {"required": True, "content": {"application/json": {"schema": _OBJECT}}}
    return made


#: verbs of an approval and the body of each
_VERBS = {
    "approve": "Approve", "reject": "Reject", "return": "Return", "reassign": "Reassign", "add_signer": "AddSigner",
    "withdraw": "Noted", "remind": "Noted", "cc": "Copy",
}  # fmt: skip


def _approvals(held: Current) -> Json:
    """The boxes of the caller and what he does with them."""
    at, one = "/api/v1/approvals", {"parameters": [parameter("id")]}
    paths: Json = {
        at: {"get": _operation("approvals", page("ApprovalItem"), parameters=("box", "papers", "q", "limit", "after", "counted"))},
        f"{at}/batch": {"post": _operation("several approvals", ref("ApprovalOutcomes"), body="Together", key=True)},
        f"{at}/{{id}}": {**one, "get": _operation("approval", ref("Approval"))},
    }  # fmt: skip
    for verb, body in _VERBS.items():
        done = _operation(f"{verb} approval", ref("Approval"), body=body, key=True)
        paths[f"{at}/{{id}}/{verb}"] = {**one, "post": done}
    keys = [e.key for e in held.unit.registry.entities.values() if approvable(e)]
    readable = [key for key in keys if key in _open_for(held, "read")]
    of = {"parameters": [_named(readable or _open_for(held, "read")), parameter("id")]}
    paths[f"{at}/of/{{entity}}/{{id}}"] = {**of, "get": _operation("approvals of record", many("Approval"))}
    again = _operation("renew approval", ref("Approval"), body="Noted", key=True)
    paths[f"{at}/of/{{entity}}/{{id}}/renew"] = {**of, "post": again}
    return paths


def _automations(held: Current) -> Json:
    """What switches and watches automations; calls of other systems carry no log-in but show a secret."""
    known = list(every_automation(held.unit.registry))
    call = _operation("call hook", _OBJECT, status="202")
    call |= {"security": [], "requestBody": {"required": True, "content": {"application/json": {"schema": _OBJECT}}}}
    address = {"name": "address", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 200}}
    paths: Json = {
        "/api/v1/automations": {"get": _operation("automations", many("Automation"))},
        "/api/v1/hooks/{address}": {"parameters": [address], "post": call},
    }
    named = [_one_of("entity", [one.entity.key for one in known]), _one_of("name", [one.key for one in known])]
    at = "/api/v1/automations/{entity}/{name}"
    secret = {"type": "object", "properties": {"secret": {"type": "string"}, "url": {"type": "string"}}}
    done = {
        at: {"get": _operation("automation", ref("Automation"))},
        f"{at}/runs": {"get": _operation("runs of automation", many("AutomationRun"), parameters=("limit", "before", "run_state"))},
        f"{at}/pause": {"post": _operation("pause automation", ref("Automation"), key=True)},
        f"{at}/resume": {"post": _operation("resume automation", ref("Automation"), key=True)},
        f"{at}/dry-run": {"post": _operation("dry run of automation", ref("Rehearsal"), body="DryRun")},
        f"{at}/secret": {"post": _operation("secret of automation", secret, status="201")},
    }  # fmt: skip
    return paths | {path: {"parameters": named, **item} for path, item in done.items()}


def _one_of(name: str, keys: list[str]) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"enum": list(dict.fromkeys(keys)) or ["-"]}}


def _customizations() -> Json:
    """What an administrator changes of the system itself."""
    at = "/api/v1/customizations"
    one = {"parameters": [parameter("id")]}
    gone = operation("discard draft", None, "", None, tag="draft", status="204")
    planned = _operation("plan customizations", ref("Plan"), body="Overlay", parameters=("merge",))
    options = ("merge", "digest", "reason", "seen")
    done = _operation("apply customizations", ref("Applied"), body="Overlay", key=True, parameters=options)
    return {
        at: {"get": _operation("customizations", _OBJECT)},
        f"{at}/plan": {"post": planned},
        f"{at}/apply": {"post": done},
        f"{at}/versions": {"get": _operation("versions", many("Version"), parameters=("limit", "before"))},
        f"{at}/versions/{{id}}": {**one, "get": _operation("version", ref("Version"))},
        f"{at}/rollback/plan": {"post": _operation("plan rollback", ref("Plan"), body="Rollback")},
        f"{at}/rollback": {"post": _operation("rollback", ref("Applied"), body="Rollback", key=True)},
        f"{at}/drafts": {
            "get": _operation("drafts", many("Draft")),
            "post": _operation("begin draft", ref("Draft"), status="201", body="DraftBody", key=True),
        },
        f"{at}/drafts/{{id}}": {
            **one,
            "get": _operation("draft", ref("Draft")),
            "patch": _operation("change draft", ref("Draft"), body="DraftBody", parameters=("merge",)),
            "delete": gone,
        },
        f"{at}/drafts/{{id}}/plan": {**one, "post": _operation("plan draft", ref("Plan"), body="DraftChoices")},
        f"{at}/drafts/{{id}}/apply": {
            **one,
            "post": _operation("apply draft", ref("Applied"), body="DraftChoices", key=True),
        },
    }


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
