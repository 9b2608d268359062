"""How much a password hash costs is nobody's choice but a test runner's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from yuanke.access import passwords

ROOT = Path(__file__).parents[2]


def test_a_hash_costs_what_it_must_unless_a_test_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YUANKE_PASSWORD_COST", raising=False)
    assert passwords.cost() == 32768
    monkeypatch.setenv("YUANKE_PASSWORD_COST", "65536")
    assert passwords.cost() == 65536
    monkeypatch.setenv("YUANKE_PASSWORD_COST", "256")
    cheap = passwords.hashed("geheim-1234")
    assert cheap.startswith("scrypt:256:8:1$") and passwords.verify(cheap, "geheim-1234")
    assert not passwords.verify(cheap, "geheim-1235") and not passwords.verify(None, "nobody has this password")


@pytest.mark.parametrize("given", ["256", "16384", "40000", "2097152", "-1", "x", "３２７６８", "1" * 400])
def test_outside_of_tests_a_cheap_hash_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("YUANKE_PASSWORD_COST", given)
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    with pytest.raises(ValueError, match="32768"):
        passwords.hashed("geheim-1234")


@pytest.mark.parametrize(
    "code",
    [
        "from yuanke.app import create_app; create_app({'YUANKE_DATABASE_URL': None})",
        "from yuanke.app.commands import main; main(['enterprise', 'list'])",
    ],
)
def test_nothing_starts_with_a_cheap_hash(tmp_path: Path, code: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    environment |= {"PYTHONPATH": str(ROOT / "platform"), "YUANKE_HOME": str(tmp_path), "YUANKE_PASSWORD_COST": "256"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 1 and "YUANKE_PASSWORD_COST" in done.stderr and "Traceback" not in done.stderr
