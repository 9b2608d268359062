"""全功能: every module and what it holds, found by name or pinyin initials; favourites before all."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template

from yuanke.metadata.registry import Entity
from yuanke.records.tokens import initials
from yuanke.screens import favourites
from yuanke.screens.reader import Reader
from yuanke.screens.shell import groups, shell


def functions_page(reader: Reader) -> Response:
    made = [_group(reader, group) for group in groups(reader)]
    model = {
        "total": sum(len(g["items"]) for g in made), "favourites": favourites.shown(reader), "groups": made,
        "customize_url": "/settings/customize" if reader.actor.is_admin else None,
    }  # fmt: skip
    return make_response(
        render_template("functions.html", functions=model, shell=shell(reader), seen=None, locale=reader.locale)
    )


def _group(reader: Reader, group: dict[str, Any]) -> dict[str, Any]:
    items = []
    for entry in group["items"]:
        entity, label = entry.entity, entry.label
        k = f"{label} {initials(label)} {group['label']}".lower()
        items.append({
            "label": label, "url": entry.url, "count": None, "k": k, "starred": favourites.is_kept(reader, entity, None),
            "star_url": f"/records/{entity.key}/star" if entry.view is None else None, "long": 13 * len(label) > 100,
        })  # fmt: skip
    return {"label": group["label"], "icon": group["icon"], "items": items}


def star_list(reader: Reader, entity: Entity) -> Response:
    """POST: keep the whole list at hand, or let it go."""
    favourites.toggle(reader, entity, None, reader.say(entity.plural))
    return Response("", 204)


def star_record(reader: Reader, entity: Entity, record_id: int) -> Response:
    record = reader.records.get(
        entity.key, record_id, [entity.title] if entity.title in reader.records.grant(entity.key).readable else ()
    )
    favourites.toggle(reader, entity, record.id, record.title)
    return Response("", 204)
