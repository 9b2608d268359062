"""Every automation that the modules declare is tried on the sample records: none breaks, none is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke.access import people
from yuanke.access.grants import engine_of
from yuanke.access.sessions import actor_of
from yuanke.kernel.errors import Refusal
from yuanke.metadata import Layer
from yuanke.records import Records
from yuanke.records.samples import _Story
from yuanke.storage.sqlscope import live
from yuanke.workflow.automations.declared import every_automation
from yuanke.workflow.automations.rehearsal import rehearse

MODULES = sorted((Path(__file__).resolve().parents[3] / "modules").glob("*.yaml"))
EACH = 10


@pytest.mark.nightly
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_every_automation_of_the_modules_can_run(installation: Any, enterprise: Any) -> None:
    at = enterprise(*(Layer.read_file(path, "module") for path in MODULES))
    with installation.unit(at, write=True) as unit:
        root = people.create_user(unit, "root", "Root", None, ["admin"])
        story = _Story(Records(unit, engine_of(actor_of(unit, root, "command"))))
        for entity, named in unit.registry.samples.items():
            for name in named:
                try:
                    with unit.savepoint():
                        story.tell(entity, name)
                except Refusal:  # that samples fit together is held elsewhere
                    story.open.clear()
    with installation.unit(at, write=True) as unit:
        actor, states, failed = actor_of(unit, root, "api"), set(), []
        for one in every_automation(unit.registry):
            if one.trigger == "hook":  # what another system sends is tried where the module is tested
                continue
            table = unit.tables[one.entity.key]
            ids = unit.execute(sa.select(table.c.id).where(live(one.entity, table)).order_by(table.c.id).limit(EACH))
            for record in list(ids.scalars()):
                found = rehearse(unit, actor, one, record)
                states.add(found.state)
                if found.state == "failed":
                    failed.append(f"{one.address}#{record}: {found.said}")
    assert not failed
    assert {"done", "skipped"} <= states
