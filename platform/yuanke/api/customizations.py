"""What an enterprise changes of itself, as data: plan it, look at it, apply exactly that, and take it back.

The one rule: a change of the system goes through a plan, here as on the screens and the command line.
"""

from __future__ import annotations

from flask import Response

from yuanke.api import asked, plans
from yuanke.api.answers import reply
from yuanke.api.fixed import Rollback, taken
from yuanke.api.resource import Resource, expose
from yuanke.metadata.differences import differences
from yuanke.storage import versions
from yuanke.storage.apply import Applied, Moved, change_here
from yuanke.storage.overlays import overlay_of, overlay_text
from yuanke.storage.plan import plan
from yuanke.storage.versions import LONGEST_REASON, Why
from yuanke.web.bodies import json_object
from yuanke.web.guard import reading
from yuanke.web.once import once
from yuanke.web.requests import Current
from yuanke.web.schema import finish_later


class CustomizationsApi(Resource):
    route_base = "/api/v1/customizations"

    @expose("", methods=("GET",))
    def get(self) -> Response:
        """The enterprise's own overlay, as `plan` and `apply` take it; ``format=yaml``: as it was written."""
        asked.only(("format",))
        unit = plans.admin().unit
        if asked.choice("format", ("json", "yaml"), "json") == "yaml":
            return Response(overlay_text(unit), mimetype="application/yaml")
        return reply(overlay_of(unit))

    @expose("/plan", methods=("POST",))
    @reading
    def plan(self) -> Response:
        """The whole overlay in, ``{digest, version, steps}`` out. ``merge=1``: the body is laid over what stands."""
        asked.only(plans.PLANNING)
        unit = plans.admin().unit
        return reply(plans.plan_json(plan(unit, plans.layers_with(unit, plans.sent_overlay()), plans.decisions())))

    @expose("/apply", methods=("POST",))
    @once
    def apply(self) -> Response:
        """The same body; ``digest`` makes sure that exactly that plan is applied (409 when either side moved, with what
        changed since ``version``)."""
        asked.only((*plans.PLANNING, "digest", "reason", "version"))
        held, own = plans.admin(), plans.sent_overlay()
        plans.seen()
        try:
            done = change_here(
                held.unit,
                lambda unit: plans.layers_with(unit, own),
                held.actor.user_id,
                plans.decisions(),
                asked.text("digest"),
                plans.why(),
            )
        except Moved as moved:
            raise plans.with_changes(moved, held) from None
        return applied(held, done)

    @expose("/versions", methods=("GET",))
    def versions(self) -> Response:
        """Every change, the newest first: who, when, why, and what it did."""
        asked.only(("limit", "before"))
        held = plans.admin()
        before = asked.number("before", 0, 2**31 - 1) or None
        found = versions.versions(held.unit, asked.number("limit", 50, 500), before)
        return reply({"result": plans.versions_json(held, found)})

    @expose("/versions/<identity:number>", methods=("GET",))
    def version(self, number: int) -> Response:
        """One of them with the overlay it made, what it changed, and what has changed since."""
        asked.only(())
        held = plans.admin()
        found = versions.version(held.unit, number)
        overlay = versions.overlay_at(held.unit, number)
        since = [d.plain() for d in differences(overlay, overlay_of(held.unit))][: plans.MOST_DIFFERENCES]
        (said,) = plans.versions_json(held, [found])
        return reply(
            {**said, "overlay": overlay, "differences": plans.differences_of(held.unit, found), "since": since}
        )

    @expose("/rollback/plan", methods=("POST",))
    @reading
    def plan_rollback(self) -> Response:
        """``{version, everything}`` in, the plan that leads back to it out; values of retired fields return."""
        asked.only(())
        held, body = plans.admin(), taken(Rollback, json_object())
        layers = versions.rolled_back(held.unit, body["version"], body.get("everything", False))
        return reply(plans.plan_json(plan(held.unit, layers, {"*": "restore"})))

    @expose("/rollback", methods=("POST",))
    @once
    def rollback(self) -> Response:
        """``{version, digest, reason, everything}``: the enterprise's own overlay as it was at a version; with
        ``everything`` the modules and customizations too."""
        asked.only(())
        held, body = plans.admin(), taken(Rollback, json_object())
        number, everything = body["version"], body.get("everything", False)
        why = Why((body.get("reason") or "")[:LONGEST_REASON], "rollback")
        try:
            done = change_here(
                held.unit,
                lambda unit: versions.rolled_back(unit, number, everything),
                held.actor.user_id,
                {"*": "restore"},
                body.get("digest"),
                why,
            )
        except Moved as moved:
            moved.extra["changes"] = plans.changes_since(held, None)
            raise
        return applied(held, done)


def applied(held: Current, done: Applied) -> Response:
    """What an apply answers; its slow steps are queued."""
    finish_later(held.unit, held.actor, done)
    return reply({"version": done.version, "digest": done.registry.digest, "pending": done.pending})
