"""Merge, transfer, share, duplicates, undo: what is done with several records at once.

The one rule: one record that the caller may not see makes the whole request "not found".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from yuanke import jobs
from yuanke.api import asked
from yuanke.api.answers import link_json, record_json, reply
from yuanke.api.fixed import taken
from yuanke.api.handing_bodies import Apart, Duplicates, HandOver, Merge, Share, Transfer, Unshare
from yuanke.api.resource import Resource, expose
from yuanke.api.work import job_json
from yuanke.kernel.errors import QueryFault, RecordNotFound, Refusal
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records import LinkValue, Outcome
from yuanke.records.carried import titles_of
from yuanke.records.chosen import offered, rows_of
from yuanke.records.duplicates.asked import asked_matches
from yuanke.records.duplicates.groups import duplicate_groups
from yuanke.records.duplicates.likeness import KIND, keep_apart
from yuanke.records.merging import merge, preview
from yuanke.records.sharing import share, shares_of, unshare
from yuanke.records.transferring import hand_over, transfer
from yuanke.records.undoing import Undone
from yuanke.records.undoing.job import undo_or_queue
from yuanke.web.bodies import json_object
from yuanke.web.language import say
from yuanke.web.once import once
from yuanke.web.requests import Current, current


class HandingApi(Resource):
    route_base = "/api/v1/records"

    # -- merge ---------------------------------------------------------------------------------------------------------

    @expose("/<key:entity>/merge", methods=("GET",))
    def merge_preview(self, entity: str) -> Response:
        """``ids=1,2`` and perhaps ``keep=1``: values side by side and what would be taken; nothing is changed."""
        asked.only(("ids", "keep"))
        held, of = _about(entity)
        keep = asked.number("keep", 0, 10**9 - 1) or None
        shown = preview(held.unit, held.actor, of, _ids(), keep)
        choices = [
            {"field": one.field.key, "taken": one.taken, "differs": one.differs, "unites": one.unites}
            for one in shown.choices
        ]
        hangs = [
            {"label": label.say(held.actor.locale), "counts": {str(k): n for k, n in counts.items()}}
            for label, counts in shown.hangs
        ]
        return reply(
            {
                "keep": shown.keep, "records": [record_json(one) for one in shown.records], "choices": choices,
                "hangs": hangs, "same": [{"keep": kept, "lose": gone} for _label, kept, gone in shown.same],
                "refused": {str(one): say(why) for one, why in shown.refused.items()},
            }
        )  # fmt: skip

    @expose("/<key:entity>/merge", methods=("POST",))
    @once
    def merge(self, entity: str) -> Response:
        """``{keep, lose: [..], choices: {field: id | "both"}, reason}``; answers the record that stays."""
        asked.only(())
        body, (held, of) = taken(Merge, json_object()), _about(entity)
        done = merge(
            held.unit, held.actor, of, body["keep"], body["lose"], body.get("choices") or {}, body.get("reason")
        )
        record = held.records.get(of.key, done.keep)
        return reply(
            {"record": record_json(record), "lost": list(done.lost), "moved": done.moved, "change_set": done.change_set}
        )

    # -- transfer ------------------------------------------------------------------------------------------------------

    @expose("/<key:entity>/transfer", methods=("POST",))
    @once
    def transfer(self, entity: str) -> Response:
        """``{ids, to, with, keep, reason, atomic}``: one entry a record; ``atomic``: the first refusal refuses all."""
        asked.only(())
        body, (held, of) = taken(Transfer, json_object()), _about(entity)
        done = transfer(
            held.unit, held.actor, of, body["ids"], body["to"], body.get("with"), body.get("keep") or "none",
            body.get("reason"), gently=not body.get("atomic", False),
        )  # fmt: skip
        result = [{"id": one, "status": "transferred", "moved": moved} for one, moved in done.moved.items()]
        return reply({"result": [*result, *map(_failed, done.failed)], "change_set": done.change_set})

    @expose("/user/<identity:user_id>/hand_over", methods=("POST",))
    @once
    def hand_over(self, user_id: int) -> Response:
        """``{to, entities, reason, left}``: all that runs under somebody's name; with ``left`` he is out of service."""
        asked.only(())
        body, held = taken(HandOver, json_object()), current()
        entities = body.get("entities")
        done = hand_over(held.unit, held.actor, user_id, body["to"], entities, body.get("reason"))
        if body.get("left"):
            held.records.update("user", user_id, {"status": "left"})
        failed = [_failed(one) for one in done.failed]
        return reply({"moved": done.moved, "failed": failed, "change_set": done.change_set})

    # -- share ---------------------------------------------------------------------------------------------------------

    @expose("/<key:entity>/share", methods=("POST",))
    @once
    def share(self, entity: str) -> Response:
        """``{ids, to: [{user | department | role}], level, expires, with, reason}``."""
        asked.only(())
        body, (held, of) = taken(Share, json_object()), _about(entity)
        done = share(
            held.unit, held.actor, of, body["ids"], body["to"], body.get("level") or "read", body.get("expires"),
            body.get("with"), body.get("reason"),
        )  # fmt: skip
        return reply({"records": done.records, "shares": done.shares, "change_set": done.change_set})

    @expose("/<key:entity>/unshare", methods=("POST",))
    @once
    def unshare(self, entity: str) -> Response:
        """``{ids, to}``: shares end; without ``to`` all of them."""
        asked.only(())
        body, (held, of) = taken(Unshare, json_object()), _about(entity)
        return reply({"ended": unshare(held.unit, held.actor, of, body["ids"], body.get("to"))})

    @expose("/<key:entity>/<identity:record_id>/shares", methods=("GET",))
    def shares(self, entity: str, record_id: int) -> Response:
        asked.only(())
        held, of = _about(entity)
        return reply({"result": shares_json(held, shares_of(held.unit, held.actor, of, record_id))})

    # -- duplicates ----------------------------------------------------------------------------------------------------

    @expose("/<key:entity>/duplicates", methods=("POST",))
    def matches(self, entity: str) -> Response:
        """``{values, id}``: records that are the same thing; one that is not for the caller has neither id nor title."""
        asked.only(())
        body, (held, of) = taken(Duplicates, json_object()), _about(entity)
        values = body["values"] if isinstance(body["values"], Mapping) else {}
        found = asked_matches(held.unit, held.actor, of, values, body.get("id"))
        result = [
            {
                "entity": one.entity.key, "id": one.id, "title": one.title, "hidden": one.hidden,
                "fields": [field.key for field in one.fields], "refuses": one.refuses,
            }
            for one in found
        ]  # fmt: skip
        return reply({"result": result})

    @expose("/<key:entity>/duplicates", methods=("GET",))
    def groups(self, entity: str) -> Response:
        """Groups of likely duplicates among the records that the caller sees."""
        asked.only(("limit",))
        held, of = _about(entity)
        found = duplicate_groups(held.unit, held.actor, of, asked.number("limit", 50, 100))
        result = [
            {
                "records": [link_json(LinkValue(one, title)) for one, title in zip(group.ids, group.titles, strict=True)],
                "fields": [field.key for field in group.why], "score": group.score,
            }
            for group in found
        ]  # fmt: skip
        return reply({"result": result})

    @expose("/<key:entity>/duplicates/search", methods=("POST",))
    @once
    def search(self, entity: str) -> Response:
        """Names that are nearly the same are looked for by a job."""
        asked.only(())
        held, of = _about(entity)
        offered(held.unit, held.actor, of, "merge")
        arguments = {"entity": of.key}
        job = jobs.enqueue(held.unit, held.actor, KIND, arguments, dedupe=f"{KIND}:{of.key}")
        return reply(job_json(jobs.find(held.unit, held.actor, job)), 202)

    @expose("/<key:entity>/duplicates/apart", methods=("POST",))
    @once
    def apart(self, entity: str) -> Response:
        """``{ids}``: these are different things and are proposed no more."""
        asked.only(())
        body, (held, of) = taken(Apart, json_object()), _about(entity)
        offered(held.unit, held.actor, of, "merge")
        rows_of(held.unit, held.actor, of, body["ids"], "merge")
        keep_apart(held.unit, of, body["ids"], held.actor.user_id)
        return Response(status=204)

    # -- undo ----------------------------------------------------------------------------------------------------------

    @expose("/change_set/<identity:set_id>/undo", methods=("POST",))
    @once
    def undo(self, set_id: int) -> Response:
        """Take back what was done at once: 200 with what went back and what was left, or 202 with the job that does it."""
        asked.only(())
        held = current()
        done = undo_or_queue(held.unit, held.actor, set_id)
        if isinstance(done, int):
            return reply(job_json(jobs.find(held.unit, held.actor, done)), 202)
        return reply(undone_json(done))


def _about(key: str) -> tuple[Current, Entity]:
    """The entity, for whoever may read something of it."""
    held = current()
    of = held.records.entity(key)
    if of.kind != "record" or not held.records.may(key, "read"):
        raise RecordNotFound()
    return held, of


def _ids() -> list[int]:
    names = asked.names("ids") or []
    if not names or len(names) > 10 or not all(one.isascii() and one.isdigit() and 0 < len(one) < 19 for one in names):
        raise QueryFault(message("参数 ids 是用逗号分开的编号"), parameter="ids")
    return [int(one) for one in names]


def _failed(one: Outcome) -> dict[str, Any]:
    error = one.error
    told = {"code": error.code, "detail": say(error.said)} if isinstance(error, Refusal) else {}
    return {"id": one.id, "status": "failed", "error": told}


def undone_json(done: Undone) -> dict[str, Any]:
    left = [{"entity": one.entity, "id": one.id, "why": say(one.why), "fields": list(one.fields)} for one in done.left]
    return {"restored": done.restored, "binned": done.binned, "brought_back": done.brought_back, "left": left}


def shares_json(held: Current, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Who has a share: names are those that everybody may read of people and departments."""
    registry = held.unit.registry
    users = titles_of(
        held.unit, held.actor, registry.entities["user"], {r[k] for r in rows for k in ("user", "owner") if r[k]}
    )
    departments = titles_of(
        held.unit, held.actor, registry.entities["department"], {r["to_department"] for r in rows if r["to_department"]}
    )
    return [
        {
            "id": row["id"], "level": row["level"], "expires": row["expires"].isoformat() if row["expires"] else None,
            "reason": row["reason"], "by": _link(users, row["owner"]), "user": _link(users, row["user"]),
            "department": _link(departments, row["to_department"]), "role": row["role"],
        }
        for row in rows
    ]  # fmt: skip


def _link(titles: Mapping[int, str], one: int | None) -> Any:
    return None if one is None else link_json(LinkValue(one, titles.get(one, f"#{one}")))
