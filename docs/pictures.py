"""The pictures of the README, taken from a running demo: ``python docs/pictures.py [http://127.0.0.1:8000]``.

The eighteen lines are applied first: ``yuanke pack apply docs/examples/equipment.yaml --enterprise bjmou``.
"""

from __future__ import annotations

import os
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent / "pictures"
PAGES = {
    "workbench": "/", "list": "/records/customer", "record": "/records/customer/1", "form": "/records/order/1/edit",
    "board": "/records/opportunity?view=kanban",
}  # fmt: skip
EIGHTEEN = {"equipment": "/records/equipment", "equipment-form": "/records/equipment/1/edit"}
#: name, serial number, days since it was installed, state
MACHINES = (
    ("数控车床 CK6150", "CK-2207-118", 420, "running"),
    ("空压机 GA37", "GA37-0931", 260, "running"),
    ("激光切割机 G3015", "G3015-77", 96, "stopped"),
    ("冷水机组 LSB40", "LSB-40-15", 30, "running"),
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--lang=zh-CN",
]
LOOK = {"viewport": {"width": 1280, "height": 800}, "locale": "zh-CN", "device_scale_factor": 1}


def main(base: str) -> None:
    browser_path = (
        os.environ.get("YUANKE_TEST_CHROMIUM")
        or shutil.which("chromium-headless-shell")
        or shutil.which("chromium")
        or shutil.which("google-chrome")
    )
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
        _pictures(_logged_in(browser.new_page(**LOOK), base, "chenmo"), base, PAGES)
        page = _logged_in(browser.new_page(**LOOK), base, "heting")
        _machines(page, base)
        _pictures(page, base, EIGHTEEN)
        browser.close()


def _logged_in(page: Page, base: str, username: str) -> Page:
    page.goto(f"{base}/login")
    for name, text in (("enterprise", "bjmou"), ("username", username), ("password", "yuanke-demo")):
        page.fill(f"[name={name}]", text)
    page.click("button[type=submit].btn-primary")
    page.wait_for_url(f"{base}/")
    return page


def _machines(page: Page, base: str) -> None:
    """A few records of the new entity, through its API, the first time."""
    who = {"enterprise": "bjmou", "username": "heting", "password": "yuanke-demo", "provider": "db"}
    browser = page.context.browser
    assert browser is not None
    token = browser.new_context().request.post(f"{base}/api/v1/security/login", data=who).json()["access_token"]
    caller = browser.new_context(extra_http_headers={"Authorization": f"Bearer {token}"}).request
    address = f"{base}/api/v1/records/equipment"
    if caller.get(address).json()["result"]:
        return
    customers = [row["id"] for row in caller.get(f"{base}/api/v1/records/customer?limit=4").json()["result"]]
    for customer, (name, serial, days, status) in zip(customers, MACHINES, strict=False):
        installed = date.today() - timedelta(days)
        body = {
            "name": name, "customer": customer, "serial_no": serial, "status": status, "location": "一号车间",
            "installed_on": f"{installed}", "warranty_until": f"{installed + timedelta(730)}",
        }  # fmt: skip
        made = caller.post(address, data=body)
        assert made.ok, made.text()


def _pictures(page: Page, base: str, pages: dict[str, str]) -> None:
    for name, path in pages.items():
        page.goto(base + path)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / f"{name}.png")
        print(name, path)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
