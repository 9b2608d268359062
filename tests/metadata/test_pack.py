"""``yuanke pack new | check | schema | explain`` as an author meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from yuanke.app.commands.pack import pack
from yuanke.metadata import Layer, compile_layers
from yuanke.metadata.cut import cut_line, mend


def run(*arguments: str) -> Result:
    return CliRunner().invoke(pack, list(arguments))


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_new_module_checks_and_compiles_as_it_is_and_in_under_sixty_lines(tmp_path: Path) -> None:
    made = run("new", "visit", "--folder", str(tmp_path))
    assert made.exit_code == 0, made.output
    path = tmp_path / "visit.yaml"
    assert run("check", str(path)).exit_code == 0
    assert len(path.read_text(encoding="utf-8").splitlines()) < 60
    entity = compile_layers([Layer.read_file(path)]).entities["visit"]
    assert entity.fields["total"].source == "stored" and entity.permissions["visit_clerk"].verbs["read"] == ("all",)


@pytest.mark.parametrize("name", ["Visit", "import", "1st", "a" * 61, "客户"])
def test_a_new_module_needs_a_name_that_can_be_one(name: str, tmp_path: Path) -> None:
    made = run("new", name, "--folder", str(tmp_path))
    assert made.exit_code != 0 and not list(tmp_path.iterdir())


def test_a_new_module_never_overwrites(tmp_path: Path) -> None:
    write(tmp_path, "visit.yaml", "mine")
    made = run("new", "visit", "--folder", str(tmp_path))
    assert made.exit_code == 1 and (tmp_path / "visit.yaml").read_text() == "mine"


def test_faults_go_to_stderr_with_code_place_caret_and_next_step_and_exit_code_1(tmp_path: Path) -> None:
    path = write(tmp_path, "visit.yaml", "module: visit\nentities:\n  visit:\n    fields: {name: txt, day: dat}\n")
    checked = run("check", path)
    assert checked.exit_code == 1
    assert checked.stdout == ""
    lines = checked.stderr.splitlines()
    assert lines[0] == 'E206 There is no field type "txt"'
    assert lines[1] == f"  {path}:4:20"
    assert lines[2].endswith("    fields: {name: txt, day: dat}") and lines[3].index("^") == lines[2].index("txt")
    assert 'Did you mean "text"?' in lines[4]
    assert 'E206 There is no field type "dat"' in checked.stderr and "2 fault(s) in 1 file(s)" in checked.stderr


def test_warnings_are_told_and_leave_exit_code_0(tmp_path: Path) -> None:
    path = write(tmp_path, "visit.yaml", "module: visit\nentities:\n  visit:\n    fields: {name: text}\n")
    checked = run("check", path)
    assert checked.exit_code == 0 and "W602" in checked.stderr


def test_all_faults_of_all_files_of_a_folder_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "module: a\nlabl: x")
    write(tmp_path, "b.yaml", "module: b\nentities: {x: {fields: {n: {type: number, formula: round(n, 2)}}}}")
    write(tmp_path, "c.yaml", "module: c\nlabel: [")
    checked = run("check", str(tmp_path))
    assert checked.exit_code == 1
    assert "E101" in checked.stderr and "E104" in checked.stderr
    write(tmp_path, "c.yaml", "module: c")
    assert "E201" in run("check", str(tmp_path)).stderr


def test_modules_that_a_file_depends_on_are_found_beside_it_or_among_the_installed_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed, here = tmp_path / "modules", tmp_path / "here"
    installed.mkdir()
    here.mkdir()
    monkeypatch.setenv("YUANKE_MODULES", str(installed))
    write(
        installed,
        "base.yaml",
        "module: base\nroles: {clerk: 文员}\nentities: {thing: {fields: {name: text!}, permissions: {clerk: {read: all}}}}",
    )
    write(here, "middle.yaml", "module: middle\ndepends: [base]\nentities: {thing: {fields: {size: integer}}}")
    path = write(
        here,
        "upper.yaml",
        "module: upper\ndepends: [middle]\nentities: {thing: {fields: {twice: {type: integer, formula: size * 2}}}}",
    )
    assert run("check", path).exit_code == 0
    path = write(
        tmp_path, "custom.yaml", "customization: acme\nentities: {thing: {fields: {hall: {type: text, label: 展馆}}}}"
    )
    assert run("check", path).exit_code == 0
    path = write(
        tmp_path, "custom.yaml", "customization: acme\nentities: {thing: {fields: {hall: {typ: text, label: 展馆}}}}"
    )
    assert run("check", path).exit_code == 1


def test_fix_quotes_what_a_flow_map_cuts_and_touches_nothing_else(tmp_path: Path) -> None:
    text = (
        "module: visit\nroles: {clerk: 文员}\nentities:\n  visit:\n    fields:\r\n      days: integer # a, b(c\n"
        "      weeks: {type: number, formula: round(days / 7, 2), label: 周}   # why\n"
        "      kind: {options: [a, b], visible_when: days in [1, 2]}\n"
        "      note: {type: text, valid_when: days > 1, message: {days} 天太少}\n"
        "    permissions: {clerk: {read: all}}\n"
    )
    path = write(tmp_path, "visit.yaml", "")
    Path(path).write_bytes(text.encode())
    assert run("check", path).exit_code == 1
    fixed = run("check", "--fix", path)
    assert fixed.exit_code == 0, fixed.stderr
    expected = (
        text.replace("round(days / 7, 2)", '"round(days / 7, 2)"')
        .replace("days in [1, 2]", '"days in [1, 2]"')
        .replace("{days} 天太少", '"{days} 天太少"')
    )
    assert Path(path).read_bytes() == expected.encode()


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("a: {b: f(x, y), c: 1}", 'a: {b: "f(x, y)", c: 1}'),
        ("a: {b: {c: max(1, 2)}, d: [x]}", 'a: {b: {c: "max(1, 2)"}, d: [x]}'),
        ("a: {b: sum(x[y == 'a, b'])}", "a: {b: \"sum(x[y == 'a, b'])\"}"),
        ('a: {b: f("x", y)}', 'a: {b: "f(\\"x\\", y)"}'),
        ("a: {b: {x} is late, c: d}", 'a: {b: "{x} is late", c: d}'),
        (
            "- notify: {to: owner, text: {name} 赢单, 金额 {amount}}",
            '- notify: {to: owner, text: "{name} 赢单, 金额 {amount}"}',
        ),
        ("a: {b: [x, y], c: {d: e}, f: 'g, h', \"*\": read}", None),
        ("a: {b: f(x), c: y}", None),
        ("a: round(x, 2)", None),
        ("a: {b: x in [1, 2] and f(a, b)}  # {c: g(1, 2)}", 'a: {b: "x in [1, 2] and f(a, b)"}  # {c: g(1, 2)}'),
    ],
)
def test_a_mended_line_differs_by_quotes_only(line: str, mended: str | None) -> None:
    assert cut_line(line) == mended
    if mended is not None:
        assert cut_line(mended) is None
        assert mend(line + "\r\n") == (mended + "\r\n", 1)


def test_the_schema_is_printed_or_written(tmp_path: Path) -> None:
    printed = json.loads(run("schema").stdout)
    target = tmp_path / "schema" / "module.json"
    assert run("schema", str(target)).exit_code == 0
    assert json.loads(target.read_text(encoding="utf-8")) == printed
    assert "opportunity" not in json.dumps(printed["definitions"]["entity"]["properties"]["fields"])


def test_explain_prints_the_value_and_its_place() -> None:
    said = run("explain", "user.fields.name")
    assert said.exit_code == 0 and "people.yaml:" in said.stdout and "姓名" in said.stdout
    assert run("explain", "user.fields.nmae").exit_code != 0
