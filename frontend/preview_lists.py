"""View models of list, kanban and calendar, as the pages would make them."""

from __future__ import annotations

from preview_people import CUSTOMERS, INDUSTRIES, LEVELS, PEOPLE, STATES, due, person

COLUMNS = [
    ("name", "客户名称", "yk-s-title"),
    ("level", "级别", "yk-s-tag"),
    ("state", "状态", "yk-s-state"),
    ("industry", "行业", ""),
    ("region", "地区", ""),
    ("contact", "主联系人", ""),
    ("owner", "负责人", "yk-s-sub"),
    ("revenue", "年营收（万元）", "yk-r yk-s-sum"),
    ("next", "下次跟进", "yk-s-due"),
]
URL = "/records/customer"


def cells(c: dict) -> dict[str, tuple]:
    return {
        "name": ("title", c["name"], f"{URL}/{c['id']}"),
        "level": ("tag", *c["level"]),
        "state": ("state", *c["state"]),
        "industry": ("text", c["industry"], None),
        "region": ("text", c["region"], None),
        "contact": ("text", c["contact"], None) if c["id"] % 9 else ("none", "", None),
        "owner": ("user", PEOPLE[c["owner"]], c["owner"] % 6),
        "revenue": ("num", f"{c['revenue']:,.2f}", None),
        "next": due(c["next"]),
    }


def options(pairs: list[tuple[str, str]]) -> list[dict]:
    return [{"key": label, "label": label, "color": colour, "retired": False} for label, colour in pairs]


def filters(args) -> list[dict]:
    def one(key, label, widget, value, said, first=True, **more):
        return {
            "name": f"f.{key}",
            "widget": widget,
            "first": first,
            "value": value,
            "said": said,
            "clear_url": URL,
            "field": {"name": f"f.{key}", "id": f"f-{key}", "label": label, **more},
        }

    level = args.getlist("f.level") if "f.level" in args else ["A", "B"]
    state = args.getlist("f.state")
    return [
        one(
            "industry",
            "行业",
            "choice",
            args.getlist("f.industry"),
            "、".join(args.getlist("f.industry")) or None,
            options=options([(i, "gray") for i in INDUSTRIES]),
        ),
        one("state", "状态", "choice", state, "、".join(state) or None, options=options(STATES)),
        one("owner", "负责人", "user", [], None, lookup_url="/lookup/user"),
        one("level", "级别", "choice", level, "、".join(x for x in level if x) or None, options=options(LEVELS)),
        one("next", "下次跟进", "date", None, None),
        one("revenue", "年营收", "money", None, None, first=False),
        one("region", "地区", "text", "", None, first=False),
    ]


def head(kind: str) -> dict:
    return {
        "entity": {"key": "customer", "label": "客户", "plural": "客户", "icon": "users"},
        "title": "客户",
        "count": "5,000",
        "crumbs": None,
        "url": URL,
        "actions": [
            {"label": "导入", "icon": "upload", "url": "/records/customer/import", "method": "get"},
            {"label": "导出", "icon": "download", "url": "/dialogs/export", "method": "dialog"},
            {
                "label": "新建客户",
                "icon": "plus",
                "url": "/records/customer/new",
                "method": "get",
                "primary": True,
                "key": "n",
            },
        ],
        "views": [
            {"label": n, "url": f"{URL}?v={i}", "on": i == 1, "count": "8" if i == 2 else None}
            for i, n in enumerate(["全部客户", "我负责的", "本周待跟进", "A 级重点", "30 天未联系", "公海池"])
        ],
        "save_view_url": "/dialogs/view",
        "kinds": [
            {"label": label, "icon": i, "url": f"{URL}?view={k}", "on": k == kind}
            for k, label, i in [
                ("list", "列表", "list"),
                ("kanban", "看板", "layout-kanban"),
                ("calendar", "日历", "calendar"),
            ]
        ],
    }


def customer_list(args) -> dict:
    q = args.get("q", "")
    keys = args.get("columns", "").split(",") if args.get("columns") else [k for k, _, _ in COLUMNS]
    columns = [(k, label, css) for k in keys for k2, label, css in COLUMNS if k == k2]
    found = [c for c in CUSTOMERS if q in c["name"]]
    wrong = args.get("filter", "")
    error = (
        {
            "said": "没有字段 revenu，是否要写 revenue？",
            "hint": "字段名见下方，点击可插入",
            "before": "",
            "wrong": "revenu",
            "after": " > 100",
        }
        if "revenu " in wrong
        else None
    )
    state = args.get("state")
    empty = None
    if state == "empty":
        empty = {
            "icon": "users",
            "title": "还没有客户",
            "said": "新建第一个，或从 Excel 导入已有的客户",
            "action": {"label": "新建客户", "url": "/records/customer/new"},
        }
    elif state == "denied":
        empty = {"icon": "lock", "title": "你没有查看客户的权限", "said": "需要时请联系系统管理员 何敏", "action": None}
    elif not found:
        empty = {
            "icon": "search-off",
            "title": "没有符合条件的客户",
            "said": "少几个条件，或换一个词试试",
            "action": {"label": "清除条件", "url": URL},
        }
    return {
        **head("list"),
        "keep": {"v": "1"},
        "q": q,
        "q_hint": "名称、电话、联系人",
        "filters": filters(args),
        "expression": {
            "text": wrong,
            "open": bool(wrong),
            "error": error,
            "fields": [
                {"name": n, "label": label}
                for n, label in [
                    ("level", "级别"),
                    ("state", "状态"),
                    ("revenue", "年营收"),
                    ("owner", "负责人"),
                    ("region", "地区"),
                ]
            ],
        },
        "clear_url": URL if q or wrong else None,
        "bulk": [
            {"label": "转移负责人", "icon": "user-share", "url": "/dialogs/transfer", "method": "dialog"},
            {"label": "批量修改", "icon": "edit", "url": "/dialogs/edit", "method": "dialog"},
            {
                "label": "删除",
                "icon": "trash",
                "url": URL,
                "method": "post",
                "confirm": "删除选中的客户？\n会移到回收站，30 天内可以恢复。",
                "yes": "删除",
                "danger": True,
            },
        ],
        "columns": [
            {
                "key": k,
                "label": label,
                "css": css,
                "sort": "ascending" if k == "next" else None,
                "sort_url": f"{URL}?sort={k}" if k != "contact" else None,
            }
            for k, label, css in columns
        ],
        "chooser": {
            "url": "/columns",
            "items": [
                {"key": k, "label": label, "on": k in keys, "fixed": k == "name"}
                for k, label, _ in sorted(COLUMNS, key=lambda c: keys.index(c[0]) if c[0] in keys else 99)
            ],
        },
        "rows": [
            {
                "id": c["id"],
                "url": f"{URL}/{c['id']}",
                "title": c["name"],
                "version": 3,
                "cells": [cells(c)[k] for k, _, _ in columns],
            }
            for c in found
        ],
        "row_actions": [
            {"label": "编辑", "icon": "edit", "url": URL + "/{id}/edit", "method": "get"},
            {"label": "写跟进", "icon": "message-plus", "url": "/dialogs/follow?id={id}", "method": "dialog"},
            {"label": "复制", "icon": "copy", "url": URL + "/new?from={id}", "method": "get"},
            {
                "label": "删除",
                "icon": "trash",
                "url": URL + "/{id}/delete",
                "method": "post",
                "confirm": "删除这个客户？\n会移到回收站，30 天内可以恢复。",
                "yes": "删除",
                "danger": True,
            },
        ],
        "pager": None
        if empty
        else {
            "said": "第 1–50 条，共 5,000 条",
            "prev_url": None,
            "next_url": f"{URL}?after=x",
            "sizes": [{"n": n, "url": f"{URL}?limit={n}", "on": n == 50} for n in (20, 50, 100)],
        },
        "empty": empty,
        "note": None,
    }


def kanban() -> dict:
    columns = []
    for key, colour in STATES:
        found = [c for c in CUSTOMERS if c["state"][0] == key]
        columns.append(
            {
                "key": key,
                "label": key,
                "colour": colour,
                "count": str(len(found)),
                "sum": f"¥{sum(c['revenue'] for c in found):,.0f} 万",
                "closed": False,
                "cards": [
                    {
                        "id": c["id"],
                        "version": 3,
                        "url": f"{URL}/{c['id']}",
                        "title": c["name"],
                        "tag": c["level"],
                        "lines": [f"{c['industry']} · {c['contact']}"],
                        "figure": f"¥{c['revenue']:,.0f} 万",
                        "due": due(c["next"]),
                        "owner": person(c["owner"]),
                    }
                    for c in found
                ],
                "more_url": None,
            }
        )
    return {**head("kanban"), "move_url": "/move", "columns": columns, "may_move": True}
