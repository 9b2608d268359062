"""A large change set undone in the background, in short transactions: the records written last first.

The one rule: the set is marked as undone when the job is queued, so nobody begins twice; what is left is told at the end.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from yuanke import jobs
from yuanke.access.grants import engine_of
from yuanke.jobs import Run
from yuanke.kernel.actor import Actor
from yuanke.kernel.text import message
from yuanke.records.trail import HISTORY
from yuanke.records.undoing.backwards import Undone, written_by
from yuanke.records.undoing.sets import ENTITY, recorded, resumed
from yuanke.records.undoing.undo import begin, finish, note, take_back, undo
from yuanke.storage import Unit

KIND = "undo"
#: more lines of history than this are undone by a job, where the kind of the set bears to be undone in parts
MOST_AT_ONCE = 500
IN_PARTS = frozenset({"import", "bulk"})
CHUNK = 50


def undo_or_queue(unit: Unit, actor: Actor, set_id: int) -> Undone | int:
    """What became of it, or the id of the job that does it. Raises as `undo` does."""
    lines = sa.select(sa.func.count()).select_from(HISTORY).where(HISTORY.c.change_set == set_id)
    table = unit.tables[ENTITY]
    kind = unit.execute(sa.select(table.c.kind).where(table.c.id == set_id)).scalar()
    if kind not in IN_PARTS or unit.execute(lines).scalar_one() <= MOST_AT_ONCE:
        return undo(unit, actor, set_id)
    begin(unit, actor, set_id)
    return jobs.enqueue(unit, engine_of(actor), KIND, {"set": set_id}, dedupe=f"{KIND}:{set_id}")


def run_undo(run: Run) -> dict[str, Any]:
    """Result: how many records went back, and how many were left."""
    set_id = int(run.arguments["set"])
    with run.reading() as step:
        order = [(one.entity.key, one.id) for one in written_by(step.unit, set_id)]
    done, left = Undone(**run.checkpoint.get("counts", {})), run.checkpoint.get("left", 0)
    for at in range(run.checkpoint.get("at", 0), len(order), CHUNK):
        with run.step() as step:
            row = _row(step.unit, set_id)
            part = written_by(step.unit, set_id, order[at : at + CHUNK])
            back = run.checkpoint.get("back")
            with resumed(step.unit, back) if back else _fresh(step.unit, step.actor, row) as held:
                held.begin()
                take_back(step.unit, step.actor, row, part, done)
                run.checkpoint["back"] = held.id if held.stands else None
            note(step.unit, set_id, done)
            left += len(done.left)
            done.left.clear()
            counts = {"restored": done.restored, "binned": done.binned, "brought_back": done.brought_back}
            run.checkpoint.update(at=at + CHUNK, counts=counts, left=left)
            run.report(
                (at + CHUNK) / len(order), message("已撤销 {done} / {all} 条", done=done.records, all=len(order))
            )
    with run.step() as step:
        finish(step.unit, step.actor, _row(step.unit, set_id), done)
    return {"records": done.records, "left": left, "change_set": set_id}


def _row(unit: Unit, set_id: int) -> dict[str, Any]:
    table = unit.tables[ENTITY]
    return dict(unit.execute(sa.select(table).where(table.c.id == set_id)).mappings().one())


def _fresh(unit: Unit, actor: Actor, row: dict[str, Any]) -> Any:
    return recorded(unit, actor, "undo", row["entity"] or "", within=None)
