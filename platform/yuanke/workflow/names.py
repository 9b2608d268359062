"""The names of expressions while an act runs: the record as it stands, ``old``, what was asked, ``let``, results.

The one rule: they are seen as the engine sees them; ``me`` stays the person who set it off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from yuanke.access.scopes import run_values
from yuanke.expressions import Expression
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity, Field
from yuanke.records.environment import CALLS, StoredValues, calls_of, forget, stored
from yuanke.storage import Unit
from yuanke.storage.sqlscope import TableScope
from yuanke.workflow.paths import many
from yuanke.workflow.scope import expression


class ActNames(Mapping[str, Any]):
    """``own`` holds answers, results and further names of the run; everything else is the record's."""

    def __init__(
        self,
        unit: Unit,
        actor: Actor,
        entity: Entity,
        record_id: int | None,
        *,
        asked: Mapping[str, Any] | None = None,
        old: Mapping[str, Any] | None = None,
        event: Mapping[str, Any] | None = None,
        own: Mapping[str, Any] | None = None,
        asks: Mapping[str, Field] | None = None,
    ) -> None:
        self.unit, self.actor, self.entity, self.id = unit, actor, entity, record_id
        self.asks = asks or {}
        self.asked = dict(asked or {})
        self.own: dict[str, Any] = dict(own or {})
        self.event = event
        self.old = old
        self._record: Any = None

    @property
    def record(self) -> StoredValues | None:
        """The record as it stands now; read again after `refresh`."""
        if self._record is None and self.id is not None:
            self._record = stored(self.unit, self.entity, self.id)
        return self._record  # type: ignore[no-any-return]

    def refresh(self) -> None:
        """The record was written: it is read again when it is asked for."""
        self._record = None
        forget(self.unit, self.entity, [self.id])

    def with_own(self, **names: Any) -> ActNames:
        """The same names with further ones over them; results that are kept later are kept here only."""
        made = ActNames(
            self.unit,
            self.actor,
            self.entity,
            self.id,
            asked=self.asked,
            old=self.old,
            event=self.event,
            own={**self.own, **names},
            asks=self.asks,
        )
        made._record = self._record
        return made

    def __getitem__(self, key: str) -> Any:
        return self.get(key)

    def get(self, key: str, default: Any = None) -> Any:
        if key in self.own:
            return self.own[key]
        if key in self.asked and self.asks.get(key) is self.entity.fields.get(key):
            return _Answers(self.unit, self.asks, self.asked).get(key)  # it is saved with the record: it counts already
        if key in ("me", "settings"):
            return run_values(self.unit, self.actor)[key]
        if key == "asked":
            return _Answers(self.unit, self.asks, self.asked)
        if key == "event":
            return self.event
        if key == "old":
            return self.old
        if key == CALLS:
            return calls_of(self.unit, self.actor)
        if self.record is None:
            return default
        if key in ("this", "row", "record"):
            return self.own.get("row", self.record) if key == "row" else self.record
        found = self.record.get(key)
        if found is None and key in self.unit.registry.entities and self.entity.fields.get(key) is None:
            from yuanke.records.environment import collection

            return collection(self.unit, self.entity, self.id, key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter((*self.own, *self.entity.fields, "me", "settings", "asked"))

    def __len__(self) -> int:
        return len(self.own) + len(self.entity.fields) + 3

    def compile(self, source: str, expect: Any = None, entity: Entity | None = None) -> Expression:
        return expression(self.unit, self.actor, entity or self.entity, source, expect, self.asks)

    def value(self, source: str, expect: Any = None) -> Any:
        """What the expression ``source`` gives here; of a path to many records, those records."""
        if expect is None:
            found = many(self, source)
            if found is not None:
                return found
        return self.run(self.compile(source, expect))

    def holds(self, source: str) -> bool:
        return bool(self.value(source, "bool"))

    def run(self, found: Expression) -> Any:
        """Whole entities are counted and summed in the database, where nothing but the record and what is known is named."""
        if found.entities and found.has_sql and self.id is not None and not self._names_own(found):
            return self._in_database(found)
        return found.evaluate(self)

    def _names_own(self, found: Expression) -> bool:
        return any(path and path[0] in self.own for path in found.reads)

    def _in_database(self, found: Expression) -> Any:
        table = self.unit.tables[self.entity.key]
        values = {**run_values(self.unit, self.actor), "asked": _plain_answers(self.asked), "event": self.event}
        scope = TableScope(self.entity, table, self.unit.tables, values)
        value = self.unit.execute(sa.select(found.sql(scope)).where(table.c.id == self.id)).scalar()
        return bool(value) if found.kind.name == "bool" else value


class _Answers(Mapping[str, Any]):
    """``asked.member.name``: an answer that is a link is followed when it is read."""

    def __init__(self, unit: Unit, asks: Mapping[str, Field], asked: Mapping[str, Any]) -> None:
        self.unit, self.asks, self.asked = unit, asks, asked

    def __getitem__(self, key: str) -> Any:
        return self.get(key)

    def get(self, key: str, default: Any = None) -> Any:
        value, field = self.asked.get(key, default), self.asks.get(key)
        if value is None or field is None or not field.targets:
            return value
        target = field.targets[0] if len(field.targets) == 1 else value.entity
        entity = self.unit.registry.entities[target]
        if field.pairs:
            return [stored(self.unit, entity, one) for one in value]
        return stored(self.unit, entity, getattr(value, "id", value))

    def __iter__(self) -> Iterator[str]:
        return iter(self.asked)

    def __len__(self) -> int:
        return len(self.asked)


def _plain_answers(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {key: getattr(value, "id", value) for key, value in asked.items()}


def is_expression(said: Any) -> bool:
    return isinstance(said, str) and said.startswith("=")


def evaluate(names: ActNames, said: Any, expect: Any = None) -> Any:
    """A declared value: text that begins with ``=`` is an expression, everything else stands for itself."""
    return names.value(said, expect) if is_expression(said) else said
