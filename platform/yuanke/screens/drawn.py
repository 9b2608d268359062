"""Rows of a list straight from records to HTML: one function a column, made once, that takes a value and gives its cell.

The one rule: it draws what `cells` and `rows` together would draw (a test compares them); short texts that come again and
again (options, people, places) are drawn once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from yuanke.fieldtypes import Place
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Record
from yuanke.screens import urls
from yuanke.screens.assets import icon
from yuanke.screens.cells import EMPTY, FILES, cell, show_of
from yuanke.screens.rows import KINDS, more_button
from yuanke.screens.sentences import sentence

Draw = Callable[[Any], str]
MOST_DRAWN = 500
TRUE = ' aria-current="true"'
PUSH = 'hx-target="#yk-list" hx-swap="outerHTML" hx-push-url="true"'
_special = re.compile("[&<>\"']").search
_made: dict[tuple[Any, ...], Draw] = {}


def records_html(
    records: Sequence[Record], fields: Sequence[Field], css: Sequence[str], place: Place, picks: bool, more: str | None
) -> Markup:
    """``<tr>`` for each record, as `rows.rows_html` draws them."""
    if not records:
        return Markup("")
    entity = records[0].entity
    columns = [_column(records, entity, field, place) for field in fields]
    opens = [f'<td class="{escape(one)}">' if one else "<td>" for one in css]
    row = (
        f'<tr data-id="%s" data-url="/records/{entity.key}/%s" data-version="%s">'
        + ('<td class="yk-c-pick"><input type="checkbox" class="form-check-input yk-row" name="id" value="%s"'
           ' form="yk-bulk" aria-label="%s"></td>' if picks else "")
        + "".join(f"{one.replace('%', '%%')}%s</td>" for one in opens)
        + (more_button(more).replace("%", "%%") if more else "")
        + "</tr>\n"
    )  # fmt: skip
    heads = [(r.id, r.id, r.version, r.id, plain(r.title)) if picks else (r.id, r.id, r.version) for r in records]
    return Markup("".join([row % (*head, *cells) for head, cells in zip(heads, zip(*columns))]))


def _column(records: Sequence[Record], entity: Entity, field: Field, place: Place) -> list[str]:
    """The cells of one field, from the first record to the last."""
    if field.key == entity.title or field.type.name in FILES:
        return [_whole(record, field, place) for record in records]
    draw, key = _draw_of(entity, field, place), field.key
    return [draw(record.values.get(key)) for record in records]


def plain(text: str) -> str:
    """Escaped; most texts hold nothing to escape and need a look, not a copy."""
    return str(escape(text)) if _special(text) else text


def _whole(record: Record, field: Field, place: Place) -> str:
    """The title leads to its record, and a file's address names it."""
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
        if kind == "text" or kind == "num":
            return plain(text)
        if kind == "href":
            return f'<a href="{plain(extra)}" rel="noopener noreferrer">{plain(text)}</a>'
        return KINDS[kind](text, extra)

    return _remembering(draw) if field.options is not None or field.targets or field.type.name == "region" else draw


def _remembering(draw: Draw) -> Draw:
    """For values of which a list has few different ones."""
    drawn: dict[Any, str] = {}

    def again(value: Any) -> str:
        try:
            found = drawn.get(value)
        except TypeError:  # a list
            return draw(value)
        if found is None:
            if len(drawn) >= MOST_DRAWN:
                drawn.clear()
            found = drawn[value] = draw(value)
        return found

    return again


def pager_html(pager: Mapping[str, Any]) -> Markup:
    """Where one is in the list, and the way on: ``{said, prev_url, next_url, sizes: [{n, url, on}]}``."""
    words = sentence("%(n)s 条/页", n="%s")
    sizes = "".join(
        f'<a class="dropdown-item" href="{plain(s["url"])}" hx-get="{plain(s["url"])}" {PUSH}'
        f'{TRUE if s["on"] else ""}>{words % s["n"]}</a>' for s in pager["sizes"]
    )  # fmt: skip
    now = next((words % s["n"] for s in pager["sizes"] if s["on"]), "")
    box = (
        '<div class="dropdown yk-wide"><button type="button" class="btn btn-sm" data-bs-toggle="dropdown" aria-expanded="false">'
        f'{now}{icon("chevron-down", "yk-icon-s")}</button><div class="dropdown-menu dropdown-menu-end">{sizes}</div></div>'
    )  # fmt: skip
    back = _way(pager["prev_url"], f"{icon('chevron-left')}{sentence('上一页')}")
    on = _way(pager["next_url"], f"{sentence('下一页')}{icon('chevron-right')}")
    return Markup(
        f'<div class="yk-pager"><span>{escape(pager["said"])}</span><nav aria-label="{sentence("分页")}">{box}{back}{on}</nav></div>'
    )


def _way(url: str | None, label: str) -> str:
    if not url:
        return f'<button type="button" class="btn btn-sm" disabled>{label}</button>'
    return f'<a class="btn btn-sm" href="{plain(url)}" hx-get="{plain(url)}" {PUSH}>{label}</a>'
