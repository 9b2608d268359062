"""The command line on files that a test writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from yuanke.app.commands import main


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def yuanke(home: Path, monkeypatch: pytest.MonkeyPatch, database_url: str | None) -> Callable[..., Result]:
    """``yuanke("pack", "check", path)``; answers what click saw, stderr in ``stderr``."""
    monkeypatch.setenv("YUANKE_HOME", str(home))
    monkeypatch.setenv("YUANKE_PASSWORD_COST", "256")
    if database_url:
        monkeypatch.setenv("YUANKE_DATABASE_URL", database_url)

    def run(*words: Any) -> Result:
        return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)

    return run


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """``write("trips", "entities: ...")`` writes a module file."""

    def put(name: str, body: str, version: str = "1.0.0") -> Path:
        path = tmp_path / f"{name}.yaml"
        path.write_text(f"module: {name}\nlabel: {name}\nversion: {version}\n{body}", "utf-8")
        return path

    return put
