"""Every name that definitions give to a thing is there in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from yuanke.expressions import Expression
from yuanke.kernel.text import Label
from yuanke.metadata import Layer, compile_layers, system_layers

from tests.translations.conftest import Product

CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
#: Chinese labels that are written in Latin letters and digits in Chinese too: codes, units, brands, numbers
LATIN_IN_CHINESE = re.compile(r"[A-Z]{1,4}\d?|kg|g|t|Excel|English|[\d–—-]+", re.ASCII)


def labels(value: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Label]]:
    """Every Label of a Registry with the way to it."""
    if isinstance(value, Label):
        yield path, value
        return
    if isinstance(value, (str, bytes, int, float, type(None), Expression)) or id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Mapping):
        parts = list(value.items())
    elif isinstance(value, (list, tuple, set, frozenset)):
        parts = list(enumerate(value))
    elif is_dataclass(value):
        parts = [(part.name, getattr(value, part.name)) for part in fields(value)]
    else:
        return
    for name, part in parts:
        yield from labels(part, f"{path}.{name}" if path else str(name), seen)


@pytest.fixture(scope="module")
def given(product: Product) -> list[tuple[str, Label]]:
    found = list(labels(product.registry, "", set()))
    assert len(found) > 1000
    return found


def test_every_english_label_is_english(given: list[tuple[str, Label]]) -> None:
    wrong = [
        f"{path}: {label.zh} / {label.en}" for path, label in given if not label.en.strip() or CHINESE.search(label.en)
    ]
    assert not wrong, "translations: {en: {<path>: ...}} gives the English:\n" + "\n".join(wrong)


def test_every_chinese_label_is_chinese(given: list[tuple[str, Label]]) -> None:
    wrong = [
        f"{path}: {label.zh}"
        for path, label in given
        if not CHINESE.search(label.zh) and not LATIN_IN_CHINESE.fullmatch(label.zh)
    ]
    assert not wrong, "label: gives the Chinese:\n" + "\n".join(wrong)


def test_english_labels_begin_with_a_capital(given: list[tuple[str, Label]]) -> None:
    units = {"kg", "g", "t"}
    assert not [
        f"{path}: {label.en}"
        for path, label in given
        if label.en[:1].islower() and label.en not in units and not path.endswith(".unit")
    ]


def test_what_is_shown_without_a_label_of_its_own_has_both_languages_too(product: Product) -> None:
    """Dashboards, prints and reports carry Chinese text in their bodies; its English stands among the translations."""
    english = product.registry.more.get("english", {})
    missing = []
    for section in ("dashboards", "reports", "prints"):
        for path, text in _texts(getattr(product.registry, section), section):
            if CHINESE.search(text) and not english.get(path):
                missing.append(f"{path}: {text}")
    assert not missing, "\n".join(missing)


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Notes and helps written as plain text, with their paths; the English of a label may follow from its key."""
    for key, part in value.items() if isinstance(value, Mapping) else ():
        if key in ("note", "help") and isinstance(part, str):
            yield f"{path}.{key}", part
        yield from _texts(part, f"{path}.{key}")


BOARDS = """
module: club
label: Club
entities: {member: {fields: {name: text}}}
dashboards:
  boss:
    label: 老板
    rows: [[members, links]]
    widgets:
      members: {label: 新会员, list: member}
      links: {links: {member: {label: 会员, note: 本周}}}
  clerk:
    like: boss
    label: 文员
    widgets: {links: {links: {member: {note: 我的}}}}
translations:
  en:
    dashboards.boss.widgets.members.label: Fresh members
    dashboards.boss.widgets.links.links.member.note: This week
"""


def test_a_board_has_the_english_of_the_one_it_is_like_where_it_says_nothing_itself() -> None:
    made = compile_layers([*system_layers(), Layer.read_text(BOARDS, "club.yaml", "module")])
    english = made.more["english"]
    assert english["dashboards.clerk.widgets.members.label"] == "Fresh members"
    assert "dashboards.clerk.widgets.links.links.member.note" not in english
