"""The front end seen from Python: hashed files, icons, template folders, security headers, static serving.

Rule: a file under ``/static/dist/`` never changes under its name, so it is served as immutable; everything else here
is decided once at start. ``install(app)`` is all an app has to call.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PrefixLoader
from markupsafe import Markup, escape
from whitenoise import WhiteNoise

PACKAGE = Path(__file__).resolve().parent.parent
STATIC = PACKAGE / "static"
TEMPLATES = PACKAGE / "screens" / "templates"
WIDGETS = PACKAGE / "screens" / "widgets"
URL = "/static/dist/"
FALLBACK_ICON = "file"

#: what a page may load: its own files and nothing else; no inline script or style, no eval, no frame of a stranger
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
}


class AssetsMissing(RuntimeError):
    """The package was installed without its front end (``YUANKE_ASSETS=skip``, or a checkout never built)."""

    def __init__(self) -> None:
        super().__init__(
            "前端资源未构建：请在项目目录运行 python hatch_build.py，或重新 pip install -e . / "
            "front-end assets missing: run python hatch_build.py in the project, or pip install -e . again"
        )


@lru_cache(maxsize=1)
def manifest() -> Mapping[str, Any]:
    """``app.css``, ``app.js``, ``calendar.css``, ``icons.svg``, ``more.svg`` -> file names; ``icons``, ``more`` -> names."""
    try:
        found: dict[str, Any] = json.loads((STATIC / "dist" / "manifest.json").read_text(encoding="utf-8"))
    except OSError as fault:
        raise AssetsMissing from fault
    return found


def asset(name: str) -> str:
    """URL of a built file by its unhashed name: ``app.css``."""
    return URL + manifest()[name]


def preloads() -> list[str]:
    """URLs of the chunks that ``app.js`` imports at once."""
    return [URL + name for name in manifest()["preload"]]


def icon_names() -> list[str]:
    """Every icon an entity or a menu entry may carry, sorted."""
    return sorted({*manifest()["icons"], *manifest()["more"]})


@lru_cache(maxsize=4096)
def icon(name: str, more: str = "") -> Markup:
    """``<svg>`` of an icon, decorative; ``more`` are further classes. An unknown name shows a file, not nothing."""
    sheet = "icons.svg" if name in _core_icons() else "more.svg" if name in manifest()["more"] else None
    if sheet is None:
        name, sheet = FALLBACK_ICON, "icons.svg" if FALLBACK_ICON in _core_icons() else "more.svg"
    classes = f"yk-icon {escape(more)}".strip()
    return Markup(f'<svg class="{classes}" aria-hidden="true"><use href="{asset(sheet)}#{name}"/></svg>')


@lru_cache(maxsize=1)
def _core_icons() -> frozenset[str]:
    return frozenset(manifest()["icons"])


def initials(name: str) -> str:
    """What stands in a round avatar: the last two characters of a Chinese name, else first letters."""
    name = name.strip()
    if not name.isascii():
        return name[-2:]
    words = name.split()
    return "".join(word[0] for word in words[:2]).upper() if words else ""


def tint(key: int | str | None) -> int:
    """0-5: the same person has the same colour everywhere."""
    if key is None:
        return 0
    return (key if isinstance(key, int) else sum(key.encode())) % 6


def loader(more_widgets: Iterable[Path] = ()) -> BaseLoader:
    """Templates of the platform; ``widgets/x.html`` from the folders of plugins first, then ``screens/widgets``."""
    widgets = FileSystemLoader([str(folder) for folder in (*more_widgets, WIDGETS)])
    return ChoiceLoader([FileSystemLoader(str(TEMPLATES)), PrefixLoader({"widgets": widgets})])


def install(app: Flask, more_widgets: Iterable[Path] = ()) -> None:
    """Templates, globals, filters, headers and static files for ``app``, after Babel and AppBuilder. Raises AssetsMissing."""
    prepare(app, more_widgets)
    app.after_request(secure)
    serve_static(app)


def prepare(app: Flask, more_widgets: Iterable[Path] = ()) -> None:
    """Templates, globals and filters alone, for an app that sends its own headers and static files. Raises AssetsMissing."""
    manifest()
    app.jinja_loader = loader(more_widgets)  # type: ignore[assignment]
    from yuanke.screens import rows, sentences

    app.jinja_env.globals.update(
        asset=asset, preloads=preloads, icon=icon, core_icons=lambda: asset("icons.svg"),
        rows_html=rows.rows_html, cell=rows.cell_html,
    )  # fmt: skip
    sentences.install(app)
    app.jinja_env.filters.update(initials=initials, tint=tint)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False, "separators": (",", ":")}


def secure(response: Response) -> Response:
    """Sets the security headers that are not set yet; a page may not be kept by shared caches."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def serve_static(app: Flask) -> None:
    """WhiteNoise in front of ``app``: the .br and .gz written at build time, names with a hash kept for ever."""
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(STATIC),
        prefix="static/",
        max_age=60,
        immutable_file_test=lambda path, url: url.startswith(URL) and not url.endswith(("manifest.json", ".stamp")),
    )
