"""Sentences for people, kept apart from their language.

The Chinese sentence is the message id; the faces (`api`, `screens`) translate it through gettext and
fill in the values. Lower layers only say *what* is to be said, so no layer below them knows Flask.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Translate = Callable[[str], str]
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Message:
    """One sentence: ``text`` is Chinese with ``{name}`` places, ``values`` fills them.

    A value that is a Message or a Label is said in the language of the sentence; a list or tuple is listed in it.
    Babel extracts every literal first argument of ``Message(...)`` (keyword ``Message`` in babel.cfg).
    """

    text: str
    values: dict[str, Any] = field(default_factory=dict)

    def say(self, translate: Translate | None = None) -> str:
        """The sentence in the language of ``translate`` (Chinese without one); missing values show as typed."""
        sentence = translate(self.text) if translate else self.text
        if not self.values:
            return sentence
        return _PLACE.sub(lambda at: _said(self.values[at[1]], translate) if at[1] in self.values else at[0], sentence)

    def __str__(self) -> str:
        return self.say()


def listed(items: Iterable[Any], translate: Translate | None = None) -> str:
    """``甲、乙`` or ``A, B``: several things in one sentence."""
    return (translate(BETWEEN.text) if translate else BETWEEN.text).join(_said(item, translate) for item in items)


def _said(value: Any, translate: Translate | None) -> str:
    if isinstance(value, Message):
        return value.say(translate)
    if isinstance(value, Label):
        return value.say(translate(LANGUAGE.text)) if translate else value.zh
    if isinstance(value, (list, tuple)):
        return listed(value, translate)
    return str(value)


def message(text: str, /, **values: Any) -> Message:
    """Short form of ``Message(text, values)``."""
    return Message(text, values)


#: what a catalogue says of itself: the code of its language, and what stands between the things of a list
LANGUAGE = Message("zh")
BETWEEN = Message("、")


@dataclass(frozen=True)
class Label:
    """A name that metadata gives to a thing, in both languages of the product."""

    zh: str
    en: str

    def say(self, locale: str = "zh") -> str:
        return self.en if locale.startswith("en") else self.zh

    def __str__(self) -> str:
        return self.zh


#: words that are written in capitals
_INITIALS = {word: word.upper() for word in ("api", "csv", "id", "ip", "json", "pdf", "sms", "url", "xlsx")}


def label_of_key(key: str) -> str:
    """``close_date`` -> ``Close date``, ``api_key`` -> ``API key``: the English label of a key that nobody translated."""
    first, *rest = key.split("_") if "_" in key else [key]
    words = [_INITIALS.get(first) or first.capitalize(), *(_INITIALS.get(word) or word.lower() for word in rest)]
    return " ".join(word for word in words if word).strip()
