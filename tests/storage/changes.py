"""What the tests of schema changes share: a change of the crm module, and a process that is killed."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from yuanke.kernel.actor import Enterprise
from yuanke.metadata import Layer
from yuanke.storage import Installation, Plan, Unit, change, definitions
from yuanke.storage.apply import Applied
from yuanke.storage.plan import plan


def crm(body: str) -> Layer:
    """A module called crm."""
    return Layer.read_text(f"module: crm\nlabel: CRM\n{body}", "crm.yaml", "module")


def planned(unit: Unit, body: str, **decisions: Any) -> Plan:
    """The plan that brings the crm module to ``body``."""
    return plan(unit, definitions.replaced(definitions.layers_of(unit), crm(body)), decisions.get("decisions"))


def changed(installation: Installation, at: Enterprise, body: str, decisions: Any = None) -> Applied:
    """Bring the crm module to ``body``."""
    return change(
        installation, at, lambda unit: definitions.replaced(definitions.layers_of(unit), crm(body)), decisions=decisions
    )


def with_field(unit: Unit, entity: str, key: str, spec: Any) -> list[Layer]:
    """The unit's layers with one more field in the enterprise's own layer."""
    layers = definitions.layers_of(unit)
    own = definitions.own_layer(layers).plain()
    own.setdefault("entities", {}).setdefault(entity, {}).setdefault("fields", {})[key] = spec
    return definitions.replaced(layers, Layer.from_plain(definitions.OWN, "enterprise", own))


def kinds(made: Plan) -> list[str]:
    return [step.kind for step in made.steps]


def settled(unit: Unit) -> list[str]:
    """What a plan of the running definitions would still do: nothing, when database and definitions agree."""
    made = plan(unit, definitions.layers_of(unit))
    assert made.after.digest == made.before.digest
    return [step.mark for step in made.steps]


def in_process(home: Path, url: str | None, act: Callable[[Installation], None], **environment: str) -> int:
    """Run ``act`` with an installation of its own in another process; gives its exit code."""

    def run() -> None:
        os.environ.update(environment)
        installation = Installation(home, url)
        act(installation)
        installation.close()

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join(60)
    assert process.exitcode is not None
    return process.exitcode
