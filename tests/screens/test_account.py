"""The enterprise's own picture."""

from __future__ import annotations

import base64
from collections.abc import Callable

from tests.screens.conftest import Visitor

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_an_administrator_gives_the_enterprise_its_picture(as_: Callable[[str], Visitor]) -> None:
    root = as_("root")
    assert "image" in root.get("/settings/logo", htmx=True).text
    file = root.upload(DOT, "logo.png").json["id"]
    assert root.post("/settings/logo", {"logo": str(file)}, htmx=True).headers["HX-Redirect"] == "/settings"
    html = root.get("/").text
    address = html.split('src="/logo/')[1].split('"')[0]
    shown = as_("lin").get(f"/logo/{address}")
    assert shown.status_code == 200 and shown.mimetype == "image/png" and shown.data == DOT
    assert root.get("/logo/" + "0" * 64).status_code == 404
    root.post("/settings/logo", {"logo": ""}, htmx=True)
    assert "/logo/" not in root.get("/").text


def test_only_pictures_and_only_administrators(as_: Callable[[str], Visitor]) -> None:
    root = as_("root")
    page = root.upload(b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "logo.png").json["id"]
    assert root.post("/settings/logo", {"logo": str(page)}, htmx=True).status_code == 422
    assert as_("lin").get("/settings/logo").status_code == 403
