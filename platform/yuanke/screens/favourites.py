"""What a person keeps at hand: lists on 全功能, single records by their star.

The one rule: a favourite is a name and a number; it shows what its owner may see today.
"""

from __future__ import annotations

from dataclasses import dataclass

from yuanke.metadata.registry import Entity
from yuanke.records import Condition, Query
from yuanke.records.carried import titles_of
from yuanke.screens import urls
from yuanke.screens.reader import Reader

FAVOURITES = "favourite"
MOST = 200


@dataclass(frozen=True)
class Favourite:
    id: int
    entity: str
    record: int | None


def favourites(reader: Reader) -> list[Favourite]:
    """The reader's own, in the order he made them; kept for the length of the request."""
    of = reader.registry.entities.get(FAVOURITES)
    if of is None or not reader.may(of, "read"):
        return []
    found: list[Favourite] | None = reader.unit.kept.get(favourites)
    if found is None:
        query = Query(
            conditions=(Condition("owner", "eq", "me"),),
            fields=("entity", "record"),
            sort=("id",),
            limit=MOST,
            count="none",
        )
        page = reader.records.list(FAVOURITES, query)
        found = [Favourite(r.id, str(r.values.get("entity")), r.values.get("record")) for r in page.records]
        reader.unit.kept[favourites] = found
    return found


def is_kept(reader: Reader, entity: Entity, record: int | None) -> bool:
    return any(f.entity == entity.key and f.record == record for f in favourites(reader))


def toggle(reader: Reader, entity: Entity, record: int | None, label: str) -> None:
    """Keep it, or let it go when it is kept already."""
    kept = next((f for f in favourites(reader) if f.entity == entity.key and f.record == record), None)
    if kept is not None:
        reader.records.delete(FAVOURITES, kept.id)
    else:
        reader.records.create(FAVOURITES, {"entity": entity.key, "record": record, "label": label[:200]})


def shown(reader: Reader) -> list[dict[str, object]]:
    """``[{label, icon, url, count}]``, without what is gone or no longer for this reader; one query a kind of record."""
    titles = {key: _titles(reader, key) for key in {f.entity for f in favourites(reader) if f.record is not None}}
    found: list[dict[str, object]] = []
    for one in favourites(reader):
        entity = reader.registry.entities.get(one.entity)
        if entity is None or not reader.may(entity, "read"):
            continue
        if one.record is None:
            found.append(
                {"label": reader.say(entity.plural), "icon": entity.icon, "url": urls.entity(entity.key), "count": None}
            )
        elif one.record in titles[one.entity]:
            label = titles[one.entity][one.record]
            found.append(
                {"label": label, "icon": entity.icon, "url": urls.record(entity.key, one.record), "count": None}
            )
    return found


def _titles(reader: Reader, key: str) -> dict[int, str]:
    entity = reader.registry.entities.get(key)
    ids = [f.record for f in favourites(reader) if f.entity == key and f.record is not None]
    return titles_of(reader.unit, reader.actor, entity, ids) if entity is not None else {}
