"""The pages of drafts: collected, looked at by their author alone, applied together, decided where others were quicker."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict
from yuanke.storage import drafts
from yuanke.storage.overlays import overlay_of

from tests.screens.changing import changing, head, take_back
from tests.screens.conftest import Site, Visitor, texts
from tests.screens.html import dialog_form

HERE = "/settings/customize/drafts"
BAR = 'class="yk-draft"'
MOOD = {"entities": {"deal": {"label": "买卖", "fields": {"mood": {"type": "text", "label": "心情"}}}}}


@pytest.fixture
def clean(site: Site) -> Iterator[None]:
    """What a test applied is taken back, and its drafts are thrown away."""
    yield
    take_back(site)
    with site.app.installation.unit(site.enterprise, write=True) as unit:
        for one in drafts.drafts(unit, site.users["root"]):
            drafts.discard(unit, one)


@pytest.fixture
def draft(site: Site, clean: None) -> int:
    with site.app.installation.unit(site.enterprise, write=True) as unit:
        return drafts.begin(unit, site.users["root"], "新想法", MOOD).id


def overlay(site: Site) -> dict[str, Any]:
    with site.app.installation.unit(site.enterprise) as unit:
        return overlay_of(unit)


def test_without_any_the_page_says_how_to_begin_one(as_: Callable[[str], Visitor], clean: None) -> None:
    root = as_("root")
    assert "没有草稿" in root.get(HERE).text
    assert root.post(HERE, {"title": " "}).status_code == 422
    at = root.post(HERE, {"title": "第一份"}).location
    assert "第一份" in root.get(at).text and "还没有改动" in root.get(at).text


def test_a_draft_says_what_it_changes_and_is_edited_as_yaml(
    site: Site, as_: Callable[[str], Visitor], draft: int
) -> None:
    root, at = as_("root"), f"{HERE}/{draft}"
    assert "交易 › mood › 名称" in texts(root.get(at).text) and "检查通过" in root.get(at).text
    form = root.form(at)
    text = form.values["text"].replace("心情", "气氛")
    assert root.post(at, MultiDict({"title": "改过", "text": text})).status_code == 303
    assert "气氛" in root.get(at).text and "改过" in root.get(at).text
    wrong = root.post(at, {"title": "改过", "text": "entities:\n  deal: [\n"})
    assert wrong.status_code == 422 and "第 " in wrong.text and "deal: [" in wrong.text
    assert "气氛" in root.get(at).text, "what could not be read replaced nothing"
    judged = root.post("/settings/customize/yaml/check", {"text": "entities: {deal: {fields: {mood: {type: txet}}}}"})
    assert "is-bad" in judged.text and "第 1 行" in judged.text
    assert overlay(site) == {}


def test_only_its_author_looks_at_it_and_a_bar_says_so_until_he_ends_it(
    as_: Callable[[str], Visitor], draft: int
) -> None:
    root, lin = as_("root"), as_("lin")
    assert root.post(f"{HERE}/{draft}/preview").location == "/records/deal"
    for path in ("/records/deal", "/", HERE, "/settings"):
        page = root.get(path).text
        assert BAR in page and "新想法" in page and f"{HERE}/leave" in page, path
    assert "买卖" in texts(root.get("/records/deal").text)
    assert root.post("/records/deal/new", {"subject": "x"}).status_code == 409
    for path in ("/records/deal", "/records/deal/new"):
        assert BAR not in lin.get(path).text and "买卖" not in lin.get(path).text
    assert root.post(f"{HERE}/leave").status_code == 303
    assert BAR not in root.get("/records/deal").text and "买卖" not in root.get("/records/deal").text


def test_a_preview_that_cannot_go_on_ends_itself(site: Site, as_: Callable[[str], Visitor], draft: int) -> None:
    root = as_("root")
    root.post(f"{HERE}/{draft}/preview")
    changing(site, {"entities": {"deal": {"label": "生意"}}})
    page = root.get("/records/deal").text
    assert "预览已结束" in page and BAR not in page and "生意" in page
    assert root.post(f"{HERE}/{draft}/preview").location == f"{HERE}/{draft}", "it disagrees with what runs"


def test_it_is_applied_after_its_plan_was_seen_and_is_done_with(
    site: Site, as_: Callable[[str], Visitor], draft: int
) -> None:
    root = as_("root")
    root.post(f"{HERE}/{draft}/preview")
    form = dialog_form(root.post(f"{HERE}/{draft}/plan", {}, htmx=True).text)
    assert form.values["reason"] == "新想法"
    assert root.post(form.action, form.values, htmx=True).headers["HX-Redirect"] == "/settings/customize/versions"
    assert overlay(site) == MOOD
    assert root.get(f"{HERE}/{draft}").status_code == 404 and BAR not in root.get("/").text


def test_where_others_were_quicker_the_author_decides(site: Site, as_: Callable[[str], Visitor], draft: int) -> None:
    changing(site, {"entities": {"deal": {"label": "生意", "fields": {"weather": {"type": "text", "label": "天气"}}}}})
    root, at = as_("root"), head(site)
    assert "别人也改了其中 1 处" in root.get(f"{HERE}/{draft}").text
    asked = root.post(f"{HERE}/{draft}/plan", {}, htmx=True)
    form = dialog_form(asked.text)
    assert form.action == f"{HERE}/{draft}/plan" and {"买卖", "生意"} <= set(texts(asked.text).split())
    refused = root.post(f"{HERE}/{draft}/apply", form.values, htmx=True)
    assert "choose.entities.deal.label" in refused.text and head(site) == at
    decided = root.post(form.action, MultiDict({**form.values, "choose.entities.deal.label": "mine"}), htmx=True)
    form = dialog_form(decided.text)
    assert form.action == f"{HERE}/{draft}/apply"
    other = MultiDict({**form.values, "choose.entities.deal.label": "theirs"})
    assert "重新算出的计划" in root.post(form.action, other, htmx=True).text and head(site) == at
    assert "HX-Redirect" in root.post(form.action, form.values, htmx=True).headers
    deal = overlay(site)["entities"]["deal"]
    assert deal["label"] == "买卖" and {"mood", "weather"} <= deal["fields"].keys()


def test_the_designer_puts_its_changes_into_a_draft(site: Site, as_: Callable[[str], Visitor], draft: int) -> None:
    root, sent = as_("root"), json.dumps({"entities": {"deal": {"fields": {"weather": {"type": "text"}}}}})
    form = dialog_form(root.post(f"{HERE}/collect", {"overlay": sent}, htmx=True).text)
    assert form.values["draft"] == str(draft)
    into = root.post(form.action, form.values, htmx=True)
    assert into.headers["HX-Redirect"] == f"{HERE}/{draft}"
    assert "weather" in root.get(f"{HERE}/{draft}").text and "心情" in root.get(f"{HERE}/{draft}").text
    new = root.post(form.action, MultiDict({**form.values, "draft": "", "title": "另一份"}), htmx=True)
    assert "另一份" in root.get(new.headers["HX-Redirect"]).text
    assert root.post(form.action, MultiDict({**form.values, "draft": ""}), htmx=True).status_code == 422
    assert overlay(site) == {}


def test_it_is_thrown_away(as_: Callable[[str], Visitor], draft: int) -> None:
    root = as_("root")
    root.post(f"{HERE}/{draft}/preview")
    assert root.post(f"{HERE}/{draft}/discard").location == HERE
    assert root.get(f"{HERE}/{draft}").status_code == 404 and BAR not in root.get(HERE).text


def test_somebody_elses_draft_is_not_there(site: Site, as_: Callable[[str], Visitor], draft: int) -> None:
    with site.app.installation.unit(site.enterprise, write=True) as unit:
        drafts.begin(unit, site.users["mo"], "nicht deins")
        other = drafts.drafts(unit, site.users["mo"])[0]
    root = as_("root")
    assert "nicht deins" not in root.get(HERE).text and root.get(f"{HERE}/{other.id}").status_code == 404
    for act in ("preview", "plan", "apply", "discard"):
        assert root.post(f"{HERE}/{other.id}/{act}", {}, htmx=True).status_code == 404
    assert as_("mo").get(HERE).status_code == 403


def test_the_whole_overlay_is_changed_as_yaml_with_a_plan(
    site: Site, as_: Callable[[str], Visitor], clean: None
) -> None:
    root, at = as_("root"), "/settings/customize/yaml"
    text = "# 我们的说法\nentities:\n  deal: {label: 买卖}\n"
    form = dialog_form(root.post(f"{at}/plan", {"text": text}, htmx=True).text)
    assert root.post(form.action, form.values, htmx=True).headers["HX-Redirect"] == at
    page = root.get(at).text
    assert "# 我们的说法" in page and "检查通过" in page and overlay(site)["entities"]["deal"]["label"] == "买卖"
    assert "disabled" in root.post(f"{at}/plan", {"text": "entities: {nix: {label: [}}"}, htmx=True).text
    assert as_("mo").get(at).status_code == 403
