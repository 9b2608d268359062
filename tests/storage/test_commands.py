"""The commands that make and change enterprises: what they say, what they leave, and their exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from yuanke.app.commands import main
from yuanke.storage import Installation

MODULE = """
module: crm
label: 客户关系
roles: {sales: 销售}
entities:
  firm:
    label: 公司
    fields:
      name: {type: text!, label: 名称}
    permissions: {sales: {read: own, create: true}}
"""
OVERLAY = """
customization: ours
label: 我们的
entities:
  firm:
    fields:
      fax: {type: text, label: 传真}
"""


@pytest.fixture
def yuanke(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """``yuanke("enterprise", "list")``: the result of a command in a home of this test's own."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "crm.yaml").write_text(MODULE, "utf-8")
    monkeypatch.setenv("YUANKE_HOME", str(home))
    monkeypatch.setenv("YUANKE_MODULES", str(modules))
    monkeypatch.delenv("YUANKE_DATABASE_URL", raising=False)

    def run(*words: str, answer: str | None = None) -> Result:
        return CliRunner().invoke(main, words, input=answer)

    return run


@pytest.fixture
def acme(yuanke):
    done = yuanke("enterprise", "create", "acme", "--label", "爱客", "--admin", "root", "--password", "correct horse 9")
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def overlay(tmp_path: Path) -> str:
    (tmp_path / "ours.yaml").write_text(OVERLAY, "utf-8")
    return str(tmp_path / "ours.yaml")


def fields(home: Path) -> list[str]:
    installation = Installation(home)
    with installation.unit("acme") as unit:
        found = [key for key, field in unit.registry.entities["firm"].fields.items() if not field.retired]
    installation.close()
    return found


def test_a_created_enterprise_has_its_modules_and_an_administrator(yuanke, acme, home):
    assert "crm" not in acme.output and "root" in acme.output
    assert "name" in fields(home)
    assert "acme" in yuanke("enterprise", "list").output


def test_an_enterprise_whose_administrator_cannot_be_made_is_not_there(yuanke):
    done = yuanke("enterprise", "create", "acme", "--label", "爱客", "--admin", "root", "--password", "short")
    assert done.exit_code == 1
    assert "acme" not in yuanke("enterprise", "list").output
    again = yuanke(
        "enterprise", "create", "acme", "--label", "爱客", "--admin", "root", "--password", "correct horse 9"
    )
    assert again.exit_code == 0


def test_a_taken_slug_and_a_wrong_module_exit_with_one_and_say_why(yuanke, acme):
    same = yuanke("enterprise", "create", "acme", "--label", "别家", "--admin", "a", "--password", "correct horse 9")
    assert (same.exit_code, "acme" in same.output) == (1, True)
    none = yuanke(
        "enterprise", "create", "b", "--label", "B", "--admin", "a", "--password", "correct horse 9", "--modules", "no"
    )
    assert (none.exit_code, "crm" in none.output) == (1, True)


def test_a_plan_changes_nothing_and_an_apply_does_what_it_said(yuanke, acme, overlay, home):
    planned = yuanke("pack", "plan", overlay, "--enterprise", "acme")
    assert planned.exit_code == 0
    assert "「公司」增加字段「传真」" in planned.output and "将对 销售 可见" in planned.output
    assert "fax" not in fields(home)
    applied = yuanke("pack", "apply", overlay, "--enterprise", "acme", "--yes")
    assert applied.exit_code == 0
    assert "fax" in fields(home)
    assert "没有要做的改动" in yuanke("pack", "plan", overlay, "--enterprise", "acme").output


def test_an_apply_that_nobody_confirms_is_not_done(yuanke, acme, overlay, home):
    assert yuanke("pack", "apply", overlay, "--enterprise", "acme", answer="n\n").exit_code == 1
    assert "fax" not in fields(home)
    assert yuanke("pack", "apply", overlay, "--enterprise", "acme", answer="y\n").exit_code == 0
    assert "fax" in fields(home)


def test_a_wrong_file_exits_with_one_shows_the_place_and_changes_nothing(yuanke, acme, tmp_path, home):
    bad = tmp_path / "bad.yaml"
    bad.write_text("customization: bad\nentities:\n  firm:\n    fields:\n      fax: {type: txet}\n", "utf-8")
    done = yuanke("pack", "apply", str(bad), "--enterprise", "acme", "--yes")
    assert done.exit_code == 1
    assert "bad.yaml:5:" in done.output and "^" in done.output
    assert "fax" not in fields(home)


def test_a_removed_customization_hides_its_fields_and_may_come_back(yuanke, acme, overlay, home):
    yuanke("pack", "apply", overlay, "--enterprise", "acme", "--yes")
    assert yuanke("pack", "remove", "ours", "--enterprise", "acme", "--yes").exit_code == 0
    assert "fax" not in fields(home)
    assert yuanke("pack", "remove", "ours", "--enterprise", "acme", "--yes").exit_code == 1
    assert yuanke("pack", "apply", overlay, "--enterprise", "acme", "--yes").exit_code == 0
    assert "fax" in fields(home)


def test_an_exported_overlay_imports_into_the_same_bytes(yuanke, acme, tmp_path, home):
    own = tmp_path / "own.yaml"
    own.write_text(
        "entities:\n  firm:\n    fields:\n      code: {type: text, label: '代码: 一', default: '007'}\n"
        "      no_way: {label: 是否, options: {'no': '否', 'yes': '是'}}\n"
        '      memo: {type: long_text, label: 备注, help: "一行\\n二行"}\n',
        "utf-8",
    )
    assert yuanke("customizations", "import", "acme", str(own), "--yes").exit_code == 0
    assert {"code", "no_way", "memo"} <= set(fields(home))
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    assert yuanke("customizations", "export", "acme", str(one)).exit_code == 0
    assert "acme" not in one.read_text("utf-8")
    same = yuanke("customizations", "import", "acme", str(one), "--yes")
    assert same.exit_code == 0 and "没有要做的改动" in same.output
    assert yuanke("customizations", "diff", "acme", str(one)).output == ""
    yuanke("customizations", "export", "acme", str(two))
    assert one.read_bytes() == two.read_bytes()


def test_an_import_replaces_what_the_enterprise_had(yuanke, acme, tmp_path, home):
    for key in ("one", "two"):
        file = tmp_path / f"{key}.yaml"
        file.write_text(f"entities: {{firm: {{fields: {{{key}: {{type: text}}}}}}}}\n", "utf-8")
        assert yuanke("customizations", "import", "acme", str(file), "--yes").exit_code == 0
    assert "two" in fields(home) and "one" not in fields(home)
    diff = yuanke("customizations", "diff", "acme", str(tmp_path / "one.yaml"))
    assert diff.exit_code == 0 and "+" in diff.output and "-" in diff.output


def test_suspend_resume_and_remove(yuanke, acme):
    assert yuanke("enterprise", "suspend", "acme").exit_code == 0
    assert "suspended" in yuanke("enterprise", "list").output
    assert yuanke("enterprise", "resume", "acme").exit_code == 0
    assert yuanke("enterprise", "remove", "acme").exit_code == 2
    assert yuanke("enterprise", "remove", "acme", "--yes").exit_code == 0
    assert yuanke("enterprise", "remove", "acme", "--yes").exit_code == 1


def test_a_backup_is_restored_under_another_name(yuanke, acme, tmp_path):
    file = tmp_path / "acme.tar.gz"
    assert yuanke("enterprise", "backup", "acme", str(file)).exit_code == 0
    assert yuanke("enterprise", "restore", str(file), "second").exit_code == 0
    assert "second" in yuanke("enterprise", "list").output
    file.write_bytes(file.read_bytes()[:-200])
    assert yuanke("enterprise", "restore", str(file), "third").exit_code == 1
    assert "third" not in yuanke("enterprise", "list").output
