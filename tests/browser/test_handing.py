"""Merge, transfer, share and the warning of duplicates in a real Chromium: by mouse, on a phone, undone from the toast."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from yuanke.records.sharing import shares_of

from tests.browser.company import Company
from tests.browser.watching import barriers, ready

pytestmark = pytest.mark.browser
Work = Callable[..., Page]


def choose(page: Page, label: str, text: str) -> None:
    """Picks from a look-up by typing."""
    page.get_by_role("combobox", name=label).last.fill(text)
    page.locator(".ts-dropdown [data-selectable]").filter(has_text=text).first.click()


def tick(page: Page, *names: str) -> None:
    for name in names:
        page.locator("tr", has_text=name).locator(".yk-row").check()


def owner_of(company: Company, customer: int) -> str:
    return str(company.door(lambda records: records.get("customer", customer)).values["owner"].title)


def test_the_form_warns_while_one_types_and_stops_when_it_is_another_name(at_work: Work, company: Company) -> None:
    company.make("customer", name="南京 天枢 软件有限公司", tel="025-66668888")
    page = at_work("/records/customer/new")
    page.get_by_label("客户名称").fill("南京天枢软件（有限公司）")
    warning = page.locator("[data-field=name] .yk-alike")
    expect(warning).to_contain_text("已有客户 南京 天枢 软件有限公司 客户名称相同")
    expect(warning.get_by_role("link")).to_have_attribute("target", "_blank")
    assert not barriers(page)
    page.get_by_label("客户名称").fill("南京天枢软件有限公司的邻居")
    expect(warning).to_have_count(0)


def test_chosen_customers_are_handed_over_and_the_toast_takes_it_back(at_work: Work, company: Company) -> None:
    names = ["转移甲有限公司", "转移乙有限公司"]
    ids = [company.make("customer", name=name) for name in names]
    company.make("contact", name="甲的联系人", customer=ids[0])
    page = at_work("/records/customer?q=转移")
    tick(page, *names)
    page.locator("#yk-bulk").get_by_role("button", name="转移负责人").click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("转移 2 条客户")
    assert not barriers(page)
    choose(page, "新的负责人", "林晓")
    dialog.get_by_label("原因").fill("换区")
    dialog.get_by_role("button", name="转移 2 条").click()
    toast = page.locator(".yk-toast", has_text="已转移 2 条，随同联系人 1 条")
    expect(toast).to_be_visible()
    assert [owner_of(company, one) for one in ids] == ["林晓", "林晓"]
    toast.get_by_role("button", name="撤销").click()
    expect(page.locator(".yk-toast")).to_contain_text("已撤销，恢复了 3 条记录")
    assert [owner_of(company, one) for one in ids] == ["陈默", "陈默"]


def test_a_customer_is_shared_from_its_page_and_the_share_ends_in_the_dialog(at_work: Work, company: Company) -> None:
    customer = company.make("customer", name="共享的客户有限公司")
    page = at_work(f"/records/customer/{customer}")
    page.get_by_role("button", name="更多操作").first.click()
    page.get_by_role("button", name="共享", exact=True).click()
    choose(page, "同事", "林晓")
    page.locator("dialog[open]").get_by_text("读写").click()
    page.get_by_role("button", name="共享 1 条").click()
    expect(page.locator(".yk-toast")).to_contain_text("已共享 1 条")
    expect(page.locator(".yk-tl-card")).to_contain_text("林晓（读写）")
    assert company.door(lambda records: records.get("customer", customer), "lin").title == "共享的客户有限公司"
    page.get_by_role("button", name="更多操作").first.click()
    page.get_by_role("button", name="共享", exact=True).click()
    standing = page.locator("dialog[open] .yk-standing")
    expect(standing).to_contain_text("林晓")
    assert not barriers(page)
    standing.get_by_role("button", name="取消共享").click()
    expect(page.locator("dialog[open]")).to_contain_text("同事")
    expect(page.locator("dialog[open] .yk-standing")).to_have_count(0)
    shares = company.door(lambda records: shares_of(records.unit, records.actor, records.entity("customer"), customer))
    assert shares == []


def test_duplicates_are_found_compared_merged_and_taken_apart_again(at_work: Work, company: Company) -> None:
    kept = company.make("customer", name="青岛海格物流有限公司", tel="0532-80001111")
    lost = company.make("customer", name="青岛海格物流（有限公司）", remark="重要客户")
    for one, name in ((kept, "王芳"), (lost, "王芳"), (lost, "赵磊")):
        company.make("contact", name=name, mobile="13900001111" if name == "王芳" else "13900002222", customer=one)
    page = at_work("/records/customer/duplicates")
    group = page.locator(".yk-dup", has_text="青岛海格物流")
    expect(group).to_contain_text("客户名称相同")
    assert not barriers(page)
    group.get_by_role("button", name="合并选中的").click()
    ready(page)
    expect(page.locator("h1")).to_have_text("合并 2 条客户")
    assert not barriers(page)
    table = page.locator(".yk-mrg")
    expect(table).to_contain_text("联系人")
    remark = table.locator("tr", has_text="备注").get_by_role("radio")
    expect(remark.nth(1)).to_be_checked()
    table.get_by_role("button", name=re.compile("个字段相同")).click()
    expect(page.locator("#yk-mrg-alike")).to_be_visible()
    page.get_by_role("button", name="合并为一条").click()
    expect(page.locator("#yk-confirm")).to_contain_text("30 天内可以撤销")
    page.locator("#yk-confirm").get_by_role("button", name="合并").click()
    expect(page).to_have_url(re.compile(f"/records/customer/{kept}$"))
    expect(page.locator(".yk-toast")).to_contain_text("已把 2 条合并为一条")
    expect(page.locator(".yk-tl-card")).to_contain_text("并入了别的记录")
    gone = at_work(f"/records/customer/{lost}")
    assert gone.url.endswith(f"/records/customer/{kept}?merged={lost}")
    expect(gone.locator(".yk-note")).to_contain_text("你打开的那条已合并到这里")
    page.locator(".yk-toast").get_by_role("button", name="撤销").click()
    expect(page.locator(".yk-toast")).to_contain_text("已撤销")
    assert company.door(lambda records: records.get("customer", lost)).values["remark"] == "重要客户"


def test_on_a_phone_the_comparison_the_groups_and_the_log_are_readable(at_work: Work, company: Company) -> None:
    ids = [
        company.make("customer", name="宁波北仑港口机械有限公司"),
        company.make("customer", name="宁波北仑港口机械", tel="0574-86860000"),
    ]
    for path in (
        f"/records/customer/merge?id={ids[0]}&id={ids[1]}", "/records/customer/duplicates", "/changes",
    ):  # fmt: skip
        page = at_work(path, size="phone")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert "merge" not in path or not barriers(page)


def test_the_log_lists_what_was_done_and_takes_it_back(at_work: Work, company: Company) -> None:
    customer = company.make("customer", name="日志里的客户有限公司", remark="原来的备注")
    page = at_work("/records/customer?q=日志里的客户")
    tick(page, "日志里的客户")
    page.locator("#yk-bulk").get_by_role("button", name="批量修改").click()
    page.locator("dialog[open] select[name=field]").select_option("remark")
    page.get_by_role("button", name="下一步").click()
    page.locator("dialog[open] [name=remark]").fill("一起改的")
    page.get_by_role("button", name="修改 1 条").click()
    expect(page.locator(".yk-toast")).to_contain_text("已修改 1 条")
    log = at_work("/changes?kind=bulk")
    log.locator("tbody tr").first.get_by_role("link").first.click()
    ready(log)
    expect(log.locator("h1")).to_have_text("批量修改")
    expect(log.locator("tbody")).to_contain_text("日志里的客户有限公司")
    assert not barriers(log)
    log.get_by_role("button", name="撤销这次操作").click()
    log.locator("#yk-confirm").get_by_role("button", name="撤销").click()
    expect(log.locator(".yk-note")).to_contain_text("撤销")
    assert company.door(lambda records: records.get("customer", customer)).values["remark"] == "原来的备注"
