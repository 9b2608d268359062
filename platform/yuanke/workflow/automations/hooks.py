"""What automations bring to the platform: ears at saves and acts, their kinds of jobs, and their upkeep."""

from __future__ import annotations

from typing import Any

from yuanke.jobs.kinds import daily
from yuanke.kernel.hooks import impl
from yuanke.records import rollups
from yuanke.records.parameters import changing
from yuanke.storage import apply
from yuanke.workflow.automations import before, events, every, firing, moments, running, upkeep

daily.append(upkeep.look_after)
apply.followers.append(upkeep.follow)
rollups.carried.append(upkeep.carried)
changing.settings_changed.append(upkeep.settings_changed)


@impl
def job_kinds() -> dict[str, Any]:
    return {
        running.KIND: running.JOB_KIND,
        **moments.JOB_KINDS,
        **firing.JOB_KINDS,
        **every.JOB_KINDS,
        **upkeep.JOB_KINDS,
    }


@impl
def before_save(save: Any) -> None:
    before.saving(save)


@impl
def after_save(save: Any) -> None:
    events.saved(save)
    moments.follow(save)


@impl
def after_act(act: Any, unit: Any, actor: Any, record: int, asked: Any) -> None:
    events.happened(unit, actor, act.entity, act.key, record, asked=asked)


@impl
def after_verb(unit: Any, actor: Any, entity: Any, verb: str, record: int, event: Any) -> None:
    events.happened(unit, actor, entity, verb, record, more=event)
