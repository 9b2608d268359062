"""Sentences of templates in the reader's language, and parts of pages that are the same for everybody who reads it.

A page asks some two hundred times. Rule: the language is asked for once a request, the catalogue is a dictionary; what
does not change between requests is drawn once for each language.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from babel.support import Translations
from flask import Flask, request_started
from flask_babel import get_locale
from markupsafe import Markup, escape

from yuanke.screens.assets import PACKAGE

#: "" = not asked yet in this request; None = no request here (a print, a mail), ask every time
_language: ContextVar[str | None] = ContextVar("yuanke_language", default=None)
MOST_PARTS = 2000
_parts: OrderedDict[Hashable, Markup] = OrderedDict()


def language() -> str:
    """``zh`` or ``en`` of whoever reads what is being drawn."""
    known = _language.get()
    if known:
        return known
    found = str(get_locale() or "zh")[:2]
    if known is not None:
        _language.set(found)
    return found


@lru_cache(maxsize=8)
def catalogue(code: str) -> Mapping[str, str]:
    """msgid -> sentence; empty for Chinese, whose sentences are the msgids."""
    found = Translations.load(str(PACKAGE / "translations"), [code])
    entries: Mapping[Any, str] = getattr(found, "_catalog", {})
    return {text: said for text, said in entries.items() if isinstance(text, str) and text and said}


def sentence(text: str, **values: Any) -> str:
    """``_("共 %(n)s 条", n=5)`` of templates. Values are escaped, Markup stays."""
    said = catalogue(language()).get(text, text)
    return Markup(escape(said)) % values if values else said


def install(app: Flask) -> None:
    """After Flask-Babel and AppBuilder, whose `_` it replaces in templates."""
    app.jinja_env.globals.update(_=sentence, gettext=sentence, language=language)
    request_started.connect(_begin, app)

    def part(template: str, *key: Hashable, **context: Any) -> Markup:
        """The template drawn once for ``key`` and language; without a key, every time."""
        if not key or app.debug:
            return Markup(app.jinja_env.get_template(template).render(**context))
        full = (app.import_name, template, language(), *key)
        kept = _parts.get(full)
        if kept is None:
            kept = _parts[full] = Markup(app.jinja_env.get_template(template).render(**context))
            if len(_parts) > MOST_PARTS:
                _parts.popitem(last=False)
        return kept

    app.jinja_env.globals["part"] = part


def _begin(app: Flask, **_more: Any) -> None:
    _language.set("")
