"""Automations over REST, for administrators: what there is, how it runs, pause and resume, dry run, its log.

The one rule: what an automation says stays a definition (`/customizations`); here it is only switched and watched.
"""

from __future__ import annotations

from typing import Any

from flask import Response

from yuanke.api import asked
from yuanke.api.answers import reply
from yuanke.api.fixed import Anything, Fixed, taken
from yuanke.api.resource import Resource, expose
from yuanke.api.work import instant
from yuanke.kernel.errors import QueryFault, RecordNotFound
from yuanke.kernel.text import message
from yuanke.web.bodies import json_object
from yuanke.web.language import locale, say
from yuanke.web.once import once
from yuanke.web.requests import current
from yuanke.workflow.automations import incoming, logbook, switching
from yuanke.workflow.automations import overview as seen
from yuanke.workflow.automations.overview import Seen
from yuanke.workflow.automations.rehearsal import Rehearsal, rehearse


class DryRun(Fixed):
    record = Anything({"type": ["integer", "null"], "minimum": 1})
    asked = Anything({"type": ["object", "null"]})


class AutomationsApi(Resource):
    route_base = "/api/v1/automations"

    @expose("", methods=("GET",))
    def list(self) -> Response:
        """All of them, with how they run."""
        asked.only(())
        held = current()
        return reply({"result": [automation_json(one) for one in seen.overview(held.unit, held.actor)]})

    @expose("/<key:entity>/<key:name>", methods=("GET",))
    def get(self, entity: str, name: str) -> Response:
        asked.only(())
        return reply(automation_json(_one(entity, name)))

    @expose("/<key:entity>/<key:name>/runs", methods=("GET",))
    def runs(self, entity: str, name: str) -> Response:
        """Its log, the newest first."""
        asked.only(("limit", "before", "state"))
        held, one = current(), _one(entity, name)
        states = asked.names("state") or []
        for state in states:
            if state not in logbook.STATES:
                raise QueryFault(message("参数 state 须为 {known} 之一", known=logbook.STATES), parameter="state")
        limit = asked.number("limit", 50, asked.MOST)
        before = asked.number("before", 10**9 - 1, 10**9 - 1)
        found = logbook.entries(held.unit, one.automation.address, states, before=before, limit=limit)
        return reply({"result": [run_json(entry) for entry in found]})

    @expose("/<key:entity>/<key:name>/pause", methods=("POST",))
    @once
    def pause(self, entity: str, name: str) -> Response:
        """Nothing sets it off any more; what is queued is passed over."""
        asked.only(())
        held, one = current(), _one(entity, name)
        switching.pause(held.unit, held.actor, one.automation.address)
        return reply(automation_json(_one(entity, name)))

    @expose("/<key:entity>/<key:name>/resume", methods=("POST",))
    @once
    def resume(self, entity: str, name: str) -> Response:
        asked.only(())
        held, one = current(), _one(entity, name)
        switching.resume(held.unit, held.actor, one.automation.address)
        return reply(automation_json(_one(entity, name)))

    @expose("/<key:entity>/<key:name>/dry-run", methods=("POST",))
    def dry_run(self, entity: str, name: str) -> Response:
        """``{record}`` -> what it would do with this record now; nothing of it stays."""
        asked.only(())
        held, one, body = current(), _one(entity, name), taken(DryRun, json_object())
        record = body.get("record")
        if record is not None and not (isinstance(record, int) and not isinstance(record, bool) and 0 < record < 2**63):
            raise RecordNotFound()
        answers = body.get("asked") if isinstance(body.get("asked"), dict) else {}
        return reply(rehearsal_json(rehearse(held.unit, held.actor, one.automation, record, answers)))

    @expose("/<key:entity>/<key:name>/secret", methods=("POST",))
    def secret(self, entity: str, name: str) -> Response:
        """A new secret for a hook, shown by this answer only; the one before counts no more."""
        asked.only(())
        held, one = current(), _one(entity, name)
        made = incoming.new_secret(held.unit, held.actor, one.automation)
        return reply({"secret": made, "url": seen.hook_address(held.unit, one.automation)}, 201)


def _one(entity: str, name: str) -> Seen:
    held = current()
    return seen.one(held.unit, held.actor, f"{entity}.{name}")


def automation_json(one: Seen) -> dict[str, Any]:
    automation = one.automation
    return {
        "key": automation.address, "entity": automation.entity.key, "name": automation.key,
        "label": automation.label.say(locale()), "trigger": automation.trigger, "active": automation.active,
        "paused": one.paused, "declared": dict(automation.said), "runs": one.runs, "waiting": one.waiting,
        "next": instant(one.next), "last": run_json(one.last) if one.last else None,
    }  # fmt: skip


def run_json(entry: logbook.Entry) -> dict[str, Any]:
    return {
        "id": entry.id, "automation": entry.automation, "entity": entry.entity, "record": entry.record,
        "event": entry.event, "state": entry.state, "said": say(entry.said) if entry.said else None,
        "did": [{"step": verb, "what": what} for verb, what in entry.did], "chain": list(entry.chain), "job": entry.job,
        "by": entry.by, "at": instant(entry.at),
    }  # fmt: skip


def rehearsal_json(found: Rehearsal) -> dict[str, Any]:
    return {
        "state": found.state, "said": say(found.said) if found.said else None,
        "changes": [
            {"entity": c.entity, "record": c.record, "verb": c.verb, "changes": c.changes} for c in found.changes
        ],
        "told": [{"step": verb, "what": what} for verb, what in found.told],
    }  # fmt: skip
