"""The pages of versions: what was done, and back to any of it with the values of retired fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from werkzeug.datastructures import MultiDict

from tests.screens.changing import changing, head, take_back
from tests.screens.conftest import Site, Visitor, texts
from tests.screens.html import dialog_form

HERE = "/settings/customize/versions"
MOOD = {"entities": {"deal": {"fields": {"mood": {"type": "text", "label": "心情"}}}}}
RETIRED = {"entities": {"deal": {"fields": {"mood": {"retired": True}}}}}


@pytest.fixture
def change_of(site: Site) -> Iterator[Callable[..., int]]:
    """``change_of(overlay, "why")`` applies it for root and gives its version; all is taken back after the test."""
    yield partial(changing, site)
    take_back(site)


def test_an_enterprise_that_changed_nothing_shows_how_it_began(as_: Callable[[str], Visitor]) -> None:
    html = texts(as_("root").get(HERE).text)
    assert "企业建立时的定义" in html and "正在运行" in html


def test_a_version_says_who_when_why_and_what(as_: Callable[[str], Visitor], change_of: Callable[..., int]) -> None:
    number = change_of(MOOD, "大家想知道客户的心情")
    root = as_("root")
    row = texts(root.get(HERE).text.split("<ol>")[1].split("</li></ul>")[0])
    assert "大家想知道客户的心情" in row and "心情" in row.replace("大家想知道客户的心情", "")
    html = root.get(f"{HERE}/{number}").text
    said = texts(html)
    assert "Root" in said and "修改" in said and "安全" in said
    assert "交易 › 心情 › 名称" in said and "mood:" in html
    assert f"{HERE}/{number}/plan" not in html, "one cannot go back to what runs"
    assert root.get(f"{HERE}/999").status_code == 404


def test_one_goes_back_after_the_plan_was_seen_and_retired_values_return(
    site: Site, as_: Callable[[str], Visitor], change_of: Callable[..., int]
) -> None:
    good = change_of(MOOD)
    deal = site.door("mo", lambda r: r.create("deal", {"subject": "记得我", "mood": "开心"}).id)
    change_of(RETIRED, "不用了")
    assert "mood" not in site.get("deal", deal).values
    root = as_("root")
    assert "企业自己的定义有 1 处不同" in texts(root.get(f"{HERE}/{good}").text)
    at, plan = head(site), root.post(f"{HERE}/{good}/plan", {}, htmx=True)
    assert plan.status_code == 200 and head(site) == at
    form = dialog_form(plan.text)
    assert form.action == f"{HERE}/{good}/apply" and form.values["reason"] == f"回到版本 {good}"
    done = root.post(form.action, MultiDict({**form.values, "reason": "还是要的"}), htmx=True)
    assert done.headers["HX-Redirect"] == HERE, done.text
    assert site.get("deal", deal).values["mood"] == "开心"
    html = texts(root.get(HERE).text)
    assert "还是要的" in html and "回退" in html


def test_a_plan_that_somebody_overtook_is_shown_again_and_nothing_happens(
    site: Site, as_: Callable[[str], Visitor], change_of: Callable[..., int]
) -> None:
    first, root = head(site), as_("root")
    change_of(MOOD)
    form = dialog_form(root.post(f"{HERE}/{first}/plan", {}, htmx=True).text)
    change_of({"entities": {"deal": {"fields": {"weather": {"type": "text", "label": "天气"}}}}})
    at = head(site)
    answer = root.post(form.action, form.values, htmx=True)
    assert "重新算出的计划" in answer.text and "天气" in answer.text and head(site) == at
    without = root.post(form.action, MultiDict({"reason": "x"}), htmx=True)
    assert without.status_code == 200 and head(site) == at, "what nobody looked at is not applied"


def test_values_that_lie_there_are_asked_about_before_a_field_comes_again(
    site: Site, as_: Callable[[str], Visitor], change_of: Callable[..., int]
) -> None:
    change_of(MOOD)
    deal = site.door("mo", lambda r: r.create("deal", {"subject": "alt", "mood": "alt"}).id)
    change_of({}, whole=True)
    root, at = as_("root"), "/settings/customize/deal"
    asked = root.post(f"{at}/plan", {"overlay": json.dumps(MOOD)}, htmx=True)
    form = dialog_form(asked.text)
    assert form.action == f"{at}/plan" and "恢复从前的数据" in asked.text
    decided = dialog_form(
        root.post(form.action, MultiDict({**form.values, "decide.deal.mood": "restore"}), htmx=True).text
    )
    assert decided.action == f"{at}/apply"
    assert root.post(decided.action, decided.values, htmx=True).headers["HX-Redirect"] == at
    assert site.get("deal", deal).values["mood"] == "alt"


@pytest.mark.parametrize("path", [HERE, f"{HERE}/1"])
def test_nobody_but_an_administrator_opens_them(as_: Callable[[str], Visitor], path: str) -> None:
    assert as_("mo").get(path).status_code == 403
    for verb in ("plan", "apply"):
        assert as_("mo").post(f"{HERE}/1/{verb}", {}, htmx=True).status_code == 403
