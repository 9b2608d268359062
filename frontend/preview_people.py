"""Fixture data of the preview: a company, its people, customers, products. Seeded, so pictures can be compared."""

from __future__ import annotations

import random
from datetime import date, timedelta

TODAY = date(2026, 11, 23)
PEOPLE = ["陈默", "李文静", "陈志强", "赵雨晴", "周浩然", "孙佳怡", "王思远", "何敏"]
INDUSTRIES = ["制造业", "互联网", "金融保险", "医疗健康", "教育培训", "批发零售", "建筑地产", "物流运输"]
LEVELS = [("A", "green"), ("B", "blue"), ("C", "orange"), ("D", "gray")]
STATES = [
    ("潜在", "gray"),
    ("初步接触", "azure"),
    ("需求确认", "blue"),
    ("方案报价", "purple"),
    ("已成交", "green"),
    ("已流失", "red"),
]
CITIES = ["上海", "北京", "深圳", "杭州", "苏州", "广州", "成都", "武汉", "南京", "宁波", "西安", "青岛"]
FIRST = [
    "华信",
    "恒通",
    "瑞达",
    "博远",
    "金诺",
    "天弈",
    "云帆",
    "嘉禾",
    "鼎盛",
    "凯越",
    "智联",
    "新海",
    "同德",
    "宏图",
    "星辰",
    "正泰",
    "万象",
    "百川",
    "启明",
    "东曜",
]
SECOND = ["科技", "机械", "电子", "医药", "贸易", "物流", "建设", "网络", "新材料", "食品", "教育", "智能装备"]
KINDS = ["有限公司", "股份有限公司", "有限责任公司"]
PRODUCTS = [
    ("P-1001", "CRM 专业版 年度订阅", "套", "49800.00", "13"),
    ("P-1002", "CRM 企业版 年度订阅", "套", "168000.00", "13"),
    ("P-2001", "实施服务", "人天", "2800.00", "6"),
    ("P-2002", "数据迁移服务", "次", "18000.00", "6"),
    ("P-3001", "移动审批模块", "套", "26000.00", "13"),
    ("P-3002", "企业微信集成", "套", "15000.00", "6"),
]


def person(i: int) -> dict:
    return {"name": PEOPLE[i % len(PEOPLE)], "tint": i % 6}


def due(day: date) -> tuple[str, str, str]:
    days = (day - TODAY).days
    if days < 0:
        return "due", f"逾期 {-days} 天", "late"
    if days == 0:
        return "due", "今天", "now"
    return "due", "明天" if days == 1 else f"{day:%m-%d}", ""


def customers(n: int = 50) -> list[dict]:
    r = random.Random(42)
    made = []
    for i in range(n):
        city = r.choice(CITIES)
        made.append(
            {
                "id": i + 1,
                "name": city + r.choice(FIRST) + r.choice(SECOND) + r.choice(KINDS),
                "industry": r.choice(INDUSTRIES),
                "level": r.choices(LEVELS, [3, 4, 4, 2])[0],
                "state": r.choices(STATES, [4, 4, 4, 3, 3, 1])[0],
                "region": city,
                "owner": r.randrange(len(PEOPLE)),
                "contact": r.choice("张刘杨黄吴徐朱马胡林郭何高罗") + r.choice(["经理", "总监", "总", "主任"]),
                "phone": f"138****{r.randint(1000, 9999)}",
                "revenue": round(r.lognormvariate(7, 1.1), 2),
                "next": TODAY + timedelta(days=r.randint(-6, 21)),
            }
        )
    return made


CUSTOMERS = customers()
