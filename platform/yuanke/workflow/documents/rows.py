"""Rows made from rows: walked by ``each``, narrowed by ``where``, in the order of ``sort``, with ``values``.

The one rule: ``take``, ``spread`` and ``running`` deal out over all turns of one document together and in order; a turn for
which ``take`` has nothing left makes no row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yuanke.expressions import deal_out, needs_dealing
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Typed
from yuanke.workflow.each import row_of, turns
from yuanke.workflow.names import ActNames, evaluate, is_expression
from yuanke.workflow.values import copied, settled

#: keys of one block of rows; a map without any of them holds blocks under names
BLOCK = frozenset({"each", "where", "sort", "values", "when", "match", "keep", "at"})


def blocks_of(said: Mapping[str, Any] | None, name: str) -> list[Mapping[str, Any]]:
    """The blocks that make the rows ``name``: one, or several under names; without ``each`` the rows of that name."""
    body = said or {}
    named = body and not set(body) & BLOCK and all(isinstance(one, Mapping) for one in body.values())
    return [{"each": name, **block} for block in (body.values() if named else [body])]


def made_rows(names: ActNames, block: Mapping[str, Any], rows: Entity, copy: bool = True) -> list[Typed]:
    """New rows of ``rows``, one for each turn of ``block``; ``copy``: equal fields come along."""
    walked, said = list(turns(names, block)), block.get("values") or {}
    values, taken = dealt(walked, said, rows), _taken(walked, said)
    return [
        _row(turn, rows, given, copy)
        for turn, given in zip(walked, values, strict=True)
        if all(given[key] for key in taken)
    ]


def _taken(walked: Sequence[ActNames], said: Mapping[str, Any]) -> list[str]:
    """Fields that get a part of what is left."""
    if not walked:
        return []
    return [
        k for k, declared in said.items() if is_expression(declared) and "take" in walked[0].compile(declared).calls
    ]


def _row(turn: ActNames, rows: Entity, given: Typed, copy: bool) -> Typed:
    source = row_of(turn)
    if source is None:
        return given
    made = copied(source, rows) if copy else Typed()
    back = link_back(rows, source.entity)
    if back is not None:
        made[back.key] = source.get("id")
        made.typed = {*made.typed, back.key}
    return given.over(made)


def link_back(entity: Entity, source: Entity) -> Field | None:
    """The link of ``entity`` that leads to a record of ``source`` it is made from: a required one first."""
    leading = [
        f
        for f in entity.live_fields()
        if f.targets == (source.key,) and not f.pairs and f.source == "typed" and f.key != entity.parent_link
    ]
    return next((f for f in leading if f.required), leading[0] if leading else None)


def dealt(walked: Sequence[ActNames], said: Mapping[str, Any], rows: Entity) -> list[Typed]:
    """The declared values of every turn; those that deal something out, over all turns at once."""
    made = [Typed() for _ in walked]
    typed: list[set[str]] = [set() for _ in walked]
    for position, turn in enumerate(walked, 1):
        turn.own.setdefault("position", position)
    for key, declared in said.items():
        field = rows.fields[key]
        for at, value in enumerate(_values(walked, field, declared)):
            made[at][key] = settled(field, value, walked[at]) if is_expression(declared) else value
            if is_expression(declared) and not (field.rows or field.pairs):
                typed[at].add(key)
    for one, keys in zip(made, typed, strict=True):
        one.typed = keys
    return made


def _values(walked: Sequence[ActNames], field: Field, declared: Any) -> list[Any]:
    if not walked or not is_expression(declared):
        return [declared for _ in walked]
    expression = walked[0].compile(declared)
    if needs_dealing(expression):
        places = getattr(field.type.column_type(field), "exact_scale", None) if field.type.stored else None
        return deal_out(expression, walked, 0 if places is None else places)
    return [evaluate(turn, declared) for turn in walked]
