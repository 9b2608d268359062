"""What the browser tests share: the sizes they look at, when a page is ready, what it said, whom it would keep out."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"

SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}

RUN_AXE = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
    .filter(v => ['serious', 'critical'].includes(v.impact))
    // FullCalendar names a day's cell by its date while events stand in it: its own mark-up, out of our hands
    .filter(v => v.id !== 'label-content-name-mismatch' || !v.nodes.every(n => n.html.includes('data-date=')))
    .map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ') + ' ' + n.failureSummary).join(' | '))"""


class Watch:
    """What a page said while it was looked at; answers that a test expects are allowed by status."""

    def __init__(self, page: Page) -> None:
        self.said: list[str] = []
        self.allowed: set[int] = set()
        page.on("console", lambda message: self._hear(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self._hear(f"error: {error}"))

    def allow(self, *statuses: int) -> None:
        self.allowed.update(statuses)

    def _hear(self, text: str) -> None:
        if not any(f"the server responded with a status of {status}" in text for status in self.allowed):
            self.said.append(text)


def ready(page: Page) -> None:
    """Waits until every script of the page has attached its handlers."""
    page.wait_for_selector("html[data-ready]", state="attached")


def barriers(page: Page) -> list[str]:
    """What axe-core finds serious or critical on the page as it stands."""
    if not AXE.is_file():
        pytest.skip("axe-core comes with the checkout's node_modules")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(RUN_AXE)
    return found
