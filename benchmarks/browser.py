"""W8: the list page in a real headless Chromium: bytes over the wire, requests, time until rows are seen, largest paint.

The one rule: a cold start has an empty cache, a warm one is the next visit in the same browser.
"""

from __future__ import annotations

import shutil
from typing import Any

from benchmarks.client import Client
from benchmarks.company import SELLER

BYTES_GOAL, SEEN_GOAL = 200_000, 400.0
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
LARGEST = """() => new Promise(done => new PerformanceObserver(list => done(list.getEntries().at(-1).startTime))
  .observe({type: 'largest-contentful-paint', buffered: true}))"""
ROWS = """() => new Promise(done => { const look = () => document.querySelector('tr[data-id]') ? requestAnimationFrame(() =>
  done(performance.now())) : requestAnimationFrame(look); look(); })"""


def chromium() -> str | None:
    return next(
        (
            path
            for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable")
            if (path := shutil.which(name))
        ),
        None,
    )


def visit(port: int, rounds: int = 5) -> list[dict[str, Any]] | None:
    """Cold and warm, the medians of some rounds; None without a browser."""
    path = chromium()
    if path is None:
        return None
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    found: dict[str, list[dict[str, Any]]] = {"cold": [], "warm": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        for _ in range(rounds):
            context = browser.new_context(locale="zh-CN")
            context.add_cookies([_cookie(port)])
            for temperature in ("cold", "warm"):
                found[temperature].append(_visit(context, port))
            context.close()
        browser.close()
    return [{"visit": name, **_middle(times)} for name, times in found.items()]


def _cookie(port: int) -> Any:
    name, _, value = Client(port).enter(SELLER).headers["Cookie"].partition("=")
    return {"name": name, "value": value, "url": f"http://127.0.0.1:{port}"}


def _visit(context: Any, port: int) -> dict[str, Any]:
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    seen = {"bytes": 0, "requests": 0}
    session.on(
        "Network.loadingFinished",
        lambda event: seen.__setitem__("bytes", seen["bytes"] + int(event["encodedDataLength"])),
    )
    session.on("Network.requestWillBeSent", lambda _event: seen.__setitem__("requests", seen["requests"] + 1))
    page.goto(f"http://127.0.0.1:{port}/records/customer", wait_until="commit")
    rows = page.evaluate(ROWS)
    page.wait_for_load_state("load")
    largest = page.evaluate(LARGEST)
    page.wait_for_timeout(150)
    page.close()
    return {**seen, "rows": rows, "largest": largest}


def _middle(times: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: sorted(one[key] for one in times)[len(times) // 2] for key in times[0]}
