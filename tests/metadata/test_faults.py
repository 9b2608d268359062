"""Wrong files say what is wrong, where, and what to do: each file in tests/faults carries the expected codes on its wrong lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from yuanke.metadata import Diagnostic, Layer, check_layers
from yuanke.metadata.faults import CODES

FOLDER = Path(__file__).parent.parent / "faults"
FILES = sorted(path for path in FOLDER.glob("*.yaml") if not path.name.startswith("_"))
CODE = re.compile(r"\b[EW][0-9]{3}\b")


def read(path: Path) -> list[Layer]:
    """The layers of a wrong file: those it stands on (``# with:`` in its first line), then itself."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    below = first.removeprefix("# with:").split() if first.startswith("# with:") else []
    return [layer_of(FOLDER / name) for name in below] + [layer_of(path)]


def layer_of(path: Path) -> Layer:
    customization = "\ncustomization:" in "\n" + path.read_text(encoding="utf-8")
    return Layer.read_file(path, "customization" if customization else "module")


def expected(path: Path) -> set[tuple[int, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return {
        (number, code)
        for number, line in enumerate(lines, 1)
        if "#" in line
        for code in CODE.findall(line.split("#")[-1])
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_wrong_file_is_told_at_its_wrong_lines_and_nowhere_else(path: Path) -> None:
    found = check_layers(read(path))
    assert {(d.span.line, d.code) for d in found} == expected(path), "\n\n".join(d.render() for d in found)
    for diagnostic in found:
        assert diagnostic.span.file == str(path)
        check_form(diagnostic)


def check_form(diagnostic: Diagnostic) -> None:
    """Every fault has a known code, a summary, the next step, and a caret under its line."""
    assert diagnostic.code in CODES
    assert diagnostic.summary and diagnostic.detail.strip()
    shown = diagnostic.render().splitlines()
    assert shown[0].startswith(diagnostic.code)
    assert re.search(r":\d+:\d+$", shown[1])
    caret = next(index for index, line in enumerate(shown) if line.strip() == "^")
    assert shown[caret].index("^") >= shown[caret - 1].index(" | ") + 3
    assert diagnostic.span.column <= len(diagnostic.source) + 1


def test_there_are_at_least_sixty_wrong_files_and_every_code_but_those_of_bytes_is_among_them() -> None:
    assert len(FILES) >= 60
    told = {code for path in FILES for _, code in expected(path)}
    assert set(CODES) - told <= {"E105", "E107", "E109"}, "size, encoding and missing files have tests of their own"


def test_what_the_wrong_files_stand_on_is_right() -> None:
    companions = [layer_of(FOLDER / name) for name in ("_crm.yaml", "_acme.yaml")]
    assert check_layers(companions) == []
