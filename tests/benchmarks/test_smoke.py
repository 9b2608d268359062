"""The benchmarks run and print every row; their figures are nobody's business here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.xdist_group("benchmarks")
def test_every_work_is_measured_and_shown(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'platform'}{os.pathsep}{ROOT}",
        "YUANKE_BENCH_RESULTS": str(tmp_path),
    }
    command = [sys.executable, "-m", "benchmarks", "--smoke", "--sqlite"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "differ" not in done.stdout, done.stdout
    for key in ("W1", "W2", "W3a", "W3a total", "W3 page", "W3b", "W4", "W5", "W9", "W6", "W7", "jobs", "customizing"):
        assert f"| SQLite | {key} " in done.stdout, f"no row {key}:\n{done.stdout}"
    for heading in ("eight clients", "where the time goes"):
        assert heading in done.stdout
    assert list(tmp_path.glob("*-tiny.json"))
