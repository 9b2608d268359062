"""What stands around the rows of a list, kanban or calendar: title, actions, views, columns to choose, the expert's filter."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from yuanke.kernel.errors import QueryFault
from yuanke.kernel.text import Label
from yuanke.metadata.registry import Entity, Field
from yuanke.screens import urls
from yuanke.screens.asked import Asked
from yuanke.screens.pages import duplicates
from yuanke.screens.pages.acts import for_many
from yuanke.screens.pages.transfer import may_transfer
from yuanke.screens.reader import Reader
from yuanke.screens.saved import VIEWS, chosen, saved_views
from yuanke.screens.undoable import may_do
from yuanke.web.language import say

VIEW_ICONS = {"list": "list", "kanban": "layout-kanban", "calendar": "calendar"}
MOST_NAMES = 12


def head(reader: Reader, entity: Entity, ask: Asked, kind: str) -> dict[str, Any]:
    """Title, actions, views and kinds: the same above list, kanban and calendar."""
    keeps = VIEWS in reader.registry.entities and reader.may(reader.registry.entities[VIEWS], "create")
    return {
        "entity": {"key": entity.key, "label": reader.say(entity.label), "plural": reader.say(entity.plural), "icon": entity.icon},
        "title": reader.say(entity.plural), "count": None, "crumbs": None,
        "actions": _actions(reader, entity),
        "views": _views(reader, entity, ask, kind), "view_menu": _view_menu(reader, entity, ask),
        "save_view_url": f"/records/{entity.key}/views/new" if keeps and kind == "list" else None,
        "kinds": [
            {"label": reader.say(view.label), "icon": VIEW_ICONS[view.kind], "on": name == kind,
             "url": urls.entity(entity.key, view=None if name == "list" else name, v=ask.args.get("v"))}
            for name, view in entity.views.items() if view.kind in VIEW_ICONS
        ],
    }  # fmt: skip


def _views(reader: Reader, entity: Entity, ask: Asked, kind: str) -> list[dict[str, Any]]:
    """Those declared, then those that people keep."""
    view = entity.views.get("list")
    declared = view.body.get("filters", {}) if view else {}
    now = "" if ask.saved is not None else ask.args.get("v") or ("all" if "all" in declared else "")
    at = None if kind == "list" else kind
    every = {
        "label": str(_("全部")),
        "url": urls.entity(entity.key, view=at),
        "on": not now and ask.saved is None,
        "count": None,
    }
    found = [] if "all" in declared else [every]
    for name, said in declared.items():
        label = reader.say(said["label"]) if isinstance(said.get("label"), Label) else str(said.get("label") or name)
        found.append(
            {"label": label, "url": urls.entity(entity.key, v=name, view=at), "on": now == name, "count": None}
        )
    return found + [
        {"label": v.name, "url": v.url(entity), "on": v.id == ask.saved, "count": None}
        for v in saved_views(reader, entity)
    ]


def _view_menu(reader: Reader, entity: Entity, ask: Asked) -> list[dict[str, Any]]:
    """What the owner of the view that is open may do with it."""
    view = chosen(reader, entity, ask)
    if view is None or not view.mine:
        return []
    at = f"/records/{entity.key}/views/{view.id}"
    gone = str(_("删除视图“%(name)s”？\n记录不受影响。", name=view.name))
    return [
        {"label": str(_("保存现在的条件和列")), "icon": "device-floppy", "url": at, "method": "post"},
        {"label": str(_("改名或共享")), "icon": "edit", "url": f"{at}/edit", "method": "dialog"},
        {
            "label": str(_("删除视图")),
            "icon": "trash",
            "url": f"{at}/delete",
            "method": "post",
            "confirm": gone,
            "yes": str(_("删除")),
            "danger": True,
        },
    ]


def _actions(reader: Reader, entity: Entity) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if duplicates.offers(reader, entity):
        found.append({"label": str(_("查重")), "icon": "list-search", "url": duplicates.at(entity), "method": "get"})
    if reader.may(entity, "import"):
        found.append(
            {"label": str(_("导入")), "icon": "upload", "url": f"/records/{entity.key}/import", "method": "get"}
        )
    if reader.may(entity, "export"):
        found.append(
            {"label": str(_("导出")), "icon": "download", "url": f"/records/{entity.key}/export", "method": "dialog"}
        )
    if reader.may(entity, "create"):
        label = str(_("新建%(name)s", name=reader.say(entity.label)))
        found.append(
            {"label": label, "icon": "plus", "url": urls.new(entity.key), "method": "get", "primary": True, "key": "n"}
        )
    return found


def bulk(reader: Reader, entity: Entity) -> list[dict[str, Any]]:
    """What can be done with the chosen ones; each record is asked for its own rights when it is done."""
    found: list[dict[str, Any]] = []
    update = reader.records.grant(entity.key, "update")
    if may_transfer(reader, entity):
        url = f"/records/{entity.key}/transfer"
        found.append({"label": str(_("转移负责人")), "icon": "users", "url": url, "method": "dialog"})
    if may_do(reader, entity, "share"):
        url = f"/records/{entity.key}/share"
        found.append({"label": str(_("共享")), "icon": "share", "url": url, "method": "dialog"})
    if may_do(reader, entity, "merge"):
        url = f"/records/{entity.key}/merge"
        found.append({"label": str(_("合并")), "icon": "arrows-join", "url": url, "method": "dialog"})
    if update.allowed and update.writable:
        found.append(
            {"label": str(_("批量修改")), "icon": "edit", "url": f"/records/{entity.key}/bulk", "method": "dialog"}
        )
    found += for_many(reader, entity)
    if reader.may(entity, "export"):
        found.append(
            {
                "label": str(_("导出选中")),
                "icon": "download",
                "url": f"/records/{entity.key}/export",
                "method": "dialog",
            }
        )
    if reader.may(entity, "delete"):
        confirm = str(_("删除选中的记录？\n会移到回收站，可以恢复。"))
        found.append({"label": str(_("删除")), "icon": "trash", "url": f"/records/{entity.key}/delete", "method": "post",
                      "confirm": confirm, "yes": str(_("删除")), "danger": True})  # fmt: skip
    return found


def row_actions(reader: Reader, entity: Entity) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if reader.may(entity, "update"):
        found.append({"label": str(_("编辑")), "icon": "edit", "url": urls.edit(entity.key, "{id}"), "method": "get"})
    if reader.may(entity, "create"):
        found.append(
            {"label": str(_("复制")), "icon": "copy", "url": urls.new(entity.key) + "?from={id}", "method": "get"}
        )
    if reader.may(entity, "delete"):
        confirm = str(_("删除这条记录？\n会移到回收站，可以恢复。"))
        found.append({"label": str(_("删除")), "icon": "trash", "url": f"/records/{entity.key}/{{id}}/delete", "method": "post",
                      "confirm": confirm, "yes": str(_("删除")), "danger": True})  # fmt: skip
    return found


def chooser(reader: Reader, entity: Entity, shown: list[Field], here: str) -> dict[str, Any]:
    """``cache``: who sees the same fields and has chosen the same columns gets the same menu."""
    readable = reader.records.grant(entity.key).readable
    keys = [f.key for f in shown]
    rest = [
        f for k, f in entity.fields.items()
        if k in readable and k not in keys and not f.retired and not f.rows and k not in ("id", "deleted_at", "version")
    ]  # fmt: skip
    return {
        "url": f"/records/{entity.key}/columns" + (f"?{here.partition('?')[2]}" if "?" in here else ""),
        "items": [{"key": f.key, "label": reader.say(f.label), "on": f.key in keys, "fixed": f.key == entity.title} for f in [*shown, *rest]],
        "cache": (entity.digest, entity.key, tuple(keys), readable) if entity.digest else None,
    }  # fmt: skip


def expression(reader: Reader, entity: Entity, ask: Asked, fault: QueryFault | None) -> dict[str, Any]:
    text = ask.args.get("filter", "")
    readable = reader.records.grant(entity.key).readable
    names = [f for k, f in entity.fields.items() if k in readable and not f.retired and f.source != "system"][
        :MOST_NAMES
    ]
    error = None
    if fault is not None and fault.extra.get("parameter") == "filter":
        start, end = fault.extra.get("start", 0), fault.extra.get("end", 0)
        error = {
            "said": say(fault.said),
            "hint": str(_("字段名见下方，点击可插入")),
            "before": text[:start],
            "wrong": text[start:end],
            "after": text[end:],
        }
    fields = [{"name": f.key, "label": reader.say(f.label)} for f in names]
    return {"text": text, "open": bool(text), "error": error, "fields": fields, "sample": _sample(names),
            "cache": (entity.digest, entity.key, readable) if entity.digest else None}  # fmt: skip


def _sample(fields: list[Field]) -> str:
    """An expression of this entity's own, to show how one is written."""
    parts = []
    choice = next((f for f in fields if f.options and not f.multiple), None)
    if choice is not None:
        parts.append(f"{choice.key} in ({', '.join(list(choice.options or {})[:2])})")
    text = next((f for f in fields if f.type.kind == "text"), None)
    number = next((f for f in fields if f.type.numeric), None)
    parts += [f"{number.key} > 1000"] if number is not None else [f"{text.key} != ''"] if text is not None else []
    return " and ".join(parts)
