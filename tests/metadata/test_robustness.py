"""Broken files break nothing: whatever is cut, turned or taken out of a module, the answer is diagnostics."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yuanke.metadata import Layer, check_layers
from yuanke.metadata.cut import mend
from yuanke.metadata.reader import read

BASE = (Path(__file__).parent.parent / "faults" / "_crm.yaml").read_text(encoding="utf-8")
LINES = BASE.splitlines(keepends=True)
WORDS = [
    "[",
    "]",
    "{",
    "}",
    ":",
    "'",
    '"',
    "- ",
    "\t",
    "null",
    "true",
    "=",
    "-",
    "*a",
    "&a",
    "!x",
    "|",
    ">",
    "#",
    "%",
    "@",
    "\u0000",
    "\U0001f600",
    ",",
    "(",
    "0",
    "~",
    "1e999",
    "type",
    "rows",
    "link",
    "formula",
    "like",
    "abstract: true",
    "\n",
    "  ",
]


def told(text: str) -> None:
    """Only diagnostics come out, each with a place in the file (or of what lies beneath) and a next step."""
    for diagnostic in check_layers([Layer.read_text(text, "crm.yaml")]):
        assert diagnostic.code and diagnostic.summary and diagnostic.detail
        assert diagnostic.render()
    mend(text)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(BASE)))
def test_a_module_cut_off_anywhere(end: int) -> None:
    told(BASE[:end])


@pytest.mark.parametrize("seed", range(4))
def test_lines_taken_out_doubled_or_moved(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(12):
        lines = list(LINES)
        at = chance.randrange(len(lines))
        act = chance.choice(["delete", "double", "move", "indent", "dedent"])
        line = lines[at]
        if act == "delete":
            del lines[at]
        elif act == "double":
            lines.insert(at, line)
        elif act == "move":
            lines.insert(chance.randrange(len(lines)), lines.pop(at))
        else:
            lines[at] = "  " + line if act == "indent" else line.removeprefix("  ")
        told("".join(lines))


@pytest.mark.parametrize("seed", range(4))
def test_characters_turned_into_others(seed: int) -> None:
    chance = random.Random(100 + seed)
    for _ in range(12):
        at = chance.randrange(len(BASE))
        told(BASE[:at] + chance.choice(WORDS) + BASE[at + chance.randrange(3) :])


@pytest.mark.parametrize("seed", range(4))
def test_values_of_the_wrong_kind_anywhere(seed: int) -> None:
    """Every value of a module replaced, one by one, by something of another kind."""
    chance = random.Random(200 + seed)
    data = Layer.read_text(BASE, "crm.yaml").plain()
    for _ in range(15):
        text = Layer.from_plain("crm", "module", data).plain()
        here: object = text
        while isinstance(here, (dict, list)) and here:
            key = chance.choice(list(here)) if isinstance(here, dict) else chance.randrange(len(here))
            below = here[key]  # type: ignore[index]
            if not isinstance(below, (dict, list)) or not below or chance.random() < 0.15:
                here[key] = chance.choice(
                    [
                        None,
                        True,
                        3,
                        1.5,
                        "x",
                        "x!",
                        "=",
                        [],
                        {},
                        [[]],
                        {"a": None},
                        ["a", {"b": 1}],
                        "dictionary",
                        "a.b",
                        "-",
                        "\ud800x"[1:],
                    ]
                )  # type: ignore[index]
                break
            here = below
        for diagnostic in check_layers([Layer.from_plain("crm", "module", text)]):
            assert diagnostic.render()


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab:{}[],'\"\n -#&*!|>?%@`()=\t", max_size=80) | st.binary(max_size=60))
def test_any_text_is_read_or_told(text: str | bytes) -> None:
    node, faults = read(text, "t.yaml")
    assert node is not None or faults


@pytest.mark.parametrize(
    "formula",
    [
        "day <= about.day",
        "at > about.day",
        "n > about.day",
        "clock < about.day",
        "about.day < day",
        "day == j",
        "about == j",
        "j.x <= at",
        "about.n + n",
        "day - about.day",
    ],
)
def test_values_of_a_kind_nobody_knows_beforehand_are_compared_or_told(formula: str) -> None:
    """A link to one of several entities and JSON have values whose kind shows itself only at run time."""
    told(
        "module: m\nroles: {r: R}\nentities:\n"
        "  a: {fields: {day: date, at: datetime, n: integer, j: json, clock: time, about: {link: [a, b]}, f: {formula: '%s'}}, permissions: {r: {read: all}}}\n"
        "  b: {fields: {day: date}, permissions: {r: {read: all}}}\n" % formula
    )
