"""``yuanke import`` and ``yuanke export``: exit code 0 only when every row was taken."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from yuanke.app.commands import main


@pytest.fixture
def run(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("YUANKE_HOME", str(shutil.copytree(template, tmp_path / "home")))
    monkeypatch.delenv("YUANKE_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)

    def invoke(*words: object) -> Result:
        result = CliRunner().invoke(main, [str(word) for word in words])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def test_a_file_is_imported_by_its_mapping_with_lines_beside_it(run, tmp_path):
    (tmp_path / "firms.csv").write_text("名称,编码\n甲,C1\n", "utf-8")
    (tmp_path / "goods.csv").write_text("name,code\n笔,1\n", "utf-8")
    (tmp_path / "orders.csv").write_text("OrderID,Cust\n10,C1\n", "utf-8")
    (tmp_path / "lines.csv").write_text("OrderID,Prod,Qty,Price\n10,1,2,3.5\n", "utf-8")
    for name, text in {
        "firms": "entity: firm\nkey: ext_code\ncolumns: {name: 名称, ext_code: 编码}\n",
        "goods": "entity: product\ncolumns: {name: name, ext_code: code}\n",
        "orders": "entity: deal\nfile: orders.csv\nkey: ext_code\ncolumns: {ext_code: OrderID}\n"
        "links: {firm: {column: Cust, by: ext_code}}\n"
        "rows: {lines: {file: lines.csv, match: OrderID, columns: {quantity: Qty, price: Price}, "
        "links: {product: {column: Prod, by: ext_code}}}}\n",
    }.items():
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    for entity, name in (("firm", "firms"), ("product", "goods"), ("deal", "orders")):
        result = run("import", "acme", entity, f"{name}.csv", "--map", f"{name}.yaml")
        assert result.exit_code == 0, result.output
        assert "1 created, 0 updated, 0 skipped, 0 failed" in result.output
    again = run("import", "acme", "deal", "orders.csv", "--map", "orders.yaml")
    assert "0 created, 1 updated" in again.output
    done = run("export", "acme", "deal", "out.csv", "--columns", "ext_code,amount", "--filter", "amount > 1")
    assert done.exit_code == 0 and "1 records in out.csv" in done.output
    assert (tmp_path / "out.csv").read_text("utf-8-sig").splitlines()[1] == "10,7.00"


def test_without_a_mapping_one_is_proposed_and_shown(run, tmp_path):
    (tmp_path / "f.csv").write_text("客户名称,电话,随便\n甲,13800138000,x\n", "utf-8")
    result = run("import", "acme", "firm", "f.csv")
    assert result.exit_code == 0, result.output
    assert "客户名称 -> name" in result.output and "随便 -> -" in result.output
    assert run("import", "acme", "firm", "f.csv", "--key", "name").output.count("0 created, 1 updated") == 1


def test_refused_rows_make_it_fail_and_are_told(run, tmp_path):
    (tmp_path / "f.csv").write_text("客户名称,年营收\n甲,1\n乙,约 800\n", "utf-8")
    result = run("import", "acme", "firm", "f.csv", "--errors", "bad.csv")
    assert result.exit_code == 1
    assert "1 created" in result.output and "1 failed" in result.output
    assert "row 3: 年营收" in result.stderr
    assert (tmp_path / "bad.csv").read_text("utf-8-sig").splitlines()[1].startswith("乙,约 800,年营收")


def test_a_dry_run_writes_nothing(run, tmp_path):
    (tmp_path / "f.csv").write_text("客户名称\n甲\n", "utf-8")
    result = run("import", "acme", "firm", "f.csv", "--dry-run")
    assert result.exit_code == 0 and "nothing written" in result.output
    assert "0 records" in run("export", "acme", "firm", "out.xlsx").output


@pytest.mark.parametrize(
    "words, said",
    [
        (("import", "nobody", "firm", "f.csv"), "nobody"),
        (("import", "acme", "nothing", "f.csv"), "nothing"),
        (("import", "acme", "firm", "absent.csv"), "absent.csv"),
        (("import", "acme", "deal", "f.csv", "--map", "m.yaml"), "firm"),
        (("import", "acme", "firm", "f.csv", "--map", "bad.yaml"), "bad.yaml:1"),
        (("import", "acme", "firm", "f.csv", "--map", "lines.yaml"), "lines.csv"),
        (("import", "acme", "firm", "f.csv", "--map", "field.yaml"), "nmae"),
        (("export", "acme", "firm", "out.pdf"), ".pdf"),
        (("export", "acme", "firm", "out.csv", "--filter", "nothing == 1"), "nothing"),
        (("import", "acme", "firm", "f.csv", "--key", "code"), "code"),
    ],
)
def test_what_cannot_be_done_is_told_and_fails(run, tmp_path, words, said):
    (tmp_path / "f.csv").write_text("客户名称\n甲\n", "utf-8")
    (tmp_path / "m.yaml").write_text("entity: firm\ncolumns: {name: 客户名称}\n", "utf-8")
    (tmp_path / "bad.yaml").write_text("entity: [firm\n", "utf-8")
    (tmp_path / "field.yaml").write_text("entity: firm\ncolumns: {nmae: 客户名称}\n", "utf-8")
    (tmp_path / "lines.yaml").write_text(
        "entity: firm\nrows: {x: {file: lines.csv, match: a, columns: {b: c}}}\n", "utf-8"
    )
    result = run(*words)
    assert result.exit_code != 0
    assert said in result.output
