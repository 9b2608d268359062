"""Sentences for people, kept apart from their language.

The Chinese sentence is the message id; the faces (`api`, `screens`) translate it through gettext and
fill in the values. Lower layers only say *what* is to be said, so no layer below them knows Flask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Message:
    """One sentence: ``text`` is Chinese with ``{name}`` places, ``values`` fills them.

    Babel extracts every literal first argument of ``Message(...)`` (keyword ``Message`` in babel.cfg).
    """

    text: str
    values: dict[str, Any] = field(default_factory=dict)

    def say(self, translate: Callable[[str], str] | None = None) -> str:
        """The sentence in the language of ``translate`` (Chinese without one); missing values show as typed."""
        sentence = translate(self.text) if translate else self.text
        for name, value in self.values.items():
            shown = value.say(translate) if isinstance(value, Message) else str(value)
            sentence = sentence.replace("{" + name + "}", shown)
        return sentence

    def __str__(self) -> str:
        return self.say()


def message(text: str, /, **values: Any) -> Message:
    """Short form of ``Message(text, values)``."""
    return Message(text, values)


@dataclass(frozen=True)
class Label:
    """A name that metadata gives to a thing, in both languages of the product."""

    zh: str
    en: str

    def say(self, locale: str = "zh") -> str:
        return self.en if locale.startswith("en") else self.zh

    def __str__(self) -> str:
        return self.zh


def label_of_key(key: str) -> str:
    """``close_date`` -> ``Close date``: the English label of a key that nobody translated."""
    return key.replace("_", " ").strip().capitalize()
