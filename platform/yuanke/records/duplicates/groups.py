"""查重: groups of records of one entity that are likely the same thing, as one reader may see them.

The one rule: a group holds only records that its reader may read; with fewer than two of them there is no group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, pairwise

import sqlalchemy as sa

from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import DuplicateRule, Entity, Field
from yuanke.records.carried import titles_of
from yuanke.records.duplicates.kept import NORMAL
from yuanke.records.duplicates.likeness import ALIKE
from yuanke.records.selection import Selection
from yuanke.storage import Unit

MOST = 100
LARGEST = 10


@dataclass(frozen=True)
class Group:
    """``why``: fields in which some of them are the same; ``score``: per cent of likeness where they are only alike."""

    ids: tuple[int, ...]
    titles: tuple[str, ...]
    why: tuple[Field, ...]
    score: int | None = None


def duplicate_groups(unit: Unit, actor: Actor, entity: Entity, most: int = MOST) -> list[Group]:
    """The largest first; those that are only alike behind those that are equal."""
    selection = Selection(unit, actor, entity)
    if not selection.grant.allowed:
        return []
    edges: dict[tuple[int, int], tuple[tuple[str, ...], int | None]] = {}
    for rule in entity.duplicates:
        if rule.match and set(rule.match) <= selection.grant.readable:
            for ids in _equal(selection, rule, most):
                for pair in _neighbours(sorted(ids)):
                    edges.setdefault(pair, (rule.match, None))
    for a, b, name, score in _alike(unit, entity, most * LARGEST):
        if name in selection.grant.readable:
            edges.setdefault((a, b), ((name,), score))
    apart = _apart(unit, entity)
    titles = titles_of(unit, actor, entity, {one for pair in edges for one in pair})
    edges = {p: why for p, why in edges.items() if p[0] in titles and p[1] in titles and p not in apart}
    made = [_group(entity, ids, edges, titles) for ids in _joined(edges)]
    return sorted(made, key=lambda g: (g.score is not None, -(g.score or 0), -len(g.ids), g.ids))[:most]


def _neighbours(ids: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Each with each; of many equal records only neighbours, which hang together all the same."""
    return combinations(ids, 2) if len(ids) <= LARGEST else pairwise(ids)


def last_search(unit: Unit, entity: Entity) -> datetime | None:
    """When likeness was looked for last and found; None = never."""
    found = sa.select(sa.func.max(ALIKE.c.found_at)).where(ALIKE.c.entity == entity.key, ALIKE.c.score.is_not(None))
    return unit.execute(found).scalar()


def _equal(selection: Selection, rule: DuplicateRule, most: int) -> Iterator[list[int]]:
    """Ids of records that the reader sees and that share all forms of a rule."""
    table, entity = selection.table, selection.entity
    statement, columns = selection.rows().add_columns(table.c.id.label("id")), []
    for at, name in enumerate(rule.match):
        if entity.fields[name].targets:
            column = table.c[name]
            statement = statement.where(column.is_not(None))
        else:
            kept = NORMAL.alias(f"n{at}")
            on = sa.and_(kept.c.entity == entity.key, kept.c.field == name, kept.c.record == table.c.id)
            statement = statement.join(kept, on)
            column = kept.c.form
        columns.append(column.label(f"k{at}"))
    seen = statement.add_columns(*columns).cte("seen")
    keys = [seen.c[f"k{at}"] for at in range(len(columns))]
    many = sa.select(*keys).group_by(*keys).having(sa.func.count() > 1).limit(most).subquery()
    same = sa.and_(*(seen.c[f"k{at}"] == many.c[f"k{at}"] for at in range(len(columns))))
    found: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for record_id, *values in selection.unit.execute(sa.select(seen.c.id, *keys).join(many, same).order_by(seen.c.id)):
        found[tuple(values)].append(record_id)
    yield from found.values()


def _alike(unit: Unit, entity: Entity, most: int) -> list[tuple[int, int, str, int]]:
    which = sa.and_(ALIKE.c.entity == entity.key, ALIKE.c.apart_by.is_(None), ALIKE.c.score.is_not(None))
    chosen = sa.select(ALIKE.c.a, ALIKE.c.b, ALIKE.c.field, ALIKE.c.score).where(which)
    rows = unit.execute(chosen.order_by(ALIKE.c.score.desc(), ALIKE.c.id).limit(most)).all()
    return [(row.a, row.b, row.field, row.score) for row in rows]


def _apart(unit: Unit, entity: Entity) -> set[tuple[int, int]]:
    which = sa.and_(ALIKE.c.entity == entity.key, ALIKE.c.apart_by.is_not(None))
    return {(row.a, row.b) for row in unit.execute(sa.select(ALIKE.c.a, ALIKE.c.b).where(which))}


def _joined(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Pairs that hang together, in parts of at most `LARGEST`."""
    root: dict[int, int] = {}

    def find(one: int) -> int:
        root.setdefault(one, one)
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    for a, b in pairs:
        root[find(max(a, b))] = find(min(a, b))
    together: dict[int, list[int]] = defaultdict(list)
    for one in root:
        together[find(one)].append(one)
    parts = [sorted(ids)[at : at + LARGEST] for ids in together.values() for at in range(0, len(ids), LARGEST)]
    return [tuple(part) for part in parts if len(part) > 1]


def _group(
    entity: Entity, ids: Sequence[int], edges: dict[tuple[int, int], tuple[tuple[str, ...], int | None]],
    titles: dict[int, str],
) -> Group:  # fmt: skip
    inside = [why for pair, why in edges.items() if pair[0] in ids and pair[1] in ids]
    equal = [names for names, score in inside if score is None]
    names = dict.fromkeys(name for names in (equal or [names for names, _ in inside]) for name in names)
    score = None if equal else max((score for _, score in inside if score is not None), default=None)
    return Group(tuple(ids), tuple(titles[one] for one in ids), tuple(entity.fields[name] for name in names), score)
