"""Steps of a plan that take something away or give it another meaning say where it is named.

The one rule: it is looked up for those steps only; a plan that merely adds pays nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from yuanke.metadata.uses import Use, uses
from yuanke.storage.comparison import Comparison
from yuanke.storage.plan import Step

OF_FIELD = frozenset({"retire_field", "set_aside", "rename_field", "convert"})
OF_OPTION = frozenset({"option_removed", "option_retired", "option_moved"})
OF_ENTITY = frozenset({"retire_entity", "set_aside"})
MOST_USES = 100


def with_uses(at: Comparison, steps: Iterable[Step]) -> list[Step]:
    """``steps`` with their ``used``."""
    return [replace(step, used=_uses(at, step)) if _asks(step) else step for step in steps]


def _asks(step: Step) -> bool:
    return step.kind in OF_FIELD | OF_OPTION | OF_ENTITY and bool(step.entity)


def _uses(at: Comparison, step: Step) -> tuple[Use, ...]:
    found = uses(at.running_layers)
    if step.kind in OF_OPTION:
        return tuple(found.of(step.entity, step.field, step.about)[:MOST_USES])
    if step.field:
        return tuple(found.of(step.entity, step.about or step.field)[:MOST_USES])
    return tuple(found.of(step.entity)[:MOST_USES])
