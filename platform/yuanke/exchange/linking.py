"""Links of many rows at once: one query a field of the target, not one a row, and always under the actor's own grant.

The one rule: a record that the actor may not see reads like one that is not there; of two that fit, none is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from yuanke.exchange.mapping import Source
from yuanke.exchange.ports import Door
from yuanke.fieldtypes import Place, Pointer, ValueFault
from yuanke.kernel.errors import AccessDenied, QueryFault
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity, Field, Registry
from yuanke.records.values import Condition, LinkValue, Query

PAGE = 500


@dataclass(frozen=True)
class Wanted:
    """A text that names a record of ``entity`` by its field ``by`` (None: number, unique fields, then title)."""

    entity: str
    by: str | None
    text: str


def wanted_of(known: Field, source: Source | None, text: str, registry: Registry) -> list[Wanted]:
    """What a text in a link field may mean; several for a link to one of several entities."""
    by = source.by if source else None
    if source and source.entity:
        return [Wanted(source.entity, by, text)]
    if len(known.targets) > 1:
        named, _, rest = text.replace("：", ":").partition(":")
        for target in known.targets:
            entity = registry.entities[target]
            if rest and named.strip() in (target, entity.label.zh, entity.label.en):
                exported = named == target and rest.isascii() and rest.isdigit() and by is None
                return [Wanted(target, by, f"#{rest}" if exported else rest.strip())]
    return [Wanted(target, by, text) for target in known.targets]


class Links:
    """Found links of one chunk. `look_up` once for all texts, then `id_of` for each."""

    def __init__(self, door: Door, engine: Door, registry: Registry, place: Place) -> None:
        self.door = door
        self.engine = engine
        self.registry = registry
        self.place = place
        self._found: dict[Wanted, list[int]] = {}

    def look_up(self, wanted: Iterable[Wanted]) -> None:
        open_ = {w for w in wanted if w not in self._found}
        by_target: dict[tuple[str, str | None], set[str]] = {}
        for one in open_:
            by_target.setdefault((one.entity, one.by), set()).add(one.text)
        for (target, by), texts in by_target.items():
            found = self._in_target(self.registry.entities[target], by, texts)
            self._found.update({Wanted(target, by, text): found.get(text, []) for text in texts})

    def value(self, known: Field, meanings: list[Wanted]) -> tuple[int | Pointer | None, Message | None]:
        """The link value for one text, or the sentence why there is none."""
        hits = [(w, found) for w in meanings if (found := self._found.get(w))]
        ids = [(w, one) for w, found in hits for one in found]
        if len(ids) == 1:
            one, record_id = ids[0]
            return (record_id if len(known.targets) == 1 else Pointer(one.entity, record_id)), None
        entity = self.registry.entities[meanings[0].entity]
        if ids:
            return None, message(
                "有 {count} 条{entity}符合“{text}”，请改用编号等唯一的值",
                count=len(ids),
                entity=entity.label,
                text=meanings[0].text,
            )
        return None, message("没有找到{entity}“{text}”", entity=entity.label, text=meanings[0].text)

    def _in_target(self, entity: Entity, by: str | None, texts: set[str]) -> dict[str, list[int]]:
        """Look through the fields one after the other; what an earlier one found is not asked of a later one."""
        found: dict[str, list[int]] = {text: [int(text[1:])] for text in texts if by is None and _is_id(text)}
        for key in [by] if by else candidates(entity):
            rest = texts - found.keys()
            if not rest:
                break
            known = entity.fields[key]
            values = {text: value for text in rest if (value := _read(known, text, self.place)) is not None}
            hits = self._hits(entity, key, set(values.values()))
            found.update({text: hits[value] for text, value in values.items() if value in hits})
        return found

    def _hits(self, entity: Entity, key: str, values: set[Any]) -> dict[Any, list[int]]:
        """Of people, user names count too though not everybody reads them; of several of one name, the one still
        here."""
        if entity.key != "user":
            return ids_by(self.door, entity.key, key, values)
        hits = ids_by(self.engine if key == "username" else self.door, entity.key, key, values)
        ids = {one for found in hits.values() for one in found}
        seen = (
            {one for one, _ in read_all(self.door, entity.key, (Condition("id", "in", sorted(ids)),), ("id",))}
            if ids
            else set()
        )
        hits = {value: [one for one in found if one in seen] for value, found in hits.items()}
        if any(len(found) > 1 for found in hits.values()):
            here = (Condition("id", "in", sorted(ids)), Condition("status", "eq", "active"))
            active = {one for one, _ in read_all(self.engine, entity.key, here, ("id",))}
            hits = {v: [one for one in found if len(found) == 1 or one in active] or found for v, found in hits.items()}
        return {value: found for value, found in hits.items() if found}


def candidates(entity: Entity) -> list[str]:
    """The fields by which people name a record: its number, whatever is unique by itself, its title, a person's
    name."""
    keys = ["number"] if "number" in entity.fields else ["username"] if entity.key == "user" else []
    keys += [
        key for key, known in entity.fields.items() if known.unique == () and known.has_column and not known.retired
    ]
    keys += [entity.title] if entity.title in entity.fields and entity.fields[entity.title].has_column else []
    return [key for key in dict.fromkeys(keys) if not entity.fields[key].targets and key != "id"]


def _is_id(text: str) -> bool:
    return text.startswith("#") and text[1:].isascii() and text[1:].isdigit() and len(text) < 20


def _read(known: Field, text: str, place: Place) -> Any:
    """The text as a value of the field it is looked for in; None when it cannot be one."""
    try:
        value = known.type.read_cell(known, text, place)
    except ValueFault:
        return None
    return None if isinstance(value, (list, dict)) else value


def ids_by(door: Door, entity: str, key: str, values: set[Any]) -> dict[Any, list[int]]:
    """value of field ``key`` -> ids of the visible records that hold it; {} where the actor may not read the field."""
    hits: dict[Any, list[int]] = {}
    for record_id, found in (
        read_all(door, entity, (Condition(key, "in", sorted(values, key=str)),), (key,)) if values else ()
    ):
        hits.setdefault(found[key], []).append(record_id)
    return hits


def read_all(
    door: Door, entity: str, conditions: tuple[Condition, ...], fields: tuple[str, ...]
) -> list[tuple[int, Mapping[str, Any]]]:
    """(id, values) of every record that meets the conditions; links as bare ids. [] for hidden fields and entities."""
    found: list[tuple[int, Mapping[str, Any]]] = []
    after: str | None = None
    while True:
        query = Query(conditions=conditions, fields=fields, sort=("id",), limit=PAGE, after=after, count="none")
        try:
            page = door.list(entity, query)
        except (QueryFault, AccessDenied):
            return []
        for record in page.records:
            values = {k: v.id if isinstance(v, LinkValue) else v for k, v in record.values.items()}
            found.append((record.id, {"id": record.id, **values}))
        after = page.next
        if after is None:
            return found
