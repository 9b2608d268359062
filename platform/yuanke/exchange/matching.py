"""Which drafts update a standing record: found by the fields of the mapping's key, for a whole chunk at once.

The one rule: a record that the actor may not see is never overwritten and never named; its row is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from yuanke.exchange.drafts import Draft
from yuanke.exchange.linking import read_all
from yuanke.exchange.mapping import ImportMapping
from yuanke.exchange.ports import Door
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records.values import Condition

NOT_YOURS = message("没有找到或无权修改")
Key = tuple[Any, ...]


def key_of(draft: Draft, key: Iterable[str]) -> Key | None:
    """The values of the key; None when one of them is empty or wrong (such a draft is new, or refused for its
    fault)."""
    values = tuple(draft.shaped.values.get(name) for name in key)
    return None if any(value is None for value in values) else values


class Matching:
    """``door`` is the actor's, ``engine`` sees all rows (only to know that a key is taken)."""

    def __init__(
        self, door: Door, engine: Door, entity: Entity, mapping: ImportMapping, written: frozenset[str]
    ) -> None:
        self.door = door
        self.engine = engine
        self.entity = entity
        self.mapping = mapping
        self.written = written

    def find(self, drafts: list[Draft]) -> None:
        """Set ``id`` and ``standing`` of drafts that update; refuse those that may neither update nor create."""
        if not self.mapping.key:
            return
        open_ = [(draft, key) for draft in drafts if not draft.shaped.errors and (key := self._key(draft)) is not None]
        seen = self._records(self.door, {key for _, key in open_}, self._fields())
        for draft, key in open_:
            self._settle(draft, seen.get(key, []))
        absent = {key for draft, key in open_ if draft.id is None and not draft.shaped.errors}
        taken = self._records(self.engine, absent, ()) if absent else {}
        for draft, key in open_:
            if draft.id is None and not draft.shaped.errors and (key in taken or not self._may_create()):
                draft.shaped.fault(self.mapping.key[0], NOT_YOURS)

    def _key(self, draft: Draft) -> Key | None:
        key = key_of(draft, self.mapping.key)
        if key is None:
            draft.shaped.fault(self.mapping.key[0], message("用来识别重复的字段不能为空"))
        return key

    def _fields(self) -> tuple[str, ...]:
        """What is read of standing records: enough to fill only what is empty, and their rows when lines come."""
        wanted = list(self.mapping.rows)
        if self.mapping.when_found == "fill":
            wanted += self.mapping.columns
        return tuple(name for name in dict.fromkeys(wanted) if name != "id")

    def _records(
        self, door: Door, keys: set[Key], fields: tuple[str, ...]
    ) -> dict[Key, list[tuple[int, Mapping[str, Any]]]]:
        found: dict[Key, list[tuple[int, Mapping[str, Any]]]] = {}
        if not keys:
            return found
        names = self.mapping.key
        conditions = tuple(
            Condition(name, "in", sorted({key[at] for key in keys}, key=str)) for at, name in enumerate(names)
        )
        for record_id, values in read_all(door, self.entity.key, conditions, tuple(dict.fromkeys((*names, *fields)))):
            found.setdefault(tuple(values.get(name) for name in names), []).append((record_id, values))
        return found

    def _settle(self, draft: Draft, records: list[tuple[int, Mapping[str, Any]]]) -> None:
        if len(records) > 1:
            draft.shaped.fault(
                self.mapping.key[0], message("有 {count} 条记录符合，无法确定更新哪一条", count=len(records))
            )
        elif records:
            draft.id, draft.standing = records[0]

    def _may_create(self) -> bool:
        """Not by a key that nobody writes (an id, a document number): the new record would not have it."""
        return self.mapping.when_absent == "create" and all(name in self.written for name in self.mapping.key)
