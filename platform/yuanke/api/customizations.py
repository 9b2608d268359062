"""What an enterprise changes of itself, as data: plan it, look at it, apply exactly that.

The one rule: a change of the system goes through a plan, here as on the screens and the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from yuanke.api import asked
from yuanke.api.answers import reply
from yuanke.api.resource import Resource, expose
from yuanke.kernel.errors import AccessDenied
from yuanke.kernel.text import message
from yuanke.metadata import Layer
from yuanke.storage import Unit, definitions
from yuanke.storage.apply import change_here
from yuanke.storage.overlays import merged, overlay_of
from yuanke.storage.plan import Decision, Plan, Step, plan
from yuanke.web.bodies import json_object
from yuanke.web.guard import reading
from yuanke.web.language import say
from yuanke.web.once import once
from yuanke.web.requests import Current, current
from yuanke.web.schema import finish_later


class CustomizationsApi(Resource):
    route_base = "/api/v1/customizations"

    @expose("", methods=("GET",))
    def get(self) -> Response:
        """The enterprise's own overlay, as `plan` and `apply` take it."""
        asked.only(())
        return reply(overlay_of(_admin().unit))

    @expose("/plan", methods=("POST",))
    @reading
    def plan(self) -> Response:
        """The whole overlay in, ``{digest, steps}`` out. ``merge=1``: the body is laid over what stands."""
        asked.only(("merge", "restore", "fresh"))
        held = _admin()
        made = plan(held.unit, _layers(held.unit, json_object()), _decisions())
        return reply(plan_json(made))

    @expose("/apply", methods=("POST",))
    @once
    def apply(self) -> Response:
        """The same body; ``digest`` makes sure that exactly that plan is applied (409 when either side moved)."""
        asked.only(("merge", "restore", "fresh", "digest"))
        held, body = _admin(), json_object()
        digest = asked.text("digest")
        user = held.actor.user_id
        done = change_here(held.unit, lambda unit: _layers(unit, body), user, _decisions(), digest)
        finish_later(held.unit, held.actor, done)
        return reply({"version": done.version, "digest": done.registry.digest, "pending": done.pending})


def _admin() -> Current:
    held = current()
    if not held.actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以自定义功能"))
    return held


def _layers(unit: Unit, body: Mapping[str, Any]) -> list[Layer]:
    overlay = merged(overlay_of(unit), body) if asked.choice("merge", ("0", "1"), "0") == "1" else dict(body)
    return definitions.replaced(definitions.layers_of(unit), Layer.from_plain(definitions.OWN, "enterprise", overlay))


def _decisions() -> dict[str, Decision]:
    """``restore=a.b,c.d`` and ``fresh=e.f``: what becomes of values that an earlier field of that name left behind."""
    restore: dict[str, Decision] = dict.fromkeys(asked.names("restore") or (), "restore")
    fresh: dict[str, Decision] = dict.fromkeys(asked.names("fresh") or (), "fresh")
    return restore | fresh


def plan_json(made: Plan) -> dict[str, Any]:
    return {"digest": made.digest, "speed": made.speed, "steps": [_step_json(step) for step in made.steps]}


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "summary": say(step.summary),
        "entity": step.entity,
        "field": step.field,
        "speed": step.speed,
        "rows": step.rows,
        "samples": list(step.samples),
        "blocked": say(step.blocked) if step.blocked else None,
    }
