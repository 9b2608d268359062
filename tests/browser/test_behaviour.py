"""What the scripts do, as a person or a keyboard would make them do it."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


# ---- forms ----


def test_totals_follow_while_rows_are_typed_added_and_removed(open_page) -> None:
    page = open_page("/records/order/new")
    total = page.locator(".yk-sum .is-strong dd")
    expect(total).to_have_text("¥276,354.80")
    page.fill("[name='lines.1.quantity']", "30")
    expect(page.locator("[data-out='lines.1.amount']")).to_have_text("84,000.00")
    expect(total).to_have_text("¥306,034.80")
    page.click("[data-row='0'] [data-row-act=remove]")
    expect(page.locator("[data-count=lines]")).to_have_text("3 行")
    expect(total).to_have_text("¥131,382.00")
    assert page.locator("[name='lines.0.deleted']").get_attribute("value") == "1"
    page.click("[data-row-act=add]")
    expect(page.locator("[data-count=lines]")).to_have_text("4 行")


def test_a_price_follows_the_product_until_somebody_types_over_it(open_page) -> None:
    page = open_page("/records/order/new")
    page.click("[data-row-act=add]")
    row = page.locator("tr[data-row]").last
    row.locator(".ts-control input").fill("移动")
    page.click(".ts-dropdown .option:has-text('移动审批模块')")
    expect(row.locator("[name$='.price']")).to_have_value("26,000.00")
    expect(row.locator("[data-out$='.amount']")).to_have_text("26,000.00")
    row.locator("[name$='.price']").fill("20000")
    row.locator("[name$='.quantity']").fill("2")
    expect(row.locator("[data-out$='.amount']")).to_have_text("40,000.00")
    expect(row.locator("[name$='.price']")).to_have_value("20,000.00")


def test_cells_of_a_spreadsheet_are_pasted_over_several_rows(open_page) -> None:
    page = open_page("/records/order/new")
    page.evaluate("""() => {
        const cell = document.querySelector("[name='lines.2.quantity']"), data = new DataTransfer();
        data.setData('text/plain', '3\\t25,000\\t0\\n4\\t15000\\t5\\n7\\t100\\t0\\n');
        cell.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
    }""")
    expect(page.locator("[data-count=lines]")).to_have_text("5 行")
    expect(page.locator("[data-out='lines.2.amount']")).to_have_text("75,000.00")
    expect(page.locator("tr[data-row]").last.locator("[data-out$='.amount']")).to_have_text("700.00")


def test_rows_move_by_keyboard(open_page) -> None:
    page = open_page("/records/order/new")
    page.focus("[name='lines.1.quantity']")
    page.keyboard.press("Alt+ArrowUp")
    assert page.eval_on_selector_all("tr[data-row]", "rows => rows.map(r => r.dataset.row)")[:2] == ["1", "0"]
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-count=lines]")).to_have_text("5 行")


def test_a_field_shows_itself_when_its_condition_holds(open_page) -> None:
    page = open_page("/records/order/new")
    field = page.locator("[data-field=terms_other]")
    expect(field).to_be_hidden()
    page.select_option("[name=terms]", "其他")
    expect(field).to_be_visible()
    expect(field.locator("label")).to_have_class(re.compile("required"))


def test_faults_come_back_in_place_and_nothing_typed_is_lost(open_page) -> None:
    page = open_page("/records/order/new", allow=(422,))
    page.fill("[name=notes]", "请在上午送货")
    page.click("text=提交审批")
    summary = page.locator(".yk-errors")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("有 3 处需要修改")
    expect(page.locator("#f-deliver_on-e")).to_have_text("交付日期不能早于下单日期 2026-11-23")
    summary.locator("a").nth(1).click()
    expect(page.locator("#f-deliver_on")).to_be_focused()


def test_leaving_asks_when_something_was_typed_and_only_then(open_page) -> None:
    page = open_page("/records/order/new")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/records/customer")
    assert asked == []
    page.goto("/records/order/new")
    page.fill("[name=notes]", "改了")
    page.goto("/records/customer")
    assert asked == ["beforeunload"]


def test_a_draft_is_offered_after_a_reload_with_its_rows(open_page) -> None:
    page = open_page("/records/order/new")
    page.on("dialog", lambda dialog: dialog.accept())
    page.fill("[name=notes]", "未保存的备注")
    page.click("[data-row-act=add]")
    page.locator("tr[data-row]").last.locator("[name$='.quantity']").fill("9")
    page.wait_for_timeout(700)
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    page.click("text=恢复")
    expect(page.locator("[name=notes]")).to_have_value("未保存的备注")
    expect(page.locator("[data-count=lines]")).to_have_text("5 行")
    expect(page.locator("tr[data-row]").last.locator("[name$='.quantity']")).to_have_value("9")


def test_a_look_up_searches_chooses_and_makes_a_record_on_the_spot(open_page) -> None:
    page = open_page("/records/order/new")
    box = page.locator("[data-field=customer] .ts-control")
    box.click()
    page.keyboard.type("深圳嘉禾")
    page.wait_for_selector(".ts-dropdown .option:has-text('深圳嘉禾')")
    page.keyboard.press("Escape")
    box.click()
    page.keyboard.type("全新的客户")
    page.click(".ts-dropdown .create")
    page.wait_for_selector("#yk-dialogs dialog[open]")
    page.fill("#yk-dialogs [name=name]", "全新的客户")
    page.click("text=新建并选择")
    expect(page.locator("#yk-dialogs dialog")).to_have_count(0)
    expect(box.locator(".item")).to_have_text("全新的客户")
    assert page.input_value("[name=customer]") == "77"


# ---- the list ----


def test_searching_swaps_the_rows_and_the_address_and_keeps_the_cursor(open_page) -> None:
    page = open_page("/records/customer")
    page.click("#yk-q")
    page.keyboard.type("智联")
    page.wait_for_url("**q=%E6%99%BA%E8%81%94**")
    expect(page.locator(".yk-table tbody tr")).not_to_have_count(50)
    page.keyboard.type("X")
    expect(page.locator(".yk-list .yk-empty b")).to_have_text("没有符合条件的客户")
    expect(page.locator("#yk-q")).to_have_value("智联X")


def test_a_filter_applies_when_its_menu_closes(open_page) -> None:
    page = open_page("/records/customer")
    page.click(".yk-flt:has-text('状态')")
    page.click(".yk-flt-m.show label:has-text('潜在')")
    page.click(".yk-flt-m.show label:has-text('需求确认')")
    page.keyboard.press("Escape")
    expect(page.locator(".yk-flt:has-text('状态')")).to_have_text(re.compile("状态：潜在、需求确认"))
    assert "f.state" in page.url
    assert "q=" not in page.url


def test_columns_are_chosen_and_ordered_without_a_mouse(open_page) -> None:
    page = open_page("/records/customer")
    page.click("text=列设置")
    page.click(".yk-col label:has-text('地区')")
    page.focus(".yk-col li:has-text('负责人') [data-move=up]")
    page.keyboard.press("Enter")
    page.click("text=应用")
    heads = page.locator(".yk-table thead th a, .yk-table thead th:not(.yk-c-pick):not(.yk-c-act)")
    expect(heads.filter(has_text="地区")).to_have_count(0)
    titles = [t for t in page.locator(".yk-table thead th").all_inner_texts() if t.strip()]
    assert titles.index("负责人") < titles.index("主联系人")


def test_rows_are_picked_with_shift_and_acted_on_together(open_page) -> None:
    page = open_page("/records/customer")
    page.locator(".yk-row").nth(1).click()
    page.locator(".yk-row").nth(4).click(modifiers=["Shift"])
    expect(page.locator(".yk-bulk b")).to_have_text("4")
    page.click(".yk-bulk >> text=转移负责人")
    expect(page.locator("#yk-dialogs h2")).to_have_text("转移 2 个客户")
    page.click("#yk-dialogs footer .btn-primary")
    expect(page.locator("#yk-dialogs dialog")).to_have_count(0)
    expect(page.locator(".yk-toast")).to_contain_text("已转移 2 个客户")


def test_the_menu_of_a_row_is_reached_and_left_by_keyboard(open_page) -> None:
    page = open_page("/records/customer")
    page.locator(".yk-more").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#yk-row-menu a").first).to_be_focused()
    assert page.locator("#yk-row-menu a").first.get_attribute("href").endswith("/3/edit")
    page.keyboard.press("Escape")
    expect(page.locator(".yk-more").nth(2)).to_be_focused()


def test_a_deletion_asks_in_our_own_dialog(open_page) -> None:
    page = open_page("/records/customer", allow=(405,))
    page.locator(".yk-more").first.click()
    page.click("#yk-row-menu >> text=删除")
    expect(page.locator("#yk-confirm h2")).to_have_text("删除这个客户？")
    expect(page.locator("#yk-confirm p")).to_have_text("会移到回收站，30 天内可以恢复。")
    expect(page.locator("#yk-confirm [value=yes]")).to_have_text("删除")
    page.keyboard.press("Escape")
    expect(page.locator("#yk-confirm")).to_be_hidden()


# ---- the shell ----


def test_the_global_search_opens_by_keyboard_and_is_walked_with_arrows(open_page) -> None:
    page = open_page("/records/customer")
    page.keyboard.press("Control+k")
    page.keyboard.type("智联")
    page.wait_for_selector("#yk-found li")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/records/customer/\d+"))


def test_records_seen_lately_are_offered_and_stay_in_the_browser(open_page) -> None:
    page = open_page("/records/customer/28")
    page.goto("/all")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.keyboard.press("Control+k")
    expect(page.locator("#yk-found li")).to_contain_text(["深圳恒通科技股份有限公司"])


def test_short_cuts_rest_while_somebody_types(open_page) -> None:
    page = open_page("/records/customer")
    page.keyboard.press("/")
    expect(page.locator("#yk-q")).to_be_focused()
    page.keyboard.type("n")
    page.wait_for_url("**q=n**")
    page.keyboard.press("Tab")
    page.keyboard.press("n")
    page.wait_for_url("**/records/customer/new")


def test_being_offline_is_said_once_and_taken_back(open_page) -> None:
    page = open_page("/records/customer")
    page.context.set_offline(True)
    expect(page.locator(".yk-offline")).to_have_count(1)
    page.context.set_offline(False)
    expect(page.locator(".yk-offline")).to_have_count(0)


def test_a_failed_request_is_told_in_the_words_of_the_server(open_page) -> None:
    page = open_page("/records/customer", allow=(503, 401))
    page.evaluate("htmx.ajax('POST', '/fail/503', {target: '#yk-list'})")
    expect(page.locator(".yk-toast.is-bad")).to_contain_text("服务器忙，请稍后再试")
    expect(page.locator("#yk-list")).to_be_visible()
    page.evaluate("htmx.ajax('POST', '/fail/401', {target: '#yk-list'})")
    expect(page.locator("#yk-expired")).to_be_visible()


def test_the_drawer_of_a_phone_opens_and_closes(open_page) -> None:
    page = open_page("/records/customer", "phone")
    page.click("[data-bs-toggle=offcanvas]")
    expect(page.locator("#yk-side")).to_be_visible()
    page.click("[data-bs-dismiss=offcanvas]")
    expect(page.locator("#yk-side")).to_be_hidden()


# ---- other screens ----


def test_a_card_moves_by_mouse_and_by_menu_and_comes_back_when_refused(open_page) -> None:
    page = open_page("/records/customer?view=kanban", allow=(409,))
    columns = page.locator(".yk-kb-l")
    card = columns.nth(0).locator(".yk-kb-c").first
    name = card.locator("a").inner_text()
    with page.expect_request("**/move") as moved:
        card.locator("p").drag_to(columns.nth(1).locator(".yk-kb-c").first)
    assert moved.value.post_data_json["to"] == "初步接触"
    expect(columns.nth(1).locator(".yk-kb-c", has_text=name)).to_have_count(1)
    second = columns.nth(0).locator(".yk-kb-c").first
    name = second.locator("a").inner_text()
    second.locator("[data-board-menu]").focus()
    page.keyboard.press("Enter")
    page.click("#yk-board-menu >> text=已流失")
    expect(page.locator(".yk-toast.is-bad")).to_contain_text("要先填流失原因")
    expect(columns.nth(0).locator(".yk-kb-c", has_text=name)).to_have_count(1)


def test_related_lists_are_fetched_when_their_tab_is_chosen(open_page) -> None:
    page = open_page("/records/customer/28")
    page.click("#yk-rt-file")
    expect(page.locator("#yk-related .yk-empty b")).to_have_text("还没有附件")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#yk-related td", has_text="HT2026-0311")).to_be_visible()


def test_one_field_is_edited_in_place(open_page) -> None:
    page = open_page("/records/customer/28")
    page.hover("#yk-v-k1")
    page.click("#yk-v-k1 .yk-edit1")
    page.fill("#yk-v-k1 input.form-control", "展会")
    page.click("#yk-v-k1 .btn-primary")
    expect(page.locator("#yk-v-k1")).to_contain_text("展会")


def test_functions_are_found_by_pinyin_initials(open_page) -> None:
    page = open_page("/all")
    page.fill("[data-fn-search]", "hk")
    expect(page.locator(".yk-fn li:visible", has_text="回款").first).to_be_visible()
    expect(page.locator(".yk-fn li:visible", has_text="公海池")).to_have_count(0)
    page.fill("[data-fn-search]", "没有的")
    page.click("[data-fn-clear]")
    expect(page.locator(".yk-fn li:visible", has_text="公海池")).to_be_visible()


def test_a_faulty_cell_of_an_import_is_mended_in_place(open_page) -> None:
    page = open_page("/records/customer/import?step=3")
    cell = page.locator("td.is-bad input").first
    cell.fill("A")
    cell.press("Tab")
    expect(page.locator("tr.is-mended")).to_contain_text("已修正")


def overlay(page) -> dict:
    return json.loads(page.input_value("[name=overlay]"))["entities"]["customer"]


def test_the_designer_sends_only_what_differs_in_the_dialect(open_page) -> None:
    page = open_page("/settings/customize/customer")
    expect(page.locator(".yk-dz-top .btn-primary")).to_be_disabled()
    page.click("[data-type=choice]")
    page.fill("#pp-label", "信用评级")
    page.press("#pp-label", "Tab")
    expect(page.locator("#pp-key")).to_have_value("xin_yong_ping_ji")
    page.click("text=添加选项")
    page.fill(".yk-opts li:last-child input", "AA 良好")
    page.press(".yk-opts li:last-child input", "Tab")
    field = overlay(page)["fields"]["xin_yong_ping_ji"]
    assert field["label"] == "信用评级"
    assert [option["label"] for option in field["options"].values()] == ["新选项 1", "AA 良好"]
    assert overlay(page)["views"]["form"]["sections"]["基本信息"][-1] == ["xin_yong_ping_ji"]

    page.click(".yk-df-b:has-text('年营收')")
    page.check(".yk-sws label:has-text('必填') input")
    assert overlay(page)["fields"]["revenue"] == {"required": True}
    expect(page.locator(".yk-dz-n")).to_have_text("3 处未应用")
    page.click("[aria-label=撤销]")
    assert "revenue" not in overlay(page)["fields"]
    page.click("text=查看计划并应用")
    expect(page.locator("#yk-dialogs h2")).to_have_text("改动计划")


def test_the_designer_moves_fields_by_mouse_and_by_keyboard(open_page) -> None:
    page = open_page("/settings/customize/customer")
    names = ".yk-cs:nth-of-type(1) .yk-df .yk-df-l > span"
    card = page.locator("[data-section] li[data-key=level]")
    card.locator("[data-bs-toggle]").focus()
    page.keyboard.press("Enter")
    card.locator("text=上移").click()
    assert page.locator(names).all_inner_texts()[:3] == ["客户名称", "客户级别", "客户编号"]
    grip = page.locator("[data-section] li[data-key=revenue] .yk-grip")
    grip.drag_to(page.locator("[data-section] li[data-key=name]"))
    assert "年营收" in page.locator(names).all_inner_texts()
    assert len(set(page.eval_on_selector_all("[data-section] li", "all => all.map(x => x.dataset.key)"))) == 13


def test_a_condition_is_judged_by_the_server_while_it_is_typed(open_page) -> None:
    page = open_page("/settings/customize/customer")
    page.click(".yk-df-b:has-text('开户银行')")
    page.fill("#pp-visible_when", "credit_limt > 0")
    expect(page.locator(".yk-verdict.is-bad")).to_contain_text("是否要写 credit_limit")
    page.fill("#pp-visible_when", "credit_limit > 0")
    expect(page.locator(".yk-verdict:not(.is-bad):visible")).to_contain_text("有效 · 用到：信用额度、客户级别")
