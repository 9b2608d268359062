"""Names for people: the declared label, else the key made readable; English from translations, else the key."""

from __future__ import annotations

from collections.abc import Mapping

from yuanke.kernel.text import Label, label_of_key
from yuanke.metadata.names import plural_of
from yuanke.metadata.node import Node


def flatten(translations: Node | None) -> dict[str, str]:
    """``{entities.member.label: Member}``, whether the paths were written out or nested."""
    found: dict[str, str] = {}

    def walk(node: Node, path: str) -> None:
        for key, child in node.items():
            at = f"{path}.{key}" if path else key
            if child.is_map:
                walk(child, at)
            elif child.value is not None:
                found[at] = str(child.value)

    if translations is not None:
        walk(translations, "")
    return found


def label(node: Node | None, key: str, path: str, english: Mapping[str, str], word: str = "label") -> Label:
    """The label of the thing at ``path`` that ``node`` declares under ``word``."""
    said = node.get(word) if node is not None else None
    zh = str(said.value) if said is not None and isinstance(said.value, (str, int)) else label_of_key(key)
    return Label(zh, english.get(f"{path}.{word}") or label_of_key(key))


def plural(node: Node, key: str, path: str, english: Mapping[str, str], single: Label) -> Label:
    said = node.get("plural")
    zh = str(said.value) if said is not None else single.zh
    return Label(zh, english.get(f"{path}.plural") or _plural_words(english.get(f"{path}.label") or label_of_key(key)))


def _plural_words(words: str) -> str:
    first, space, last = words.rpartition(" ")
    return first + space + plural_of(last)


def text(node: Node | None, word: str, path: str, english: Mapping[str, str]) -> Label | None:
    """An optional text (help), or None when nothing was said; English falls back to what was said."""
    said = node.get(word) if node is not None else None
    if said is None or said.value is None:
        return None
    return Label(str(said.value), english.get(f"{path}.{word}") or str(said.value))
