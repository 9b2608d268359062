"""Steps that set off acts: run, move, call.

The one rule: an act set off by an act is the engine's, keeps the person for the log, and counts in the depth.
"""

from __future__ import annotations

from typing import Any

from yuanke.kernel.errors import Refused
from yuanke.kernel.hooks import hooks
from yuanke.kernel.text import message
from yuanke.records.environment import StoredValues
from yuanke.workflow.acts import act
from yuanke.workflow.each import turns
from yuanke.workflow.names import ActNames, evaluate
from yuanke.workflow.steps import handing
from yuanke.workflow.steps.data import _records
from yuanke.workflow.steps.kinds import Body, StepRun, step


@step("run")
def run_act(body: Any, names: ActNames, run: StepRun) -> Any:
    """Runs an action or transition of this record, or of the records that ``target`` gives."""
    said: Body = {"action": body} if isinstance(body, str) else body
    records = _records(names.record if said.get("target") is None else names.value(str(said["target"])))
    for record in records:
        asked = {key: evaluate(names, value) for key, value in (said.get("with") or {}).items()}
        set_off(record, str(said["action"]), asked, run)
    names.refresh()
    return records[0] if len(records) == 1 else records


@step("move")
def move(body: Any, names: ActNames, run: StepRun) -> Any:
    """Moves the workflow of this record, of ``record``, or of each of ``each``."""
    if isinstance(body, str):
        return run_act(body, names, run)
    if body.get("each") is not None:
        for turn in turns(names, body):
            for record in _records(turn.own["row"]):
                set_off(record, str(body["transition"]), {}, run)
    else:
        for record in _records(names.record if body.get("record") is None else names.value(str(body["record"]))):
            set_off(record, str(body["transition"]), {}, run)
    names.refresh()
    return None


def set_off(record: StoredValues, key: str, asked: dict[str, Any], run: StepRun) -> None:
    """The act ``key`` of ``record``, as the engine for the one who set it off."""
    from yuanke.workflow.perform import do_act

    if key in handing.VERBS and key in record.entity.features:
        handing.run_verb(record, key, asked, run)
        return
    plain = {k: v.get("id") if isinstance(v, StoredValues) else v for k, v in asked.items()}
    do_act(run.unit, run.actor, act(record.entity, key), record.get("id"), plain)
    run.tell("run", {"entity": record.entity.key, "id": record.get("id"), "act": key})


@step("call")
def call(body: Body, names: ActNames, run: StepRun) -> Any:
    """Calls a function that a plugin brings (hook ``step_functions``)."""
    found: dict[str, Any] = {}
    for brought in hooks().hook.step_functions():
        found.update(brought)
    function = found.get(str(body["function"]))
    if function is None:
        raise Refused(message("没有插件提供函数 {name}", name=body["function"]))
    given = {key: evaluate(names, value) for key, value in (body.get("with") or {}).items()}
    run.tell("call", {"function": body["function"]})
    return function(run.unit, run.actor, names.record, **given)
