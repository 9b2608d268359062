"""The bell rings without a reload, the inbox reads, reminders go, an @ offers people: in Chromium, on a phone too."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.company import Company
from tests.browser.watching import barriers, ready

pytestmark = pytest.mark.browser
AtWork = Callable[..., Page]


def tell(company: Company, text: str, who: str = "mo", **more: Any) -> int:
    from yuanke import messages
    from yuanke.access.sessions import actor_of

    with company.installation.unit(company.enterprise, write=True) as unit:
        actor = actor_of(unit, company.users["lin"], "screen")
        return messages.notify(unit, [company.users[who]], text, actor=actor, **more)[company.users[who]]


@pytest.fixture
def nothing_told(company: Company) -> None:
    with company.installation.unit(company.enterprise, write=True) as unit:
        for key in ("message", "reminder"):
            unit.execute(unit.tables[key].delete())


@pytest.mark.usefixtures("nothing_told")
def test_the_bell_rings_on_an_open_page_by_itself(company: Company, at_work: AtWork) -> None:
    page = at_work("/messages")
    bell = page.locator("[data-bell]")
    expect(bell).to_have_attribute("aria-label", "消息")
    expect(page.get_by_text("没有未读消息")).to_be_visible()
    page.clock.install()
    page.reload()
    ready(page)
    page.wait_for_timeout(100)
    tell(company, "合同等待审批", kind="approval", entity="customer", record=company.ids["customers"][0])
    with page.expect_response("**/messages/unread") as answer:
        page.clock.run_for(21_000)
    assert answer.value.status == 200
    expect(bell).to_have_attribute("aria-label", "消息，1 条未读")
    expect(page.locator(".yk-toast")).to_contain_text("合同等待审批")
    expect(page.locator(".yk-inbox-i.is-new")).to_contain_text("合同等待审批")
    with page.expect_response("**/messages/unread") as answer:
        page.clock.run_for(21_000)
    assert answer.value.status == 304
    assert barriers(page) == []


@pytest.mark.usefixtures("nothing_told")
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_messages_are_read_one_by_one_and_by_following_them(company: Company, at_work: AtWork, size: str) -> None:
    deal = company.ids["opportunity"]
    tell(company, "第一条")
    tell(company, "第二条", entity="opportunity", record=deal)
    page = at_work("/messages", size=size)
    bell = page.locator("[data-bell]")
    expect(bell).to_have_attribute("aria-label", "消息，2 条未读")
    page.locator(".yk-inbox-i", has_text="第一条").get_by_role("button", name="标为已读").click()
    expect(bell).to_have_attribute("aria-label", "消息，1 条未读")
    expect(page.locator(".yk-inbox-i.is-new")).to_have_count(1)
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="第二条").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/records/opportunity/{deal}")
    ready(page)
    expect(page.locator("[data-bell]")).to_have_attribute("aria-label", "消息")
    page.goto("/messages?all=1")
    expect(page.locator(".yk-inbox-i")).to_have_count(2)
    expect(page.locator(".yk-inbox-i.is-new")).to_have_count(0)


@pytest.mark.usefixtures("nothing_told")
def test_everything_is_marked_as_read_at_once(company: Company, at_work: AtWork) -> None:
    for text in "abc":
        tell(company, text)
    page = at_work("/messages")
    page.get_by_role("button", name="全部标为已读").click()
    page.wait_for_url("**/messages")
    expect(page.get_by_text("没有未读消息")).to_be_visible()
    expect(page.locator("[data-bell]")).to_have_attribute("aria-label", "消息")


@pytest.mark.usefixtures("nothing_told")
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_reminder_on_the_workbench_goes_when_it_is_ticked(company: Company, at_work: AtWork, size: str) -> None:
    from yuanke import messages

    with company.installation.unit(company.enterprise, write=True) as unit:
        to = [company.users["mo"]]
        messages.remind(unit, to, f"回访之江 {size}", entity="customer", record=company.ids["customers"][0], key=size)
    page = at_work("/", size=size)
    line = page.locator(".yk-todo li", has_text="回访之江")
    expect(line).to_be_visible()
    expect(page.locator("[data-bell]")).to_have_attribute("aria-label", "消息，1 条未读")
    line.get_by_role("checkbox").click()
    expect(line).to_have_count(0)
    expect(page.locator("[data-bell]")).to_have_attribute("aria-label", "消息")


@pytest.mark.usefixtures("nothing_told")
def test_an_at_offers_people_and_tells_the_one_chosen(company: Company, at_work: AtWork) -> None:
    page = at_work(f"/records/opportunity/{company.ids['opportunity']}")
    area = page.locator(".yk-say textarea")
    area.fill("请 ")
    area.press_sequentially("@lx", delay=30)
    area.fill("请 @")
    area.press_sequentially("陈", delay=30)
    option = page.get_by_role("option", name=re.compile("陈默"))
    expect(option).to_be_visible()
    assert barriers(page) == []
    page.keyboard.press("Enter")
    expect(area).to_have_value("请 @陈默 ")
    area.press_sequentially("看一下")
    page.get_by_role("button", name="发布").click()
    expect(page.locator(".yk-tl")).to_contain_text("请 @陈默 看一下")


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("path", ["/me/messages", "/settings/messages", "/messages?all=1"])
def test_pages_of_messages_have_no_barriers_and_fit(at_work: AtWork, path: str, size: str) -> None:
    page = at_work(path, size=size)
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
