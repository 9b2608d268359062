"""A pack in a newer version over what an enterprise changed: followed, kept, or asked; never decided silently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from yuanke.storage import Installation

OLD = """
entities:
  trip:
    label: 行程
    fields:
      name: {type: text!, label: 名称}
      note: {type: text, label: 备注}
      level: {label: 级别, options: {easy: 容易, hard: 困难}}
    views: {list: {columns: [name, note, level]}}
"""
LOCAL = """customization: ours
entities:
  trip:
    fields:
      note: {label: 说明}
      level: {help: 体力要求}
    views: {list: {columns: [name, level, note]}}
"""
BOTH = pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])


@pytest.fixture
def acme(yuanke, write, tmp_path):
    """An enterprise that runs `OLD` and changed it; gives ``run("upgrade", body, version, ...)``."""
    base = write("trips", OLD)
    made = yuanke("enterprise", "create", "acme", "--label", "爱客", "--admin", "root", "--password", "geheim-geheim", "--modules", "organization")  # fmt: skip
    assert made.exit_code == 0, made.output
    assert yuanke("pack", "apply", base, "--enterprise", "acme", "--yes").exit_code == 0
    local = tmp_path / "ours.yaml"
    local.write_text(LOCAL, "utf-8")
    applied = yuanke("pack", "apply", local, "--enterprise", "acme", "--yes", "--reason", "unsere Worte")
    assert applied.exit_code == 0, applied.output

    def run(verb: str, body: str, *more: str, version: str = "2.0.0") -> Any:
        return yuanke("pack", verb, write("trips", body, version), "--enterprise", "acme", *more)

    return run


@pytest.fixture
def fields(home, database_url) -> Callable[[], Any]:
    def read() -> Any:
        installation = Installation(home, database_url)
        with installation.unit("acme") as unit:
            entity = unit.registry.entities["trip"]
        installation.close()
        return entity

    return read


def test_what_only_one_side_changed_goes_together(acme, fields) -> None:
    new = OLD.replace("label: 名称", "label: 行程名称").replace("hard: 困难", "hard: 困难, mad: 疯狂")
    told = acme("upgrade", new, "--yes")
    assert told.exit_code == 0, told.output + told.stderr
    entity = fields()
    assert [str(entity.fields[k].label) for k in ("name", "note")] == ["行程名称", "说明"]
    assert "mad" in entity.fields["level"].options and entity.fields["level"].help


def test_what_both_changed_is_asked_and_nothing_is_done_before(acme, fields) -> None:
    new = OLD.replace("label: 备注", "label: 注意事项")
    asked = acme("upgrade", new, "--yes")
    assert asked.exit_code == 1
    assert "[待决定] entities.trip.fields.note.label" in asked.output
    assert "原版 备注；新版 注意事项；本地 说明" in asked.output
    assert acme("apply", new, "--yes").exit_code == 1
    assert str(fields().fields["note"].label) == "说明"
    done = acme("upgrade", new, "--yes", "--theirs", "entities.trip.fields.note.label")
    assert done.exit_code == 0, done.output + done.stderr
    assert str(fields().fields["note"].label) == "注意事项"


def test_a_renaming_takes_data_and_local_changes_along(acme, fields, home, yuanke, tmp_path) -> None:
    records = tmp_path / "in.csv"
    records.write_text("名称,说明\n黄山,带水\n", "utf-8")
    assert yuanke("import", "acme", "trip", records).exit_code == 0
    new = OLD.replace("note: {type: text, label: 备注}", "remark: {type: text, label: 备注, formerly: note}").replace("name, note", "name, remark")  # fmt: skip
    told = acme("upgrade", new, "--yes", "--others", "mine")
    assert told.exit_code == 0, told.output + told.stderr
    assert "entities.trip.fields.note → entities.trip.fields.remark" in told.output
    entity = fields()
    assert str(entity.fields["remark"].label) == "说明" and "note" not in entity.fields
    assert entity.views["list"].body["columns"] == ("name", "level", "remark")
    out = tmp_path / "out.csv"
    assert yuanke("export", "acme", "trip", out, "--columns", "remark").exit_code == 0
    assert "带水" in out.read_text("utf-8-sig")


def test_a_field_that_the_pack_lets_go_may_stay_as_ones_own(acme, fields) -> None:
    new = OLD.replace("      note: {type: text, label: 备注}\n", "").replace("name, note, level", "name, level")
    asked = acme("upgrade", new, "--yes")
    assert asked.exit_code == 1 and "entities.trip.fields.note" in asked.output
    kept = acme("upgrade", new, "--yes", "--others", "mine")
    assert kept.exit_code == 0, kept.output + kept.stderr
    note = fields().fields["note"]
    assert note.custom and not note.retired and str(note.label) == "说明"


MIGRATING = OLD.replace("level: {label: 级别, options: {easy: 容易, hard: 困难}}", "level: {label: 级别, retired: true, options: {easy: 容易, hard: 困难}}\n      grade: {type: integer, label: 等级}\n      twice: {type: integer, label: 两倍, formula: grade * 2}") + """
migrations:
  1.5.0: [{entity: trip, set: {grade: '=9'}}]
  2.0.0:
    - {entity: trip, where: level == hard, set: {grade: '=3', note: 难}}
    - {entity: trip, where: level == easy, set: {grade: '=1'}}
"""  # fmt: skip


@BOTH
def test_values_move_to_the_new_version_by_expressions_once(acme, yuanke, tmp_path) -> None:
    records = tmp_path / "in.csv"
    records.write_text("名称,级别\n黄山,困难\n西湖,容易\n未定,\n", "utf-8")
    assert yuanke("import", "acme", "trip", records).exit_code == 0
    told = acme("upgrade", MIGRATING, "--yes", "--others", "theirs", version="2.0.0")
    assert told.exit_code == 0, told.output + told.stderr
    assert "2.0.0：改写「行程」的 等级、说明" in told.output
    out = tmp_path / "out.csv"
    assert yuanke("export", "acme", "trip", out, "--columns", "name,grade,twice,note").exit_code == 0
    rows = sorted(out.read_text("utf-8-sig").splitlines()[1:])
    assert rows == sorted(["黄山,3,6,难", "西湖,1,2,", "未定,9,18,"])
    again = acme("upgrade", MIGRATING.replace("label: 名称", "label: 名字"), "--yes", version="2.0.1")
    assert again.exit_code == 0 and "改写" not in again.output


def test_a_dependency_in_another_version_is_a_fault(yuanke, write) -> None:
    write("trips", OLD, "1.4")
    for asked, code in (("trips >= 1.2", 0), ("trips >= 1.2, < 1.4", 1), ("trips == 1.4.0", 0), ("trips > 2", 1)):
        path = write("tours", f'depends: ["{asked}"]\nentities: {{trip: {{fields: {{bus: text}}}}}}\n')
        told = yuanke("pack", "check", path)
        assert told.exit_code == code, (asked, told.stderr)
        assert code == 0 or "E309" in told.stderr


def test_a_signature_holds_for_exactly_this_pack(yuanke, write, acme, tmp_path) -> None:
    path = write("tours", "depends: [trips]\nentities: {trip: {fields: {bus: text}}}\n")
    (tmp_path / "README.md").write_text("# Tours\n", "utf-8")
    key = tmp_path / "key"
    signed = yuanke("pack", "sign", path, "--key", key, "--new-key")
    assert signed.exit_code == 0, signed.output
    public = signed.output.split()[2]
    assert f"signed by {public}" in yuanke("pack", "check", path).output
    there = ("pack", "apply", path, "--enterprise", "acme", "--yes")
    assert yuanke(*there, "--signed-by", "somebody").exit_code == 1
    assert yuanke(*there, "--signed-by", public).exit_code == 0
    path.write_text(path.read_text("utf-8").replace("bus", "train"), "utf-8")
    changed = yuanke(*there)
    assert changed.exit_code == 1 and "它在签名之后被改过" in changed.output + changed.stderr
