"""The shell of the preview: menu, user, quick create."""

from __future__ import annotations

MENU = [
    (
        None,
        [
            ("home", "工作台", "/", None, []),
            ("bell", "消息", "/messages", "12", []),
            ("checkup-list", "审批", "/approvals", "8", []),
        ],
    ),
    (
        "客户与销售",
        [
            (
                "user-search",
                "获客",
                None,
                None,
                [
                    ("社交获客", "/records/social", None),
                    ("网站获客", "/records/site", None),
                    ("获客线索", "/records/lead", "6"),
                ],
            ),
            (
                "users",
                "客户",
                None,
                None,
                [
                    ("全部客户", "/records/customer", None),
                    ("联系人", "/records/contact", None),
                    ("纪念日", "/records/anniversary", None),
                    ("公海池", "/records/pool", None),
                ],
            ),
            (
                "calendar-event",
                "跟单协作",
                None,
                None,
                [("任务/行动", "/records/action", "3"), ("日程", "/records/event", None)],
            ),
            ("target-arrow", "销售机会", "/records/opportunity", None, []),
            ("file-text", "报价", "/records/quote", None, []),
            ("file-invoice", "合同订单", "/records/order", None, []),
            ("cash", "回款", "/records/receipt", None, []),
        ],
    ),
    (
        "服务与供应链",
        [
            ("headset", "售后", "/records/service", None, []),
            ("shopping-cart", "采购与付款", "/records/purchase", None, []),
            ("package", "产品", "/records/product", None, []),
            ("building-warehouse", "库存", "/records/stock", None, []),
        ],
    ),
    (
        "经营",
        [("speakerphone", "市场", "/records/campaign", None, []), ("chart-bar", "统计分析", "/reports", None, [])],
    ),
]


def shell(path: str, locale: str = "zh") -> dict:
    def current(url: str) -> bool:
        return path == url or (url != "/" and path.startswith(url))

    menu = [
        {
            "label": label,
            "items": [
                {
                    "icon": icon,
                    "label": name,
                    "url": url,
                    "badge": badge,
                    "group": name,
                    "current": bool(url) and current(url),
                    "on": any(current(u) for _, u, _ in subs),
                    "items": [{"label": n, "url": u, "badge": b, "current": current(u)} for n, u, b in subs],
                }
                for icon, name, url, badge, subs in items
            ],
        }
        for label, items in MENU
    ]
    return {
        "enterprise": {"label": "北京某信息技术有限公司", "logo_url": None},
        "home_url": "/",
        "user": {"key": "bjmou/chenmo", "name": "陈默", "tint": 0, "role": "老板", "avatar_url": None},
        "menu": menu,
        "foot": [
            {"icon": "layout-grid", "label": "全部功能", "url": "/all", "current": current("/all")},
            {"icon": "settings", "label": "设置", "url": "/settings", "current": current("/settings")},
        ],
        "tabbar": [
            {"icon": i, "label": n, "url": u, "badge": b, "current": current(u)}
            for i, n, u, b in [
                ("home", "工作台", "/", None),
                ("users", "客户", "/records/customer", None),
                ("checkup-list", "审批", "/approvals", "8"),
                ("layout-grid", "全部", "/all", None),
                ("user-circle", "我的", "/me", None),
            ]
        ],
        "create": [
            {"icon": "users", "label": "客户", "url": "/records/customer/new"},
            {"icon": "user-search", "label": "获客线索", "url": "#lead"},
            {"icon": "file-invoice", "label": "合同订单", "url": "/records/order/new"},
        ],
        "unread": 12,
        "messages_url": "/messages",
        "search_url": "/search",
        "search_hint": "搜索客户、联系人、订单…",
        "locales": [
            {"code": "zh", "label": "简体中文", "current": locale == "zh"},
            {"code": "en", "label": "English", "current": locale == "en"},
        ],
        "locale_url": "/locale",
        "account": [
            {"icon": "user-circle", "label": "个人资料", "url": "/me"},
            {"icon": "password", "label": "修改密码", "url": "/me/password"},
        ],
        "logout_url": "/logout",
    }
