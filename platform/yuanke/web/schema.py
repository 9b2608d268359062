"""What a change of the definitions leaves for later, queued the same from both faces."""

from __future__ import annotations

from typing import Any

from yuanke.jobs import enqueue, kinds
from yuanke.kernel.actor import Actor
from yuanke.storage import Unit

FINISH = "finish_schema"


def finish_later(unit: Unit, actor: Actor, done: Any) -> None:
    """``done`` is what `change_here` answered: its slow steps (indexes, fills) go on as one job."""
    if done.pending and FINISH in kinds():
        enqueue(unit, actor, FINISH, {}, dedupe=FINISH, once="pending")
