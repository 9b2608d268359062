"""The real pages at both sizes, as the head of the firm and as a salesperson: accessible, silent, within their width."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.watching import barriers, ready
from tests.served import PASSWORD

pytestmark = pytest.mark.browser

#: screen -> (address with the ids of the company, who looks, at which sizes)
BOTH = ("desktop", "phone")
SCREENS = {
    "log-in": ("/login", "", BOTH),
    "workbench": ("/", "mo", BOTH),
    "all functions": ("/all", "lin", ("phone",)),
    "list": ("/records/customer", "mo", BOTH),
    "kanban": ("/records/opportunity?view=kanban", "mo", BOTH),
    "calendar": ("/records/order?view=calendar", "lin", ("phone",)),
    "record": ("/records/customer/{customers[0]}", "mo", BOTH),
    "form with rows": ("/records/order/{order}/edit", "mo", BOTH),
    "import": ("/records/customer/import", "mo", BOTH),
    "settings": ("/settings", "mo", ("desktop",)),
    "designer": ("/settings/customize/opportunity", "mo", BOTH),
    "packs": ("/settings/packs", "mo", ("phone",)),
    "versions": ("/settings/customize/versions", "mo", ("phone",)),
    "background jobs": ("/settings/jobs", "mo", BOTH),
    "automations": ("/settings/automations", "mo", BOTH),
    "an automation": ("/settings/automations/opportunity/stale", "mo", BOTH),
    "recycle bin": ("/bin", "lin", ("desktop",)),
    "one's own page": ("/me", "lin", ("phone",)),
    "password": ("/me/password", "lin", ("desktop",)),
}
LOOKS = [(name, size) for name, (_, _, sizes) in SCREENS.items() for size in sizes]


@pytest.mark.parametrize(("name", "size"), LOOKS)
def test_a_real_screen_is_accessible_silent_and_fits(name: str, size: str, at_work, company) -> None:
    path, username, _ = SCREENS[name]
    page = at_work(path.format(**company.ids), username, size)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert barriers(page) == []


def test_one_logs_in_by_the_form_to_the_page_one_came_for(at_work) -> None:
    page = at_work("/records/order?sort=sign_on", "", allow=(401,))
    for name, value in (("enterprise", "acme"), ("username", "lin"), ("password", "falsches-wort")):
        page.fill(f"[name={name}]", value)
    page.click("button.yk-lg-go")
    expect(page.locator(".yk-lg [role=alert]")).to_be_visible()
    expect(page.locator("[name=username]")).to_have_value("lin")
    page.fill("[name=password]", PASSWORD)
    page.click("button.yk-lg-go")
    ready(page)
    assert page.url.endswith("/records/order?sort=sign_on")
