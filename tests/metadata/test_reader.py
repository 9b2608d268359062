"""Reading: YAML 1.2 scalars, positions, caps, and faults that carry a line."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal
from pathlib import Path

import pytest
from yuanke.metadata import Layer, check_layers
from yuanke.metadata.reader import MAX_BYTES, read


def plain(text: str) -> dict[str, object]:
    node, faults = read(text, "t.yaml")
    assert not faults, faults
    assert node is not None
    return node.plain()  # type: ignore[no-any-return]


def only_fault(text: str | bytes, file: str = "t.yaml") -> tuple[str, int, int]:
    _, faults = read(text, file)
    assert len(faults) == 1, faults
    return faults[0].code, faults[0].span.line, faults[0].span.column


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"), ("on", "on"), ("y", "y"), ("yes", "yes"), ("off", "off"), ("12:30", "12:30"), ("010", 10), ("1_000", "1_000"),
        ("0x1F", 31), ("0o17", 15), ("true", True), ("FALSE", False), ("~", None), ("null", None), ("-3", -3), ("+3", 3), ("2026-03-05", "2026-03-05"),
        ("'5'", "5"), ('"true"', "true"), ("1.0.0", "1.0.0"), ("1e3", Decimal("1e3")), (".5", Decimal("0.5")), ("-", "-"), ("=x", "=x"), ("<<", "<<"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(written: str, value: object) -> None:
    node, faults = read(f"k: {written}" if written != "-" else "k: '-'", "t.yaml")
    assert node is not None and not faults
    assert node.value["k"].value == value
    assert type(node.value["k"].value) is type(value)


def test_a_decimal_keeps_its_digits_and_a_version_its_zero() -> None:
    node, _ = read("a: 99999999999999.99\nb: 0.1", "t.yaml")
    assert node is not None and node.value["a"].value == Decimal("99999999999999.99")
    assert node.plain() == {"a": "99999999999999.99", "b": 0.1}
    layer = Layer.read_text("module: m\nversion: 1.10", "m.yaml")
    assert layer.settled.value["version"].value == "1.10"


def test_a_key_on_is_a_word_and_not_true() -> None:
    assert plain("on: 1\nno: 2") == {"on": 1, "no": 2}


def test_positions_count_from_one_in_characters_also_behind_chinese_and_windows_line_ends() -> None:
    node, faults = read("module: 甲\r\nlabel: {名称: 乙, 类: [丙]}\r\n", "t.yaml")
    assert node is not None and not faults
    label = node.value["label"]
    assert (label.span.line, label.span.column) == (2, 8)
    assert (label.value["类"].key.line, label.value["类"].key.column) == (2, 16)
    assert (label.value["类"].value[0].span.column) == 20


def test_a_byte_order_mark_is_skipped() -> None:
    assert plain("\ufeffmodule: a") == {"module": "a"}


def test_all_faults_of_a_file_are_told_at_once() -> None:
    _, faults = read("a: 1\na: 2\nb: {x: f(1, 2)}\nc: !!str d\nd: .nan\n", "t.yaml")
    assert [(f.code, f.span.line) for f in faults] == [("E103", 2), ("E104", 3), ("E106", 4), ("E106", 5)]


def test_a_duplicate_key_names_the_first_line() -> None:
    _, faults = read("x:\n  a: 1\n  b: 2\n  a: 3\n", "t.yaml")
    assert faults[0].other is not None and faults[0].other.line == 2
    assert "line 2" in faults[0].detail


@pytest.mark.parametrize("opening", ["k: " + "[" * 30_000, "k: " + "{a: " * 30_000, "- " * 30_000, "? " * 30_000])
def test_thirty_thousand_levels_are_a_fault_with_a_line_and_no_crash(opening: str) -> None:
    node, faults = read(opening, "t.yaml")
    assert node is None and len(faults) < 50
    assert "E105" in [f.code for f in faults] and {f.span.line for f in faults} == {1}, [f.render() for f in faults]
    assert all(len(f.render()) < 1000 for f in faults)


def test_deep_block_maps_are_capped() -> None:
    text = "\n".join("  " * depth + "k:" for depth in range(200))
    assert only_fault(text)[0] == "E105"


def test_an_alias_bomb_is_refused_before_it_unfolds() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]" for i in range(9)]
    tracemalloc.start()
    code, line, _ = only_fault("\n".join(lines))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert code == "E105" and line > 1
    assert peak < 20_000_000


def test_an_alias_may_be_used_where_it_helps() -> None:
    assert plain("a: &x {b: 1}\nc: *x") == {"a": {"b": 1}, "c": {"b": 1}}


def test_fifty_megabytes_are_refused_without_reading_them_all(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"# x\n" * 13_000_000)
    layer = Layer.read_file(path)
    assert layer.broken and layer.faults[0].code == "E105"
    assert len(layer.text) <= MAX_BYTES * 4 + 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("module: a\nlabel: 中文".encode("gbk"), "E107"),
        ("module: a".encode("utf-16"), "E107"),
        (b"module: a\nlabel: x\x00y", "E107"),
        (b"module: a\nlabel: \x07", "E107"),
        (b"\xff\xfe\xfd", "E107"),
        (b"", "E108"),
        (b"just text", "E108"),
        (b"- a\n- b", "E108"),
        (b"a: b\n---\nc: d", "E108"),
        (b"%YAML 9.9\n---\na: b", "E101"),
        (b"a: *b", "E101"),
        (b"a: !!python/object/apply:os.system ['true']", "E106"),
        (b"a: !include x.yaml", "E106"),
        (b"a:\tb\n\tc: d", "E101"),
        (b"a: 'b", "E101"),
        (b"a: {b: [c}", "E101"),
        (b"a: b: c", "E101"),
    ],
)
def test_what_cannot_be_read_is_told_with_a_code(content: bytes, code: str) -> None:
    _, faults = read(content, "t.yaml")
    assert [f.code for f in faults] == [code]
    assert faults[0].detail


def test_a_lone_surrogate_is_told() -> None:
    assert only_fault("a: 1\nb: \ud800")[:2] == ("E107", 2)


def test_wrong_bytes_are_told_with_line_and_column() -> None:
    assert only_fault("a: 1\nb: 中".encode() + b"\xff") == ("E107", 2, 7)


def test_a_file_that_is_not_there_is_told_by_the_check(tmp_path: Path) -> None:
    found = check_layers([Layer.read_file(tmp_path / "nowhere.yaml")])
    assert [d.code for d in found] == ["E109"]
    assert "No such file" in found[0].detail


def test_a_tab_is_called_a_tab() -> None:
    _, faults = read("a:\n\tb: 1\n", "t.yaml")
    assert "spaces" in faults[0].detail


def test_files_that_cannot_be_read_do_not_hide_the_faults_of_the_others() -> None:
    found = check_layers(
        [Layer.read_text("module: a\nx: [", "a.yaml"), Layer.read_text("module: b\nx: {a: f(1, 2)}\nx: 1", "b.yaml")]
    )
    assert {(d.span.file, d.code) for d in found} == {("a.yaml", "E101"), ("b.yaml", "E104"), ("b.yaml", "E103")}


def test_a_layer_is_named_by_its_first_key_and_its_values_carry_that_name() -> None:
    layer = Layer.read_text("# c\nmodule: crm\nlabel: x", "m1.yaml")
    assert layer.name == "crm" and layer.node.value["label"].layer == "crm"
    assert Layer.read_text("label: x", "folder/m2.yaml").name == "m2"


def test_plain_and_back_gives_an_equal_layer() -> None:
    text = "module: a\nsettings: {x: {type: number!, default: 0.50, min: 1e2}, y: {type: text, label: 是}}\nentities: {b: {fields: {c: text!}}}"
    layer = Layer.read_text(text, "a.yaml")
    again = Layer.from_plain("a", "module", layer.plain())
    assert again.plain() == layer.plain()
    assert again.settled.plain() == layer.settled.plain()
