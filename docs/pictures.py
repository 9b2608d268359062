"""The pictures of the README, taken from a running demo: ``python docs/pictures.py [http://127.0.0.1:8000]``."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent / "pictures"
PAGES = {
    "workbench": "/", "list": "/records/customer", "record": "/records/customer/1", "form": "/records/order/1/edit",
    "board": "/records/opportunity?view=kanban",
}  # fmt: skip
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--lang=zh-CN",
]


def main(base: str) -> None:
    browser_path = os.environ.get("YUANKE_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="zh-CN", device_scale_factor=1)
        page.goto(f"{base}/login")
        for name, text in (("enterprise", "bjmou"), ("username", "chenmo"), ("password", "yuanke-demo")):
            page.fill(f"[name={name}]", text)
        page.click("button[type=submit].btn-primary")
        page.wait_for_load_state("networkidle")
        for name, path in PAGES.items():
            page.goto(base + path)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=FOLDER / f"{name}.png")
            print(name, path)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
