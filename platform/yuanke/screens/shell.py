"""The frame around every page: menu, quick create, who is logged in. As `base.html` takes it.

The one rule: an entry is shown when its page would open for this reader.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from markupsafe import Markup

from yuanke.kernel.errors import RecordNotFound
from yuanke.metadata.approvals import approvable
from yuanke.metadata.registry import Entity
from yuanke.screens import urls
from yuanke.screens.assets import tint
from yuanke.screens.reader import Reader
from yuanke.storage import drafts
from yuanke.web import drafts as looking

MOST_QUICK = 6
KEPT = 500
APPROVALS = "/approvals"
DRAFTS = "/settings/customize/drafts"
_menus: OrderedDict[tuple[Any, ...], tuple[list[dict[str, Any]], Markup]] = OrderedDict()


def shell(reader: Reader) -> dict[str, Any]:
    actor, enterprise = reader.actor, reader.unit.enterprise
    menu, html = _menu(reader)
    first = _first_pages(menu)
    return {
        "enterprise": {"label": enterprise.label, "logo_url": enterprise.logo},
        "user": {
            "key": f"{enterprise.slug}/{actor.username}", "name": actor.name or actor.username,
            "tint": tint(actor.user_id), "role": role_label(reader), "avatar_url": None,
        },
        "home_url": "/", "menu": menu, "menu_html": html,
        "foot": _foot(reader), "draft": draft_shown(reader),
        "tabbar": _tabbar(first, menu),
        "create": _quick_create(reader, first),
        "unread": 0, "messages_url": "/messages", "unread_url": "/messages/unread",
        "search_url": "/search", "search_hint": str(_("搜索名称、编号、电话…")),
        "locales": [
            {"code": code, "label": label, "current": code == reader.locale}
            for code, label in (("zh", "简体中文"), ("en", "English"))
        ],
        "locale_url": "/lang",
        "account": _account(reader),
        "logout_url": "/logout",
    }  # fmt: skip


def changing(reader: Reader) -> Hashable:
    """What of `shell` may differ between two requests for one page by one person with the same rights, enterprise and
    language: pages that are kept are kept under it (`yuanke.screens.kept`)."""
    held = draft_shown(reader)
    return (held["title"], held["url"]) if held else ()


def draft_shown(reader: Reader) -> dict[str, str] | None:
    """The draft that this browser looks at; only its author has one."""
    number = looking.entered()
    if number is None or not reader.actor.is_admin:
        return None
    try:
        held = drafts.draft(reader.unit, number, reader.actor.user_id)
    except RecordNotFound:
        return None
    return {"title": held.title, "url": f"{DRAFTS}/{number}", "leave_url": f"{DRAFTS}/leave"}


def role_label(reader: Reader) -> str:
    labels = [reader.say(label) for key, label in reader.registry.roles.items() if key in reader.actor.roles]
    return labels[0] if labels else str(_("用户"))


def listed_entities(reader: Reader) -> list[Entity]:
    """Entities of modules that have a list of their own and that the reader may open."""
    return [
        entity
        for entity in reader.registry.entities.values()
        if not entity.system and entity.kind == "record" and reader.may(entity, "read")
    ]


@dataclass(frozen=True)
class Entry:
    """A list that the menu leads to: the entity's own, or one of its further views."""

    entity: Entity
    label: str
    view: str | None = None

    @property
    def url(self) -> str:
        return urls.entity(self.entity.key, view=self.view)


def groups(reader: Reader) -> list[dict[str, Any]]:
    """The declared menu with the lists the reader may open; what no menu names stands under its module."""
    open_to = {entity.key: entity for entity in listed_entities(reader)}
    named: set[str] = set()
    found = []
    for group in reader.registry.menu:
        items = [entry for item in group.get("items", ()) if (entry := _entry(reader, item, open_to)) is not None]
        named.update(entry.entity.key for entry in items if entry.view is None)
        if items:
            found.append(
                {"key": group["key"], "label": reader.say(group["label"]), "icon": group["icon"], "items": items}
            )
    for key, module in reader.registry.modules.items():
        rest = [_plain(reader, e) for e in open_to.values() if e.module == key and e.key not in named]
        if rest:
            found.append({"key": key, "label": reader.say(module.label), "icon": module.icon, "items": rest})
    return found


def _entry(reader: Reader, item: Any, open_to: Mapping[str, Entity]) -> Entry | None:
    said = item if isinstance(item, Mapping) else {"entity": item}
    key = str(said.get("entity", ""))
    entity = open_to.get(key) or _rows_of(reader, key)
    if entity is None:
        return None
    view = entity.views.get(str(said.get("view") or ""))
    if view is None:
        return Entry(entity, _own_label(reader, said) or reader.say(entity.plural))
    return Entry(entity, _own_label(reader, said) or reader.say(view.label), view.name)


def _own_label(reader: Reader, said: Mapping[str, Any]) -> str:
    """What the menu itself calls it stands in Chinese; in other languages the label of the view or the entity does."""
    return str(said.get("label") or "") if reader.locale == "zh" else ""


def _plain(reader: Reader, entity: Entity) -> Entry:
    return Entry(entity, reader.say(entity.plural))


def _rows_of(reader: Reader, key: str) -> Entity | None:
    """Rows that an entity declares on its own have a list too, where the menu names it."""
    entity = reader.registry.entities.get(key)
    named = entity is not None and entity.kind == "rows" and reader.may(entity, "read")
    return entity if named else None


def _menu(reader: Reader) -> tuple[list[dict[str, Any]], Markup]:
    """Drawn once for each set of rights, language and page one stands on."""
    here = _here(reader)
    mark = (reader.registry.digest, reader.unit.head.perm_version, reader.actor.roles, reader.locale, here)
    found = _menus.get(mark)
    if found is None:
        menu = [
            _home(reader, here),
            {"label": None, "items": [_group(reader, group, here) for group in groups(reader)]},
        ]
        found = _menus[mark] = (menu, Markup(render_template("_menu.html", shell={"menu": menu})))
        while len(_menus) > KEPT:
            _menus.popitem(last=False)
    return found


def _here(reader: Reader) -> str:
    """The address as the menu knows it: a list, with the view where the menu leads to it."""
    here, view = "/".join(request.path.split("/")[:3]), request.args.get("view")
    whole = f"{here}?view={view}"
    leads = view is not None and any(
        isinstance(item, Mapping) and urls.entity(str(item.get("entity")), view=item.get("view")) == whole
        for group in reader.registry.menu for item in group.get("items", ())
    )  # fmt: skip
    return whole if leads else here


def _home(reader: Reader, here: str) -> dict[str, Any]:
    on = here == "/"
    item: dict[str, Any] = {
        "label": str(_("工作台")),
        "icon": "home",
        "url": "/",
        "badge": None,
        "on": on,
        "current": on,
        "group": "home",
        "items": [],
    }
    told = {**item, "label": str(_("消息")), "icon": "bell", "url": "/messages", "group": "messages"}
    told["on"] = told["current"] = here == "/messages"
    asked = {**item, "label": str(_("审批")), "icon": "clipboard-check", "url": APPROVALS, "group": "approvals"}
    asked["on"] = asked["current"] = here == APPROVALS
    return {"label": None, "items": [item, told, *([asked] if approves(reader) else [])]}


def approves(reader: Reader) -> bool:
    """Whether there are papers that somebody must agree to, and the reader sees such papers."""
    return any(approvable(entity) and reader.may(entity, "read") for entity in reader.registry.entities.values())


def _group(reader: Reader, group: dict[str, Any], here: str) -> dict[str, Any]:
    entries = [
        {"label": one.label, "url": one.url, "badge": None, "current": here == one.url} for one in group["items"]
    ]
    on = any(entry["current"] for entry in entries)
    whole = {
        "label": group["label"],
        "icon": group["icon"],
        "badge": None,
        "on": on,
        "group": group["key"],
        "items": entries,
    }
    if len(entries) == 1:
        return {**whole, "url": entries[0]["url"], "current": on, "items": []}
    return {**whole, "url": None, "current": False}


def _first_pages(menu: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first list of each group, for the phone's bar and quick create."""
    found = []
    for item in menu[1]["items"]:
        entry = item["items"][0] if item["items"] else item
        found.append({"label": entry["label"], "icon": item["icon"], "url": entry["url"], "current": entry["current"]})
    return found


def _foot(reader: Reader) -> list[dict[str, Any]]:
    foot = [{"label": str(_("全部功能")), "icon": "layout-grid", "url": "/all", "current": request.path == "/all"}]
    if reader.actor.is_admin:
        on = request.path.startswith("/settings")
        foot.append({"label": str(_("设置")), "icon": "settings", "url": "/settings", "current": on})
    return foot


def _account(reader: Reader) -> list[dict[str, Any]]:
    return [
        {"label": str(_("个人资料")), "icon": "user-circle", "url": "/me"},
        {"label": str(_("修改密码")), "icon": "password", "url": "/me/password"},
        {"label": str(_("操作记录")), "icon": "history", "url": "/changes"},
    ]


def _tabbar(first: list[dict[str, Any]], menu: list[dict[str, Any]]) -> list[dict[str, Any]]:
    home = {"label": str(_("工作台")), "icon": "home", "url": "/", "badge": None, "current": request.path == "/"}
    everything = {
        "label": str(_("全部")),
        "icon": "layout-grid",
        "url": "/all",
        "badge": None,
        "current": request.path == "/all",
    }
    asked = [
        {**home, "label": item["label"], "icon": item["icon"], "url": APPROVALS, "current": request.path == APPROVALS}
        for item in menu[0]["items"] if item["group"] == "approvals"
    ]  # fmt: skip
    return [home, *({**page, "badge": None} for page in first[: 3 - len(asked)]), *asked, everything]


def _quick_create(reader: Reader, first: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for page in first:
        entity = reader.registry.entities[page["url"].partition("?")[0].rsplit("/", 1)[1]]
        if reader.may(entity, "create"):
            found.append({"label": reader.say(entity.label), "icon": page["icon"], "url": urls.new(entity.key)})
    return found[:MOST_QUICK]
