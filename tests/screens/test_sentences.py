"""Every sentence that the product says in Chinese it says in English too, with the same places to fill."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "platform" / "yuanke"
PLACE = re.compile(r"\{(\w+)\}|%\((\w+)\)[sd]")


@pytest.fixture(scope="module")
def said() -> set[str]:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {"_": None, "gettext": None, "message": None, "Message": None}
    found = extract_from_dir(str(PACKAGE), methods, options, keywords)
    return {text for _file, _line, text, _comments, _context in found if isinstance(text, str) and text.strip()}


@pytest.fixture(scope="module")
def english() -> dict[str, str]:
    with (PACKAGE / "translations" / "en" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale="en") if m.id}


def test_no_sentence_lacks_its_english(said: set[str], english: dict[str, str]) -> None:
    assert len(said) > 500
    missing = sorted(text for text in said if not english.get(text))
    assert not missing, missing


def test_the_english_fills_the_same_places(said: set[str], english: dict[str, str]) -> None:
    def places(text: str) -> set[str]:
        return {first or second for first, second in PLACE.findall(text)}

    wrong = {text: english[text] for text in said if english.get(text) and places(text) != places(english[text])}
    assert not wrong


def test_no_english_is_left_in_chinese(english: dict[str, str]) -> None:
    allowed = {"地区（例如 广东省/深圳市/南山区）"}
    assert not {t: e for t, e in english.items() if re.search(r"[\u4e00-\u9fff]", e) and t not in allowed}
