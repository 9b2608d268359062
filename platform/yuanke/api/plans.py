"""Plans, versions and differences as JSON; what a caller of the customizations sends.

The one rule: whoever is not an administrator learns nothing here, not even that there is something.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask import request

from yuanke.access import fab_tables as fab
from yuanke.api import asked
from yuanke.kernel.diagnostics import DefinitionError
from yuanke.kernel.errors import AccessDenied
from yuanke.kernel.text import message
from yuanke.metadata import Layer
from yuanke.storage import Unit, definitions, versions
from yuanke.storage.apply import Moved
from yuanke.storage.overlays import merged, overlay_of
from yuanke.storage.plan import Decision, Plan, Step
from yuanke.storage.versions import LONGEST_REASON, Version, Why
from yuanke.web.bodies import json_object
from yuanke.web.language import say
from yuanke.web.requests import Current, current

YAML = ("application/yaml", "application/x-yaml", "text/yaml")
PLANNING = ("merge", "restore", "fresh")
MOST_DIFFERENCES = 500


def admin() -> Current:
    held = current()
    if not held.actor.is_admin:
        raise AccessDenied(message("只有系统管理员可以自定义功能"))
    return held


def sent_overlay() -> Layer:
    """The body as the enterprise's own layer: JSON, or YAML as a person writes it, whose comments are kept."""
    if request.mimetype not in YAML:
        return Layer.from_plain(definitions.OWN, "enterprise", json_object())
    read = Layer.read_text(request.get_data(), "overlay.yaml", "enterprise")
    if read.faults:
        raise DefinitionError(read.faults)
    return Layer(definitions.OWN, "enterprise", read.node, file=read.file, text=read.text)


def layers_with(unit: Unit, own: Layer) -> list[Layer]:
    """What runs with ``own`` in the place of the enterprise's layer; ``merge=1``: laid over what stands."""
    if asked.choice("merge", ("0", "1"), "0") == "1":
        own = Layer.from_plain(definitions.OWN, "enterprise", merged(overlay_of(unit), own.plain()))
    return definitions.replaced(definitions.layers_of(unit), own)


def decisions() -> dict[str, Decision]:
    """``restore=a.b,c.d`` and ``fresh=e.f``: what becomes of values that an earlier field of that name left behind."""
    restore: dict[str, Decision] = dict.fromkeys(asked.names("restore") or (), "restore")
    fresh: dict[str, Decision] = dict.fromkeys(asked.names("fresh") or (), "fresh")
    return restore | fresh


def why(kind: str = "change") -> Why:
    """``reason=``: what the author says of it."""
    return Why(asked.text("reason", LONGEST_REASON) or "", kind)


def seen() -> int | None:
    """``version=``: the version that the caller made his plan on."""
    return asked.number("version", 0, 2**31 - 1) or None


def plan_json(made: Plan) -> dict[str, Any]:
    """``version`` is what it was made on: send it along with the digest, so that a refusal can say what has moved since."""
    return {
        "digest": made.digest,
        "version": made.version,
        "speed": made.speed,
        "blocked": bool(made.blocked),
        "steps": [step_json(step) for step in made.steps],
    }


def step_json(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "summary": say(step.summary),
        "entity": step.entity,
        "field": step.field,
        "speed": step.speed,
        "rows": step.rows,
        "samples": list(step.samples),
        "blocked": say(step.blocked) if step.blocked else None,
        "later": step.later,
        "used": [{"kind": use.kind, "address": use.address, "label": say(use.label)} for use in step.used],
    }


def version_json(held: Current, found: Version, names: Mapping[int, str]) -> dict[str, Any]:
    author = {"id": found.made_by, "name": names.get(found.made_by, "")} if found.made_by else None
    return {
        "version": found.number,
        "kind": found.kind,
        "reason": found.reason or None,
        "at": found.made_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "by": author,
        "steps": [{**step, "said": say(versions.read_back(step["said"]))} for step in found.steps],
    }


def versions_json(held: Current, found: list[Version]) -> list[dict[str, Any]]:
    names = names_of(held.unit, {one.made_by for one in found if one.made_by})
    return [version_json(held, one, names) for one in found]


def names_of(unit: Unit, ids: set[int]) -> dict[int, str]:
    rows = unit.execute(sa.select(fab.USER.c.id, fab.USER.c.first_name).where(fab.USER.c.id.in_(ids))) if ids else ()
    return {row.id: row.first_name for row in rows}


def changes_since(held: Current, number: int | None) -> list[dict[str, Any]]:
    """Versions after ``number`` (without one: the last), each with what it changed of the overlay."""
    unit = held.unit
    found = versions.since(unit, number) if number is not None else versions.versions(unit, 1)
    said = versions_json(held, found)
    for one, shown in zip(found, said):
        shown["differences"] = differences_of(unit, one)
        shown.pop("steps")
    return said


def differences_of(unit: Unit, found: Version) -> list[dict[str, Any]]:
    """What a version changed of the enterprise's own overlay."""
    return [difference.plain() for difference in versions.changed(unit, found)][:MOST_DIFFERENCES]


def with_changes(fault: Moved, held: Current) -> Moved:
    """The refusal of a plan that came second, with what the first one changed."""
    fault.extra["changes"] = changes_since(held, seen())
    return fault
