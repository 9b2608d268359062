"""Plugins are found by path, and one that is broken stops the start with its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from yuanke.app import plugins
from yuanke.kernel.hooks import hooks


def test_files_and_folders_are_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "alone.py").write_text("answer = 42\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "__init__.py").write_text("from .inner import answer\n")
    (tmp_path / "folder" / "inner.py").write_text("answer = 43\n")
    (tmp_path / "_private.py").write_text("raise SystemExit\n")
    (tmp_path / "notes.txt").write_text("no plugin")
    monkeypatch.setenv("YUANKE_PLUGINS", str(tmp_path))
    assert [path.name for path in plugins.found()] == ["alone.py", "folder"]
    plugins.load()
    try:
        assert hooks().get_plugin("yuanke_plugin_alone").answer == 42
        assert hooks().get_plugin("yuanke_plugin_folder").answer == 43
    finally:
        for name in ("yuanke_plugin_alone", "yuanke_plugin_folder"):
            hooks().unregister(name=name)
            plugins._loaded.discard(name)


def test_a_broken_plugin_is_told_with_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "broken.py"
    path.write_text("import no_such_module_anywhere\n")
    monkeypatch.setenv("YUANKE_PLUGINS", str(path))
    with pytest.raises(plugins.PluginFault, match=r"broken\.py.*no_such_module_anywhere"):
        plugins.load()


def test_the_built_ins_answer_through_the_same_hooks() -> None:
    plugins.load()
    assert {"yuanke.access.hooks", "yuanke.app.hooks"} <= {name for name, _ in hooks().list_name_plugin()}
    kinds = [kind for brought in hooks().hook.job_kinds() for kind in brought]
    assert "finish_schema" in kinds
