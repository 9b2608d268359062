"""The names a reader may use in a filter: what `metadata.scope` asks, answered from the Registry under his rights.

The one rule: a hidden name has no kind here, so it reads like a name that does not exist.
"""

from __future__ import annotations

from yuanke.access.grants import grant
from yuanke.expressions.scope import Kind
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity
from yuanke.metadata.scope import RecordScope
from yuanke.storage import Unit


class ReadableNames:
    def __init__(self, unit: Unit, actor: Actor) -> None:
        self.unit = unit
        self.actor = actor

    def visible(self, entity: Entity, key: str) -> bool:
        given = grant(self.unit, self.actor, entity, "read")
        return given.allowed and key in given.readable

    def kind(self, entity: str, name: str) -> Kind | None:
        at = self.unit.registry.entities.get(entity)
        if at is None:
            return None
        field = at.fields.get(name)
        if field is not None:
            return field.type.kind_of(field) if not field.retired and self.visible(at, name) else None
        inverse = at.inverses.get(name)
        if (
            inverse is not None
            and grant(self.unit, self.actor, self.unit.registry.entities[inverse.entity], "read").allowed
        ):
            return Kind("collection", of=inverse.entity)
        return None

    def setting(self, name: str) -> Kind | None:
        field = self.unit.registry.settings.get(name)
        return field.type.kind_of(field) if field is not None else None

    def has_entity(self, key: str) -> bool:
        at = self.unit.registry.entities.get(key)
        return at is not None and grant(self.unit, self.actor, at, "read").allowed

    def words(self, entity: str) -> list[str]:
        at = self.unit.registry.entities.get(entity)
        if at is None:
            return []
        return [k for k, f in at.fields.items() if not f.retired and self.visible(at, k)] + list(at.inverses)

    def setting_names(self) -> list[str]:
        return list(self.unit.registry.settings)

    def document(self, entity: str) -> tuple[str, str] | None:
        at = self.unit.registry.entities.get(entity)
        if at is None or at.parent is None or at.parent_link is None:
            return None
        return at.parent[0], at.parent_link


def readable_scope(unit: Unit, actor: Actor, entity: Entity) -> RecordScope:
    return RecordScope(ReadableNames(unit, actor), entity.key)
