"""Names that are nearly the same, found by a job: 上海兰天科技 beside 上海蓝天科技.

The one rule: only records that share something rare are compared, so that a hundred thousand names take seconds and not
days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.columns import UtcDateTime
from yuanke.jobs import Run
from yuanke.kernel import clock
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records.duplicates.kept import NORMAL, normal_fields
from yuanke.records.tokens import initials
from yuanke.storage import Unit
from yuanke.storage.system import key, own_table
from yuanke.storage.tables import identity

ALIKE = own_table(
    "alike",
    key(),
    sa.Column("entity", sa.String(63), nullable=False),
    sa.Column("a", identity(), nullable=False),
    sa.Column("b", identity(), nullable=False),
    sa.Column("field", sa.String(63)),
    sa.Column("score", sa.Integer),
    sa.Column("found_at", UtcDateTime, nullable=False),
    # somebody looked and said that they are two different things
    sa.Column("apart_by", identity()),
    sa.Index("ix_yk_alike_pair", "entity", "a", "b"),
)
KIND = "find_alike"
OVER = 85
#: the rarest pairs of characters of a name that it is compared by, and names that share one: more say nothing
RAREST, LARGEST_BLOCK = 3, 400
#: names that sound alike: so many letters of pinyin are the same, and the characters nearly
SOUNDS, SOUNDS_OVER = 6, 70
MOST_FOUND = 20_000
CHUNK = 1_000


def similar_fields(entity: Entity, names: Iterable[str]) -> dict[str, int]:
    """Field -> from how many per cent on; where no rule says, names of companies and people are compared."""
    said = {rule.similar: rule.over for rule in entity.duplicates if rule.similar}
    if said:
        return said
    return {name: OVER for name in names if entity.fields[name].more.get("normal") in ("company", "name")}


def find_alike(run: Run) -> dict[str, int]:
    """Compares the names of one entity and keeps the pairs; what people said are two things stays so."""
    with run.reading() as step:
        entity = step.unit.registry.entities.get(run.arguments["entity"])
        if entity is None:
            return {"pairs": 0}
        fields = similar_fields(entity, normal_fields(step.unit.registry, entity))
        forms = {name: _forms(step.unit, entity, name) for name in fields}
    found: dict[tuple[int, int], tuple[str, int]] = {}
    for name, over in fields.items():
        for a, b, score in pairs_alike(forms[name], over):
            found.setdefault((a, b), (name, score))
            if len(found) >= MOST_FOUND:
                break
    with run.step() as step:
        gone = sa.and_(ALIKE.c.entity == entity.key, ALIKE.c.apart_by.is_(None))
        step.unit.execute(ALIKE.delete().where(gone))
        run.report(0.6, message("找到 {count} 对相似的记录", count=len(found)))
    now, pairs = clock.now(), sorted(found.items())
    for at in range(0, len(pairs), CHUNK):
        with run.step() as step:
            rows = [
                {"entity": entity.key, "a": a, "b": b, "field": name, "score": score, "found_at": now}
                for (a, b), (name, score) in pairs[at : at + CHUNK]
            ]
            step.unit.execute(ALIKE.insert(), rows)
    return {"pairs": len(found)}


def _forms(unit: Unit, entity: Entity, name: str) -> dict[int, str]:
    statement = sa.select(NORMAL.c.record, NORMAL.c.form).where(NORMAL.c.entity == entity.key, NORMAL.c.field == name)
    return {row.record: row.form for row in unit.execute(statement)}


def pairs_alike(forms: Mapping[int, str], over: int) -> Iterator[tuple[int, int, int]]:
    """(record, later record, per cent) of names that are alike but not the same; each pair once."""
    from rapidfuzz import fuzz  # of no use to any other process

    told: set[tuple[int, int]] = set()
    sounds = {record: initials(form) for record, form in forms.items()}
    for block in (*_by_rarity(forms), *_by_sound(sounds)):
        for a, b in combinations(sorted(block), 2):
            if (a, b) in told or forms[a] == forms[b]:
                continue
            told.add((a, b))
            same_sound = len(sounds[a]) >= SOUNDS and sounds[a] == sounds[b]
            score = round(fuzz.ratio(forms[a], forms[b], score_cutoff=min(over, SOUNDS_OVER)))
            if score >= over or (same_sound and score >= SOUNDS_OVER):
                yield a, b, score


def _by_rarity(forms: Mapping[int, str]) -> Iterator[list[int]]:
    """Records that share one of their rarest pairs of neighbouring characters."""
    holders: dict[str, list[int]] = defaultdict(list)
    for record, form in forms.items():
        for pair in _pairs(form):
            holders[pair].append(record)
    blocks: dict[str, list[int]] = defaultdict(list)
    for record, form in forms.items():
        for pair in sorted(_pairs(form), key=lambda one: (len(holders[one]), one))[:RAREST]:
            blocks[pair].append(record)
    for pair, members in blocks.items():
        # whoever has the pair at all is compared with those to whom it is rare
        every = holders[pair] if len(holders[pair]) <= LARGEST_BLOCK else members
        if 1 < len(every) <= LARGEST_BLOCK:
            yield every


def _pairs(form: str) -> set[str]:
    return {form[at : at + 2] for at in range(len(form) - 1)} or {form}


def _by_sound(sounds: Mapping[int, str]) -> Iterator[list[int]]:
    said: dict[str, list[int]] = defaultdict(list)
    for record, letters in sounds.items():
        if len(letters) >= SOUNDS:
            said[letters].append(record)
    return (block for block in said.values() if 1 < len(block) <= LARGEST_BLOCK)


def keep_apart(unit: Unit, entity: Entity, ids: Iterable[int], user: int | None) -> None:
    """Somebody looked: these are different things. They are proposed no more."""
    for a, b in combinations(sorted(set(ids)), 2):
        there = sa.and_(ALIKE.c.entity == entity.key, ALIKE.c.a == a, ALIKE.c.b == b)
        if not unit.execute(ALIKE.update().where(there).values(apart_by=user or 0)).rowcount:
            row: dict[str, Any] = {"entity": entity.key, "a": a, "b": b, "found_at": clock.now(), "apart_by": user or 0}
            unit.execute(ALIKE.insert().values(row))
