"""Forms of the real application: what is typed is worked out, checked, kept and saved."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

pytestmark = pytest.mark.browser
#: an image of one pixel
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
RECORD = re.compile(r"/records/\w+/(\d+)(?:\?.*)?$")
OPTION = ".ts-dropdown:visible .option"


def choose(page: Page, control: Locator, typed: str, title: str) -> None:
    """Types into a look-up and takes what it offers."""
    control.fill(typed)
    page.click(f"{OPTION}:has-text('{title}')")


def saved(page: Page) -> int:
    """Saves by the keyboard; the id of the record whose page opens."""
    page.keyboard.press("Control+s")
    page.wait_for_url(RECORD)
    return int(RECORD.search(page.url).group(1))  # type: ignore[union-attr]


def typed_into(box: Locator, text: str) -> None:
    """The text stands there: a look-up that was just answered may take the keyboard back from a hand as quick as this one."""
    for _ in range(4):
        box.click()
        box.fill(text)
        box.page.wait_for_timeout(100)
        if box.input_value() == text:
            return
    raise AssertionError(f"{text} was not taken: {box.input_value()}")


def test_an_order_with_lines_from_the_first_letter_to_the_record(at_work, company) -> None:
    page = at_work("/records/order/new", allow=(422,))
    customer = page.locator("#f-customer-ts-control")
    for typed in ("KH0001", "hzzj", "之江科技"):  # its number, its initials, a piece of its name
        customer.fill(typed)
        expect(page.locator(OPTION).first).to_contain_text("杭州之江科技有限公司")
    page.locator(OPTION).first.click()
    page.click("[data-row-act=add]")
    row = page.locator("tr[data-row]").last
    choose(page, row.locator(".ts-control input").first, "ydsp", "移动审批模块")
    expect(row.locator("[name$='.price']")).to_have_value("2,600.00")
    expect(row.locator("[name$='.unit']")).to_have_value("套")
    typed_into(row.locator("[name$='.quantity']"), "3")
    expect(row.locator("[data-out$='.amount']")).to_have_text("7,800.00")
    total = page.locator(".yk-sum .is-strong dd")
    expect(total).to_have_text("¥7,800.00")
    page.select_option("[name=tax_mode]", "excluded")
    expect(total).to_have_text("¥8,814.00")

    page.fill("[name=receiver]", "张三")
    page.fill("[name=latest_ship_on]", "2001-01-01")
    row.locator("[name$='.quantity']").fill("0")
    page.keyboard.press("Control+s")
    expect(page.locator(".yk-errors")).to_be_focused()
    expect(page.locator("[name=latest_ship_on]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("tr[data-row]").last).to_contain_text("数量要大于 0")
    expect(page.locator("[name=receiver]")).to_have_value("张三")
    expect(page.locator("[name$='.price']").last).to_have_value("2,600.00")
    page.fill("[name=latest_ship_on]", "")
    page.locator("tr[data-row]").last.locator("[name$='.quantity']").fill("2")
    made = company.get("order", saved(page)).values
    assert (str(made["total"]), made["receiver"], len(made["lines"])) == ("5876.00", "张三", 1)


def test_two_who_change_the_same_record_lose_nothing(at_work, company) -> None:
    order = company.order(receiver="李四")
    page = at_work(f"/records/order/{order}/edit", allow=(422,))
    other = at_work(f"/records/order/{order}/edit")
    other.fill("[name=subject]", "别人的主题")
    other.fill("[name=memo]", "别人的备注")
    saved(other)
    page.fill("[name=subject]", "我的主题")
    page.fill("[name=receiver]", "王五")
    page.keyboard.press("Control+s")
    expect(page.locator(".yk-errors")).to_contain_text("别人的主题")
    expect(page.locator("[name=memo]")).to_have_value("别人的备注")
    expect(page.locator("[name=receiver]")).to_have_value("王五")
    saved(page)
    values = company.get("order", order).values
    assert (values["subject"], values["memo"], values["receiver"]) == ("我的主题", "别人的备注", "王五")


def test_a_record_is_made_on_the_spot_and_chosen(at_work, company) -> None:
    page = at_work("/records/order/new", "lin", allow=(422,))
    page.locator("#f-customer-ts-control").fill("新星测试公司")
    page.click(".ts-dropdown:visible .create")
    expect(page.locator("#yk-dlg [name=name]")).to_have_value("新星测试公司")
    page.fill("#yk-dlg [name=name]", "")
    page.click("#yk-dlg footer .btn-primary")
    expect(page.locator("#yk-dlg .yk-wrong")).to_be_visible()
    page.fill("#yk-dlg [name=name]", "新星科技")
    page.click("#yk-dlg footer .btn-primary")
    expect(page.locator("#yk-dlg")).to_have_count(0)
    expect(page.locator("[data-field=customer] .item")).to_have_text("新星科技")
    made = company.get("customer", int(page.input_value("[name=customer]")))
    assert made.values["owner"].id == company.users["lin"]

    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.evaluate("location.href = '/records/order'")
    page.wait_for_timeout(150)
    assert asked == ["beforeunload"] and page.url.endswith("/records/order/new")


def test_a_field_shows_itself_while_one_types(at_work) -> None:
    page = at_work("/records/customer/new")
    expect(page.locator("[data-field=id_no]")).to_be_hidden()
    page.select_option("[name=kind]", "person")
    expect(page.locator("[data-field=id_no]")).to_be_visible()


def test_who_saves_while_a_file_is_on_its_way_waits_for_it(at_work, company) -> None:
    page = at_work(f"/records/contact/{company.ids['contact']}/edit")
    held: list[Route] = []
    page.route("**/files", lambda route: held.append(route))
    page.set_input_files("#f-card_image", {"name": "名片.png", "mimeType": "image/png", "buffer": DOT})
    expect(page.locator("[data-field=card_image] .yk-file")).to_contain_text("名片.png")
    page.keyboard.press("Control+s")
    page.wait_for_timeout(200)
    assert page.url.endswith("/edit") and len(held) == 1
    held[0].continue_()
    page.wait_for_url(RECORD)
    expect(page.locator("#yk-v-card_image img")).to_have_js_property("naturalWidth", 1)


def test_a_form_works_without_a_script(desks, company) -> None:
    known = desks.of("lin", "desktop").storage_state()
    context = desks.browser.new_context(java_script_enabled=False, base_url=company.address, storage_state=known)
    page = context.new_page()
    page.goto("/records/contact/new")
    page.fill("[name=name]", "没有脚本的人")
    page.click("form#yk-form button[type=submit] >> nth=0")
    assert "客户 不能为空" in page.inner_text("main")
    assert page.input_value("[name=name]") == "没有脚本的人"
    context.close()


def test_a_phone_fills_in_where_it_is_and_says_so_when_it_may_not(at_work, company) -> None:
    page = at_work(f"/records/customer/{company.ids['customers'][3]}/edit", "mo", "phone")
    box = page.locator("[name=location]")
    page.locator("[data-here]").click()
    expect(page.locator("#yk-toasts .yk-toast.is-bad")).to_contain_text("没有取到位置")
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": 31.2035, "longitude": 121.59251234567})
    page.locator("[data-here]").click()
    expect(box).to_have_value("31.2035, 121.5925123")
    page.context.clear_permissions()
    page.get_by_role("button", name="保存", exact=True).first.click()
    page.wait_for_url("**/records/customer/*")
    assert company.get("customer", company.ids["customers"][3]).values["location"] == {
        "lat": 31.2035,
        "lng": 121.5925123,
    }
