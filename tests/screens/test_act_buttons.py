"""Buttons of workflows and actions: on a record, for chosen ones, on the board."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.screens.conftest import Site, Visitor


@pytest.fixture
def mo(site: Site) -> Visitor:
    return Visitor(site, "mo")


@pytest.fixture
def case(site: Site) -> int:
    return int(site.door("mo", lambda r: r.create("case", {"title": "修灯"}).id))


def test_a_record_offers_the_moves_of_its_state(mo: Visitor, case: int) -> None:
    html = mo.get(f"/records/case/{case}").text
    assert "开工" in html and "作废工单" in html and "改名" in html and "完工" not in html
    assert 'name="state"' not in mo.get("/records/case/new").text
    assert 'name="state"' not in mo.get(f"/records/case/{case}/edit").text


def test_a_plain_move_is_one_press(site: Site, mo: Visitor, case: int) -> None:
    answer = mo.post(f"/records/case/{case}/acts/begin", {})
    assert answer.status_code == 303 and answer.headers["Location"].endswith(f"/records/case/{case}")
    assert site.get("case", case).values["state"] == "doing"
    html = mo.get(f"/records/case/{case}").text
    assert "完工" in html and "开工" in html.split("yk-tl")[-1], "the history names the act"
    assert mo.post(f"/records/case/{case}/acts/begin", {}).status_code == 303
    assert "不能开工" in mo.get(f"/records/case/{case}").text


def test_a_dialog_asks_and_comes_back_with_what_was_typed(site: Site, mo: Visitor, case: int) -> None:
    asked = mo.get(f"/records/case/{case}/acts/drop", htmx=True).text
    assert "确定作废吗" in asked and 'name="why"' in asked
    refused = mo.post(f"/records/case/{case}/acts/drop", {"why": ""}, htmx=True)
    assert refused.status_code == 422 and "原因 不能为空" in refused.text
    done = mo.post(f"/records/case/{case}/acts/drop", {"why": "重复"}, htmx=True)
    assert done.headers["HX-Redirect"] == f"/records/case/{case}"
    assert (site.get("case", case).values["state"], site.get("case", case).values["why"]) == ("dropped", "重复")


def test_a_warning_is_shown_and_passes_when_pressed_again(site: Site, mo: Visitor, case: int) -> None:
    mo.post(f"/records/case/{case}/acts/begin", {})
    warned = mo.post(f"/records/case/{case}/acts/finish", {"hours": "200"}, htmx=True)
    assert warned.status_code == 422 and "很长" in warned.text and "仍然完工" in warned.text
    assert 'value="200"' in warned.text and 'name="confirm" value="long"' in warned.text
    mo.post(f"/records/case/{case}/acts/finish", {"hours": "200", "confirm": "long"}, htmx=True)
    assert site.get("case", case).values["state"] == "done"


def test_chosen_ones_are_moved_together_and_the_refused_are_counted(site: Site, mo: Visitor, case: int) -> None:
    other = site.door("mo", lambda r: r.create("case", {"title": "换锁"}).id)
    mo.post(f"/records/case/{other}/acts/begin", {})
    assert "开工" in mo.get("/records/case").text
    assert "2 条工单" in mo.get(f"/records/case/acts/begin?id={case}&id={other}", htmx=True).text
    answer = mo.post("/records/case/acts/begin", {"id": [str(case), str(other)]}, htmx=True)
    assert answer.status_code == 200
    said = mo.get("/records/case").text
    assert "1 条已完成" in said and "1 条没有完成" in said
    assert site.get("case", case).values["state"] == "doing"


def test_a_card_is_dragged_along_a_transition_or_goes_back(site: Site, mo: Visitor, case: int) -> None:
    moved = mo.post("/records/case/move", {"id": case, "version": "1", "to": "doing"}, htmx=True)
    assert moved.status_code == 200 and '"version": 2' in moved.headers["HX-Trigger"]
    asks = mo.post("/records/case/move", {"id": case, "version": "2", "to": "done"}, htmx=True)
    assert json.loads(asks.headers["HX-Trigger"])["yk-ask"] == {
        "id": str(case),
        "url": f"/records/case/{case}/acts/finish",
    }
    no_way = mo.post("/records/case/move", {"id": case, "version": "2", "to": "open"}, htmx=True)
    assert no_way.status_code == 409 and "不能直接到“待办”" in no_way.text
    stale = mo.post("/records/case/move", {"id": case, "version": "1", "to": "open"}, htmx=True)
    assert stale.status_code == 409 and "刚被别人修改过" in stale.text


def test_what_is_not_for_one_is_not_offered_and_not_done(site: Site, case: int, as_: Callable[[str], Any]) -> None:
    other = as_("lin")
    assert other.get(f"/records/case/{case}").status_code == 404
    assert other.post(f"/records/case/{case}/acts/begin", {}).status_code == 404
    assert other.get(f"/records/case/{case}/acts/drop", htmx=True).status_code == 404
    assert site.get("case", case).values["state"] == "open"


def test_the_picture_of_a_flow_shows_where_the_record_stands(mo: Visitor, case: int) -> None:
    html = mo.get(f"/records/case/flow?id={case}", htmx=True).text
    assert html.count('class="yk-fp-s is-now"') == 1 and html.count("<rect") == 4
    assert "待办 → 处理中" in html and html.count("<path class=") == 4
    assert mo.get("/records/deal/flow", htmx=True).status_code == 404


def test_a_dialog_begins_with_what_its_default_gives_for_this_record(site: Site, case: int) -> None:
    root = Visitor(site, "root")
    assert 'value="修灯"' in root.get(f"/records/case/{case}/acts/rename", htmx=True).text
    root.post(f"/records/case/{case}/acts/rename", {"text": "换灯"}, htmx=True)
    assert site.get("case", case).values["title"] == "换灯"
