"""Global search and look-ups: candidates from the index, then each entity asked once under the reader's grant.

The one rule: the index proposes, the grant disposes; a field hidden from the reader is not searched for him.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from yuanke.access.grants import grant
from yuanke.kernel.actor import Actor
from yuanke.metadata.registry import Entity
from yuanke.records.carried import title_column, titles_of
from yuanke.records.index import SEARCH, matching, searched_fields
from yuanke.records.redirects import REDIRECT, led_on, of_number
from yuanke.records.selection import Selection
from yuanke.records.tokens import fold, words_of
from yuanke.records.values import LinkValue, SearchHit
from yuanke.storage import Unit

CANDIDATES = 200
ROUNDS = 5
SNIPPET = 60


def search(
    unit: Unit, actor: Actor, text: str, limit: int = 20, entities: Iterable[str] | None = None
) -> list[SearchHit]:
    """Hits over all entities the actor may read, best first: whole, from the beginning, anywhere; newest among equals."""
    open_fields = _open_fields(unit, actor, entities)
    if not open_fields or not words_of(text):
        return []
    hits = _rounds(unit, actor, text, limit, open_fields, loose=False)
    if len(hits) < limit and not hits:
        hits = _rounds(unit, actor, text, limit, open_fields, loose=True)
    best: dict[tuple[str, int], SearchHit] = {}
    for hit in [*_taken_over(unit, actor, text, open_fields), *sorted(hits, key=lambda one: _rank(one, fold(text)))]:
        best.setdefault((hit.entity, hit.id), hit)
    return list(best.values())[:limit]


def _taken_over(unit: Unit, actor: Actor, text: str, open_fields: dict[str, frozenset[str]]) -> list[SearchHit]:
    """The records into which one with the number ``text`` was merged."""
    merging = [
        k for k, fields in open_fields.items() if "number" in fields and "merge" in unit.registry.entities[k].features
    ]
    if not merging:
        return []
    hits = []
    for key, record in unit.execute(of_number(merging, text)):
        to = led_on(unit, key, record) or record
        title = titles_of(unit, actor, unit.registry.entities[key], [to]).get(to)
        if title is not None:
            hits.append(SearchHit(key, to, title, "number", text.strip()))
    return hits


def _open_fields(unit: Unit, actor: Actor, entities: Iterable[str] | None) -> dict[str, frozenset[str]]:
    wanted = set(entities) if entities is not None else None
    found = {}
    for key, entity in unit.registry.entities.items():
        if (entity.kind != "record" and not entity.parent) or (wanted is not None and key not in wanted):
            continue
        given = grant(unit, actor, entity, "read")
        if given.allowed:
            found[key] = given.readable & set(searched_fields(entity))
    return found


def _rounds(
    unit: Unit,
    actor: Actor,
    text: str,
    limit: int,
    open_fields: dict[str, frozenset[str]],
    loose: bool,
) -> list[SearchHit]:
    """Ask the index for candidates until enough of them are the reader's, at most five times."""
    hits: dict[tuple[str, int], SearchHit] = {}
    statement = matching(unit, text, None, None, loose).where(SEARCH.c.entity.in_(sorted(open_fields)))
    statement = statement.add_columns(SEARCH.c.id).order_by(SEARCH.c.id.desc()).limit(CANDIDATES)
    below: int | None = None
    for _ in range(ROUNDS):
        rows = unit.execute(statement if below is None else statement.where(SEARCH.c.id < below)).all()
        for hit in _seen(unit, actor, [r for r in rows if r.field in open_fields[r.entity]]):
            hits.setdefault((hit.entity, hit.id), hit)
        if len(rows) < CANDIDATES or len(hits) >= limit:
            break
        below = rows[-1].id
    return list(hits.values())


def _seen(unit: Unit, actor: Actor, rows: list[Any]) -> list[SearchHit]:
    by_entity: dict[str, list[Any]] = {}
    for row in rows:
        by_entity.setdefault(row.entity, []).append(row)
    found = []
    for key, group in by_entity.items():
        entity = unit.registry.entities[key]
        titles = titles_of(unit, actor, entity, {row.record for row in group})
        hidden = _hidden(unit, actor, entity, {(row.record, row.field) for row in group})
        found += [
            SearchHit(key, row.record, titles[row.record], row.field, row.text.split("\n", 1)[0][:SNIPPET])
            for row in group
            if row.record in titles and (row.record, row.field) not in hidden
        ]
    return found


def _hidden(unit: Unit, actor: Actor, entity: Entity, places: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of (record, field) that the reader may not read there, though he may read the field elsewhere."""
    selection, hidden = Selection(unit, actor, entity), set()
    for field in {field for _, field in places}:
        condition = selection.grant.field_condition(field, selection.table)
        if condition is not None:
            ids = {record for record, named in places if named == field}
            statement = (
                selection.rows().add_columns(selection.table.c.id).where(selection.table.c.id.in_(ids), condition)
            )
            hidden |= {(record, field) for record in ids - {row[0] for row in unit.execute(statement)}}
    return hidden


def _rank(hit: SearchHit, text: str) -> tuple[int, int, int]:
    title = fold(hit.title)
    place = 0 if title == text else 1 if title.startswith(text) else 2 if text in title else 3
    return place, len(title) if place < 3 else 0, -hit.id


def holding(selection: Selection, text: str, fields: Iterable[str]) -> sa.ColumnElement[bool]:
    """Records of ``selection`` in which ``text`` stands in one of ``fields`` that the reader may read in that record."""
    given, id_ = selection.grant, selection.table.c.id
    narrow = {key: given.field_condition(key, selection.table) for key in fields}

    def among(keys: list[str]) -> sa.ColumnElement[bool]:
        found = matching(selection.unit, text, selection.entity.key, keys)
        return id_.in_(found.with_only_columns(SEARCH.c.record).scalar_subquery())

    always = among([key for key, condition in narrow.items() if condition is None])
    if "merge" in selection.entity.features and "number" in narrow and narrow["number"] is None:
        taken_over = of_number([selection.entity.key], text).with_only_columns(REDIRECT.c.to)
        always = sa.or_(always, id_.in_(taken_over.scalar_subquery()))
    return sa.or_(always, *(sa.and_(among([key]), c) for key, c in narrow.items() if c is not None))


def lookup(
    unit: Unit, actor: Actor, entity: Entity, text: str, limit: int = 10, condition: Any = None
) -> list[LinkValue]:
    """Records to choose from while typing: by name, initials or number; newest first when nothing is typed yet."""
    selection = Selection(unit, actor, entity)
    if not selection.grant.allowed:
        return []
    title = title_column(selection)
    statement = selection.rows().add_columns(selection.table.c.id, title.label("title"))
    if condition is not None:
        statement = statement.where(condition)
    if text.strip():
        statement = statement.where(holding(selection, text, selection.grant.readable & set(searched_fields(entity))))
        shorter = sa.func.length(title) if isinstance(title.type, sa.String) else selection.table.c.id
        statement = statement.order_by(shorter, selection.table.c.id.desc())
    else:
        statement = statement.order_by(selection.table.c.id.desc())
    return [LinkValue(row[0], str(row[1] or f"#{row[0]}")) for row in unit.execute(statement.limit(limit))]
