"""全功能: every module and what it holds, found by name or pinyin initials."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template

from yuanke.records.tokens import initials
from yuanke.screens import urls
from yuanke.screens.reader import Reader
from yuanke.screens.shell import groups, shell


def functions_page(reader: Reader) -> Response:
    made = [_group(reader, group) for group in groups(reader)]
    model = {
        "total": sum(len(g["items"]) for g in made), "favourites": [], "groups": made,
        "customize_url": "/settings/customize" if reader.actor.is_admin else None,
    }  # fmt: skip
    return make_response(render_template("functions.html", functions=model, shell=shell(reader), seen=None, locale=reader.locale))


def _group(reader: Reader, group: dict[str, Any]) -> dict[str, Any]:
    items = []
    for entity in group["entities"]:
        label = reader.say(entity.plural)
        k = f"{label} {initials(label)} {group['label']}".lower()
        items.append({"label": label, "url": urls.entity(entity.key), "count": None, "k": k, "starred": False, "star_url": None, "long": len(label) > 8})
    return {"label": group["label"], "icon": group["icon"], "items": items}
