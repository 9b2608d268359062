"""What is written in a mail: a plain text and the same as HTML, in the language of whom it is for.

The one rule: templates get plain values and write them escaped; nothing that a person typed becomes markup or a header.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from yuanke.kernel.catalogue import translator
from yuanke.kernel.text import Message
from yuanke.messages.account import address, link_to
from yuanke.storage import Unit

FOLDER = Path(__file__).resolve().parent / "templates"
LONGEST_SUBJECT = 120
_CONTROLS = re.compile(r"[\s\x00-\x1f\x7f\u0085\u2028\u2029]+")

Body = dict[str, str]  # subject, text, html


def one_line(text: str, longest: int = LONGEST_SUBJECT) -> str:
    """``text`` as a subject: one line, no controls, not endless."""
    said = _CONTROLS.sub(" ", text).strip()
    return said if len(said) <= longest else said[: longest - 1] + "…"


def letter(
    unit: Unit, subject: str, text: str, locale: str = "zh", entity: str | None = None, record: int | None = None
) -> Body:
    """A mail that says ``text`` and leads to a record."""
    return _written(unit, "letter", subject, locale, text=text, url=link_to(unit, entity, record))


def summary(unit: Unit, locale: str, parts: Sequence[dict[str, Any]], title: str) -> Body:
    """The daily mail: ``parts`` of ``{title, items: [{text, note, url}], more}``."""
    base = address(unit)
    return _written(unit, "summary", title, locale, parts=parts, url=f"{base}/messages" if base else None)


def _written(unit: Unit, name: str, subject: str, locale: str, **values: Any) -> Body:
    base = address(unit)
    values = {
        "subject": one_line(subject), "enterprise": unit.enterprise.label, "preferences_url": f"{base}/me/messages" if base else None,
        "locale": "en" if locale.startswith("en") else "zh-CN", **values,
    }  # fmt: skip
    templates = _templates(locale)
    return {
        "subject": f"[{one_line(unit.enterprise.label, 30)}] {values['subject']}",
        "text": templates.get_template(f"{name}.txt").render(values).strip() + "\n",
        "html": templates.get_template(f"{name}.html").render(values),
    }


@cache
def _templates(locale: str) -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    say = translator(locale)
    made.globals["_"] = lambda text, **given: say(text) % given if given else say(text)
    return made


def say(said: Message, locale: str) -> str:
    """A sentence in somebody's language."""
    return said.say(translator(locale))
