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
from yuanke.records.duplicates.finding import forms_of, ids_by_forms, ids_by_values
from yuanke.records.duplicates.kept import normal_fields
from yuanke.records.values import Condition
from yuanke.storage import Unit

NOT_YOURS = message("没有找到或无权修改")
Key = tuple[Any, ...]
Standing = tuple[int, Mapping[str, Any]]


def key_of(draft: Draft, key: Iterable[str]) -> Key | None:
    """The values of the key; None when one of them is empty or wrong (such a draft is new, or refused for its
    fault)."""
    values = tuple(draft.shaped.values.get(name) for name in key)
    return None if any(value is None for value in values) else values


class Matching:
    """``door`` is the actor's; ``unit`` knows the normal forms of all rows (to know that a record is there)."""

    def __init__(self, unit: Unit, door: Door, entity: Entity, mapping: ImportMapping, written: frozenset[str]) -> None:
        self.unit = unit
        self.door = door
        self.entity = entity
        self.mapping = mapping
        self.written = written
        rules = [rule.match for rule in entity.duplicates if rule.match]
        #: each of these finds a record by itself
        self.keys = tuple(rules) if mapping.by_rules else (mapping.key,) if mapping.key else ()

    def find(self, drafts: list[Draft]) -> None:
        """Set ``id`` and ``standing`` of drafts that update; refuse those that may neither update nor create."""
        if not self.keys:
            return
        open_ = [(draft, marks) for draft in drafts if not draft.shaped.errors and (marks := self._marks(draft))]
        there = self._there({mark for _, marks in open_ for mark in marks})
        seen = self._seen({one for ids in there.values() for one in ids})
        for draft, marks in open_:
            ids = list(dict.fromkeys(one for mark in marks for one in there.get(mark, ())))
            self._settle(draft, ids, [seen[one] for one in ids if one in seen])

    def marks(self, draft: Draft) -> list[Any]:
        """What tells that a later row of the file means the same record as an earlier one."""
        return [(key, form) for key, form in self._forms(draft)]

    def _marks(self, draft: Draft) -> list[tuple[tuple[str, ...], Key]]:
        marks = self._forms(draft)
        if not marks and not self.mapping.by_rules:
            draft.shaped.fault(self.mapping.key[0], message("用来识别重复的字段不能为空"))
        return marks

    def _forms(self, draft: Draft) -> list[tuple[tuple[str, ...], Key]]:
        """(fields, their normal forms) of every key whose fields are all filled."""
        found = []
        for key in self.keys:
            values = key_of(draft, key)
            forms: Key = () if values is None else values
            if values is not None and self._normal(key):
                forms = forms_of(self.unit, self.entity, key, values)
                forms = forms if all(forms) else ()
            if forms:
                found.append((key, forms))
        return found

    def _normal(self, key: tuple[str, ...]) -> bool:
        """Whether one of the fields is compared by its normal form."""
        return not normal_fields(self.unit.registry, self.entity).keys().isdisjoint(key)

    def _there(self, marks: set[Any]) -> dict[Any, list[int]]:
        """Mark -> live records that it means, whoever may see them."""
        found: dict[Any, list[int]] = {}
        for key in {key for key, _ in marks}:
            wanted = {forms for known, forms in marks if known == key}
            look_up = ids_by_forms if self._normal(key) else ids_by_values
            for forms, ids in look_up(self.unit, self.entity, key, wanted).items():
                found[(key, forms)] = ids
        return found

    def _seen(self, ids: set[int]) -> dict[int, Standing]:
        """Those of ``ids`` that the actor sees, with enough to fill only what is empty and their rows when lines come."""
        wanted = list(self.mapping.rows)
        if self.mapping.when_found == "fill":
            wanted += self.mapping.columns
        fields = tuple(name for name in dict.fromkeys(wanted) if name != "id")
        if not ids:
            return {}
        rows = read_all(self.door, self.entity.key, (Condition("id", "in", sorted(ids)),), fields)
        return {record_id: (record_id, values) for record_id, values in rows}

    def _settle(self, draft: Draft, ids: list[int], records: list[Standing]) -> None:
        at = self.mapping.key[0] if self.mapping.key_fields else ""
        if len(records) > 1:
            draft.shaped.fault(at, message("有 {count} 条记录符合，无法确定更新哪一条", count=len(records)))
        elif records:
            draft.id, draft.standing = records[0]
        elif ids or not self._may_create():
            draft.shaped.fault(at, NOT_YOURS)

    def _may_create(self) -> bool:
        """Not by a key that nobody writes (an id, a document number): the new record would not have it."""
        written = all(name in self.written for name in self.mapping.key_fields)
        return self.mapping.when_absent == "create" and written
