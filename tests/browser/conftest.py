"""A real Chromium on the preview of the screens: the real templates and scripts, fixture data instead of an engine.

A test fails on any console message, script error or breach of the CSP, unless it says which answers it expects.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="the browser tests need pytest-playwright")
from playwright.sync_api import Browser, BrowserContext, Page, Playwright
from werkzeug.serving import make_server

from tests.browser.company import at_work, company, desks  # noqa: F401  fixtures of the real application
from tests.browser.watching import SIZES, Watch, ready

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--lang=zh-CN",
]  # fmt: skip


def chromium_of(playwright: Playwright) -> str | None:
    """The Chromium to use: named by the environment, Playwright's own, or one of the machine; the shell without a window
    first, which needs half the time for a page."""
    named = os.environ.get("YUANKE_TEST_CHROMIUM")
    if named:
        return named
    if Path(playwright.chromium.executable_path).exists():
        return playwright.chromium.executable_path
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser_type_launch_args(playwright: Playwright) -> dict[str, Any]:
    path = chromium_of(playwright)
    if path is None:
        sentence = "no Chromium on this machine: install one, or name it in YUANKE_TEST_CHROMIUM"
        if os.environ.get("CI") or os.environ.get("YUANKE_REQUIRE_BROWSER"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return {"executable_path": path, "args": ARGUMENTS}


@pytest.fixture(scope="session")
def preview() -> Iterator[str]:
    """The address of the preview app, served from this process."""
    sys.path.insert(0, str(ROOT / "frontend"))
    app = importlib.import_module("preview").create_app()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


Open = Callable[..., Page]


@pytest.fixture(scope="session")
def contexts(browser: Browser, preview: str) -> Iterator[dict[str, BrowserContext]]:
    """One context a size for all tests: the files of the front end are fetched once."""
    made = {
        size: browser.new_context(
            viewport=viewport, locale="zh-CN", has_touch=size == "phone", base_url=preview, reduced_motion="reduce"
        )
        for size, viewport in SIZES.items()
    }
    yield made
    for context in made.values():
        context.close()


@pytest.fixture
def open_page(contexts: dict[str, BrowserContext]) -> Iterator[Open]:
    """``open_page("/records/customer", "phone", allow=(404,))`` -> a page whose scripts have started.

    At the end of the test none of its pages may have said anything.
    """
    watched: list[tuple[Page, Watch]] = []

    def open_(path: str, size: str = "desktop", allow: tuple[int, ...] = ()) -> Page:
        page = contexts[size].new_page()
        watch = Watch(page)
        watch.allow(*allow)
        watched.append((page, watch))
        page.goto(path)
        ready(page)
        return page

    yield open_
    for page, _ in watched:
        page.context.set_offline(False)
        page.close(run_before_unload=False)
    said = [text for _, watch in watched for text in watch.said]
    assert not said, said
