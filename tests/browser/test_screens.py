"""Every screen at both sizes: accessible, silent, within its width, under the strict CSP."""

from __future__ import annotations

import pytest

from tests.browser.watching import barriers

pytestmark = pytest.mark.browser

SCREENS = {
    "log-in": "/login",
    "log-in that failed": "/login?failed=1",
    "workbench": "/",
    "all functions": "/all",
    "list": "/records/customer",
    "list with a wrong expression": "/records/customer?filter=revenu+>+100",
    "list without records": "/records/customer?state=empty",
    "list without rights": "/records/customer?state=denied",
    "kanban": "/records/customer?view=kanban",
    "calendar": "/records/customer?view=calendar",
    "record": "/records/customer/28",
    "form with rows": "/records/order/new",
    "form with faults": "/records/order/new?errors=1",
    "form with every widget": "/records/customer/new",
    "import, upload": "/records/customer/import?step=1",
    "import, mapping": "/records/customer/import?step=2",
    "import, dry check": "/records/customer/import?step=3",
    "import, result": "/records/customer/import?step=5",
    "settings": "/settings",
    "designer": "/settings/customize/customer",
    "recycle bin": "/bin",
    "search": "/search?q=智联",
    "not found": "/fail/404",
    "maintenance": "/fail/503",
}


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("path", SCREENS.values(), ids=SCREENS.keys())
def test_a_screen_is_accessible_silent_and_fits(path: str, size: str, open_page) -> None:
    page = open_page(path, size, allow=(401, 404, 503))
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert barriers(page) == []


DIALOGS = {
    "search": ("/records/customer", "page.keyboard.press('Control+k')"),
    "export": ("/records/customer", "page.click('text=导出')"),
    "keys": ("/records/customer", "page.keyboard.press('?')"),
    "plan": ("/settings/customize/customer", "page.click('[data-type=choice]'); page.click('text=查看计划并应用')"),
}


@pytest.mark.parametrize("name", DIALOGS)
def test_a_dialog_is_accessible(name: str, open_page) -> None:
    path, act = DIALOGS[name]
    page = open_page(path)
    exec(act, {"page": page})
    page.wait_for_selector("dialog[open]")
    assert barriers(page) == []


def test_the_list_is_under_200_kb_cold(open_page) -> None:
    page = open_page("/login")
    sizes: list[int] = []
    page.on(
        "requestfinished",
        lambda request: sizes.append(sum(request.sizes()[k] for k in ("responseBodySize", "responseHeadersSize"))),
    )
    page.context.clear_cookies()
    session = page.context.new_cdp_session(page)
    session.send("Network.clearBrowserCache")
    page.goto("/records/customer")
    page.wait_for_load_state("networkidle")
    # the preview sends its html uncompressed: the figure is an upper bound
    assert 0 < sum(sizes) < 200_000
