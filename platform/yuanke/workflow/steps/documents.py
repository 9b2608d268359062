"""The step ``become``: the next document is made, and may be moved on.

The one rule: it is made as the engine, and stands or falls with the act that made it.
"""

from __future__ import annotations

from typing import Any

from yuanke.access.grants import engine_of
from yuanke.records.environment import stored
from yuanke.workflow.names import ActNames
from yuanke.workflow.steps.kinds import StepRun, step
from yuanke.workflow.steps.verbs import set_off


@step("become")
def become(body: Any, names: ActNames, run: StepRun) -> Any:
    """``become: issue_note`` makes it; ``become: {issue_note: confirm}`` makes it and moves it on."""
    from yuanke.workflow.documents import make

    made = []
    for key, transition in body.items() if isinstance(body, dict) else [(str(body), None)]:
        for record in make(run.unit, engine_of(run.actor), run.entity.key, run.record_id or 0, key):
            found = stored(run.unit, record.entity, record.id)
            run.tell("create", {"entity": record.entity.key, "id": record.id})
            if transition and found is not None:
                set_off(found, str(transition), {}, run)
            made.append(found)
    names.refresh()
    return made[0] if len(made) == 1 else made
