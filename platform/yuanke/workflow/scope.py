"""Expressions of acts, steps and automations, made ready to run: they were checked when they were declared.

The one rule: what a place beside the record names (answers, results, values of ``let``) may be any value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from yuanke import expressions
from yuanke.access.grants import engine_of
from yuanke.expressions import Expression
from yuanke.expressions.scope import Kind
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity, Field
from yuanke.metadata.scope import ANY, RecordScope
from yuanke.records.names import ReadableNames
from yuanke.storage import Unit


class ActScope(RecordScope):
    """Fields of the record, else whatever the act names at run time."""

    def kind_of(self, name: str) -> Kind | None:
        return super().kind_of(name) or (None if self.facts.has_entity(name) else ANY)

    def step(self, kind: Kind, name: str) -> Kind | None:
        return super().step(kind, name) or ANY


_compiled: WeakKeyDictionary[Entity, dict[Any, Expression]] = WeakKeyDictionary()


def expression(
    unit: Unit,
    actor: Actor,
    entity: Entity,
    source: str,
    expect: str | Kind | None = None,
    asked: Mapping[str, Field] | None = None,
) -> Expression:
    """The expression ``source`` (a leading ``=`` is skipped) on a record of ``entity``; kept with the entity."""
    kept = _compiled.setdefault(entity, {})
    wanted = expect if isinstance(expect, str) or expect is None else (expect.name, expect.of, _keys(expect))
    mark = (unit.registry.digest, source, wanted, tuple(asked or ()))
    found = kept.get(mark)
    if found is None:
        kinds = {key: field.type.kind_of(field) for key, field in (asked or {}).items()}
        scope = ActScope(ReadableNames(unit, engine_of(actor)), entity.key, asked=_Asked(kinds))
        found = kept[mark] = expressions.compile(source.removeprefix("=").strip(), scope, expect=expect)
    return found


def _keys(kind: Kind) -> tuple[str, ...]:
    return tuple(kind.options or ())


class _Asked(dict[str, Kind]):
    """What an act did not ask may still be answered by what runs it."""

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key) or default or ANY
