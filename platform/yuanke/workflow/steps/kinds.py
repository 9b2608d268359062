"""The verbs of steps, what a step knows of its run, and how deep one act may set off another.

The one rule: an act that sets off acts more than five deep is stopped, with the chain named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Refused
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.storage import Unit
from yuanke.workflow.acts import Act
from yuanke.workflow.names import ActNames

DEEPEST = 5


@dataclass
class StepRun:
    """Who runs steps on which record, set off by which act or automation; ``done`` tells what each did (a dry run shows it).

    ``moment``: the instant that set it off, of an automation that says ``at:``.
    """

    unit: Unit
    actor: Actor
    entity: Entity
    record_id: int | None
    act: str
    done: list[tuple[str, Any]] = field(default_factory=list)
    moment: datetime | None = None

    def tell(self, verb: str, what: Any) -> None:
        self.done.append((verb, what))


#: what a verb does: ``(body of the step, names, run) -> result``
StepKind = Callable[[Any, ActNames, StepRun], Any]
STEPS: dict[str, StepKind] = {}


def step(verb: str) -> Callable[[StepKind], StepKind]:
    """Registers a verb."""

    def register(kind: StepKind) -> StepKind:
        STEPS[verb] = kind
        return kind

    return register


def entering(unit: Unit, act: Act, record_id: int) -> AbstractContextManager[None]:
    """One act deeper; raises Refused beyond `DEEPEST`."""
    return entering_document(unit, act.entity, record_id, act.key)


@contextmanager
def entering_document(unit: Unit, entity: Entity, record_id: int, key: str) -> Iterator[None]:
    """One act or one next document deeper."""
    chain: list[str] = unit.kept.setdefault(("acts",), [])
    chain.append(f"{entity.key}#{record_id}.{key}")
    try:
        if len(chain) > DEEPEST:
            raise Refused(message("操作互相触发得太深，已停止：{chain}", chain=" → ".join(chain)), chain=list(chain))
        yield
    finally:
        chain.pop()


Body = Mapping[str, Any]
