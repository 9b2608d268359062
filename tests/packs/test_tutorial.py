"""The tutorial tells the truth: its file is short, its excerpts stand in it, its commands run."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "tutorial-pack.md").read_text("utf-8")
GYM = ROOT / "docs" / "examples" / "gym.yaml"


def blocks(kind: str) -> list[str]:
    """The fenced blocks of one language."""
    found: list[str] = []
    parts = re.split(r"^```(\w*)\n", TEXT, flags=re.MULTILINE)
    for language, body in zip(parts[1::4], parts[2::4]):
        if language == kind:
            found.append(body)
    return found


def test_eight_entities_with_workflow_in_under_a_hundred_and_fifty_lines() -> None:
    text = GYM.read_text("utf-8")
    assert len(text.splitlines()) < 150
    assert len(re.findall(r"^  [a-z_]+:\n    label:", text, re.MULTILINE)) == 8
    assert text.count("workflow:") == 3


def test_every_excerpt_stands_in_the_file() -> None:
    text = GYM.read_text("utf-8")
    for block in blocks("yaml"):
        for line in block.splitlines():
            assert line in text or "migrations" in block, line


def test_the_commands_run_one_after_the_other(yuanke, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = yuanke("enterprise", "create", "acme", "--label", "爱客", "--admin", "root", "--password", "geheim-geheim", "--modules", "organization")  # fmt: skip
    assert made.exit_code == 0, made.output
    commands = [line for block in blocks("") for line in block.splitlines() if line.startswith("yuanke ")]
    assert len(commands) >= 8
    for number, line in enumerate(commands):
        words = shlex.split(line)[1:]
        if words[:2] == ["pack", "upgrade"]:
            text = Path("gym.yaml").read_text("utf-8").replace("version: 1.0.0", "version: 1.1.0")
            Path("gym.yaml").write_text(text + next(b for b in blocks("yaml") if "migrations" in b), "utf-8")
        told = yuanke(*words, *(["--no-pages"] if words[:2] == ["pack", "test"] else []))
        assert told.exit_code == 0, f"{line}: {told.output}{told.stderr}"
        if number == 1:
            shutil.copy(GYM, "gym.yaml")
    assert "Opening of the gym" in yuanke("customizations", "versions", "acme").output
    back = yuanke("customizations", "rollback", "acme", "1", "--everything", "--yes")
    assert back.exit_code == 0, back.output + back.stderr
