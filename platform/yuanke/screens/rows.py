"""Rows of a list as HTML. The hottest loop of all screens: 50 rows of ten cells are drawn on every list request.

Rule: one dictionary look-up and one f-string a cell, every text escaped on its way in; what a cell may be is told in
``templates/_rows.html``. A Jinja loop over the same cells takes some six times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from yuanke.screens.assets import icon, initials
from yuanke.web.language import enumerated

Draw = Callable[[Any, Any], str]


def rows_html(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[Mapping[str, Any]], picks: bool, more: str | None
) -> Markup:
    """``<tr>`` for each row: ``{id, url, title, version, cells}``, as `_rows.html` tells. ``picks``: a box in front.

    ``more`` is the label of the button that opens the menu of a row; None draws no button.
    """
    opens = [f'<td class="{escape(c["css"])}">' if c["css"] else "<td>" for c in columns]
    end = f"{more_button(more)}</tr>\n" if more else "</tr>\n"
    drawn: list[str] = []
    add = drawn.append
    for row in rows:
        add(_open_row(row))
        if picks:
            add(
                '<td class="yk-c-pick"><input type="checkbox" class="form-check-input yk-row" name="id" value="'
                f'{row["id"]}" form="yk-bulk" aria-label="{escape(row["title"])}"></td>'
            )
        for opening, (kind, text, extra) in zip(opens, row["cells"]):
            add(f"{opening}{KINDS[kind](text, extra)}</td>")
        add(end)
    return Markup("".join(drawn))


def cell_html(cell: tuple[str, Any, Any]) -> Markup:
    """One cell anywhere else: a fact of a record, a related list."""
    kind, text, extra = cell
    return Markup(KINDS[kind](text, extra))


def _open_row(row: Mapping[str, Any]) -> str:
    url, version = row.get("url"), row.get("version")
    return (
        f'<tr data-id="{row["id"]}"'
        + (f' data-url="{escape(url)}"' if url else "")
        + (f' data-version="{version}">' if version is not None else ">")
    )


def more_button(label: str) -> str:
    return (
        '<td class="yk-c-act"><button type="button" class="btn btn-ghost btn-icon yk-more" aria-haspopup="true" '
        f'aria-expanded="false" aria-label="{escape(label)}">{icon("dots")}</button></td>'
    )


def _text(text: Any, extra: Any) -> str:
    return f"{escape(text)}"


def _link(text: Any, url: Any) -> str:
    return f'<a href="{escape(url)}">{escape(text)}</a>' if url else f"{escape(text)}"


def _outside(text: Any, url: Any) -> str:
    return f'<a href="{escape(url)}" rel="noopener noreferrer">{escape(text)}</a>'


def _tag(text: Any, colour: Any) -> str:
    return f'<span class="yk-tag is-{escape(colour)}">{escape(text)}</span>'


def _state(text: Any, colour: Any) -> str:
    return f'<span class="yk-state is-{escape(colour)}">{escape(text)}</span>'


def _tags(text: Any, pairs: Any) -> str:
    return " ".join(_tag(label, colour) for label, colour in pairs)


def _user(name: Any, tint: Any) -> str:
    round_ = f'<span class="yk-ava is-{escape(tint)}" aria-hidden="true">{escape(initials(name))}</span>'
    return f'<span class="yk-user">{round_}{escape(name)}</span>'


def _due(text: Any, tone: Any) -> str:
    return f'<span class="yk-due is-{escape(tone)}">{escape(text)}</span>'


def _none(text: Any, extra: Any) -> str:
    return f'<span class="yk-none">{escape(text or "—")}</span>'


def _bool(text: Any, yes: Any) -> str:
    return f"{icon('check', 'yk-icon-s yk-good') if yes else ''} {escape(text)}"


def _image(alt: Any, url: Any) -> str:
    return f'<img class="yk-thumb" src="{escape(url)}" alt="{escape(alt)}" loading="lazy">'


def _thumb(name: Any, url: Any) -> str:
    return f'<a href="{escape(url)}" target="_blank" rel="noopener">{_image(name, url)}</a>'


def _file(name: Any, url: Any) -> str:
    return f'<a class="yk-chip" href="{escape(url)}">{icon("paperclip", "yk-icon-s")}{escape(name)}</a>'


def _stars(text: Any, extra: Any) -> str:
    shine, most = extra
    stars = "".join(icon("star", "yk-icon-s is-on" if i < shine else "yk-icon-s") for i in range(most))
    return f'<span class="yk-stars" role="img" aria-label="{escape(text)}">{stars}</span>'


def _bar(text: Any, percent: Any) -> str:
    shown = escape(text)
    return f'<progress class="yk-bar" max="100" value="{escape(percent)}" aria-label="{shown}"></progress> {shown}'


def _colour(text: Any, colour: Any) -> str:
    box = f'<rect width="16" height="16" rx="4" fill="{escape(colour)}"/>'
    return f'<svg width="16" height="16" aria-hidden="true">{box}</svg> {escape(text)}'


def _html(text: Any, html: Any) -> str:
    return f'<div class="yk-html">{escape(html)}</div>'  # Markup stays, anything else is escaped


KINDS: dict[str, Draw] = {
    "text": _text, "num": _text, "title": _link, "link": _link, "href": _outside, "tag": _tag, "state": _state, "tags": _tags, "user": _user,
    "due": _due, "none": _none, "bool": _bool, "image": _image, "file": _file, "stars": _stars, "bar": _bar, "colour": _colour, "html": _html,
    "images": lambda text, pairs: " ".join(_thumb(name, url) for name, url in pairs),
    "files": lambda text, pairs: " ".join(_file(name, url) for name, url in pairs),
    "links": lambda text, pairs: enumerated(_link(name, url) for name, url in pairs),
}  # fmt: skip
