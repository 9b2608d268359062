"""View models of record, workbench, functions, import, settings and designer, as the pages would make them."""

from __future__ import annotations

from markupsafe import Markup
from preview_forms import field
from preview_people import CUSTOMERS, PEOPLE, person
from pypinyin import Style, lazy_pinyin

STATE = {
    "潜在": "gray",
    "需求确认": "blue",
    "方案报价": "purple",
    "审批中": "indigo",
    "执行中": "azure",
    "已完成": "green",
}


def cell(text: str) -> tuple:
    return ("text", text, None)


def related() -> dict:
    rows = [
        ("HT2026-0311", "CRM 企业版年度合同", "审批中", "276,354.80", "0.00", "—"),
        ("HT2026-0188", "数据迁移服务", "执行中", "98,000.00", "68,600.00", "2026-08-14"),
        ("HT2025-0402", "移动审批模块增购", "已完成", "126,000.00", "126,000.00", "2025-11-03"),
        ("HT2024-0215", "CRM 专业版首年合同", "已完成", "785,600.00", "785,600.00", "2024-06-20"),
    ]
    css = ["yk-s-sub", "yk-s-title", "yk-s-state", "yk-r yk-s-sum", "yk-r", ""]
    names = ["编号", "主题", "状态", "金额", "已回款", "签订日期"]
    return {
        "columns": [{"label": n, "css": c} for n, c in zip(names, css, strict=True)],
        "rows": [
            {
                "url": "/records/order/1",
                "cells": [
                    ("link", a, "/records/order/1"),
                    cell(b),
                    ("state", c, STATE[c]),
                    ("num", d, None),
                    ("num", e, None),
                    cell(f),
                ],
            }
            for a, b, c, d, e, f in rows
        ],
        "foot": ["合计 4 份", "", "", "1,285,954.80", "980,200.00", ""],
        "all_url": "/records/order?customer=28",
        "all_label": "在列表中查看",
        "create": {"label": "新建合同", "icon": "plus", "url": "/records/order/new", "method": "get"},
        "empty": None,
    }


def timeline() -> dict:
    return {
        "say": {
            "url": "/say",
            "kinds": [
                {"key": "comment", "label": "评论", "hint": "写给同事，@ 提醒"},
                {"key": "follow", "label": "写跟进", "hint": "记录这次沟通"},
            ],
            "chips": [],
        },
        "kinds": [{"key": k, "label": n} for k, n in [("all", "全部"), ("follow", "跟进"), ("comment", "评论"), ("change", "变更")]],
        "more": {"label": "更早的 86 条动态", "url": "/timeline"},
        "items": [
            {
                "day": "今天", "kind": "change", "icon": "arrows-exchange", "who": "李文静", "did": "修改了 2 个字段", "when": "10:38",
                "changes": [{"label": "信用额度", "old": "300,000.00", "new": "500,000.00"}, {"label": "付款方式", "old": "预付 50%", "new": "预付 30%，验收 70%"}],
                "note": "经审批 SP-0871 · 陈默同意",
            },
            {
                "day": None, "kind": "comment", "icon": "message-2", "who": "陈志强", "did": "评论", "when": "10:05",
                "text": Markup('<a href="/me">@陈默</a> 对方财务想把账期放到 45 天，法务已看过，请确认能否按 A 级客户执行。'), "reply_url": "/dialogs/reply",
            },
            {
                "day": "11-20 周五", "kind": "follow", "icon": "phone", "who": "李文静", "did": "电话 · 黄总监 · 12 分钟", "when": "16:20",
                "text": "确认企业版 200 用户，实施 20 人天。对方希望 12 月 15 日前上线，合同按上次模板走。",
                "chips": [{"icon": "target-arrow", "label": "CRM 升级项目（2026）", "url": "#a"}, {"icon": "paperclip", "label": "需求清单 v3.xlsx", "url": "#b"}],
            },
            {"day": None, "kind": "flow", "icon": "flag", "who": "", "did": "状态", "when": "11-12", "state": (("需求确认", "blue"), ("方案报价", "purple")), "note": "李文静 · 报价单 QT202611-0042 已发送"},
        ],
    }  # fmt: skip


def record() -> dict:
    def fields(pairs: list[tuple[str, str]], wide: str = "") -> list[dict]:
        return [
            {"key": f"k{i}", "label": n, "widget": "text", "value": cell(v), "wide": n == wide, "edit_url": "/edit1"}
            for i, (n, v) in enumerate(pairs)
        ]

    figures = [
        ("累计成交", "¥128.6 万", "4 份合同", ""),
        ("应收余额", "¥21.4 万", "其中逾期 ¥6.8 万", "late"),
        ("在谈机会", "¥46.0 万", "2 个 · 预计 12 月", ""),
        ("信用额度", "¥50.0 万", "已用 43%", ""),
        ("最近联系", "3 天前", "电话 · 黄总监", ""),
        ("下次跟进", "今天 14:30", "方案演示", "warn"),
    ]
    return {
        "entity": {"key": "customer", "label": "客户", "icon": "users"}, "id": 28, "title": "深圳恒通科技股份有限公司",
        "crumbs": [{"label": "客户", "url": "/records/customer"}, {"label": "C10028", "url": None}], "tag": ("A", "green"), "star": {"on": True, "url": "/star"},
        "facts": [("user", "李文静", 1), cell("互联网"), cell("广东 深圳 南山")], "labels": ["上市公司", "老客户转介绍"], "prev_url": "/records/customer/27", "next_url": "/records/customer/29",
        "actions": [{"label": "编辑", "icon": "edit", "url": "/records/customer/new", "method": "get", "key": "e"}, {"label": "转移", "icon": "switch-horizontal", "url": "/dialogs/transfer", "method": "dialog"}],
        "create": [{"label": "联系人", "icon": "address-book", "url": "#c", "method": "get"}, {"label": "销售机会", "icon": "target-arrow", "url": "#o", "method": "get"}, {"label": "合同订单", "icon": "file-invoice", "url": "/records/order/new", "method": "get"}],
        "more": [{"label": "打印", "icon": "printer", "url": "#p", "method": "get"}, {"label": "合并到…", "icon": "arrows-diff", "url": "/dialogs/merge", "method": "dialog"}, {"label": "删除", "icon": "trash", "url": "/delete", "method": "post", "confirm": "删除这个客户？\n会移到回收站，30 天内可以恢复。", "yes": "删除", "danger": True}],
        "notes": [], "figures": [{"label": n, "value": v, "note": s, "tone": t} for n, v, s, t in figures],
        "flow": {
            "label": "客户状态",
            "steps": [{"label": n, "note": w, "state": s, "tone": ""} for n, w, s in [("潜在", "2024-03", "done"), ("初步接触", "2024-03", "done"), ("需求确认", "2024-04", "done"), ("方案报价", "11-12 起 · 11 天", "now"), ("已成交", "", "")]],
            "moves": [{"label": "标记流失", "url": "/dialogs/lose", "method": "dialog"}, {"label": "退回需求确认", "url": "/back", "method": "post", "confirm": "退回需求确认？"}, {"label": "确认成交", "url": "#", "method": "post", "primary": True, "blocked": "需 1 份已审批合同"}],
            "why": Markup('需 1 份已审批合同，<a href="/records/order/1">HT2026-0311</a> 审批中'),
        },
        "sections": [
            {"title": "基本信息", "note": None, "columns": 2, "fields": fields([("客户编号", "C10028"), ("客户来源", "老客户转介绍"), ("客户级别", "A 重点"), ("行业", "互联网 / 企业服务"), ("负责人", "李文静"), ("协作人", "陈志强、赵雨晴"), ("电话", "0755-8631 ****"), ("网站", "hengtong.example"), ("地址", "深圳市南山区科技南路 18 号")], "地址")},
            {"title": "经营与信用", "note": "仅老板、财务可见 2 项", "columns": 2, "fields": [
                {"key": "revenue", "label": "年营收", "widget": "money", "value": ("num", "¥2.30 亿", None), "wide": False, "edit_url": "/edit1"}, {"key": "staff", "label": "员工人数", "widget": "text", "value": cell("500–1000 人"), "wide": False, "edit_url": None},
                {"key": "score", "label": "满意度", "widget": "rating", "value": ("stars", "4 / 5", (4, 5)), "wide": False, "edit_url": None}, {"key": "tags", "label": "标签", "widget": "choices", "value": ("tags", "", [("上市公司", "blue"), ("直销", "teal")]), "wide": False, "edit_url": None},
                {"key": "files", "label": "资料", "widget": "file", "value": ("files", "", [("营业执照.pdf", "#f"), ("授信函.docx", "#g")]), "wide": False, "edit_url": None}, {"key": "grade", "label": "信用评级", "widget": "text", "value": ("none", "***", None), "wide": False, "edit_url": None},
            ]},
        ],
        "related": [{"key": k, "label": n, "count": c, "url": f"/related/{k}", "on": k == "order"} for k, n, c in [("contact", "联系人", "4"), ("opportunity", "销售机会", "2"), ("quote", "报价", "3"), ("order", "合同订单", "4"), ("receipt", "回款", "7"), ("service", "售后", "2"), ("file", "附件", "11")]],
        "related_now": related(), "timeline": timeline(),
        "phone_bar": [{"label": "打电话", "icon": "phone", "url": "tel:075586310021", "method": "get"}, {"label": "写跟进", "icon": "message-plus", "url": "/dialogs/follow", "method": "dialog", "primary": True}],
    }  # fmt: skip


def workbench() -> dict:
    tiles = [
        ("users", "客户", "5,000", "本周新增 12", ""),
        ("file-invoice", "合同订单", "41", "执行中 ¥1,286 万", ""),
        ("checkbox", "待办任务/行动", "17", "3 项逾期", "late"),
        ("package", "产品", "426", "5 个低于安全库存", "warn"),
        ("cash", "回款", "¥301 万", "待回款 ¥214 万", ""),
        ("target-arrow", "销售机会", "63", "加权 ¥742 万", ""),
    ]
    todo = [
        ("审批：CRM 企业版年度合同 ¥276,354.80", "深圳恒通科技股份有限公司", "审批", "10:42", "now", 1),
        ("签约拜访：年度框架合同", "上海博远医药有限公司 · 黄总监", "拜访", "14:30", "now", 0),
        ("电话回访：验收后使用情况", "杭州瑞达智能装备有限公司 · 高经理", "电话", "15:00", "", 0),
        ("确认 11 月回款计划（7 笔，¥214 万）", "财务 · 陈志强", "任务", "16:00", "", 2),
        ("审批：200 用户扩容报价，毛利 12%", "杭州瑞达智能装备有限公司", "审批", "17:30", "", 2),
        ("周报点评：华东销售部", "3 份未读", "任务", "18:00", "", 6),
    ]
    items = [
        {"title": t, "sub": s, "url": "#t", "kind": k, "who": person(w), "due": ("due", at, tone), "done_url": "/done"}
        for t, s, k, at, tone, w in todo
    ]
    alerts = [
        ("cash", "red", "5 笔回款已逾期，共 ¥68.4 万", "最长 43 天 · 苏州华信电子"),
        ("package", "amber", "5 个产品低于安全库存", "手持终端 T2 可用 3，需交付 20"),
        ("user-off", "amber", "12 家 A 级客户 30 天未联系", "合计年成交 ¥386 万"),
        ("file-alert", "amber", "3 份合同 30 天内到期", "最近：12-05 上海博远医药"),
        ("recycle", "gray", "26 家客户 3 天后回收到公海", "负责人：周浩然等 4 人"),
        ("cake", "gray", "本周 6 个客户纪念日", "今天：黄总监 农历生日"),
    ]
    goals = [
        ("成交额", "388.2", "400", "万元", 97, "按时间进度应完成 77%"),
        ("回款额", "301.4", "380", "万元", 79, "按时间进度应完成 77%"),
        ("新增客户", "46", "60", "家", 77, "按时间进度应完成 77%"),
        ("有效拜访", "168", "260", "次", 65, "落后进度 12 个百分点"),
    ]
    feed = [
        (1, "李文静 提交了合同审批", "深圳恒通科技 · ¥276,354.80", "10:42", True),
        (2, "陈志强 在 华信电子 的跟进中提到你", "“账期能否放到 45 天？”", "10:05", True),
        (3, "赵雨晴 赢得销售机会", "成都鼎盛教育 · ¥32.0 万", "09:31", True),
        (5, "孙佳怡 把 26 家客户转给了王思远", "离职交接 · 可撤销", "昨天", False),
        (4, "周浩然 发布公告", "12 月价格表调整，12-01 生效", "昨天", False),
    ]
    stages = [
        ("获客", "user-search", "342", "条线索", "28%", [("社交获客", "128"), ("网站获客", "96"), ("获客线索", "342")]),
        (
            "售前跟踪",
            "target-arrow",
            "1,286",
            "家",
            "34%",
            [("任务/行动", "57"), ("销售机会", "63"), ("报价单", "28"), ("解决方案", "11")],
        ),
        (
            "合同执行",
            "file-invoice",
            "418",
            "家",
            "92%",
            [("合同订单", "41"), ("交付计划", "19"), ("发货单", "12"), ("计划回款", "33"), ("开票记录", "14")],
        ),
        (
            "售后服务",
            "headset",
            "864",
            "家",
            "31%",
            [("客户服务", "23"), ("维修工单", "9"), ("投诉", "2"), ("客户关怀", "16")],
        ),
    ]
    ends = [
        ("失效", "user-off", "64", "家 · 本季流失 2.1%", "lost", [("公海池", "187"), ("流失原因与唤醒", "26")]),
        ("重复购买", "repeat", "187", "家 · 复购率 31%", "good", [("续约与增购机会", "21"), ("重点客户特征", "")]),
    ]
    return {
        "title": "下午好，陈默", "greeting": True, "said": "11 月 23 日 星期一 · 8 项审批等你处理，其中 1 项已超时", "page_title": "工作台",
        "scopes": [{"label": n, "url": f"?scope={i}", "on": i == 2} for i, n in enumerate(["我的", "部门", "全公司"])], "customize_url": "/settings/dashboards",
        "rows": [
            [{"kind": "shortcuts", "key": "shortcuts", "span": 12, "title": "快捷入口", "items": [{"icon": i, "label": n, "value": v, "note": s, "tone": t, "url": "/records/customer"} for i, n, v, s, t in tiles]}],
            [{"kind": "todo", "key": "todo", "span": 8, "title": "待办任务", "count": None, "link": {"label": "全部待办", "url": "#all"}, "panes": [{"key": k, "label": n, "count": c, "tone": t, "on": k == "today", "items": items if k == "today" else items[:2]} for k, n, c, t in [("late", "逾期", 3, "late"), ("today", "今天", 6, ""), ("week", "未来 7 天", 8, "")]]},
             {"kind": "alerts", "key": "alerts", "span": 4, "title": "提醒与预警", "link": {"label": "规则", "url": "#rules"}, "items": [{"icon": i, "tone": t, "title": a, "sub": b, "url": "#w"} for i, t, a, b in alerts]}],
            [{"kind": "goals", "key": "goals", "span": 4, "title": "目标完成", "tabs": [{"label": n, "url": "#m", "on": i == 0} for i, n in enumerate(["本月", "本季", "全年"])], "items": [{"label": n, "value": a, "target": t, "unit": u, "percent": p, "low": p < 70, "note": e} for n, a, t, u, p, e in goals]},
             {"kind": "ranking", "key": "rank", "span": 4, "title": "业绩排行", "tabs": [{"label": n, "url": "#r", "on": i == 0} for i, n in enumerate(["成交", "回款", "毛利"])], "items": [{"who": person(i), "percent": v, "text": f"{v}.{i} 万", "url": None} for i, v in enumerate([96, 82, 74, 61, 43, 32])]},
             {"kind": "feed", "key": "feed", "span": 4, "title": "消息", "count": "12", "link": {"label": "全部已读", "url": "#read"}, "items": [{"who": person(i), "text": t, "sub": s, "when": w, "url": "#f", "new": new} for i, t, s, w, new in feed]}],
            [{"kind": "chart", "key": "trend", "span": 8, "title": "成交趋势", "size": "", "finding": "本年累计 3,144 万，比去年同期多 15.5%", "chart": {"type": "bars", "unit": "万元", "x": [f"{i}月" for i in range(1, 12)], "series": [{"name": "2026 年", "kind": "bar", "data": [182, 165, 240, 268, 255, 312, 298, 341, 365, 330, 388]}, {"name": "2025 年", "kind": "bar", "data": [150, 172, 210, 220, 231, 260, 250, 310, 301, 296, 322]}, {"name": "同比", "kind": "line", "axis": 1, "data": [21, -4, 14, 22, 10, 20, 19, 10, 21, 11, 20]}]}},
             {"kind": "chart", "key": "funnel", "span": 4, "title": "销售漏斗", "size": "", "finding": None, "chart": {"type": "funnel", "data": [{"name": n, "value": v} for n, v in [("线索", 1286), ("初步接触", 742), ("需求确认", 418), ("方案报价", 203), ("成交", 96)]]}}],
            [{"kind": "stages", "key": "life", "span": 12, "title": "客户生命周期", "said": "数字为当前所处阶段的客户数，箭头为近 90 天转化率", "link": {"label": "全部功能", "url": "/all"}, "loop": "重复购买的客户回到“售前跟踪”，保留全部历史与负责人",
              "stages": [{"label": n, "icon": i, "count": c, "unit": u, "rate": r, "tone": "", "items": [{"label": a, "count": b, "url": "#s"} for a, b in x]} for n, i, c, u, r, x in stages],
              "ends": [{"label": n, "icon": i, "count": c, "unit": u, "tone": t, "items": [{"label": a, "count": b, "url": "#s"} for a, b in x]} for n, i, c, u, t, x in ends]}],
        ],
    }  # fmt: skip


GROUPS = [
    ("获客", "user-search", "社交获客 网站获客 获客线索"), ("客户", "users", "全部客户 联系人 纪念日 公海池 客户导入 客户合并 批量共享/转移 客户转移日志"), ("跟单协作", "calendar-event", "任务/行动 日周月报 销售费用 出差 外勤工单 审批"), ("销售机会", "target-arrow", "销售机会 销售漏斗 客户需求 解决方案 竞争对手"),
    ("报价", "file-text", "报价单 报价明细"), ("合同订单", "file-invoice", "合同订单 店面销售单 交付计划/订单明细 交付记录/发货明细 发货单 订单退货 退货明细"), ("回款", "cash", "计划回款 回款 开票记录 智能应收开关"), ("售后", "headset", "客服控制台 维修工单 接件状况自定义 客户服务 投诉 客户关怀 QA库"),
    ("采购", "shopping-cart", "采购单 采购明细 采购退货 退货明细 采购退款"), ("付款", "credit-card-pay", "计划付款 付款 付款发票"), ("产品", "package", "产品 产品分类维护 产品导入 编号/条码导入 产品管理权限 成本权限 多规格开关 序列号总控 序列号 序列号出入库"),
    ("库存", "building-warehouse", "库存总控台 库存 出入库流水 入库单 出库单 盘点 库间调拨 库位设置 需交付与库存对比 装配单 装配方案 库存台账 初始化/清零/精度"), ("市场", "speakerphone", "市场活动 营销素材 群发消息 客户积分"), ("团队工具", "users-group", "公告 日程 知识库 荣誉榜 讨论组"), ("统计分析", "chart-bar", "统计图表 综合报表 同比环比 二八分析 成本毛利 企业诊断 企业标尺 战略地图"),
]  # fmt: skip


def functions() -> dict:
    counts = {
        "获客线索": "342",
        "全部客户": "5,000",
        "联系人": "8,214",
        "公海池": "187",
        "任务/行动": "57",
        "销售机会": "63",
        "报价单": "28",
        "合同订单": "41",
        "回款": "33",
        "产品": "426",
        "库存": None,
    }
    starred = {"全部客户", "销售漏斗", "合同订单", "二八分析", "成本毛利"}

    def entry(name: str, group: str) -> dict:
        words = " ".join([name, "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)), group])
        count = counts.get(name)
        return {
            "label": name,
            "url": "/records/customer",
            "count": count,
            "k": words.lower(),
            "starred": name in starred,
            "star_url": "/star",
            "long": len(name) * 13 + len(count or "") * 7 > 100,
        }

    groups = [{"label": g, "icon": i, "items": [entry(n, g) for n in names.split()]} for g, i, names in GROUPS]
    favourites = [
        {"label": f["label"], "icon": g["icon"], "url": f["url"], "count": f["count"]}
        for g in groups
        for f in g["items"]
        if f["starred"]
    ]
    return {
        "total": sum(len(g["items"]) for g in groups),
        "favourites": favourites,
        "groups": groups,
        "customize_url": "/settings/customize/customer",
    }


def importing(step: int) -> dict:
    fields = ["客户名称", "电话", "客户级别", "行业", "地区", "负责人", "年营收", "建立日期"]
    columns = [
        ("公司全称", ["深圳恒通科技股份有限公司", "苏州华信电子有限公司"], "客户名称", "名称相近", "ok"), ("联系电话", ["0755-86310021", "138****6021"], "电话", "内容是电话", "ok"), ("等级", ["A", "重点"], "客户级别", "名称相近 · 值“重点”要对应", "ask"),
        ("所属行业", ["互联网", "电子"], "行业", "与上次相同", "ok"), ("省市", ["广东深圳", "江苏苏州"], "地区", "内容是地区", "ok"), ("销售", ["李文静", "wangsy"], "负责人", "内容是用户", "ok"), ("年收入(万)", ["23000", "8,600"], "年营收", "名称相近 · 单位换算 ×10,000", "ok"),
        ("首次联系", ["2024/3/5", "45390"], "建立日期", "内容是日期 · 含 Excel 数字日期", "ok"), ("备注2", ["展会认识", "—"], "", "没有合适的字段", "none"),
    ]  # fmt: skip
    bad = [(17, ["杭州百川建设有限公司", "重点", "0571-8820 1173", "李文静", "2025/4/2", "1,260"], [1], "客户级别没有“重点”，可选 A、B、C、D"), (42, ["", "B", "139****2207", "王思远", "2025/6/18", "380"], [0], "客户名称必填"), (96, ["宁波凯越贸易有限责任公司", "A", "138****60", "wangsy", "2025/13/1", "2,200"], [2, 4], "电话位数不对；月份是 13"), (131, ["西安天弈食品有限公司", "C", "029-8765 4410", "张磊", "2024/11/9", "96"], [3], "没有用户“张磊”（已于 10-31 离职）")]  # fmt: skip
    heads = ["公司全称", "等级", "联系电话", "销售", "首次联系", "年收入(万)"]
    return {
        "title": "导入客户", "crumbs": [{"label": "客户", "url": "/records/customer"}], "step": step, "file": {"name": "客户资料_华东_1123.xlsx", "said": "1,284 行"} if step > 1 else None, "token": "x", "fault": None,
        "cancel_url": "/records/customer", "back_url": f"?step={step - 1}" if step > 1 else None, "upload_url": "?step=2", "accept": ".xlsx,.csv", "limits": ".xlsx、.csv，最多 50,000 行、20 MB", "template_url": "/template",
        "recents": [{"label": "华东客户月度表", "said": "李文静 · 10-22 · 1,102 行", "url": "#1"}, {"label": "展会名片汇总", "said": "周浩然 · 09-15 · 386 行", "url": "#2"}],
        "map_url": "?step=3", "said_ok": "9 列中 7 列已自动对应", "said_ask": "2 列要你确认", "keys": [{"key": "name", "label": "名称 或 电话", "on": True}], "modes": [{"key": "blank", "label": "更新空白字段", "on": True}, {"key": "skip", "label": "跳过", "on": False}],
        "columns": [{"n": i, "head": h, "samples": s, "field": f, "why": k, "said": w, "values": [{"n": 0, "given": "重点", "options": [{"key": x, "label": x} for x in "ABCD"], "chosen": "A"}] if k == "ask" else []} for i, (h, s, f, w, k) in enumerate(columns)],
        "groups": [{"label": "基本信息", "options": [{"key": f, "label": f, "required": i in (0, 2, 5)} for i, f in enumerate(fields)]}],
        "run_url": "?step=4", "submit": "导入 1,246 行，跳过 38 行", "may_run": True,
        "sums": [{"label": a, "value": b, "said": c, "kind": k, "icon": i, "url": "?step=3" if k else None, "on": k == "bad"} for a, b, c, k, i in [("可以导入", "1,231", "新建 1,102 · 更新 129", "ok", "circle-check"), ("有错误", "38", "修正或跳过", "bad", "alert-circle"), ("可能重复", "15", "与现有客户相近", "ask", "copy"), ("文件共", "1,284", "未写入任何数据", "", "table")]],
        "table": {"said": "38 行有错误", "errors_url": "/errors", "heads": [{"label": h, "css": "yk-r" if h.startswith("年") else ""} for h in heads], "rows": [{"n": n, "url": "/cell", "said": said, "mended": False, "cells": [{"text": t, "css": "yk-r" if i == 5 else "", "bad": i in wrong, "column": i, "label": heads[i]} for i, t in enumerate(cells)]} for n, cells, wrong, said in bad]},
        "fixes": [{"said": Markup("12 行都是“重点”，改为"), "label": "应用到 12 行", "url": "/fix", "hidden": [], "options": [{"key": x, "label": x} for x in "ABCD"]}],
        "progress": step == 4 and {"url": "/progress", "title": Markup('正在导入 <b class="yk-num">846</b> / 1,246 行'), "value": 846, "max": 1246, "said": "约剩 40 秒 · 每秒 10 行", "percent": "68%", "counts": [{"label": "新建", "value": "742"}, {"label": "更新", "value": "104"}, {"label": "跳过", "value": "0"}], "note": "可以离开此页，完成后会发消息给你。停止后，已导入的部分可以整批撤销。", "stop_url": "/stop", "leave": {"label": "去做别的", "url": "/records/customer"}, "failed": None},
        "result": {"ok": True, "title": "已导入 1,246 行客户", "said": "用时 2 分 04 秒 · 何时何人导入都记在系统日志", "counts": [{"label": "新建", "value": "1,114"}, {"label": "更新", "value": "132"}, {"label": "跳过", "value": "38"}], "links": [{"label": "查看导入的客户", "icon": None, "url": "/records/customer", "primary": True, "method": "get"}, {"label": "下载跳过的 38 行", "icon": "download", "url": "/errors", "method": "get"}, {"label": "整批撤销", "icon": "arrow-back-up", "url": "/undo", "method": "post", "confirm": "撤销这次导入？"}], "note": "7 天内、且记录未被修改时可以整批撤销"},
    }  # fmt: skip


def settings() -> dict:
    cards = [("sitemap", "部门和用户设置", "部门树、用户、离职交接与登录方式", "38 个用户 · 9 个部门", ["部门", "用户", "离职交接"], "/settings/users"), ("shield-lock", "角色和权限设置", "按单据、动作、数据范围和字段授权", "9 个角色 · 2 处待复核", ["角色", "字段权限", "权限检查"], "/settings/roles"), ("forms", "功能自定义", "字段、表单、列表、流程、菜单和新的单据", "客户：3 处改动未应用", ["字段与表单", "流程", "菜单"], "/settings/customize/customer"), ("history", "系统日志", "谁在什么时候做了什么，登录与导出记录", "今天 1,204 条", ["操作日志", "登录日志", "导出记录"], "/settings/log"), ("paperclip", "附件管理", "全部附件的查找、大小、来源与清理", "18,302 个文件 · 62.4 GB", ["全部附件", "大文件", "已删除"], "/settings/files"), ("adjustments", "系统参数设置", "功能开关、选项、编号规则、币种汇率、工作日历", "12 项非默认值", ["开关", "编号规则", "币种汇率", "工作日历"], "/settings/parameters")]  # fmt: skip
    return {
        "account": {
            "initials": "某信", "logo_url": None, "name": "北京某信息技术有限公司", "said": "企业版 · 2024-07-01 开通 · 管理员 何敏", "actions": [{"label": "更换 Logo", "icon": "photo", "url": "#logo", "method": "get"}],
            "facts": [{"label": "用户许可", "value": "50", "unit": "个", "note": "按年订阅", "bar": None}, {"label": "已使用用户数", "value": "38", "unit": "/ 50", "note": "", "bar": {"max": 50, "value": 38}}, {"label": "到期时间", "value": "2027-06-30", "unit": "", "note": "还有 219 天，到期后只能查看", "bar": None}, {"label": "附件空间", "value": "62.4", "unit": "/ 200 GB", "note": "", "bar": {"max": 200, "value": 62.4}}],
        },
        "cards": [{"icon": i, "title": t, "said": d, "state": s, "links": [{"label": n, "url": u} for n in names], "url": u, "note": "未应用" in s or "待复核" in s} for i, t, d, s, names, u in cards],
        "changes": {"all_url": "/settings/log", "rows": [{"when": w, "who": person(p), "where": a, "what": b, "effect": e, "undo_url": u} for w, p, a, b, e, u in [("今天 09:20", 7, "功能自定义 / 合同订单", "新增选项：付款方式“月结 60 天”", "0 条记录", "/undo"), ("11-20 17:02", 0, "角色和权限 / 销售主管", "导出客户：部门 → 关闭", "4 个用户", "/undo"), ("11-19 10:44", 7, "系统参数 / 编号规则", "报价单号：QT{年}{流水4} → QT{年月}{流水4}", "新单生效", None)]]},
    }  # fmt: skip


TYPES = [
    ("文字与数字", [("text", "单行文本", "cursor-text", ["length", "unique", "default"]), ("long_text", "多行文本", "align-left", ["length"]), ("integer", "整数", "number-123", ["min", "max", "default"]), ("number", "小数", "decimal", ["min", "max", "default", "scale"]), ("money", "金额", "currency-yuan", ["min", "max", "default"]), ("percent", "百分比", "percentage", ["min", "max", "default"])]),
    ("选择与日期", [("choice", "单选", "circle-dot", ["options", "default"]), ("choices", "多选", "checkbox", ["options", "multiple"]), ("bool", "开关", "toggle-right", ["default"]), ("date", "日期", "calendar", ["default"]), ("datetime", "日期时间", "clock", ["default"]), ("rating", "评分", "star", ["max"])]),
    ("关联", [("link", "关联记录", "link", ["target"]), ("links", "多个关联", "affiliate", ["target"]), ("user", "用户", "user-circle", []), ("department", "部门", "sitemap", []), ("region", "地区", "map-pin", [])]),
    ("计算与文件", [("formula", "公式", "math-function", ["formula"]), ("file", "附件", "paperclip", []), ("image", "图片", "photo", []), ("phone", "电话", "phone", ["unique"]), ("url", "网址", "world", [])]),
]  # fmt: skip


def design() -> dict:
    known = {t: (label, icon, props) for _, items in TYPES for t, label, icon, props in items}

    def one(key: str, label: str, kind: str, **more) -> dict:
        type_label, icon, props = known[kind]
        base = {
            "key": key,
            "label": label,
            "help": "",
            "type": kind,
            "type_label": type_label,
            "icon": icon,
            "props": props,
            "required": False,
            "unique": False,
            "searchable": False,
            "in_list": True,
            "custom": False,
            "retired": False,
            "fixed": False,
            "why": "",
            "options": None,
            "target": "",
            "multiple": False,
            "formula": "",
            "default": "",
            "visible_when": "",
            "required_when": "",
            "editable": "",
            "min": "",
            "max": "",
            "length": "",
            "scale": "",
            "rights": {},
        }
        return {**base, **more}

    options = [
        {"key": k, "label": n, "color": c, "retired": False}
        for k, n, c in [
            ("a", "A 重点", "green"),
            ("b", "B 普通", "blue"),
            ("c", "C 一般", "orange"),
            ("d", "D 观察", "gray"),
        ]
    ]
    fields = [one("name", "客户名称", "text", required=True, searchable=True), one("number", "客户编号", "text", fixed=True, why="由编号规则生成"), one("level", "客户级别", "choice", required=True, options=options), one("industry", "行业", "choice", options=[{"key": "it", "label": "互联网", "color": "gray", "retired": False}]), one("source", "客户来源", "choice", options=[]), one("owner", "负责人", "user", required=True), one("revenue", "年营收", "money"), one("credit_limit", "信用额度", "money", rights={"sales": "hidden"}), one("balance", "应收余额", "formula", formula="sum(receivables.open)"), one("bank", "开户银行", "text"), one("region", "地区", "region"), one("phone", "电话", "phone"), one("address", "详细地址", "text"), one("fax", "传真", "text"), one("founded", "成立日期", "date")]  # fmt: skip

    def section(title: str, keys: str) -> dict:
        return {"title": title, "fields": [{"key": k.strip("!"), "wide": k.endswith("!")} for k in keys.split()]}

    return {
        "entity": {"key": "customer", "label": "客户", "icon": "users"}, "entities": [{"key": k, "label": n, "url": f"/settings/customize/{k}", "current": k == "customer"} for k, n in [("customer", "客户"), ("contact", "联系人"), ("order", "合同订单")]], "tabs": [],
        "plan_url": "/plan", "check_url": "/check", "key_url": "/key", "types": [{"group": g, "items": [{"type": t, "label": n, "icon": i, "props": p} for t, n, i, p in items]} for g, items in TYPES],
        "targets": [{"key": "contact", "label": "联系人"}, {"key": "order", "label": "合同订单"}], "roles": [{"key": k, "label": n} for k, n in [("boss", "老板"), ("finance", "财务"), ("sales_manager", "销售主管"), ("sales", "销售")]],
        "fields": fields, "sections": [section("基本信息", "name number level industry source owner"), section("经营与信用", "revenue credit_limit balance bank"), section("联系方式", "region phone address!")],
        "columns": ["name", "level", "industry", "owner", "revenue"], "colours": ["gray", "blue", "azure", "green", "orange", "red", "purple", "pink"],
    }  # fmt: skip


def plan(overlay: str) -> dict:
    return {
        "title": "改动计划", "said": "客户 · 3 处改动 · 预计 2 秒，不影响正在使用的人",
        "steps": [{"tone": "", "icon": "plus", "title": "新增字段 信用评级", "said": Markup("客户表加一列 <code>credit_grade</code>（单选，4 个选项，加索引）"), "count": {"label": "触及记录", "value": "0", "of": "5,000"}}, {"tone": "is-changed", "icon": "shield-lock", "title": "权限 信用额度", "said": Markup("销售主管：<del>隐藏</del> → <ins>查看</ins>"), "count": {"label": "影响用户", "value": "4", "of": None}}],
        "warnings": [{"title": "“信用评级”为必填，5,000 条旧记录为空", "said": "旧记录保持原样，下次编辑保存时要求填写。导入模板会多一个必填列。"}], "faults": [],
        "access": {"columns": ["信用额度", "信用评级"], "rows": [{"role": r, "people": n, "cells": [{"text": a, "tone": t}, {"text": b, "tone": u}]} for r, n, a, t, b, u in [("老板", "1", "不变", "", "查看、修改", "gain"), ("财务", "2", "不变", "", "查看、修改", "gain"), ("销售主管", "4", "查看", "gain", "查看", "gain"), ("销售", "18", "不变", "", "隐藏", "")]]},
        "used": [{"icon": i, "title": t, "said": s} for i, t, s in [("forms", "客户表单", "经营与信用分区"), ("list", "客户列表", "新增一列、一个筛选"), ("route", "流程 合同审批", "条件用到 信用额度"), ("api", "接口 /api/v1/records/customer", "返回多 2 项")]],
        "undo": "应用后可恢复，已填的数据不会删除", "apply_url": "/apply", "hidden": [("overlay", overlay)], "digest": "d1", "submit": "应用 3 处改动", "danger": False,
        "conflicts": [], "asked": [], "undecided": False, "reason": "", "longest": 1000,
    }  # fmt: skip


FAILURES = {
    403: ("lock", "没有查看这里的权限", "系统管理员 何敏 可以为你开通。", [("返回工作台", "/", True)]), 404: ("search-off", "没有找到这条记录", "它可能已被删除，或者你无权查看。", [("返回列表", "/records/customer", True), ("回收站", "/bin", False)]),
    409: ("arrows-diff", "刚被别人修改过", "李文静在 10:38 保存了这条记录，请核对后再改。", [("查看最新内容", "/records/customer/28", True)]), 500: ("alert-triangle", "系统出错了", "已经记录下来，稍后再试；反复出现时请告诉系统管理员。", [("再试一次", "", True), ("返回工作台", "/", False)]), 503: ("tool", "正在维护", "预计几分钟后恢复，已填写的内容还在浏览器里。", [("再试一次", "", True)]),
}  # fmt: skip


def failure(status: int) -> dict:
    icon, title, said, steps = FAILURES[status]
    return {
        "status": status,
        "icon": icon,
        "title": title,
        "said": said,
        "steps": [{"label": n, "url": u, "primary": p} for n, u, p in steps],
        "reference": "E-20261123-7F3A" if status == 500 else None,
    }


def bin_page() -> dict:
    rows = [
        (CUSTOMERS[i]["name"], "客户", PEOPLE[i % 8], f"11-{20 - i} 16:0{i}", f"{29 - i} 天后清除") for i in range(5)
    ]
    return {
        "title": "回收站", "crumbs": [{"label": "设置", "url": "/settings"}], "count": "5", "actions": [], "notes": [{"tone": "info", "title": "删除的记录保留 30 天，编号不会被重新使用"}], "tabs": [{"label": n, "url": "#b", "on": i == 0, "count": None} for i, n in enumerate(["全部", "客户", "合同订单"])], "search": {"url": "/bin", "q": "", "hint": "名称、编号"},
        "table": {"columns": [{"label": n, "css": c} for n, c in [("名称", "yk-s-title"), ("类型", "yk-s-sub"), ("删除人", ""), ("删除时间", "yk-s-sum"), ("清除", "yk-s-state")]], "rows": [{"url": None, "cells": [cell(a), cell(b), ("user", c, 1), cell(d), cell(e)], "actions": [{"label": "恢复", "url": "/restore", "method": "post"}]} for a, b, c, d, e in rows], "empty": None}, "pager": None,
    }  # fmt: skip


def dialog(name: str) -> dict:
    if name == "transfer":
        return {"title": "转移 2 个客户", "said": "负责人和所属部门会一起改变，并通知双方", "url": "/dialogs/transfer", "size": "", "columns": 1, "hidden": [("id", "3"), ("id", "5")], "errors": [], "submit": "转移 2 个客户", "danger": False, "note": None, "target": None, "fields": [field("to", "新负责人", "user", None, required=True, lookup_url="/lookup/user"), field("also", "一并转移", "choices", [], options=[{"key": k, "label": k, "color": "gray", "retired": False} for k in ("联系人", "未完成的任务", "在谈机会")]), field("why", "说明", "long_text", "")]}  # fmt: skip
    return {"title": "新建客户", "said": "保存后回到表单并选中它", "url": "/dialogs/create", "size": "", "columns": 2, "hidden": [("for", "f-customer")], "errors": [], "submit": "新建并选择", "danger": False, "note": None, "target": None, "fields": [field("name", "客户名称", "text", "", required=True, span="wide"), field("level", "客户级别", "choice", "B", options=[{"key": k, "label": k, "color": "gray", "retired": False} for k in "ABCD"], style="pills"), field("phone", "电话", "phone", "")]}  # fmt: skip


def export() -> dict:
    columns = ["客户名称", "级别", "状态", "行业", "地区", "主联系人", "负责人", "年营收", "下次跟进", "建立日期"]
    return {"title": "导出客户", "url": "/export", "scopes": [{"key": "found", "label": "筛选结果", "count": "1,842"}, {"key": "all", "label": "全部", "count": "5,000"}], "formats": [{"key": "xlsx", "label": "Excel", "said": ".xlsx"}, {"key": "csv", "label": "CSV", "said": "UTF-8"}], "columns": [{"key": n, "label": n, "on": i < 8} for i, n in enumerate(columns)], "hidden": [("q", "")], "limit": "超过 10,000 行时在后台导出"}  # fmt: skip
