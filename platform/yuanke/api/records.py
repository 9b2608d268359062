"""Records of every entity, through one generic resource that asks the Registry what there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, url_for

from yuanke.api import asked, versions
from yuanke.api.answers import draft_json, history_json, link_json, nothing, page_json, record_json, reply
from yuanke.api.contracts import telling, told
from yuanke.api.fixed import Batch, taken
from yuanke.api.members import NEW_HAS_NONE
from yuanke.api.resource import Resource, expose
from yuanke.kernel.errors import RecordNotFound, Refusal, ValidationFailed
from yuanke.kernel.text import message
from yuanke.records import Batch as Done
from yuanke.records import Outcome, Record, Records
from yuanke.records.merging import led_on
from yuanke.web.bodies import json_object
from yuanke.web.language import say
from yuanke.web.once import once
from yuanke.web.requests import current
from yuanke.workflow import perform
from yuanke.workflow.documents import drafts, make

MOST_MEMBERS = 2_000
EMPTY: Mapping[str, Any] = {"create": [], "update": [], "delete": [], "atomic": True}


class RecordsApi(Resource):
    route_base = "/api/v1/records"

    @expose("/<key:entity>", methods=("GET",))
    def list(self, entity: str) -> Response:
        return reply(page_json(current().records.list(entity, asked.query())))

    @expose("/<key:entity>", methods=("POST",))
    @once
    def create(self, entity: str) -> Response:
        asked.only(())
        body, door = members(json_object()), current().records
        with telling(door, entity, "create", body):
            record = door.create(entity, _new(body))
        return _stands(record, 201, Location=url_for("RecordsApi.get", entity=entity, record_id=record.id))

    @expose("/<key:entity>/<identity:record_id>", methods=("GET",))
    def get(self, entity: str, record_id: int) -> Response:
        asked.only(("fields", "binned", "related"))
        fields = asked.names("fields")
        binned = asked.choice("binned", ("0", "1"), "0") == "1"
        wanted = asked.related()
        try:
            if wanted:
                record, pages = current().records.with_related(entity, record_id, wanted, fields, binned)
                hanging = {name: page_json(page) for name, page in pages.items()}
                return reply({**record_json(record), "_related": hanging}, 200, versions.etag(record.version))
            return _stands(current().records.get(entity, record_id, fields, binned))
        except RecordNotFound:
            moved = None if binned else led_on(current().unit, entity, record_id)
            if moved is None:
                raise
            return _merged(entity, moved)

    @expose("/<key:entity>/<identity:record_id>", methods=("PATCH",))
    def update(self, entity: str, record_id: int) -> Response:
        asked.only(())
        body, door = members(json_object()), current().records
        with telling(door, entity, "update", body):
            version = versions.expected(body)
            values = {key: value for key, value in body.items() if key != "version"}
            return _stands(door.update(entity, record_id, values, version))

    @expose("/<key:entity>/<identity:record_id>", methods=("DELETE",))
    def delete(self, entity: str, record_id: int) -> Response:
        asked.only(("version",))
        current().records.delete(entity, record_id, versions.expected())
        return nothing()

    @expose("/<key:entity>/<identity:record_id>/restore", methods=("POST",))
    @once
    def restore(self, entity: str, record_id: int) -> Response:
        asked.only(())
        return _stands(current().records.restore(entity, record_id))

    @expose("/<key:entity>/<identity:record_id>/transitions/<key:act>", methods=("POST",))
    @once
    def transition(self, entity: str, record_id: int, act: str) -> Response:
        return self._act(entity, record_id, act)

    @expose("/<key:entity>/<identity:record_id>/actions/<key:act>", methods=("POST",))
    @once
    def action(self, entity: str, record_id: int, act: str) -> Response:
        return self._act(entity, record_id, act)

    def _act(self, entity: str, record_id: int, act: str) -> Response:
        """The body holds the answers; ``version`` and ``confirm`` (names of checks whose warning was read) beside them."""
        asked.only(())
        body, held = members(json_object()), current()
        version = versions.expected(body)
        answers = {key: value for key, value in body.items() if key not in ("version", "confirm")}
        done = perform(held.unit, held.actor, entity, record_id, act, answers, version, _confirmed(body))
        return _stands(done)

    @expose("/<key:entity>/<identity:record_id>/becomes/<key:document>", methods=("GET",))
    def drafts(self, entity: str, record_id: int, document: str) -> Response:
        asked.only(())
        held = current()
        found = drafts(held.unit, held.actor, entity, record_id, document)
        return reply(
            {
                "result": [
                    {"entity": one.entity.key, "values": draft_json(one.entity, one.values, held.unit.registry)}
                    for one in found
                ]
            }
        )

    @expose("/<key:entity>/<identity:record_id>/becomes/<key:document>", methods=("POST",))
    @once
    def become(self, entity: str, record_id: int, document: str) -> Response:
        """The body lays values over what the document takes from the record; all that are made are answered."""
        asked.only(())
        held = current()
        made = make(held.unit, held.actor, entity, record_id, document, members(json_object()))
        at = url_for("RecordsApi.get", entity=made[0].entity.key, record_id=made[0].id)
        return reply({"result": [record_json(one) for one in made]}, 201, {"Location": at})

    @expose("/<key:entity>/<identity:record_id>/history", methods=("GET",))
    def history(self, entity: str, record_id: int) -> Response:
        asked.only(("limit", "before"))
        before = asked.number("before", 0, 2**31 - 1) or None
        entries = current().records.history(entity, record_id, asked.number("limit", 50, asked.MOST), before)
        return reply({"result": [history_json(entry) for entry in entries]})

    @expose("/<key:entity>/<identity:record_id>/related/<key:name>", methods=("GET",))
    def related(self, entity: str, record_id: int, name: str) -> Response:
        return reply(page_json(current().records.related(entity, record_id, name, asked.query())))

    @expose("/<key:entity>/lookup", methods=("GET",))
    def lookup(self, entity: str) -> Response:
        asked.only(("q", "limit", "filter"))
        text, wanted = asked.text("q") or "", asked.text("filter", asked.LONGEST_FILTER)
        found = current().records.lookup(entity, text, asked.number("limit", 10, 50), wanted)
        return reply({"result": [link_json(one) for one in found]})

    @expose("/<key:entity>/batch", methods=("POST",))
    @once
    def batch(self, entity: str) -> Response:
        asked.only(())
        body, door = {**EMPTY, **taken(Batch, json_object())}, current().records
        try:
            done = door.batch(entity, **body)
        except ValidationFailed as refused:
            raise _of_items(door, entity, body, refused) from refused
        return reply({"result": outcomes(door, entity, body, done)})


def _merged(entity: str, record_id: int) -> Response:
    """Where a record went that was merged into another; for whoever may read that one."""
    current().records.get(entity, record_id, ())
    at = url_for("RecordsApi.get", entity=entity, record_id=record_id)
    return reply({"id": record_id, "merged": True}, 301, {"Location": at, "Cache-Control": "no-store"})


def members(body: dict[str, Any]) -> dict[str, Any]:
    """A body with more members than any entity has fields is not looked at."""
    if len(body) > MOST_MEMBERS:
        said = message("一条记录最多 {most} 个字段，收到 {count} 个", most=MOST_MEMBERS, count=len(body))
        raise ValidationFailed({"": [said]})
    return body


def _confirmed(body: Mapping[str, Any]) -> list[str]:
    said = body.get("confirm", [])
    if not isinstance(said, list) or not all(isinstance(one, str) for one in said):
        raise ValidationFailed({"confirm": [message("confirm 应是规则名称的列表")]})
    return said


def _new(values: dict[str, Any]) -> dict[str, Any]:
    if "version" in values:
        raise ValidationFailed({"version": [NEW_HAS_NONE]})
    return values


def _stands(record: Record, status: int = 200, **headers: str) -> Response:
    return reply(record_json(record), status, {**versions.etag(record.version), **headers})


def _of_items(door: Records, entity: str, body: Mapping[str, Any], refused: ValidationFailed) -> ValidationFailed:
    """All that the contract finds, item by item (``create.3.title``); what only the door knows is of the first it met."""
    found = {
        f"{part}.{at}.{path}": said
        for part in ("create", "update")
        for at, item in enumerate(body[part])
        for path, said in told(door, entity, part, _plain(part, item), ValidationFailed({})).errors.items()
    }
    return ValidationFailed(found) if found else refused


def _plain(part: str, item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if part == "create" or key != "id"}


def outcomes(door: Records, entity: str, body: Mapping[str, Any], batch: Done) -> list[dict[str, Any]]:
    """One entry an item, in the order of the request: create, update, delete."""
    done: tuple[tuple[str, Sequence[Outcome]], ...] = (
        ("create", batch.created), ("update", batch.updated), ("delete", batch.deleted),
    )  # fmt: skip
    return [_outcome(door, entity, part, body[part][one.index], one) for part, some in done for one in some]


def _outcome(door: Records, entity: str, part: str, item: Any, one: Outcome) -> dict[str, Any]:
    said: dict[str, Any] = {"operation": part, "index": one.index, "status": one.status, "id": one.id}
    refused = one.error
    if isinstance(refused, ValidationFailed) and part != "delete":
        refused = told(door, entity, part, _plain(part, item), refused)
    if isinstance(refused, Refusal):
        said["error"] = {"code": refused.code, "detail": say(refused.said)}
        if isinstance(refused, ValidationFailed):
            said["error"]["errors"] = [
                {"field": field, "message": say(text)} for field, texts in refused.errors.items() for text in texts
            ]
    return said
