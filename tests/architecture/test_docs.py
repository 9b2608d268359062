"""Docs are tested against the code they speak of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("document", PAGES, ids=lambda p: p.name)
def test_every_link_of_a_page_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
        if not target.startswith(("http://127.0.0.1", "https://", "mailto:")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_commands_of_the_readme_exist() -> None:
    from yuanke.app.commands import main

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"yuanke ([a-z]+)", text))
    assert named and named <= set(main.list_commands(None)), named  # type: ignore[arg-type]


def test_the_make_targets_of_the_readme_exist() -> None:
    text, makefile = (ROOT / "README.md").read_text(encoding="utf-8"), (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"make ([a-z]+)", text))
    assert {"demo", "test", "install", "check", "bench"} <= named
    assert all(f"\n{name}:" in makefile for name in named), named


def test_every_setting_of_the_environment_is_told() -> None:
    said = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    used = {
        word
        for p in (ROOT / "platform" / "yuanke").rglob("*.py")
        for word in re.findall(r"[\"'](YUANKE_[A-Z_]+)[\"']", p.read_text(encoding="utf-8"))
    }
    assert used and all(word in said for word in used), used - set(re.findall(r"YUANKE_[A-Z_]+", said))
