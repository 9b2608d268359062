"""Drafts of customizations: changes collected, looked at by their author alone, applied together.

The one rule: a draft is its author's; to anybody else it is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from flask import Response

from yuanke.api import asked, plans
from yuanke.api.answers import nothing, reply
from yuanke.api.customizations import applied
from yuanke.api.fixed import DraftBody, DraftChoices, taken
from yuanke.api.resource import Resource, expose
from yuanke.kernel.errors import AccessDenied
from yuanke.kernel.text import message
from yuanke.metadata.differences import Side, differences
from yuanke.storage import Draft, drafts
from yuanke.storage.apply import Moved, change_here
from yuanke.storage.plan import plan
from yuanke.storage.versions import LONGEST_REASON, Why
from yuanke.web.bodies import json_object
from yuanke.web.guard import reading
from yuanke.web.once import once
from yuanke.web.requests import Current


class DraftsApi(Resource):
    route_base = "/api/v1/customizations/drafts"

    @expose("", methods=("GET",))
    def list(self) -> Response:
        asked.only(())
        held, author = _author()
        return reply({"result": [_brief(one) for one in drafts.drafts(held.unit, author)]})

    @expose("", methods=("POST",))
    @once
    def begin(self) -> Response:
        """``{title, overlay}``: without an overlay it begins as what runs now."""
        asked.only(())
        held, author = _author()
        body = taken(DraftBody, json_object())
        made = drafts.begin(held.unit, author, body.get("title") or "", body.get("overlay"))
        return reply(_whole(made), 201)

    @expose("/<identity:number>", methods=("GET",))
    def get(self, number: int) -> Response:
        asked.only(())
        held, author = _author()
        return reply(_whole(drafts.draft(held.unit, number, author)))

    @expose("/<identity:number>", methods=("PATCH",))
    def change(self, number: int) -> Response:
        """``{title, overlay}``; ``merge=1``: the overlay is laid over what the draft says."""
        asked.only(("merge",))
        held, author = _author()
        body = taken(DraftBody, json_object())
        draft, merge = drafts.draft(held.unit, number, author), asked.choice("merge", ("0", "1"), "0") == "1"
        return reply(_whole(drafts.change(held.unit, draft, body.get("overlay"), body.get("title"), merge)))

    @expose("/<identity:number>", methods=("DELETE",))
    def discard(self, number: int) -> Response:
        asked.only(())
        held, author = _author()
        drafts.discard(held.unit, drafts.draft(held.unit, number, author))
        return nothing()

    @expose("/<identity:number>/plan", methods=("POST",))
    @reading
    def plan(self, number: int) -> Response:
        """``{choices: {path: mine | theirs}}`` for what others changed meanwhile; 409 names the places not yet chosen."""
        asked.only(("restore", "fresh"))
        held, author = _author()
        choices = _choices(taken(DraftChoices, json_object()))
        layers = drafts.layers(held.unit, drafts.draft(held.unit, number, author), choices)
        return reply(plans.plan_json(plan(held.unit, layers, plans.decisions())))

    @expose("/<identity:number>/apply", methods=("POST",))
    @once
    def apply(self, number: int) -> Response:
        """``{digest, reason, choices}``: apply it, and the draft is done with."""
        asked.only(("restore", "fresh"))
        held, author = _author()
        body = taken(DraftChoices, json_object())
        draft, choices = drafts.draft(held.unit, number, author), _choices(body)
        why = Why((body.get("reason") or draft.title)[:LONGEST_REASON])
        try:
            done = change_here(
                held.unit,
                lambda unit: drafts.layers(unit, draft, choices),
                author,
                plans.decisions(),
                body.get("digest"),
                why,
            )
        except Moved as moved:
            moved.extra["changes"] = plans.changes_since(held, None)
            raise
        drafts.discard(held.unit, draft)
        return applied(held, done)


def _author() -> tuple[Current, int]:
    held = plans.admin()
    if held.actor.user_id is None:
        raise AccessDenied(message("草稿属于个人"))
    return held, held.actor.user_id


def _choices(body: Mapping[str, Any]) -> dict[str, Side]:
    return cast("dict[str, Side]", dict(body.get("choices") or {}))


def _brief(draft: Draft) -> dict[str, Any]:
    stamps = {"made_at": draft.made_at, "changed_at": draft.changed_at}
    said = {key: at.isoformat(timespec="milliseconds").replace("+00:00", "Z") for key, at in stamps.items()}
    changes = sum(1 for _ in differences(draft.base, draft.overlay))
    return {"id": draft.id, "title": draft.title, "changes": changes, **said}


def _whole(draft: Draft) -> dict[str, Any]:
    changed = [d.plain() for d in differences(draft.base, draft.overlay)][: plans.MOST_DIFFERENCES]
    return {**_brief(draft), "overlay": draft.overlay, "differences": changed}
