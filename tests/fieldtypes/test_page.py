"""docs/field-types.md says what the types say."""

from __future__ import annotations

from pathlib import Path

from yuanke.fieldtypes.builtin import TYPES
from yuanke.fieldtypes.page import page

PAGE = Path(__file__).parents[2] / "docs" / "field-types.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m yuanke.fieldtypes.page > docs/field-types.md"


def test_every_type_has_its_section() -> None:
    headings = {line[3:] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("## ")}
    assert headings >= {kind.name for kind in TYPES}
