"""Field lists of ten other products, written as packs: 47 entities check, plan, apply and pass every test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "products"
FILES = sorted(FOLDER.glob("*.yaml"))


def test_there_are_ten_packs_and_more_than_forty_entities() -> None:
    entities = re.findall(r"^  p\d\d_\w+:\n    label:", "\n".join(f.read_text("utf-8") for f in FILES), re.MULTILINE)
    assert len(FILES) == 10 and len(entities) >= 40


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_all_of_them_are_planned_and_applied_to_one_enterprise(yuanke) -> None:
    made = yuanke("enterprise", "create", "acme", "--label", "爱客", "--admin", "root", "--password", "geheim-geheim", "--modules", "organization")  # fmt: skip
    assert made.exit_code == 0, made.output
    planned = yuanke("pack", "plan", FOLDER, "--enterprise", "acme")
    assert planned.exit_code == 0 and planned.output.count("新建实体") >= 47, planned.output[-500:]
    applied = yuanke("pack", "apply", FOLDER, "--enterprise", "acme", "--yes")
    assert applied.exit_code == 0, applied.output[-500:] + applied.stderr
    assert "没有要做的改动" in yuanke("pack", "plan", FOLDER, "--enterprise", "acme").output


def test_they_check_and_pass_every_test(yuanke) -> None:
    checked = yuanke("pack", "check", *FILES)
    assert checked.exit_code == 0, checked.stderr
    told = yuanke("pack", "test", *FILES, "--no-pages")
    assert told.exit_code == 0, told.stderr
    assert told.output.count(" 0 wrong") == 10


@pytest.mark.nightly
def test_every_view_of_them_is_drawn(yuanke) -> None:
    told = yuanke("pack", "test", *FILES)
    assert told.exit_code == 0, told.stderr
