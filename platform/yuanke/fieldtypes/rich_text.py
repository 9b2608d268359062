"""Formatted text. The one rule: what is stored has been cleaned, so every face may show it as HTML."""

from __future__ import annotations

import html
import re
from typing import Any

import nh3

from yuanke.fieldtypes.base import FieldSpec, Place
from yuanke.fieldtypes.strings import TextType, many_lines
from yuanke.kernel.text import Label, message

TAGS = {
    "p",
    "br",
    "div",
    "span",
    "h1",
    "h2",
    "h3",
    "h4",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "s",
    "del",
    "sub",
    "sup",
    "blockquote",
    "pre",
    "code",
    "ul",
    "ol",
    "li",
    "a",
    "img",
    "hr",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "caption",
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
SCHEMES = {"http", "https", "mailto", "tel"}
MOST_ROUNDS = 6
_BLOCK_END = re.compile(r"</(?:p|div|h[1-4]|li|tr|blockquote|pre|table)>|<br ?/?>|<hr ?/?>")


def clean(markup: str) -> str:
    """``markup`` with harmless tags, attributes and addresses only; cleaning what was cleaned changes nothing.

    Once is not enough: ``<h1>a<h1></h1></h1>`` is read back as two headings. What is not settled after a few rounds
    (nobody writes that by hand) loses its formatting.
    """
    for _ in range(MOST_ROUNDS):
        cleaned = nh3.clean(
            markup, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="noopener noreferrer"
        ).strip()
        if cleaned == markup:
            return cleaned
        markup = cleaned
    return html.escape(bare(markup), quote=False)


def bare(markup: str) -> str:
    """The words without the formatting, a line a block."""
    lines = html.unescape(nh3.clean(_BLOCK_END.sub("\n", markup), tags=set())).splitlines()
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


class RichText(TextType):
    name = "rich_text"
    label = Label("富文本", "Rich text")
    help = Label(
        "带格式的文字；危险的标签和链接在保存时去掉", "Formatted text; dangerous tags and links are removed on saving"
    )
    operators = ("contains", "empty", "filled")
    widget = "rich_text"
    short = False
    searchable = True
    longest = 100_000
    wanted = message("HTML 文字")
    example = "{type: rich_text}"
    sample = "<p>已<b>确认</b></p>"

    def tidy(self, raw: str) -> str:
        return many_lines(raw)

    def read(self, field: FieldSpec, tidy: str, place: Place) -> Any:
        cleaned = clean(tidy)
        return cleaned if bare(cleaned) or "<img" in cleaned or "<hr" in cleaned else None

    def text(self, field: FieldSpec, value: Any, place: Place) -> str:
        return "" if value is None else bare(value)
