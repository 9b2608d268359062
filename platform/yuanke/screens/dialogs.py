"""Dialogs that ask something, as `_dialog_form.html` takes them, and the answers that close them.

The one rule: a refused dialog comes back in its place with what is wrong; an accepted one leads on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, make_response, redirect, render_template

from yuanke.screens.reader import Reader, wants_part


def dialog(
    reader: Reader, title: str, url: str, fields: Sequence[dict[str, Any]], submit: str, *, said: str | None = None,
    hidden: Sequence[tuple[str, Any]] = (), errors: Sequence[str] = (), danger: bool = False, note: str | None = None, size: str = "is-s",
    lines: Sequence[dict[str, str]] = (),
) -> Response:  # fmt: skip
    """``fields`` are controls; each stands on a row of its own. ``lines`` stand above them, each with its own button."""
    model = {
        "title": title, "said": said, "url": url, "size": size, "columns": 1, "fields": [{**f, "span": "wide", "create_url": None} for f in fields],
        "hidden": list(hidden), "errors": list(errors), "submit": submit, "danger": danger, "note": note, "target": None,
        "lines": list(lines),
    }  # fmt: skip
    context = {"dialog": model, "ctx": {"cell": False, "locale": reader.locale}, "locale": reader.locale}
    faulty = bool(errors) or any(f["errors"] for f in fields)
    return make_response(render_template("_dialog_form.html", **context), 422 if faulty else 200)


def lead_on(target: str) -> Response:
    """To another page, for htmx and for a plain form alike."""
    if wants_part():
        return Response("", 200, headers={"HX-Redirect": target})
    return redirect(target, 303)  # type: ignore[return-value]
