"""The filter bar of a list: which fields may be clicked, what is set, and how it is said."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from yuanke.metadata.registry import Entity, Field
from yuanke.screens.asked import Asked
from yuanke.screens.controls import options_of
from yuanke.screens.reader import Reader
from yuanke.screens import urls

MOST_FIRST = 4
MOST = 24
TEXTS = {"text", "phone", "email", "url", "address", "region", "tags", "barcode"}
RANGES = {"integer", "number", "quantity", "money", "price", "percent", "date", "datetime", "rating"}


def filters(reader: Reader, entity: Entity, asked: Asked, shown: list[Field]) -> list[dict[str, Any]]:
    """Choices, people and dates of the columns first; the rest waits behind 更多筛选."""
    readable = reader.records.grant(entity.key).readable
    fields = [f for k, f in entity.fields.items() if k in readable and not f.retired and _clickable(f)]
    columns = {f.key for f in shown}
    fields.sort(key=lambda f: (f.key not in columns, f.options is None, f.source == "system" and f.key != "owner"))
    first = [f.key for f in fields if f.key in columns and (f.options or f.targets == ("user",) or f.type.name == "date")]
    asked_for = asked.args.get("with", "").removeprefix("f.")
    return [
        _filter(reader, f, asked, f.key in first[:MOST_FIRST] or f.key == asked_for) for f in fields[:MOST]
    ]


def _clickable(field: Field) -> bool:
    if field.rows or field.pairs or not field.has_column or field.key in ("id", "version", "deleted_at"):
        return False
    return bool(field.options) or len(field.targets) == 1 or field.type.name in (TEXTS | RANGES | {"bool"})


def _filter(reader: Reader, field: Field, asked: Asked, first: bool) -> dict[str, Any]:
    name = f"f.{field.key}"
    value, said = _value(reader, field, asked, name)
    parts = (name, f"{name}.from", f"{name}.to", f"{name}.within")
    return {
        "name": name, "widget": field.type.widget, "value": value, "said": said, "first": first,
        "clear_url": asked.url(**dict.fromkeys(parts)),
        "field": {
            "key": field.key, "name": name, "id": f"f-{field.key}", "label": reader.say(field.label),
            "options": options_of(reader, field), "widget": field.type.widget,
            "lookup_url": urls.lookup(field.targets[0]) if field.targets else None, "targets": [],
        },
    }  # fmt: skip


def _value(reader: Reader, field: Field, asked: Asked, name: str) -> tuple[Any, str | None]:
    given = asked.args.getlist(name)
    if field.type.name in RANGES:
        return _range(field, asked, name)
    if field.type.name == "bool":
        said = {"1": str(_("是")), "0": str(_("否"))}.get(given[0]) if given else None
        return (given[0] if given else ""), said
    if field.options:
        labels = {o["key"]: o["label"] for o in options_of(reader, field)}
        return given, "、".join(labels.get(v, str(_("（空）"))) for v in given) or None
    if field.targets:
        chosen = _chosen(reader, field, given)
        return chosen, "、".join(item["title"] for item in chosen) or None
    text = given[0] if given else ""
    return text, text or None


def _chosen(reader: Reader, field: Field, given: list[str]) -> list[dict[str, Any]]:
    from yuanke.records.carried import titles_of

    ids = [int(v) for v in given if v.isdigit() and len(v) < 19]
    titles = titles_of(reader.unit, reader.actor, reader.registry.entities[field.targets[0]], ids)
    found = [{"id": one, "title": titles.get(one, f"#{one}")} for one in ids]
    if "me" in given:
        found.insert(0, {"id": "me", "title": str(_("我"))})
    return found


def _range(field: Field, asked: Asked, name: str) -> tuple[Any, str | None]:
    low, high, within = (asked.args.get(f"{name}.{part}", "") for part in ("from", "to", "within"))
    words = {
        "today": _("今天"), "yesterday": _("昨天"), "this_week": _("本周"), "last_week": _("上周"), "this_month": _("本月"),
        "last_month": _("上月"), "this_quarter": _("本季"), "this_year": _("今年"), "last_30": _("近 30 天"),
        "next_7": _("未来 7 天"), "next_30": _("未来 30 天"), "past": _("已过"), "none": _("未填"),
    }  # fmt: skip
    parts = [str(words[within])] if within in words else []
    parts += [f"{low} – {high}".strip()] if low or high else []
    return {"from": low, "to": high, "within": within}, "，".join(parts) or None
