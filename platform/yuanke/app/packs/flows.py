"""Workflows of a pack: which states can be reached, where one is stuck, and whether each act runs.

The one rule: a state is an end only when its option says ``closed: true``; what merely has no way on is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from yuanke.app.packs.results import Result, told, untried, wrong
from yuanke.app.packs.trial import Trial, said
from yuanke.kernel.errors import Refusal
from yuanke.metadata.registry import Entity
from yuanke.storage import Unit
from yuanke.workflow.acts import Act, acts, state_field
from yuanke.workflow.perform import perform


def check_flow(trial: Trial, entity: Entity) -> Iterator[Result]:
    """Reachability and dead ends of the workflow, and every act tried from a state it may begin in."""
    if entity.workflow:
        yield from told("flow", entity.key, _states(entity), len(acts(entity)))
    made = trial.made.get(entity.key)
    if made is not None and acts(entity):
        results = [_tried(trial, entity, act, made) for act in acts(entity).values() if not act.internal]
        found = [result for result in results if result is not None]
        yield from told("acts", entity.key, found, len(results) - len(found))


def _states(entity: Entity) -> Iterator[Result]:
    field = state_field(entity)
    options = {key: option for key, option in ((field.options if field else None) or {}).items() if not option.retired}
    moves = _moves(entity, set(options))
    reached = set(_starts(entity, options))
    waiting = list(reached)
    while waiting:
        here = waiting.pop()
        for there in moves.get(here, set()) - reached:
            reached.add(there)
            waiting.append(there)
    at = f"{entity.key}.workflow"
    for key in options:
        if key not in reached:
            yield wrong("flow", f"{at}.{key}", "no transition leads to this state")
        elif not moves.get(key) and not options[key].values.get("closed") and not options[key].void:
            yield wrong("flow", f"{at}.{key}", "no way leads on; say closed: true if it is an end")


def _starts(entity: Entity, options: Mapping[str, Any]) -> list[str]:
    field = state_field(entity)
    default = field.default if field is not None else None
    return [default] if isinstance(default, str) and default in options else list(options)[:1]


def _moves(entity: Entity, states: set[str]) -> dict[str, set[str]]:
    """State -> states one can go to. ``previous`` leads back to wherever one came from."""
    made: dict[str, set[str]] = {}
    for act in acts(entity).values():
        if act.is_transition:
            targets = set(act.targets) if act.targets else {str(act.to)} & states
            for source in act.sources if act.sources is not None else states:
                made.setdefault(source, set()).update(targets if act.to != "previous" else states)
    return made


def _tried(trial: Trial, entity: Entity, act: Act, made: int) -> Result | None:
    """None when the act ran; a refusal that the pack declares is told as not tried."""
    at = f"{entity.key}.{act.key}"
    field = state_field(entity)
    last: Refusal | None = None
    sources = sorted(act.sources) if act.sources is not None else [None]
    for source in sources:
        try:
            with trial.undone() as unit:
                if source is not None and field is not None:
                    _put(unit, entity, field.key, made, source)
                perform(unit, trial.actor(unit), entity.key, made, act.key, _answers(trial, act))
            return None
        except Refusal as refused:
            last = refused
    return untried("acts", at, said(last)) if last is not None else None


def _put(unit: Unit, entity: Entity, field: str, made: int, state: str) -> None:
    table = unit.tables[entity.key]
    unit.execute(table.update().where(table.c.id == made).values({field: state}))


def _answers(trial: Trial, act: Act) -> dict[str, Any]:
    answers = {key: trial.value(field) for key, field in act.ask.items()}
    state = state_field(act.entity)
    if act.targets and state is not None:
        answers[state.key] = act.targets[0]
    return {key: value for key, value in answers.items() if value is not None}
