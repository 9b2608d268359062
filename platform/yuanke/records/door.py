"""The one door to data. Every face, job and command goes through it; nothing of it knows who is outside.

The one rule: each method asks the grant first and answers only what the actor may see.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from yuanke.access.grants import Grant, grant
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refusal
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records import finding, owned_alone, past, reading, removal
from yuanke.records.filters import filter_expression
from yuanke.records.grouping import Group, group_by
from yuanke.records.related import hanging_on, related_records
from yuanke.records.saving import Item, save_all
from yuanke.records.selection import Selection
from yuanke.records.values import Batch, HistoryEntry, LinkValue, Outcome, Page, Query, Record, SearchHit
from yuanke.storage import Unit


class Records:
    """``Records(unit, actor)``: everything this actor can do with records inside this unit of work."""

    def __init__(self, unit: Unit, actor: Actor) -> None:
        self.unit = unit
        self.actor = actor

    def entity(self, key: str) -> Entity:
        """The entity called ``key``; one the actor may do nothing with reads like one that is not there (404)."""
        entity = self.unit.registry.entities.get(key)
        if entity is None or entity.kind == "pair":
            raise RecordNotFound(message("没有名为 {entity} 的数据", entity=key))
        return entity

    def grant(self, key: str, verb: str = "read") -> Grant:
        return grant(self.unit, self.actor, self.entity(key), verb)

    def list(self, key: str, query: Query = Query(), verb: str = "read") -> Page:
        """One page of records; ``verb="export"`` asks the export right instead. Raises AccessDenied, QueryFault."""
        return reading.list_records(self.unit, self.actor, self.entity(key), query, verb=verb)

    def get(self, key: str, record_id: int, fields: Sequence[str] | None = None, binned: bool = False) -> Record:
        return reading.get_record(self.unit, self.actor, self.entity(key), record_id, fields, binned)

    def create(self, key: str, values: Mapping[str, Any]) -> Record:
        """Save one new record; answers it as the actor may see it. Raises AccessDenied, ValidationFailed, Refused."""
        entity = self.entity(key)
        if entity.kind == "rows":
            return owned_alone.create(self.unit, self.actor, entity, values, self.get)
        return self._answer(key, save_all(self.unit, self.actor, entity, [(None, values, None)])[0].id)

    def update(self, key: str, record_id: int, values: Mapping[str, Any], version: int | None = None) -> Record:
        """Change one record; a ``version`` that is no longer the standing one raises VersionConflict."""
        expected = version if version is not None else _version_in(values)
        entity = self.entity(key)
        if entity.kind == "rows":
            return owned_alone.update(self.unit, self.actor, entity, record_id, values, self.get)
        save_all(self.unit, self.actor, self.entity(key), [(record_id, values, expected)])
        return self._answer(key, record_id)

    def delete(self, key: str, record_id: int, version: int | None = None) -> None:
        entity = self.entity(key)
        if entity.kind == "rows":
            owned_alone.remove(self.unit, self.actor, entity, record_id)
        else:
            removal.delete(self.unit, self.actor, entity, record_id, version)

    def restore(self, key: str, record_id: int) -> Record:
        removal.restore(self.unit, self.actor, self.entity(key), record_id)
        return self._answer(key, record_id)

    def batch(
        self,
        key: str,
        create: Sequence[Mapping[str, Any]] = (),
        update: Sequence[Mapping[str, Any]] = (),
        delete: Sequence[int | Mapping[str, Any]] = (),
        atomic: bool = True,
    ) -> Batch:
        """Many at once: items of ``update`` carry ``id``. ``atomic``: the first refusal undoes all; else each tells its own."""
        entity = self.entity(key)
        if entity.kind == "rows":
            return owned_alone.batch(self, key, create, update, delete, atomic)
        made = self._save(entity, [(None, values, None) for values in create], atomic, "created")
        changed = self._save(entity, [_item(values) for values in update], atomic, "updated")
        return Batch(made, changed, [self._delete(key, at, item, atomic) for at, item in enumerate(delete)])

    def _save(self, entity: Entity, items: Sequence[Item], atomic: bool, status: str) -> builtins.list[Outcome]:
        if not items:
            return []
        saves = save_all(self.unit, self.actor, entity, items, gently=not atomic)
        return [
            Outcome(at, "failed" if save.refusal else status, save.id, save.refusal) for at, save in enumerate(saves)
        ]

    def _delete(self, key: str, at: int, item: int | Mapping[str, Any], atomic: bool) -> Outcome:
        record_id = item if isinstance(item, int) else int(item["id"])
        try:
            self.delete(key, record_id, None if isinstance(item, int) else item.get("version"))
        except Refusal as refusal:
            if atomic:
                raise
            return Outcome(at, "failed", record_id, refusal)
        return Outcome(at, "deleted", record_id)

    def related(self, key: str, record_id: int, name: str, query: Query = Query()) -> Page:
        """Records of another entity that link to this one (an inverse), its owned rows, or a many-to-many link."""
        return related_records(self.unit, self.actor, self.entity(key), record_id, name, query)

    def with_related(
        self,
        key: str,
        record_id: int,
        names: Mapping[str, Query],
        fields: Sequence[str] | None = None,
        binned: bool = False,
    ) -> tuple[Record, dict[str, Page]]:
        """A record and pages of what hangs on it, in one go. Raises as `get` and `related` do."""
        record = self.get(key, record_id, fields, binned)
        entity = self.entity(key)
        return record, {
            name: hanging_on(self.unit, self.actor, entity, record_id, name, query) for name, query in names.items()
        }

    def history(
        self, key: str, record_id: int, limit: int = 50, before: int | None = None
    ) -> builtins.list[HistoryEntry]:
        return past.history(self.unit, self.actor, self.entity(key), record_id, limit, before)

    def search(self, text: str, limit: int = 20, entities: Iterable[str] | None = None) -> builtins.list[SearchHit]:
        return finding.search(self.unit, self.actor, text, limit, entities)

    def lookup(self, key: str, text: str, limit: int = 10, filter: str | None = None) -> builtins.list[LinkValue]:
        """Records to choose from while typing; ``filter`` is an expression on the candidate."""
        entity = self.entity(key)
        condition = filter_expression(Selection(self.unit, self.actor, entity), filter) if filter else None
        return finding.lookup(self.unit, self.actor, entity, text, limit, condition)

    def group(
        self, key: str, by: str | None = None, total: str | None = None, query: Query = Query()
    ) -> builtins.list[Group]:
        """Counts (and sums of ``total``) by the values of ``by``, of what `list` would show for ``query``."""
        return group_by(self.unit, self.actor, self.entity(key), by, total, query)

    def may(self, key: str, verb: str) -> bool:
        return self.grant(key, verb).allowed

    def _answer(self, key: str, record_id: int | None) -> Record:
        """What was saved, as the actor may read it; a right to write without one to read gets the bare id."""
        assert record_id is not None
        try:
            return self.get(key, record_id)
        except (RecordNotFound, AccessDenied):
            return Record(self.entity(key), record_id, 1)


def _version_in(values: Mapping[str, Any]) -> int | None:
    version = values.get("version")
    return version if isinstance(version, int) and not isinstance(version, bool) else None


def _item(values: Mapping[str, Any]) -> Item:
    return values.get("id"), {k: v for k, v in values.items() if k != "id"}, _version_in(values)
