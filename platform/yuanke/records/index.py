"""The full-text index: one row a record and field, written in the transaction that writes the record.

The one rule: a field hidden from the reader is not searched for him; so every row says which field it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from yuanke.metadata.registry import Entity
from yuanke.records.duplicates.kept import normal_fields, remove_forms, write_forms
from yuanke.records.tokens import phrase_of, searchable, tokens_of, words_of
from yuanke.storage import Unit
from yuanke.storage.prepared import constant, inserts, open_value
from yuanke.storage.system import key, own_table
from yuanke.storage.tables import identity


class Tokens(sa.types.TypeDecorator[list[str]]):
    """A list of tokens: text[] under a GIN index on PostgreSQL, words of an FTS5 table on SQLite."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        array = dialect.name == "postgresql"
        return dialect.type_descriptor(postgresql.ARRAY(sa.Text()) if array else sa.Text())

    def process_bind_param(self, value: list[str] | None, dialect: sa.Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return None if value is None else sorted({*value, *(c for token in value for c in token)})
        return " ".join(value)


SEARCH = own_table(
    "search",
    key(),
    sa.Column("entity", sa.String(63), nullable=False),
    sa.Column("record", identity(), nullable=False),
    sa.Column("field", sa.String(63), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("tokens", Tokens),
    sa.Index("ix_yk_search_record", "entity", "record"),
    sa.Index("ix_yk_search_tokens", "tokens", postgresql_using="gin").ddl_if(dialect="postgresql"),
)
SEARCH_COLUMNS = ("entity", "record", "field", "text", "tokens")
_FTS = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS yk_search_fts USING fts5(tokens, content='yk_search', content_rowid='id', "
    "tokenize='unicode61 remove_diacritics 0', prefix='1')",
    "CREATE TRIGGER IF NOT EXISTS yk_search_in AFTER INSERT ON yk_search BEGIN "
    "INSERT INTO yk_search_fts(rowid, tokens) VALUES (new.id, new.tokens); END",
    "CREATE TRIGGER IF NOT EXISTS yk_search_out AFTER DELETE ON yk_search BEGIN "
    "INSERT INTO yk_search_fts(yk_search_fts, rowid, tokens) VALUES ('delete', old.id, old.tokens); END",
)
for _ddl in _FTS:
    sa.event.listen(SEARCH, "after_create", sa.DDL(_ddl).execute_if(dialect="sqlite"))


_searched: WeakKeyDictionary[Entity, tuple[str, ...]] = WeakKeyDictionary()


def searched_fields(entity: Entity) -> tuple[str, ...]:
    """Fields whose text is kept: what is marked searchable, the title and the number."""
    found = _searched.get(entity)
    if found is None:
        found = _searched[entity] = _searched_fields(entity)
    return found


def _searched_fields(entity: Entity) -> tuple[str, ...]:
    return tuple(
        key
        for key, field in entity.fields.items()
        if not field.retired
        and field.has_column
        and (field.searchable or key in (entity.title, "number"))
        and key != "id"
        and not field.more.get("sealed")
    )


def write_index(unit: Unit, entity: Entity, records: Sequence[tuple[int, dict[str, Any]]], fresh: bool) -> None:
    """(Re)write the rows of ``records`` (id, values of the fields to index); ``fresh`` = none is there yet."""
    rows: list[dict[str, Any]] = []
    stale: list[int] = []
    for record_id, values in records:
        stale.append(record_id)
        rows.extend(_rows(unit, entity, record_id, values))
    if stale and not fresh:
        remove_index(unit, entity, stale)
    constant(unit, "search", lambda: inserts(unit, SEARCH, SEARCH_COLUMNS)).run_many(unit, rows)
    write_forms(unit, entity, records)


def _rows(unit: Unit, entity: Entity, record_id: int, values: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for key_ in searched_fields(entity):
        value = values.get(key_)
        if value is None:
            continue
        field = entity.fields[key_]
        text, tokens = _cut(field.type.search_text(field, value, unit.place))
        if tokens:
            yield {"entity": entity.key, "record": record_id, "field": key_, "text": text, "tokens": tokens}


@lru_cache(maxsize=2_000)
def _cut(text: str) -> tuple[str, list[str]]:
    """What is kept of a text and its tokens; places and the like come again and again."""
    kept = searchable(text)
    return kept, tokens_of(kept) if kept.strip() else []


def remove_index(unit: Unit, entity: Entity, ids: Sequence[int]) -> None:
    remove_forms(unit, entity, ids)
    if len(ids) == 1:
        which = sa.and_(
            SEARCH.c.entity == open_value("entity", SEARCH.c.entity.type),
            SEARCH.c.record == open_value("record", identity()),
        )
        constant(unit, "unsearch", lambda: SEARCH.delete().where(which)).run(unit, entity=entity.key, record=ids[0])
        return
    unit.execute(SEARCH.delete().where(SEARCH.c.entity == entity.key, SEARCH.c.record.in_(ids)))


def indexed_fields(unit: Unit, entity: Entity) -> set[str]:
    """Fields that a save must not change without writing the index anew: searched ones, and those with a normal form."""
    return {*searched_fields(entity), *normal_fields(unit.registry, entity)}


def matching(
    unit: Unit, query: str, entity: str | None, fields: Iterable[str] | None, loose: bool = False
) -> sa.Select[Any]:
    """SELECT of index rows (record, entity, field, text) that hold every word of ``query`` as a substring.

    ``loose`` asks for the single characters instead (``北信`` finds 北京某信息). Nothing to search for = no rows.
    """
    words = words_of(query)
    statement = sa.select(SEARCH.c.record, SEARCH.c.entity, SEARCH.c.field, SEARCH.c.text)
    if entity is not None:
        statement = statement.where(SEARCH.c.entity == entity)
    if fields is not None:
        statement = statement.where(SEARCH.c.field.in_(sorted(fields)))
    if not words:
        return statement.where(sa.false())
    if unit.dialect == "postgresql":
        return statement.where(_array_match(words, loose))
    found = sa.text("SELECT rowid FROM yk_search_fts WHERE yk_search_fts MATCH :match").bindparams(
        match=_fts_match(words, loose)
    )
    return statement.where(SEARCH.c.id.in_(found.columns(sa.column("rowid", sa.Integer)).scalar_subquery()))


def _fts_match(words: Sequence[str], loose: bool) -> str:
    if loose:
        return " AND ".join(f'"{c}"*' for word in words for c in word)
    parts = []
    for word in words:
        phrase = phrase_of(word)
        parts.append(f'"{word}"*' if len(word) == 1 else '"' + " ".join(phrase) + '"')
    return " AND ".join(parts)


def _array_match(words: Sequence[str], loose: bool) -> sa.ColumnElement[bool]:
    wanted = {c for word in words for c in word} if loose else {t for word in words for t in phrase_of(word)}
    held = SEARCH.c.tokens.op("@>")(
        sa.cast(sa.literal(sorted(wanted), postgresql.ARRAY(sa.Text())), postgresql.ARRAY(sa.Text()))
    )
    if loose:
        return held
    return sa.and_(held, *(SEARCH.c.text.contains(word, autoescape=True) for word in words if len(word) > 2))
