"""Text that somebody else wrote in Markdown, as HTML that can do no harm.

The one rule: HTML in the text is text; what the reader of Markdown makes is cleaned once more, and no picture is fetched.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import nh3
from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

TAGS = {
    "p", "h2", "h3", "h4", "h5", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "a", "hr", "br",
    "table", "thead", "tbody", "tr", "th", "td", "s",
}  # fmt: skip
SCHEMES = {"https", "http", "mailto"}


@lru_cache(maxsize=100)
def rendered(text: str) -> Markup:
    html = _reader().render(text)
    for level in (4, 3, 2, 1):  # the page has its own first heading
        html = html.replace(f"<h{level}>", f"<h{level + 1}>").replace(f"</h{level}>", f"</h{level + 1}>")
    clean = nh3.clean(html, tags=TAGS, attributes={"a": {"href"}}, url_schemes=SCHEMES, link_rel="noopener noreferrer")
    return Markup(clean)  # cleaned just now


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").enable("strikethrough")
