"""A list of records: views, filters by click and by expression, columns, pages, what to do with the chosen ones."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from flask import Response, make_response, render_template, request, session
from flask_babel import gettext as _
from markupsafe import escape

from yuanke.kernel.errors import QueryFault
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Page
from yuanke.screens import urls
from yuanke.screens.asked import PAGING, Asked, asked
from yuanke.screens.bar import filters
from yuanke.screens.columns import heads, listed, styles
from yuanke.screens.drawn import pager_html, records_html
from yuanke.screens.kept import filled, hole
from yuanke.screens.pages.list_frame import bulk, chooser, expression, head, row_actions
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.saved import chosen, saved_views
from yuanke.screens.shell import changing, shell
from yuanke.storage.prepared import remembered
from yuanke.web.language import say

MOST_COLUMNS = 40
#: lists whose columns a browser remembers: the cookie that holds them has little room
MOST_REMEMBERED = 12


def list_page(reader: Reader, entity: Entity) -> Response:
    """The page, or the list alone for htmx. A wrong expression is told in place over an empty list."""
    ask = asked(entity)
    if not reader.may(entity, "read"):
        return _answer(reader, _denied(reader, entity, ask), 403)
    fields = shown_fields(reader, entity, ask)
    try:
        page = reader.records.list(entity.key, ask.query(reader, fields))
    except QueryFault as fault:
        return _answer(reader, _faulty(reader, entity, ask, fields, fault), 422 if wants_part() else 400)
    if page.records:
        return _listed(reader, entity, ask, fields, page)
    return _answer(
        reader,
        {
            **_frame(reader, entity, ask, fields),
            "rows": [],
            "count": "0",
            "pager": None,
            "empty": _empty(reader, entity, ask),
        },
    )


def _listed(reader: Reader, entity: Entity, ask: Asked, fields: list[Field], page: Page) -> Response:
    """A page with rows: all but them, the total, the pager and one's place is drawn once (see `_kept_under`)."""
    count = f"{page.count:,}{'+' if page.count_capped else ''}" if page.count is not None else None
    here = ask.url(**{name: ask.args.get(name) for name in PAGING})
    picks, more = remembered(
        reader.unit, ("rows", reader.actor, reader.locale, entity.key), lambda: _around_rows(reader, entity)
    )
    drawn = records_html(page.records, fields, styles(entity, fields), reader.place, picks, more)
    pager = pager_html(_pager(ask, page, count))
    key = _kept_under(reader, entity, ask, fields)
    if key is None or count is None:
        model = {
            **_frame(reader, entity, ask, fields),
            "drawn": drawn,
            "count": count,
            "pager": pager,
            "empty": None,
            "refresh_url": here,
        }
        return _answer(reader, model)

    def draw() -> str:
        holes = {
            "drawn": hole("rows"),
            "count": hole("count"),
            "pager": hole("pager"),
            "refresh_url": hole("here"),
            "empty": None,
        }
        return _drawn(reader, {**_frame(reader, entity, ask, fields), **holes})

    pieces = {"rows": drawn, "count": count, "pager": pager, "here": escape(here)}
    return Response(filled(key, draw, pieces), mimetype="text/html")


def _around_rows(reader: Reader, entity: Entity) -> tuple[bool, str | None]:
    """Whether rows have a box in front, and what the button behind them is called."""
    return bool(bulk(reader, entity)), str(_("更多操作")) if row_actions(reader, entity) else None


def _kept_under(reader: Reader, entity: Entity, ask: Asked, fields: list[Field]) -> Hashable:
    """Everything that `_frame` and the shell read; None when the page is not one to keep (something is searched for,
    filtered by click, or told once)."""
    said = [(name, ask.args.getlist(name)) for name in ask.args if name not in PAGING]
    if any(name not in ("v", "s", "sort", "limit") for name, _values in said) or "_flashes" in session:
        return None
    unit = reader.unit
    return (
        unit.serial, unit.head.perm_version, reader.actor, unit.enterprise, reader.locale, wants_part(), entity.key, repr(said),
        tuple(field.key for field in fields), repr(saved_views(reader, entity)), changing(reader),
    )  # fmt: skip


def shown_fields(reader: Reader, entity: Entity, ask: Asked) -> list[Field]:
    """Columns the reader chose in this browser, else those of the saved view, else those of the list view."""
    wanted = session.get("columns", {}).get(_remembered_as(entity, ask))
    if not wanted:
        by = chosen(reader, entity, ask)
        view = entity.views.get("list")
        wanted = by.columns if by is not None and by.columns else view.body.get("columns", ()) if view else ()
    return listed(reader, entity, wanted)


def _remembered_as(entity: Entity, ask: Asked) -> str:
    return f"{entity.key}/{ask.saved}" if ask.saved is not None else entity.key


def choose_columns(reader: Reader, entity: Entity) -> Response:
    """POST ``column`` repeated in order, or ``reset``; answers the list."""
    keys = [key for key in request.form.getlist("column") if key in entity.fields][:MOST_COLUMNS]
    remember_columns(_remembered_as(entity, asked(entity)), [] if request.form.get("reset") else keys)
    return list_page(reader, entity)


def remember_columns(name: str, keys: list[str]) -> None:
    kept = {k: v for k, v in session.get("columns", {}).items() if k != name}
    if keys:
        kept[name] = keys
    session["columns"] = dict(list(kept.items())[-MOST_REMEMBERED:])


def _answer(reader: Reader, model: dict[str, Any], status: int = 200) -> Response:
    return make_response(_drawn(reader, model), 200 if status == 422 and wants_part() else status)


def _drawn(reader: Reader, model: dict[str, Any]) -> str:
    context = {"list": model, "ctx": {"cell": False, "locale": reader.locale}, "locale": reader.locale}
    if wants_part():
        return render_template("_list.html", **context)
    return render_template("list.html", shell=shell(reader), seen=None, **context)


def _frame(reader: Reader, entity: Entity, ask: Asked, fields: list[Field]) -> dict[str, Any]:
    """All but the rows; it is drawn once for what `_kept_under` names."""
    return {
        **head(reader, entity, ask, "list"),
        "url": urls.entity(entity.key),
        "keep": {k: ask.args[k] for k in ("s", "v", "sort", "limit") if ask.args.get(k)},
        "q": ask.args.get("q", ""), "q_hint": str(_("名称、编号、拼音首字母")),
        "filters": filters(reader, entity, ask, fields),
        "expression": expression(reader, entity, ask, None),
        "clear_url": urls.entity(entity.key, v=ask.args.get("v")) if ask.narrowed else None,
        "bulk": bulk(reader, entity),
        "columns": heads(reader, entity, fields, ask.sort or _declared_sort(entity), ask.url),
        "chooser": chooser(reader, entity, fields, ask.url(after=None)),
        "row_actions": row_actions(reader, entity),
        "refresh_url": ask.url(after=ask.args.get("after"), trail=ask.args.get("trail"), at=ask.args.get("at")),
        "note": None,
    }  # fmt: skip


def _declared_sort(entity: Entity) -> tuple[str, ...]:
    view = entity.views.get("list")
    said = view.body.get("sort") if view else None
    return (said,) if isinstance(said, str) else tuple(said or ())


def _pager(ask: Asked, page: Page, count: str | None) -> dict[str, Any]:
    first, here = ask.offset + 1, ask.args.get("after", "")
    trail = [*ask.trail, here][-20:]
    following = (
        ask.url(after=page.next, trail="~".join(c for c in trail if c), at=ask.offset + len(page.records))
        if page.next
        else None
    )
    back = None
    if here:
        before = ask.trail
        back = ask.url(
            after=before[-1] if before else None, trail="~".join(before[:-1]), at=max(0, ask.offset - ask.limit)
        )
    said = _(
        "第 %(first)s–%(last)s 条，共 %(count)s 条",
        first=f"{first:,}",
        last=f"{ask.offset + len(page.records):,}",
        count=count or "?",
    )
    sizes = [{"n": n, "url": ask.url(limit=n), "on": n == ask.limit} for n in ask.sizes]
    return {"said": str(said), "prev_url": back, "next_url": following, "sizes": sizes}


# -- why there is nothing -----------------------------------------------------------------------------------------


def _faulty(reader: Reader, entity: Entity, ask: Asked, fields: list[Field], fault: QueryFault) -> dict[str, Any]:
    """A wrong expression stands marked in its box, any other wrong parameter is told above the list."""
    empty = {"icon": "filter", "title": str(_("条件有误，先改正它")), "said": None, "action": None}
    told = expression(reader, entity, ask, fault)
    try:
        frame = _frame(reader, entity, ask, fields)
    except QueryFault:  # a sort that cannot be: the heads cannot be drawn with it
        return _faulty(reader, entity, Asked(entity, type(ask.args)()), fields, fault)
    model = {**frame, "rows": [], "pager": None, "empty": empty, "expression": told}
    if not told["error"]:
        model["note"] = {
            "tone": "bad",
            "title": say(fault.said),
            "action": {"label": str(_("清除条件")), "url": urls.entity(entity.key)},
        }
    return model


def _empty(reader: Reader, entity: Entity, ask: Asked) -> dict[str, Any]:
    name = reader.say(entity.plural)
    if ask.narrowed or ask.args.get("v"):
        action: dict[str, str] | None = {"label": str(_("清除条件")), "url": urls.entity(entity.key)}
        return {
            "icon": "search-off",
            "title": str(_("没有符合条件的%(name)s", name=name)),
            "said": str(_("少几个条件，或换一个词试试")),
            "action": action,
        }
    action = (
        {"label": str(_("新建%(name)s", name=reader.say(entity.label))), "url": urls.new(entity.key)}
        if reader.may(entity, "create")
        else None
    )
    said = str(_("新建第一条，或从 Excel 导入已有的数据")) if action else str(_("有了数据就会显示在这里"))
    return {"icon": entity.icon, "title": str(_("还没有%(name)s", name=name)), "said": said, "action": action}


def _denied(reader: Reader, entity: Entity, ask: Asked) -> dict[str, Any]:
    reason = reader.records.grant(entity.key, "read").reason
    empty = {
        "icon": "lock",
        "title": str(_("你没有查看%(name)s的权限", name=reader.say(entity.plural))),
        "said": say(reason),
        "action": None,
    }
    bare: dict[str, Any] = {"views": [], "view_menu": [], "save_view_url": None, "kinds": [], "actions": [], "filters": [], "bulk": [], "columns": [],
            "chooser": None, "row_actions": [], "expression": None, "rows": [], "pager": None, "keep": {}, "q": "", "q_hint": "",
            "clear_url": None, "refresh_url": None, "note": None}  # fmt: skip
    return {**head(reader, entity, ask, "list"), **bare, "url": urls.entity(entity.key), "empty": empty}
