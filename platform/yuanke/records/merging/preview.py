"""What a merge would do, before anybody confirms it: the values side by side, what hangs on each, what becomes one.

The one rule: it shows what the actor may see, and does what `merge` would do with the rest all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from yuanke.access.grants import grant
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import ValidationFailed
from yuanke.kernel.text import Label, Message, message
from yuanke.metadata.registry import Entity, Field
from yuanke.records.carried import titles_of
from yuanke.records.chosen import offered, refusal, rows_of
from yuanke.records.merging.choices import choosable, settled, unites
from yuanke.records.merging.merge import MOST
from yuanke.records.merging.same import same_children
from yuanke.records.reading import get_record
from yuanke.records.related import hanging_on
from yuanke.records.values import Query, Record
from yuanke.storage import Unit


@dataclass(frozen=True)
class Choice:
    """One field: ``taken`` is the record whose value it gets if nobody chooses, or ``both``; ``differs``: there is a choice."""

    field: Field
    taken: int | str
    differs: bool
    unites: bool


@dataclass(frozen=True)
class Preview:
    """``hangs``: collection -> record -> how many of its records the actor sees; ``same``: titles that become one."""

    records: list[Record]
    keep: int
    choices: list[Choice]
    hangs: list[tuple[Label, dict[int, int]]]
    same: list[tuple[Label, str, str]]
    refused: dict[int, Message]


def preview(unit: Unit, actor: Actor, entity: Entity, ids: Sequence[int], keep: int | None = None) -> Preview:
    """Raises as `merge` does, but for what is declared against it: that is told by record."""
    settings = offered(unit, actor, entity, "merge")
    wanted = list(dict.fromkeys(ids))
    if not 2 <= len(wanted) <= MOST or (keep is not None and keep not in wanted):
        raise ValidationFailed({"ids": [message("一次合并 2 到 {most} 条", most=MOST)]})
    rows = rows_of(unit, actor, entity, wanted, "merge")
    records = [get_record(unit, actor, entity, one) for one in wanted]
    first = keep if keep is not None else wanted[0]
    rest = [one for one in wanted if one != first]
    taken = settled(entity, rows, first, rest, {}, settings.get("unite") or ())
    readable = grant(unit, actor, entity, "read").readable
    refused = {one: refusal(unit, actor, entity, row, "merge") for one, row in rows.items()}
    return Preview(
        records, first,
        [_choice(entity, one, taken[one.key], records) for one in choosable(entity, readable)],
        _hangs(unit, actor, entity, wanted),
        _same(unit, actor, entity, settings, first, rest),
        {one: why.said for one, why in refused.items() if why is not None},
    )  # fmt: skip


def _choice(entity: Entity, one: Field, taken: int | str, records: Sequence[Record]) -> Choice:
    held = [_plain(one, record.values.get(one.key)) for record in records]
    return Choice(one, taken, any(value != held[0] for value in held[1:]), unites(entity, one))


def _plain(one: Field, value: Any) -> Any:
    if one.rows:
        return [row.id for row in value or ()]
    return [item.id for item in value or ()] if one.pairs else value


def _hangs(unit: Unit, actor: Actor, entity: Entity, ids: Sequence[int]) -> list[tuple[Label, dict[int, int]]]:
    found = []
    for name, inverse in entity.inverses.items():
        other = unit.registry.entities[inverse.entity]
        if other.kind != "record" or other.system or not grant(unit, actor, other, "read").allowed:
            continue
        query = Query(fields=("id",), limit=1)
        counts = {one: hanging_on(unit, actor, entity, one, name, query).count or 0 for one in ids}
        if any(counts.values()):
            found.append((other.plural, counts))
    return found


def _same(
    unit: Unit, actor: Actor, entity: Entity, settings: Any, keep: int, rest: Sequence[int]
) -> list[tuple[Label, str, str]]:
    found = []
    for one in rest:
        for child, kept, gone in same_children(unit, entity, settings, keep, one):
            titles = titles_of(unit, actor, child, [kept, gone])
            if kept in titles and gone in titles:
                found.append((child.label, titles[kept], titles[gone]))
    return found
