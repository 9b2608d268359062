"""Whatever the product says in Chinese it says in English too, and nothing it says to people goes past the catalogue."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "platform" / "yuanke"
CATALOGUE = PACKAGE / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "gettext": None, "sentence": None, "message": None, "Message": None}
PLACE = re.compile(r"\{\w+\}|%\(\w+\)[sd]")
#: Chinese characters and the punctuation that only Chinese has
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
#: English sentences with something that has no English: places of China
CHINESE_IN_ENGLISH = {"地区（例如 广东省/深圳市/南山区）"}


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    """Sentence -> where it is said first, extracted anew."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found: dict[str, str] = {}
    for folder in (PACKAGE, ROOT / "plugins"):
        for file, line, text, _comments, _context in extract_from_dir(str(folder), methods, options, KEYWORDS):
            found.setdefault(str(text), f"{(folder / file).relative_to(ROOT)}:{line}")
    return found


@pytest.fixture(scope="module")
def english() -> dict[str, str]:
    with CATALOGUE.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale="en") if m.id and not m.fuzzy}


def test_every_sentence_has_its_english(said: dict[str, str], english: dict[str, str]) -> None:
    assert len(said) > 800
    missing = [f"{place}: {text}" for text, place in said.items() if not english.get(text)]
    assert not missing, "how to add them stands in babel.cfg:\n" + "\n".join(missing)


def test_the_catalogue_holds_no_sentence_that_nobody_says(said: dict[str, str], english: dict[str, str]) -> None:
    assert not sorted(english.keys() - said.keys()), "pybabel update as babel.cfg tells"


def test_both_languages_fill_the_same_places(english: dict[str, str]) -> None:
    wrong = {zh: en for zh, en in english.items() if set(PLACE.findall(zh)) != set(PLACE.findall(en))}
    assert not wrong


def test_english_has_no_chinese_characters(english: dict[str, str]) -> None:
    assert not {zh: en for zh, en in english.items() if CHINESE.search(en) and zh not in CHINESE_IN_ENGLISH}


def test_english_begins_and_ends_as_the_chinese_does(english: dict[str, str]) -> None:
    """Line breaks part the sentence of a confirmation from its explanation; nothing shouts."""
    assert not {zh: en for zh, en in english.items() if zh.count("\n") != en.count("\n") or re.search(r"!(\s|$)", en)}


# -- nothing goes past the catalogue ---------------------------------------------------------------------------------

#: what in a template needs no translation: comments, sentences given to `_`
GIVEN = re.compile(r"""\{#.*?#\}|\b_\(\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""", re.DOTALL)
IN_TEMPLATES = {
    "元": "the mark of the product",
    "语言 / Language": "whoever reads neither language yet must find it",
}


def test_templates_say_nothing_in_chinese_by_themselves() -> None:
    found = []
    for file in sorted(PACKAGE.rglob("*.html")):
        source = GIVEN.sub(lambda m: "\n" * m[0].count("\n"), file.read_text(encoding="utf-8"))
        for number, line in enumerate(source.splitlines(), 1):
            for known in IN_TEMPLATES:
                line = re.sub(rf"""(?<=[>"]){re.escape(known)}(?=[<"])""", "", line)
            if CHINESE.search(line):
                found.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    assert not found, "\n".join(found)


#: calls whose first argument is a sentence for the catalogue
TRANSLATED = {"message", "Message", "_", "gettext", "sentence", "Label"}
#: files (or folders) of the engine whose Chinese is no sentence of a page: every one says what it is
NO_SENTENCES = {
    "app/commands": "the command line speaks Chinese and English side by side",
    "app/configuration.py": "names of the product and of the languages",
    "app/logins.py": "the name of a language in itself",
    "exchange/cells.py": "signs that begin a formula",
    "exchange/linking.py": "a colon that people type",
    "exchange/proposing.py": "units in the heads of people's files",
    "exchange/reading.py": "the name of a column without one; mappings are kept by it, so it is the same for everybody",
    "expressions": "signs that people type, and what joins texts in names()",
    "fieldtypes": "words and signs that people type, texts chosen by the place's language, samples of the reference",
    "metadata/approvals.py": "labels of the approval field; their English follows from the keys",
    "metadata/declare.py": "the label of the number field; its English is Number",
    "metadata/dialect": "examples of the reference",
    "metadata/parts.py": "labels of the fields every record has; their English follows from the keys",
    "records/duplicates/forms.py": "legal forms that stand in the names of firms",
    "metadata/reference.py": "the reference page, which has both languages",
    "records/tokens.py": "classes of characters",
    "screens/assets.py": "a fault of the installation, in both languages",
    "screens/pages/timeline.py": "a pattern of Chinese dates",
    "screens/pages/workbench.py": "a pattern of Chinese dates",
    "screens/shell.py": "the name of a language in itself",
}


def _chinese_literals(file: Path) -> Iterator[tuple[int, str]]:
    """Chinese text that is neither documentation, nor given to the catalogue, nor followed by its English."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))  # a docstring
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in TRANSLATED and node.args:
                skipped |= {id(part) for part in ast.walk(node.args[0])}
        several = getattr(node, "args", None) or getattr(node, "elts", None) or ()
        if isinstance(several, list):
            for one, following in itertools.pairwise(several):
                if isinstance(following, ast.Constant) and re.match("[A-Za-z]", str(following.value)):
                    skipped.add(id(one))
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in skipped else None
        if isinstance(text, str) and CHINESE.search(text):
            yield node.lineno, text


def test_code_says_nothing_in_chinese_past_the_catalogue() -> None:
    found, used = [], set()
    for file in sorted(PACKAGE.rglob("*.py")):
        inside = file.relative_to(PACKAGE).as_posix()
        known = next((part for part in NO_SENTENCES if inside == part or inside.startswith(f"{part}/")), None)
        for line, text in _chinese_literals(file):
            if known is None:
                found.append(f"{file.relative_to(ROOT)}:{line}: {text[:80]!r}")
            else:
                used.add(known)
    assert not found, "\n".join(found)
    assert used == NO_SENTENCES.keys(), f"no longer needed: {NO_SENTENCES.keys() - used}"


def test_no_sentence_is_glued_or_built(said: dict[str, str]) -> None:
    """An f-string has no English, and a sentence that begins in its middle cannot be put into another order."""
    built = []
    for file in sorted([*PACKAGE.rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            call = node if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args else None
            if call and call.func.id in TRANSLATED - {"Label"} and isinstance(call.args[0], (ast.JoinedStr, ast.BinOp)):
                built.append(f"{file.relative_to(ROOT)}:{call.lineno}")
    assert not built
    marks = {"：", "；", "、"}  # they stand between whole sentences and names
    assert not [f"{place}: {text}" for text, place in said.items() if text[:1] in "，。；：、" and text not in marks]
