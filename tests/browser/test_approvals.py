"""Approvals in a real Chromium: an expense claim of 12,000.00 through 部门主管, 财务 and 老板 on phones, the box at a desk.

One firm serves all tests of the file; each makes the claims it decides.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.company import log_in
from tests.browser.watching import Watch, barriers, ready

pytestmark = pytest.mark.browser
#: a phone of today and a narrow one, and a desk
WIDTHS = {"phone": (390, 844), "narrow": (360, 640), "desk": (1440, 900)}
ITEMS = [
    {"what": "机票", "amount": "4200.00"},
    {"what": "酒店 6 晚", "amount": "5400.00"},
    {"what": "客户晚宴", "amount": "2400.00"},
]


@dataclass
class Firm:
    installation: Any
    at: Any
    address: str
    browser: Browser
    ids: dict[str, int] = field(default_factory=dict)
    contexts: dict[tuple[str, str], BrowserContext] = field(default_factory=dict)

    def door(self, name: str, work: Callable[[Any], Any]) -> Any:
        from yuanke.access.sessions import actor_of
        from yuanke.records import Records

        with self.installation.unit(self.at, write=True) as unit:
            return work(Records(unit, actor_of(unit, self.ids[name], "screen")))

    def claim(self, sent: bool = True, who: str = "li", items: Any = ITEMS, **values: Any) -> int:
        from yuanke.workflow import perform

        made = int(
            self.door(who, lambda r: r.create("claim", {"name": "深圳恒通客户拜访", "items": items, **values})).id
        )
        if sent:
            self.door(who, lambda r: perform(r.unit, r.actor, "claim", made, "submit", {}))
        return made

    def get(self, claim: int) -> Any:
        return self.door("root", lambda r: r.get("claim", claim)).values

    def context(self, name: str, width: str) -> BrowserContext:
        if (name, width) not in self.contexts:
            wide, high = WIDTHS[width]
            made = self.browser.new_context(
                viewport={"width": wide, "height": high}, locale="zh-CN", has_touch=width != "desk", base_url=self.address,
                reduced_motion="reduce",
            )  # fmt: skip
            page = made.new_page()
            log_in(page, name)
            page.close()
            self.contexts[name, width] = made
        return self.contexts[name, width]


@pytest.fixture(scope="session")
def firm(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    from waitress.server import create_server
    from yuanke.app import create_app

    from tests.claims import make_company

    app = create_app({"YUANKE_HOME": tmp_path_factory.mktemp("firm"), "YUANKE_DATABASE_URL": None})
    enterprise = make_company(app.installation, "acme")
    server = create_server(app, host="127.0.0.1", port=0, threads=4, ident="yuanke")
    threading.Thread(target=server.run, daemon=True).start()
    made = Firm(app.installation, enterprise, f"http://127.0.0.1:{server.effective_port}", browser)
    with app.installation.unit(enterprise) as unit:
        user = unit.tables["user"]
        made.ids = {
            row.username: row.id for row in unit.execute(user.select().with_only_columns(user.c.username, user.c.id))
        }
    yield made
    for context in made.contexts.values():
        context.close()
    server.close()
    app.installation.close()


Seat = Callable[..., Page]


@pytest.fixture
def seat(firm: Firm) -> Iterator[Seat]:
    """``seat("zhu", "/approvals", "phone")``: a page of this person; at the end none may have said anything."""
    watched: list[tuple[Page, Watch]] = []

    def open_(name: str, path: str, width: str = "phone", allow: tuple[int, ...] = ()) -> Page:
        page = firm.context(name, width).new_page()
        page.set_default_timeout(8000)
        watch = Watch(page)
        watch.allow(*allow)
        watched.append((page, watch))
        page.goto(path)
        ready(page)
        return page

    yield open_
    for page, _ in watched:
        page.close(run_before_unload=False)
    said = [text for _, watch in watched for text in watch.said]
    assert not said, said


def card(page: Page, claim: int, firm: Firm) -> Any:
    """The line of a claim in the box."""
    return page.locator(".yk-aps-i > li", has=page.locator(f"a[href$='at={approval_of(firm, claim)}']"))


def approval_of(firm: Firm, claim: int) -> int:
    from yuanke.workflow.approvals.keeping import newest

    with firm.installation.unit(firm.at) as unit:
        found = newest(unit, "claim", claim)
    assert found is not None
    return int(found["id"])


def two_taps(page: Page, claim: int, firm: Firm) -> None:
    """同意 in the box, 同意 on the sheet."""
    line = card(page, claim, firm)
    line.get_by_role("button", name="同意").tap()
    sheet = page.locator("dialog[open]")
    expect(sheet.locator("h2")).to_be_focused()
    sheet.locator(".yk-dlg-f .btn-primary").tap()
    expect(page.locator(".yk-toast.is-good")).to_be_visible()


def paper(seat: Seat, firm: Firm, name: str, claim: int, width: str, **more: Any) -> Page:
    page = seat(name, f"/approvals?at={approval_of(firm, claim)}", width, **more)
    expect(page.locator(".yk-ap h2")).to_have_text("深圳恒通客户拜访")
    return page


def choose(page: Page, name: str) -> None:
    """Somebody in the chooser of a sheet."""
    box = page.locator("dialog[open] .ts-control input")
    box.click()
    box.press_sequentially(name)
    page.locator(".ts-dropdown .option", has_text=name).first.click()


@pytest.mark.parametrize("width", ["phone", "narrow"])
def test_a_claim_of_12000_goes_through_head_finance_and_boss(firm: Firm, seat: Seat, width: str) -> None:
    """With a return, an added signer and a delegate, on a phone."""
    claim = firm.claim(sent=False)
    page = seat("li", f"/records/claim/{claim}", width)
    page.get_by_role("button", name="提交").tap()
    page.locator("dialog[open] .yk-dlg-f .btn-primary").tap()
    expect(page.locator(".yk-ap-card .yk-tag").first).to_have_text("审批中")
    assert firm.get(claim)["approval"] == "submitted" and page.get_by_role("link", name="编辑").count() == 0

    page = seat("zhu", "/approvals", width)
    line = card(page, claim, firm)
    expect(line.locator("strong")).to_have_text("¥12,000.00")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    two_taps(page, claim, firm)

    page = paper(seat, firm, "cai", claim, width)  # 财务 returns it to the applicant
    page.locator(".yk-ap-x button").first.tap()
    page.locator(".yk-ap-x .dropdown-item", has_text="退回").tap()
    page.locator("dialog[open] .yk-phrases button", has_text="请补充附件").tap()
    page.locator("dialog[open] .yk-dlg-f .btn-primary").tap()
    expect(page.locator(".yk-toast.is-good")).to_contain_text("已退回")
    assert firm.get(claim)["approval"] == "unsent"

    page = seat("li", f"/records/claim/{claim}", width)
    expect(page.locator(".yk-says")).to_contain_text("请补充附件")
    page.get_by_role("button", name="提交").tap()
    page.locator("dialog[open] .yk-dlg-f .btn-primary").tap()
    expect(page.locator(".yk-ap-card")).to_contain_text("第 2 次提交")
    two_taps(seat("zhu", "/approvals", width), claim, firm)

    page = paper(seat, firm, "cai", claim, width)  # 财务 asks a colleague to sign first
    page.locator(".yk-ap-x button").first.tap()
    page.locator(".yk-ap-x .dropdown-item", has_text="加签").tap()
    choose(page, "Zhu")
    page.locator("dialog[open] .yk-dlg-f .btn-primary").tap()
    expect(page.locator(".yk-toast.is-good")).to_contain_text("已加签")
    page = paper(seat, firm, "zhu", claim, width)
    page.locator(".yk-ap-f .yk-ap-y").tap()
    page.locator("dialog[open] .yk-dlg-f .btn-primary").tap()
    expect(page.locator(".yk-toast.is-good")).to_be_visible()

    page = paper(seat, firm, "cai", claim, width)  # and lowers one line in his own yes
    page.locator(".yk-ap-f .yk-ap-y").tap()
    page.locator("dialog[open] [name='items.1.approved_amount']").fill("4800")
    page.locator("dialog[open] .yk-dlg-f .btn-primary").tap()
    expect(page.locator(".yk-toast.is-good")).to_be_visible()
    assert firm.get(claim)["approved_total"] == Decimal("11400.00") and firm.get(claim)["state"] == "draft"

    page = seat("bao", "/approvals/deputies", width)  # 老板 is away
    box = page.locator(".yk-deps-f .ts-control input").first
    box.click()
    box.press_sequentially("Zhu")
    page.locator(".ts-dropdown .option", has_text="Zhu").first.click()
    page.fill(
        ".yk-deps-f [name=till]", str(page.evaluate("new Date(Date.now() + 3 * 864e5).toISOString().slice(0, 10)"))
    )
    page.locator(".yk-deps-f .btn-primary").tap()
    expect(page.locator(".yk-deps .yk-tag")).to_contain_text(["生效中"])

    page = paper(seat, firm, "zhu", claim, width)
    expect(page.locator(".yk-ap .yk-note").first).to_contain_text("你在代 Bao 审批")
    page.locator(".yk-ap-f .yk-ap-y").tap()
    expect(page.locator("dialog[open] .yk-ap-facts")).to_contain_text("这是最后一步")
    page.locator("dialog[open] .yk-dlg-f .btn-primary").tap()
    expect(page.locator(".yk-toast.is-good")).to_contain_text("审批通过")
    stands = firm.get(claim)
    assert (stands["state"], stands["approval"]) == ("approved", "approved")

    page = seat("li", f"/records/claim/{claim}", width)
    expect(page.locator(".yk-ap-card .yk-tag").first).to_have_text("已通过")
    expect(page.locator(".yk-tl-card")).to_contain_text("在“老板”同意（代 Bao）")
    assert barriers(page) == []
    page = seat("bao", "/approvals/deputies", width)
    page.locator(".yk-deps button", has_text="结束").first.tap()
    page.locator("#yk-confirm [value=yes]").tap()
    expect(page.locator(".yk-deps .yk-tag.is-green")).to_have_count(0)


SCREENS = [
    ("/approvals", "zhu", "desk"), ("/approvals", "zhu", "phone"), ("/approvals?box=mine", "li", "phone"),
    ("/approvals?batch=1", "zhu", "phone"), ("/approvals", "gao", "desk"), ("/approvals/deputies", "zhu", "desk"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "who", "width"), SCREENS)
def test_every_page_is_accessible_silent_and_fits(firm: Firm, seat: Seat, path: str, who: str, width: str) -> None:
    firm.claim(name="一个很长很长的事由，" * 6)
    page = seat(who, path, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert barriers(page) == []


def test_at_a_desk_box_and_paper_stand_side_by_side(firm: Firm, seat: Seat) -> None:
    claim = firm.claim()
    page = seat("zhu", f"/approvals?at={approval_of(firm, claim)}", "desk", allow=(422,))
    expect(page.locator(".yk-aps-i > li.is-on b")).to_have_text("深圳恒通客户拜访")
    expect(page.locator(".yk-apn.is-now")).to_contain_text("部门主管")
    for button in ("退回", "加签"):
        page.locator(".yk-ap-f").get_by_role("button", name=button).click()
        expect(page.locator("dialog[open] h2")).to_be_visible()
        assert barriers(page) == []
        page.keyboard.press("Escape")
    page.locator(".yk-ap-f").get_by_role("button", name="拒绝").click()
    page.locator("dialog[open] .yk-dlg-f .btn-primary").click()
    expect(page.locator("dialog[open]").get_by_text("请写明原因")).to_be_visible()
    page.fill("dialog[open] [name=note]", "超出标准")
    page.locator("dialog[open] .yk-dlg-f .btn-primary").click()
    expect(page.locator(".yk-toast.is-good")).to_contain_text("已拒绝")
    assert firm.get(claim)["state"] == "rejected"


def test_several_are_decided_at_once(firm: Firm, seat: Seat) -> None:
    small = [{"what": "打车", "amount": "200.00"}]
    claims = [firm.claim(items=small, name=f"打车 {n}") for n in range(3)]
    page = seat("zhu", "/approvals?batch=1&q=打车", "desk")
    expect(page.locator("#yk-together [name=verb]").first).to_be_disabled()
    page.check("#yk-together [data-all]")
    expect(page.locator("#yk-together [data-count]")).to_have_text(" 3")
    page.get_by_role("button", name="同意 3").click()
    expect(page.locator(".yk-toast")).to_contain_text("已同意 3 份")
    assert [firm.get(claim)["state"] for claim in claims] == ["approved"] * 3


def test_the_count_of_what_waits_stands_in_the_menu(firm: Firm, seat: Seat) -> None:
    firm.claim()
    page = seat("zhu", "/records/claim", "desk")
    badge = page.locator(".yk-nav-a[href='/approvals'] .yk-badge")
    expect(badge).not_to_be_empty()
    before = int(badge.inner_text())
    firm.claim()
    page.reload()
    expect(page.locator(".yk-nav-a[href='/approvals'] .yk-badge")).to_have_text(str(before + 1))


def test_a_change_after_the_approval_is_shown_and_submitted_once_more(firm: Firm, seat: Seat) -> None:
    claim = firm.claim(items=[{"what": "打车", "amount": "200.00"}])
    page = seat("zhu", f"/approvals?at={approval_of(firm, claim)}", "desk")
    page.locator(".yk-ap-f .yk-ap-y").click()
    page.locator("dialog[open] .yk-dlg-f .btn-primary").click()
    expect(page.locator(".yk-toast.is-good")).to_be_visible()
    row = firm.get(claim)["items"][0].id
    firm.door("bao", lambda r: r.update("claim", claim, {"items": [{"id": row, "amount": "260.00"}]}))
    page = seat("li", f"/records/claim/{claim}", "desk")
    expect(page.locator(".yk-ap-diff del")).to_have_text("¥200.00")
    expect(page.locator(".yk-ap-diff ins")).to_have_text("¥260.00")
    page.get_by_role("button", name="重新提交审批").click()
    page.locator("#yk-confirm [value=yes]").click()
    expect(page.locator(".yk-ap-card .yk-tag").first).to_have_text("审批中")
    assert firm.get(claim)["state"] == "approved"


def test_who_comes_second_is_told_and_nothing_happens_twice(firm: Firm, seat: Seat) -> None:
    claim = firm.claim()
    two_taps(seat("zhu", "/approvals", "phone"), claim, firm)
    late = paper(seat, firm, "cao", claim, "desk", allow=(422,))
    first = paper(seat, firm, "cai", claim, "desk")
    first.locator(".yk-ap-f .yk-ap-y").click()
    first.locator("dialog[open] .yk-dlg-f .btn-primary").click()
    expect(first.locator(".yk-toast.is-good")).to_be_visible()
    late.locator(".yk-ap-f .yk-ap-y").click()
    late.locator("dialog[open] .yk-dlg-f .btn-primary").click()
    expect(late.locator("dialog[open] .yk-note.is-bad")).to_contain_text("已由别人处理")
