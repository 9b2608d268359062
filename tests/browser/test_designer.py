"""The real designer by hand and by keyboard: arranged, looked at as a role, applied after its plan was seen."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.watching import barriers

pytestmark = pytest.mark.browser
HERE = "/settings/customize/contact"
TITLES = ".yk-cs > header > input"


def sent(page: Page) -> dict[str, Any]:
    overlay: dict[str, Any] = json.loads(page.input_value("form[action$='/plan'] [name=overlay]"))
    return overlay["entities"]["contact"] if overlay else {}


def test_sections_move_by_mouse_and_by_keyboard_and_come_back(at_work) -> None:
    page = at_work(HERE)
    before = page.eval_on_selector_all(TITLES, "all => all.map(one => one.value)")
    page.locator(".yk-cs").nth(0).locator("[aria-label=分区下移]").click()
    moved = [before[1], before[0], *before[2:]]
    assert page.eval_on_selector_all(TITLES, "all => all.map(one => one.value)") == moved
    assert sent(page)["views"]["form"]["order"] == moved
    page.locator(".yk-cs > header > .yk-grip").nth(1).drag_to(page.locator(".yk-cs > header").nth(0))
    assert page.eval_on_selector_all(TITLES, "all => all.map(one => one.value)") == before
    assert sent(page) == {}


def test_the_form_is_looked_at_as_a_role_while_it_is_changed(at_work) -> None:
    page = at_work(HERE)
    page.click(".yk-df-b:has-text('姓名')")
    page.click("#yk-dt-preview")
    page.select_option("#pv-role", "sales")
    label = page.locator("#yk-dp-preview [data-field=name] .form-label")
    expect(label).to_have_text("姓名")
    page.fill("#pp-label", "称呼")
    expect(label).to_have_text("称呼")
    page.select_option("#pp-edit", "when")
    page.fill("#pp-editable", "nix == 1")
    expect(page.locator("#yk-dp-preview [role=alert]")).to_contain_text("nix")
    expect(page.locator("#pp-editable + .yk-verdict.is-bad")).to_be_visible()
    page.select_option("#pp-edit", "new")
    expect(label).to_have_text("称呼")
    assert sent(page)["fields"] == {"name": {"label": "称呼", "editable": "new"}}
    assert barriers(page) == []


def test_a_value_says_where_it_comes_from_and_goes_back_to_its_module(at_work, company) -> None:
    page = at_work(HERE)
    page.click(".yk-df-b:has-text('姓名')")
    expect(page.locator(".yk-from li").first).to_contain_text("模块")
    page.fill("#pp-label", "联系人称呼")
    page.press("#pp-label", "Tab")
    page.click("text=查看计划并应用")
    page.locator("#yk-dialogs .btn-primary").click()
    page.wait_for_selector(".yk-toast")
    page.click(".yk-df-b:has-text('联系人称呼')")
    page.click(".yk-from .is-own .yk-link")
    expect(page.locator("#yk-plan-t")).to_contain_text("名称")
    assert barriers(page) == []
    page.locator("#yk-dialogs .btn-primary").click()
    page.wait_for_selector(".yk-df-b:has-text('姓名')")


def test_names_of_a_condition_are_completed_by_keyboard(at_work) -> None:
    page = at_work(HERE)
    page.click(".yk-df-b:has-text('姓名')")
    area = page.locator("#pp-visible_when")
    area.press_sequentially("客户")
    expect(page.locator(".yk-cmp [role=option]").first).to_contain_text("customer")
    area.press("Enter")
    expect(area).to_have_value("customer")
    area.press_sequentially(".lev")
    expect(page.locator(".yk-cmp [aria-selected=true]")).to_contain_text("level")
    assert barriers(page) == []
    area.press("Tab")
    expect(area).to_have_value("customer.level")
    expect(area).to_be_focused()
    area.press_sequentially(" == nul")
    area.press("Escape")
    area.press_sequentially("l")
    expect(page.locator("#pp-visible_when ~ .yk-verdict:not(.is-bad)")).to_contain_text("例如")
    assert sent(page)["fields"]["name"]["visible_when"] == "customer.level == null"
