"""`yuanke pack test` finds what is wrong with a pack and says so; what is right passes."""

from __future__ import annotations

import pytest

GOOD = """
roles: {guide: 领队}
entities:
  trip:
    label: 行程
    fields:
      name: {type: text!, label: 名称, length: 20}
      code: {type: text, label: 代码, pattern: '[A-Z]{2}-[0-9]{3}', unique: true}
      seats: {type: integer, label: 座位, min: 1, max: 9, default: 4}
      price: {type: price, label: 价格}
      total: {type: money, label: 合计, formula: seats * price}
      state: {label: 状态, default: open, options: {open: 开放, gone: {label: 出发, closed: true}}}
      stops:
        label: 站点
        rows: {place: {type: text!, label: 地点}, nights: {type: integer, label: 夜数, min: 0}}
      nights: {type: integer, label: 总夜数, formula: sum(stops.nights)}
    views: {list: {columns: [name, state, total]}, kanban: {by: state, card: [name]}}
    permissions: {guide: {read: all, create: true, update: own, fields: {price: hidden}}}
    workflow: {field: state, transitions: {start: {label: 出发, from: open, to: gone, require: [price]}}}
tests:
  leaves_with_a_price_only:
    do:
      - {create: {trip: {name: 黄山, code: HS-001}}, as: trip}
      - {act: {trip: start}, refused: 价格}
      - {update: {trip: {price: 12.5}}}
      - {act: {trip: start}, by: admin}
    expect: {trip: [state == gone, total == 50]}
  a_guide_may_not_delete:
    by: guide
    do:
      - {create: {trip: {name: 黄山, stops: [{place: 山顶, nights: 2}]}}, as: trip}
      - {delete: trip, refused: true}
    expect: {trip: nights == 2}
"""


@pytest.fixture
def tried(yuanke, write):
    """``tried(body)`` tests a pack without drawing pages."""

    def run(body: str, *more: str):
        return yuanke("pack", "test", write("trips", body), *(more or ("--no-pages",)))

    return run


def test_a_good_pack_passes_every_check_pages_included(tried) -> None:
    told = tried(GOOD, "--pages")
    assert told.exit_code == 0, told.output + told.stderr
    assert "0 wrong" in told.output
    fine = int(told.output.split(": ")[-1].split(" checks")[0])
    assert fine >= 9


WRONG = {
    "a state nobody reaches": ("gone: {label: 出发, closed: true}", "gone: {label: 出发, closed: true}, lost: {label: 丢失, closed: true}", "no transition leads to this state"),
    "a state without a way on": ("gone: {label: 出发, closed: true}", "gone: 出发", "closed: true"),
    "an expectation that is false": ("total == 50", "total == 51", "total is Decimal('50"),
    "a refusal that does not come": ("delete: trip, refused: true", "update: {trip: {name: 泰山}}, refused: true", "should have been refused"),
    "a step that is refused": ("{act: {trip: start}, refused: 价格}", "{act: {trip: start}}", "step 2 was refused"),
    "a record that cannot be made": ("{type: text!, label: 名称, length: 20}", "{type: text!, label: 名称, valid_when: name == '只有这个'}", "samples: {trip"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_with_its_place(tried, case: str) -> None:
    was, now, said = WRONG[case]
    assert was in GOOD
    told = tried(GOOD.replace(was, now))
    assert told.exit_code == 1
    assert said in told.stderr, told.stderr


def test_what_cannot_be_tried_is_told_and_does_not_fail(tried) -> None:
    body = GOOD.replace("min: 1, max: 9, default: 4", "default: 4, valid_when: seats == 4")
    told = tried(body)
    assert told.exit_code == 0, told.stderr
    assert "untried: fields trip.seats" in told.output


def test_the_keys_of_tests_are_checked_before_anything_runs(yuanke, write) -> None:
    for was, now in (("do:", "does:"), ("by: guide", "by: guyde"), ("{create: {trip:", "{create: {trop:")):
        told = yuanke("pack", "check", write("trips", GOOD.replace(was, now)))
        assert told.exit_code == 1, now


def test_the_scaffold_checks_and_passes_its_tests(yuanke, tmp_path) -> None:
    assert yuanke("pack", "new", "outing", "--folder", tmp_path).exit_code == 0
    path = tmp_path / "outing.yaml"
    assert yuanke("pack", "check", path).exit_code == 0
    told = yuanke("pack", "test", path, "--no-pages")
    assert told.exit_code == 0, told.stderr
    assert "0 not tried, 0 wrong" in told.output


def test_rights_that_do_more_than_is_written_are_found(tried, monkeypatch) -> None:
    """The check itself can fail: a grant that gives too much is noticed."""
    from yuanke.records import Records

    honest = Records.may
    monkeypatch.setattr(Records, "may", lambda self, key, verb: verb == "delete" or honest(self, key, verb))
    told = tried(GOOD)
    assert told.exit_code == 1
    assert "trip.permissions.guide.delete: the role may, though nothing says so" in told.stderr
