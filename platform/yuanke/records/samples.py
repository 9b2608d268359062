"""The sample records that modules declare, made through the door: links by the names of other samples.

The one rule: a sample is a record like any other; its days are told from today, and nothing is written past the door.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yuanke import expressions
from yuanke.access.grants import engine_of
from yuanke.access.scopes import run_values
from yuanke.metadata.registry import Entity, Field
from yuanke.records.door import Records
from yuanke.records.environment import collection
from yuanke.records.names import readable_scope

Sample = tuple[str, str]  # entity, name


@dataclass(frozen=True)
class SampleCompany:
    """A whole company that a plugin brings (hook ``sample_companies``): who is hired, and its story.

    A department has ``name``, ``parent`` and ``head``, a person ``username``, ``name``, ``role``, ``department`` and
    ``manager``; who is above comes first. ``fill(door, said)`` says now and then how far it is.
    """

    key: str
    label: str
    fill: Callable[[Records, Callable[[str], None]], Any]
    departments: Sequence[Any] = ()
    people: Sequence[Any] = ()


def fill(door: Records) -> dict[Sample, int]:
    """Make every declared sample, those that others name first; answers their ids."""
    story = _Story(door)
    for entity, named in door.unit.registry.samples.items():
        for name in named:
            story.tell(entity, name)
    return story.made


class _Names(dict[str, Any]):
    """``me`` and ``settings``; an entity's name stands for its records: ``first(user).id``."""

    def __init__(self, story: _Story, entity: Entity) -> None:
        super().__init__(run_values(story.unit, story.door.actor))
        self.story, self.entity = story, entity

    def __missing__(self, key: str) -> Any:
        if key not in self.story.unit.registry.entities:
            raise KeyError(key)
        return collection(self.story.unit, self.entity, None, key)


class _Story:
    def __init__(self, door: Records) -> None:
        self.door, self.unit = door, door.unit
        self.declared: Mapping[str, Mapping[str, Mapping[str, Any]]] = door.unit.registry.samples
        self.made: dict[Sample, int] = {}
        self.open: list[Sample] = []

    def tell(self, entity: str, name: str) -> int:
        """The record of one sample; samples that wait for each other stay with the names, which the door refuses."""
        sample = (entity, name)
        if sample not in self.made:
            self.open.append(sample)
            values = self._values(self.unit.registry.entities[entity], self.declared[entity][name])
            self.open.pop()
            self.made[sample] = self.door.create(entity, values).id
        return self.made[sample]

    def _values(self, entity: Entity, said: Mapping[str, Any]) -> dict[str, Any]:
        return {key: self._value(entity, entity.fields.get(key), value) for key, value in said.items()}

    def _value(self, entity: Entity, field: Field | None, value: Any) -> Any:
        if isinstance(value, str) and value.startswith("="):
            return self._computed(entity, field, value[1:])
        if field is None:
            return value
        if field.rows and isinstance(value, list):
            return [self._values(self.unit.registry.entities[field.rows], row) for row in value]
        if field.targets and isinstance(value, list):
            return [self._link(field, item) for item in value]
        return self._link(field, value) if field.targets else value

    def _link(self, field: Field, value: Any) -> Any:
        """The id of the sample of that name; any other text is the door's to find."""
        for target in field.targets:
            named = isinstance(value, str) and value in self.declared.get(target, {})
            if named and (target, value) not in self.open:
                found = self.tell(target, value)
                return found if len(field.targets) == 1 else {"entity": target, "id": found}
        return value

    def _computed(self, entity: Entity, field: Field | None, source: str) -> Any:
        scope = readable_scope(self.unit, engine_of(self.door.actor), entity)
        wanted = field.type.kind_of(field) if field is not None and not field.targets else None
        return expressions.compile(source, scope, expect=wanted).evaluate(_Names(self, entity))
