"""Rows of a list straight from records to HTML: one function a column, made once, that takes a value and gives its cell.

The one rule: it draws what `cells` and `rows` together would draw (a test compares them); short texts that come again and
again (options, people, places) are drawn once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup, escape

from yuanke.fieldtypes import Place
from yuanke.metadata.registry import Entity, Field
from yuanke.records import LinkValue, Record
from yuanke.screens import urls
from yuanke.screens.cells import EMPTY, FILES, cell, show_of
from yuanke.screens.rows import KINDS, more_button

Draw = Callable[[Any], str]
MOST_DRAWN = 500
_special = re.compile("[&<>\"']").search
_made: dict[tuple[Any, ...], Draw] = {}


def records_html(
    records: Sequence[Record], fields: Sequence[Field], css: Sequence[str], place: Place, picks: bool, more: str | None
) -> Markup:
    """``<tr>`` for each record, as `rows.rows_html` draws them."""
    if not records:
        return Markup("")
    entity = records[0].entity
    opens = [f'<td class="{escape(one)}">' if one else "<td>" for one in css]
    end = f"{more_button(more)}</tr>\n" if more else "</tr>\n"
    columns = [
        (field.key, opening, None if _needs_record(entity, field) else _draw_of(entity, field, place))
        for field, opening in zip(fields, opens, strict=True)
    ]
    path = f"/records/{entity.key}/"
    drawn: list[str] = []
    for record in records:
        values = record.values
        drawn.append(f'<tr data-id="{record.id}" data-url="{path}{record.id}" data-version="{record.version}">')
        if picks:
            drawn.append(
                '<td class="yk-c-pick"><input type="checkbox" class="form-check-input yk-row" name="id" value="'
                f'{record.id}" form="yk-bulk" aria-label="{plain(record.title)}"></td>'
            )
        for (key, opening, draw), field in zip(columns, fields):
            drawn.append(f"{opening}{_whole(record, field, place) if draw is None else draw(values.get(key))}</td>")
        drawn.append(end)
    return Markup("".join(drawn))


def plain(text: str) -> str:
    """Escaped; most texts hold nothing to escape and need a look, not a copy."""
    return str(escape(text)) if _special(text) else text


def _needs_record(entity: Entity, field: Field) -> bool:
    """The title leads to its record, and so does a file."""
    return field.key == entity.title or field.type.name in FILES


def _whole(record: Record, field: Field, place: Place) -> str:
    if field.key == record.entity.title:
        value = record.values.get(field.key)
        if type(value) is str and field.type.name == "text":
            return f'<a href="{urls.record(record.entity.key, record.id)}">{plain(value)}</a>'
    kind, text, extra = cell(record, field, place)
    return KINDS[kind](text, extra)


def _draw_of(entity: Entity, field: Field, place: Place) -> Draw:
    mark = (entity.digest, entity.key, field.key, place.locale, place.timezone, place.currency, id(field))
    found = _made.get(mark)
    if found is None:
        if len(_made) > 5_000:
            _made.clear()
        found = _made[mark] = _make(entity, field, place)
    return found


def _make(entity: Entity, field: Field, place: Place) -> Draw:
    show = show_of(entity, field, place)
    empty = KINDS[EMPTY[0]](EMPTY[1], EMPTY[2])

    def draw(value: Any) -> str:
        if value is None:
            return empty
        kind, text, extra = show(value)
        return plain(text) if kind in ("text", "num") else KINDS[kind](text, extra)

    return _remembering(draw) if field.options is not None or field.targets or field.type.name == "region" else draw


def _remembering(draw: Draw) -> Draw:
    """For values of which a list has few different ones."""
    drawn: dict[Any, str] = {}

    def again(value: Any) -> str:
        if not isinstance(value, (str, LinkValue)):
            return draw(value)
        found = drawn.get(value)
        if found is None:
            if len(drawn) >= MOST_DRAWN:
                drawn.clear()
            found = drawn[value] = draw(value)
        return found

    return again
