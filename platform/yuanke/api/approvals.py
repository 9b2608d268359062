"""Approvals over REST: the boxes of the caller, one approval whole, and a call for every verb.

The one rule: verbs on a decision name the task (`task` of a box), verbs on the whole name the approval; the answer is the
approval as it stands afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Response

from yuanke.api import asked
from yuanke.api.answers import reply
from yuanke.api.approvals_said import boxful_json, picture_json
from yuanke.api.fixed import Anything, Fixed, Text, is_id, taken
from yuanke.api.resource import Resource, expose
from yuanke.kernel.errors import Refusal, ValidationFailed
from yuanke.kernel.text import message
from yuanke.web.bodies import json_object
from yuanke.web.language import say
from yuanke.web.once import once
from yuanke.web.requests import current
from yuanke.workflow import approvals
from yuanke.workflow.approvals import Box, Said
from yuanke.workflow.approvals.keeping import Running
from yuanke.workflow.approvals.picture import drawn

MOST_FILES = 20
MOST_PEOPLE = 20
MOST_AT_ONCE = 200
_PERSON: dict[str, Any] = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}
_FILES: dict[str, Any] = {"type": ["array", "null"], "items": {"type": "integer", "minimum": 1}, "maxItems": MOST_FILES}
_PEOPLE: dict[str, Any] = {"type": "array", "items": _PERSON, "minItems": 1, "maxItems": MOST_PEOPLE}


class Approve(Fixed):
    """``values``: fields of the record that the step lets its approver change."""

    note, files = Text(2_000), Anything(_FILES)
    values = Anything({"type": ["object", "null"]})


class Reject(Fixed):
    note, files = Text(2_000, required=True), Anything(_FILES)


class Return(Fixed):
    """``to``: an earlier step; without one it goes to the applicant."""

    note, files = Text(2_000, required=True), Anything(_FILES)
    to = Text(60)


class Reassign(Fixed):
    user = Anything(_PERSON, required=True)
    note = Text(2_000)


class AddSigner(Fixed):
    """``where``: before (they sign first) or after (this is the caller's yes)."""

    users = Anything(_PEOPLE, required=True)
    where = Anything({"enum": ["before", "after"]})
    note = Text(2_000)


class Noted(Fixed):
    note = Text(2_000)


class Copy(Fixed):
    users = Anything(_PEOPLE, required=True)


class Together(Fixed):
    verb = Anything({"enum": ["approve", "reject"]}, required=True)
    tasks = Anything(
        {"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": MOST_AT_ONCE}, required=True
    )
    note = Text(2_000)


BODIES = (Approve, Reject, Return, Reassign, AddSigner, Noted, Copy, Together)


class ApprovalsApi(Resource):
    route_base = "/api/v1/approvals"

    @expose("", methods=("GET",))
    def list(self) -> Response:
        """One box of the caller: ``box=todo|done|mine|cc``."""
        asked.only(("box", "entity", "q", "limit", "after", "count"))
        held = current()
        box = Box(
            asked.choice("box", approvals.BOXES, "todo"), asked.text("entity"), asked.text("q"),
            asked.number("limit", 50, asked.MOST), asked.text("after"), asked.choice("count", ("capped", "none"), "capped") == "capped",
        )  # fmt: skip
        return reply(boxful_json(approvals.items(held.unit, held.actor, box), held.unit.place))

    @expose("/<identity:approval_id>", methods=("GET",))
    def get(self, approval_id: int) -> Response:
        asked.only(())
        held = current()
        return reply(picture_json(held.unit, held.actor, approvals.picture(held.unit, held.actor, approval_id)))

    @expose("/of/<key:entity>/<identity:record_id>", methods=("GET",))
    def of(self, entity: str, record_id: int) -> Response:
        """Every approval of a record, the newest first."""
        asked.only(())
        held = current()
        record = held.records.get(entity, record_id, ())
        found = approvals.pictures_of(held.unit, held.actor, record.entity, record_id)
        return reply({"result": [picture_json(held.unit, held.actor, one) for one in found]})

    @expose("/of/<key:entity>/<identity:record_id>/renew", methods=("POST",))
    @once
    def renew(self, entity: str, record_id: int) -> Response:
        """What moved after it was approved is submitted once more."""
        taken(Noted, _body())
        held = current()
        record = held.records.get(entity, record_id, ())
        return _stands(approvals.renew(held.unit, held.actor, record.entity, record_id))

    @expose("/<identity:number>/approve", methods=("POST",))
    @once
    def approve(self, number: int) -> Response:
        body = taken(Approve, _body())
        values = body.get("values")
        if values is not None and not isinstance(values, dict):
            raise ValidationFailed({"values": [message("应为对象")]})
        return _do(lambda unit, actor: approvals.approve(unit, actor, number, _said(body), values))

    @expose("/<identity:number>/reject", methods=("POST",))
    @once
    def reject(self, number: int) -> Response:
        body = taken(Reject, _body())
        return _do(lambda unit, actor: approvals.reject(unit, actor, number, _said(body)))

    @expose("/<identity:number>/return", methods=("POST",))
    @once
    def send_back(self, number: int) -> Response:
        body = taken(Return, _body())
        return _do(lambda unit, actor: approvals.send_back(unit, actor, number, _said(body), body.get("to")))

    @expose("/<identity:number>/reassign", methods=("POST",))
    @once
    def reassign(self, number: int) -> Response:
        body = taken(Reassign, _body())
        person = _person(body["user"], "user")
        return _do(lambda unit, actor: approvals.reassign(unit, actor, number, person, _said(body)))

    @expose("/<identity:number>/add_signer", methods=("POST",))
    @once
    def add_signer(self, number: int) -> Response:
        body = taken(AddSigner, _body())
        before = _where(body.get("where", "before"))
        people = _people(body["users"])
        return _do(lambda unit, actor: approvals.add_signer(unit, actor, number, people, before, _said(body)))

    @expose("/<identity:number>/withdraw", methods=("POST",))
    @once
    def withdraw(self, number: int) -> Response:
        body = taken(Noted, _body())
        return _do(lambda unit, actor: approvals.withdraw(unit, actor, number, _said(body)))

    @expose("/<identity:number>/remind", methods=("POST",))
    @once
    def remind(self, number: int) -> Response:
        taken(Noted, _body())
        return _do(lambda unit, actor: approvals.remind(unit, actor, number))

    @expose("/<identity:number>/cc", methods=("POST",))
    @once
    def cc(self, number: int) -> Response:
        people = _people(taken(Copy, _body())["users"])
        return _do(lambda unit, actor: approvals.copy(unit, actor, number, people))

    @expose("/batch", methods=("POST",))
    @once
    def batch(self) -> Response:
        """Several tasks at once, each for itself: what is refused stands with its reason beside what was done."""
        body = taken(Together, _body())
        verb, tasks = body["verb"], body["tasks"]
        if verb not in ("approve", "reject"):
            raise ValidationFailed({"verb": [message("应为 approve 或 reject")]})
        if not isinstance(tasks, list) or not all(is_id(one) for one in tasks) or len(tasks) > MOST_AT_ONCE:
            raise ValidationFailed({"tasks": [message("应为待办编号的列表，一次最多 {most} 个", most=MOST_AT_ONCE)]})
        held = current()
        done = approvals.together(held.unit, held.actor, verb, tasks, _said(body))
        return reply({"result": [_outcome(task, refusal) for task, refusal in done]})


def _outcome(task: int, refusal: Refusal | None) -> dict[str, Any]:
    if refusal is None:
        return {"task": task, "status": "done"}
    return {"task": task, "status": "failed", "error": {"code": refusal.code, "detail": say(refusal.said)}}


def _body() -> dict[str, Any]:
    asked.only(())
    return json_object()


def _do(work: Callable[[Any, Any], Running]) -> Response:
    held = current()
    return _stands(work(held.unit, held.actor))


def _stands(at: Running) -> Response:
    return reply(picture_json(at.unit, at.actor, drawn(at, at.actor)))


def _said(body: dict[str, Any]) -> Said:
    files = body.get("files") or []
    if not isinstance(files, list) or not all(is_id(one) for one in files) or len(files) > MOST_FILES:
        raise ValidationFailed({"files": [message("应为文件编号的列表，最多 {most} 个", most=MOST_FILES)]})
    return Said(body.get("note") or "", files)


def _where(said: Any) -> bool:
    if said not in ("before", "after"):
        raise ValidationFailed({"where": [message("应为 before 或 after")]})
    return bool(said == "before")


def _people(said: Any) -> list[int]:
    if not isinstance(said, list) or not said or len(said) > MOST_PEOPLE:
        raise ValidationFailed({"users": [message("应为用户的列表，最多 {most} 位", most=MOST_PEOPLE)]})
    return [_person(one, f"users.{at}") for at, one in enumerate(said)]


def _person(said: Any, path: str) -> int:
    """A user by id or user name."""
    unit = current().unit
    user = unit.tables["user"]
    if is_id(said):
        found = unit.execute(sa.select(user.c.id).where(user.c.id == said)).scalar()
    else:
        found = (
            unit.execute(sa.select(user.c.id).where(user.c.username == str(said))).scalar()
            if isinstance(said, str)
            else None
        )
    if found is None:
        raise ValidationFailed({path: [message("没有这个用户")]})
    return int(found)
