"""Steps in their order: whether, for each of what, and the result that the next ones may name.

The one rule: a step that is skipped gives None; with ``failures`` each turn stands alone, else any refusal undoes all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yuanke.kernel.errors import Refusal
from yuanke.kernel.text import message
from yuanke.workflow.each import turns
from yuanke.workflow.names import ActNames
from yuanke.workflow.steps.kinds import STEPS, StepRun

MODIFIERS = frozenset({"when", "as", "each", "where", "sort", "failures"})


def run_steps(steps: Sequence[Mapping[str, Any]], names: ActNames, run: StepRun) -> None:
    """Run ``steps``; results are kept in ``names.own``."""
    for said in steps:
        result = _step(said, names, run)
        if said.get("as"):
            names.own[str(said["as"])] = result


def _step(said: Mapping[str, Any], names: ActNames, run: StepRun) -> Any:
    verb = next(word for word in said if word not in MODIFIERS)
    if said.get("each") is None:
        if said.get("when") is not None and not names.holds(str(said["when"])):
            return None
        return _do(verb, said[verb], names, run)
    results = []
    for turn in turns(names, said, called=said.get("as")):
        if said.get("when") is not None and not turn.holds(str(said["when"])):
            continue
        results.append(_alone(verb, said, turn, run) if said.get("failures") else _do(verb, said[verb], turn, run))
    return results


def _do(verb: str, body: Any, names: ActNames, run: StepRun) -> Any:
    if verb == "do":
        return run_steps(body, names, run)
    kind = STEPS.get(verb)
    if kind is None:
        raise ValueError(f"no step is called {verb!r}")
    return kind(body, names, run)


def _alone(verb: str, said: Mapping[str, Any], turn: ActNames, run: StepRun) -> Any:
    """One turn in a savepoint; what is refused is written into the rows field that ``failures`` names."""
    try:
        with run.unit.savepoint():
            return _do(verb, said[verb], turn, run)
    except Refusal as refusal:
        run.tell("failed", {"record": turn.own.get("row"), "said": refusal.said})
        _keep_failure(str(said["failures"]), refusal, turn, run)
        return None


def _keep_failure(field: str, refusal: Refusal, turn: ActNames, run: StepRun) -> None:
    from yuanke.records import Typed
    from yuanke.workflow.writing import write

    rows = run.unit.registry.entities[run.entity.fields[field].rows or ""]
    first = next(
        (k for k, f in rows.fields.items() if f.source == "typed" and f.type.name in ("text", "long_text")), None
    )
    if first is not None and run.record_id is not None:
        said = message("{said}", said=refusal.said).say()[:200]
        write(run.unit, run.actor, run.entity, run.record_id, Typed({field: [{first: said}]}))
