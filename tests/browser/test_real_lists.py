"""Lists, boards and calendars of the real application: what one narrows, arranges, keeps and changes together."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser
COUNT = ".yk-pager span >> nth=0"


def drag(page: Page, card: Locator, target: Locator) -> None:
    """As a hand does it: pressed, a little at first, over the target, let go."""
    source, goal = card.bounding_box(), target.bounding_box()
    assert source and goal
    page.mouse.move(source["x"] + 24, source["y"] + min(12, source["height"] / 2))
    page.mouse.down()
    page.mouse.move(source["x"] + 40, source["y"] + 20, steps=4)
    page.mouse.move(goal["x"] + 40, goal["y"] + 40, steps=8)
    page.wait_for_timeout(60)
    page.mouse.move(goal["x"] + 42, goal["y"] + 42, steps=2)
    page.wait_for_timeout(120)
    page.mouse.up()


def test_filters_sorting_and_paging_are_in_the_address_and_back_leads_back(at_work) -> None:
    page = at_work("/records/customer?limit=20")
    page.click("button.yk-flt:has-text('客户级别')")
    page.check("[name='f.level'][value=a]")
    page.check("[name='f.level'][value=c]")
    page.keyboard.press("Escape")
    page.wait_for_url("**f.level=**")
    page.click("th a:has-text('客户名称')")
    page.wait_for_url("**sort=**")
    expect(page.locator("button.yk-flt:has-text('客户级别')")).to_contain_text("A重点")
    page.click("text=下一页")
    expect(page.locator(COUNT)).to_contain_text("21–")
    page.go_back()
    expect(page.locator(COUNT)).to_contain_text("1–20")
    levels = set(page.locator("tr[data-id]").locator("text=/^(A重点|B普通|C非优先)$/").all_inner_texts())
    assert levels == {"A重点", "C非优先"}


def test_a_wrong_expression_is_told_where_it_was_typed_with_the_word_marked(at_work) -> None:
    page = at_work("/records/customer?filter=levle+==+a", allow=(400,))
    said = page.locator("#yk-expr-e")
    expect(said).to_contain_text("levle")
    expect(said.locator("mark")).to_have_text("levle")
    expect(page.locator("[name=filter]")).to_have_value("levle == a")
    page.fill("[name=filter]", "level == a and contains(name, '华北')")
    page.press("[name=filter]", "Enter")
    page.wait_for_url("**filter=level**")
    expect(page.locator(COUNT)).to_contain_text("14")
    expect(said).to_have_count(0)


def test_a_view_is_kept_shared_renamed_and_thrown_away(at_work, company) -> None:
    page = at_work("/records/customer?f.level=a", allow=(422,))
    page.click("text=保存视图")
    page.click("dialog[open] .btn-primary")
    expect(page.locator("dialog[open] .yk-wrong")).to_be_visible()
    page.fill("dialog[open] [name=name]", "重点的")
    page.check("dialog[open] [name=shared]")
    page.click("dialog[open] .btn-primary")
    tab = page.locator(".yk-tabs a[aria-current]")
    expect(tab).to_contain_text("重点的")
    other = at_work(page.url, "lin")
    expect(other.locator(".yk-tabs a[aria-current]")).to_contain_text("重点的")
    expect(other.locator(".yk-views .dropdown button")).to_have_count(0)
    page.click(".yk-views .dropdown button")
    page.click("text=改名或共享")
    page.fill("dialog[open] [name=name]", "A级的")
    page.click("dialog[open] .btn-primary")
    expect(tab).to_contain_text("A级的")
    page.click(".yk-views .dropdown button")
    page.click(".yk-views .dropdown-menu >> text=删除")
    page.click("#yk-confirm [value=yes]")
    expect(page.locator(".yk-tabs")).not_to_contain_text("A级的")


def test_columns_are_ones_own_choice(at_work) -> None:
    page = at_work("/records/customer", "lin")
    heads = page.locator(".yk-table thead th a")
    before = heads.all_inner_texts()
    page.click("text=列设置")
    page.uncheck(".yk-col input[value=tel]")
    page.click(".yk-flt-m.show .btn-primary")
    expect(heads).to_have_count(len(before) - 1)
    page.reload()
    expect(heads).to_have_count(len(before) - 1)


def test_rows_are_changed_handed_over_and_deleted_together(at_work, company) -> None:
    ids = [company.make("customer", name=f"成批{n}") for n in range(3)]
    held = company.make("customer", name="成批有单")
    company.order(customer=held)
    page = at_work("/records/customer?q=成批", allow=(422,))

    def pick(*names: str) -> None:
        for name in names:
            page.check(f"tr[data-id]:has-text('{name}') .yk-row")

    pick("成批0", "成批1")
    page.click("text=批量修改")
    page.select_option("#d-field", "relation")
    page.click("dialog[open] .btn-primary")
    page.select_option("#d-value", "good")
    page.click("dialog[open] .btn-primary")
    expect(page.locator(".yk-toast")).to_contain_text("2")
    assert [company.get("customer", one).values["relation"] for one in ids] == ["good", "good", "fair"]

    pick("成批1", "成批2")
    page.click("text=转移负责人")
    page.locator("dialog[open] .ts-control input").fill("林晓")
    page.click(".ts-dropdown:visible .option:has-text('林晓')")
    page.click("dialog[open] .btn-primary")
    expect(page.locator("tr[data-id]:has-text('成批2')")).to_contain_text("林晓")

    pick("成批0", "成批有单")
    page.click(".yk-bulk .btn-danger")
    page.click("#yk-confirm [value=yes]")
    expect(page.locator("tr[data-id]:has-text('成批0')")).to_have_count(0)
    expect(page.locator("tr[data-id]:has-text('成批有单')")).to_have_count(1)
    expect(page.locator(".yk-toast")).to_contain_text("1 条没有删除：成批有单：还有 订单 1 条 引用这条客户")


def test_a_card_is_moved_by_hand_its_move_asks_what_it_needs_and_a_refusal_puts_it_back(at_work, company) -> None:
    moved = company.opportunity(name="要动的机会")
    page = at_work("/records/opportunity?view=kanban", allow=(409,))
    card = page.locator(f".yk-kb-c[data-id='{moved}']")
    lists = page.locator(".yk-kb-l")
    names = lists.evaluate_all("all => all.map(one => one.dataset.column)")
    start = card.locator("xpath=..").get_attribute("data-column")
    goal = names[names.index(start) + 1]
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        drag(page, card, lists.nth(names.index(goal)))
    assert answered.value.status < 300
    dialog = page.locator("#yk-dialogs dialog[open]")
    expect(dialog).to_be_visible()
    expect(page.locator(f".yk-kb-l[data-column='{start}'] .yk-kb-c[data-id='{moved}']")).to_have_count(1)
    page.keyboard.press("Escape")
    stage = next(key for key, value in company.get("opportunity", moved).values.items() if value == start)
    company.door(lambda records: records.update("opportunity", moved, {"name": "别人改过"}))  # somebody else is quicker
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        drag(page, card, lists.nth(names.index(goal)))
    assert answered.value.status == 409
    expect(page.locator(".yk-toast.is-bad")).to_be_visible()
    expect(page.locator(f".yk-kb-l[data-column='{start}'] .yk-kb-c[data-id='{moved}']")).to_be_visible()
    assert company.get("opportunity", moved).values[stage] == start


def test_an_order_is_moved_to_another_day_of_the_calendar(at_work, company) -> None:
    first = date.today().replace(day=10)
    order = company.order(sign_on=first.isoformat())
    page = at_work("/records/order?view=calendar")
    event = page.locator(f"a[href='/records/order/{order}']")
    if not event.count():
        page.click(".fc-daygrid-more-link >> visible=true")
    following = page.locator(f"[role=gridcell][data-date='{first + timedelta(days=1)}']")
    event.scroll_into_view_if_needed()
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        drag(page, event, following)
    assert answered.value.status < 300
    assert company.get("order", order).values["sign_on"] == first + timedelta(days=1)
    assert re.search(r"view=calendar", page.url)


def test_what_one_exports_is_downloaded_when_it_is_ready(at_work) -> None:
    page = at_work("/records/customer?f.level=a")
    page.click("text=导出 >> visible=true")
    with page.expect_download() as loaded:
        page.click("dialog[open] .btn-primary")
    assert loaded.value.suggested_filename.endswith(".xlsx")
    assert loaded.value.path().read_bytes()[:2] == b"PK"
