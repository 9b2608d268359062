"""The tests that a pack brings along in its ``tests:`` blocks.

The one rule: they go through the same door as people, in the role they name, and leave nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from yuanke import expressions
from yuanke.access.grants import engine_of
from yuanke.access.scopes import run_values
from yuanke.app.packs.results import Result, fine, wrong
from yuanke.app.packs.trial import Trial, said
from yuanke.kernel.errors import Refusal
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Query, Records
from yuanke.records.names import readable_scope
from yuanke.storage import Unit
from yuanke.workflow.perform import perform


def run_own(trial: Trial) -> Iterator[Result]:
    for name, test in (trial.registry.more.get("tests") or {}).items():
        try:
            with trial.undone() as unit:
                _Case(trial, unit, test).run()
        except _Failed as failed:
            yield wrong("tests", f"tests.{name}", str(failed))
        except (Refusal, expressions.ExpressionFault) as fault:
            yield wrong("tests", f"tests.{name}", said(fault) if isinstance(fault, Refusal) else str(fault))
        else:
            yield fine("tests", f"tests.{name}", len(test.get("do", ())))


class _Failed(Exception):
    """What was expected and did not come."""


class _Case:
    def __init__(self, trial: Trial, unit: Unit, test: Mapping[str, Any]) -> None:
        self.trial, self.unit, self.test = trial, unit, test
        self.named: dict[str, tuple[str, int]] = {name: (entity, id_) for (entity, name), id_ in trial.samples.items()}

    def run(self) -> None:
        for number, step in enumerate(self.test.get("do", ()), 1):
            self._step(number, step)
        for name, conditions in (self.test.get("expect") or {}).items():
            for condition in conditions if isinstance(conditions, list) else [conditions]:
                self._expect(name, str(condition))

    def _step(self, number: int, step: Mapping[str, Any]) -> None:
        wanted = step.get("refused")
        try:
            with self.unit.savepoint():
                self._do(step)
        except Refusal as refused:
            text = said(refused)
            if wanted is None or wanted is False or (wanted is not True and str(wanted) not in text):
                raise _Failed(f"step {number} was refused: {text}") from refused
            return
        if wanted not in (None, False):
            raise _Failed(f"step {number} should have been refused ({wanted}) and was not")

    def _do(self, step: Mapping[str, Any]) -> None:
        door = self._door(step)
        for entity, values in (step.get("create") or {}).items():
            made = door.create(entity, self._values(self._entity(entity), values)).id
            self.named[str(step.get("as") or entity)] = (entity, made)
        for name, values in (step.get("update") or {}).items():
            entity, id_ = self._record(name)
            door.update(entity, id_, self._values(self._entity(entity), values))
        for name, act in (step.get("act") or {}).items():
            entity, id_ = self._record(name)
            answers = self._values(self._entity(entity), step.get("with") or {})
            perform(self.unit, door.actor, entity, id_, str(act), answers)
        if step.get("delete"):
            door.delete(*self._record(str(step["delete"])))

    def _door(self, step: Mapping[str, Any]) -> Records:
        role = step.get("by") or self.test.get("by")
        return self.trial.door(self.unit, None if role in (None, "admin") else str(role))

    def _entity(self, key: str) -> Entity:
        return self.trial.registry.entities[key]

    def _record(self, name: str) -> tuple[str, int]:
        if name not in self.named:
            raise _Failed(f'there is no record called "{name}"; known: {", ".join(self.named) or "none"}')
        return self.named[name]

    def _values(self, entity: Entity, said_: Mapping[str, Any]) -> dict[str, Any]:
        return {key: self._value(entity, entity.fields.get(key), value) for key, value in said_.items()}

    def _value(self, entity: Entity, field: Field | None, value: Any) -> Any:
        if isinstance(value, str) and value.startswith("="):
            actor = engine_of(self.trial.actor(self.unit))
            scope = readable_scope(self.unit, actor, entity)
            return expressions.compile(value[1:], scope).evaluate(run_values(self.unit, actor))
        if field is None:
            return value
        if field.rows and isinstance(value, list):
            return [self._values(self._entity(field.rows), row) for row in value]
        if field.targets and isinstance(value, list):
            return [self._link(field, item) for item in value]
        return self._link(field, value) if field.targets else value

    def _link(self, field: Field, value: Any) -> Any:
        if not isinstance(value, str) or value not in self.named:
            return value
        entity, id_ = self.named[value]
        return id_ if len(field.targets) == 1 else {"entity": entity, "id": id_}

    def _expect(self, name: str, condition: str) -> None:
        entity, id_ = self._record(name)
        self.unit.kept.clear()
        door = self.trial.engine(self.unit)
        if door.list(entity, Query(filter=f"id == {id_} and ({condition})", fields=("id",), limit=1)).records:
            return
        raise _Failed(f"{name}: {condition} is not true; {self._shown(door, entity, id_, condition)}")

    def _shown(self, door: Records, entity: str, id_: int, condition: str) -> str:
        """The fields that the condition names, as they are."""
        scope = readable_scope(self.unit, door.actor, self._entity(entity))
        names = sorted({path[0] for path in expressions.compile(condition, scope, expect="bool").reads})
        known = [name for name in names if name in self._entity(entity).fields]
        values = door.get(entity, id_, known).values
        return ", ".join(f"{key} is {values.get(key)!r}" for key in known)
