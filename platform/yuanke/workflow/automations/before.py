"""``before:`` automations: they change the record on its way into the database, in the transaction that saves it.

The one rule: they only give the record values; what they set is checked like what a person typed, by the same save.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from yuanke.expressions import Expression
from yuanke.records.environment import SaveValues, StoredValues
from yuanke.records.save import Save
from yuanke.workflow.automations import switching
from yuanke.workflow.automations.declared import Automation
from yuanke.workflow.automations.events import ears, heard
from yuanke.workflow.names import ActNames
from yuanke.workflow.values import values_of


class SaveNames(ActNames):
    """Names of a record that is being saved: as it will stand, ``old`` as it stood."""

    def __init__(self, save: Save, one: Automation) -> None:
        event = {"name": save.act or save.verb, "moved": None, "reason": None, "batch": None, "at": None}
        super().__init__(save.unit, save.actor, save.entity, save.id, event=event)
        self.old = StoredValues(save.unit, save.entity, save.old) if save.old is not None else None
        self._record = SaveValues(save)
        for key, source in (one.said.get("let") or {}).items():
            self.own[key] = self.value(str(source))

    def refresh(self) -> None:
        """What is set is seen at once: the record is the save itself."""

    def run(self, found: Expression) -> Any:
        return found.evaluate(self)


def saving(save: Save) -> None:
    """Called before every save."""
    for one in ears(save.unit.registry).before.get(save.entity.key, ()):
        if (heard(one, save) or save.act in one.verbs) and not switching.is_paused(save.unit, one.address):
            names = SaveNames(save, one)
            if one.when is None or names.holds(one.when):
                _give(save, one.steps, names)


def _give(save: Save, steps: Sequence[Mapping[str, Any]], names: ActNames) -> None:
    for step in _meant(steps, names):
        values = values_of(save.entity, step["set"], names)
        save.values.update(values)
        save.given.update(values)


def _meant(steps: Sequence[Mapping[str, Any]], names: ActNames) -> Iterator[Mapping[str, Any]]:
    """The ``set`` steps whose condition holds, in their order."""
    for step in steps:
        if step.get("when") is not None and not names.holds(str(step["when"])):
            continue
        if "do" in step:
            yield from _meant(step["do"], names)
        else:
            yield step
