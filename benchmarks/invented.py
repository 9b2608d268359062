"""Invented customers, contacts and orders, the same ones every time.

The one rule: everything follows from the seed 42, so two runs compare like with like.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

SEED = 42
SELLERS = 20
BEGIN = datetime(2024, 1, 1, 1, 0, tzinfo=UTC)
PLACES = (
    "北京市/北京市/海淀区", "上海市/上海市/浦东新区", "广东省/深圳市/南山区", "广东省/广州市/天河区", "浙江省/杭州市/西湖区",
    "江苏省/南京市/鼓楼区", "江苏省/苏州市/吴中区", "四川省/成都市/武侯区", "湖北省/武汉市/洪山区", "陕西省/西安市/雁塔区",
    "山东省/青岛市/市南区", "山东省/济南市/历下区", "福建省/厦门市/思明区", "湖南省/长沙市/岳麓区", "辽宁省/大连市/中山区",
    "河南省/郑州市/金水区", "安徽省/合肥市/蜀山区", "重庆市/重庆市/渝北区", "天津市/天津市/南开区", "云南省/昆明市/五华区",
)  # fmt: skip
FIRST = "华远鑫恒瑞博创联盛泰宏达中科天海金诚信安康正大明德光辉云智启新利丰顺和美佳源通汇东方"
SECOND = "腾飞讯达凯易升隆茂森凌岳川江湖锋阳晨宇翔骏驰锐道品尚优乐嘉禾谷峰石玉兰竹梅松"
TRADES = (
    "信息技术",
    "机械设备",
    "化工",
    "商贸",
    "金融服务",
    "教育科技",
    "医疗器械",
    "物流",
    "电子",
    "环保科技",
    "建筑工程",
    "网络科技",
)
FORMS = ("有限公司", "有限责任公司", "股份有限公司", "集团有限公司")
FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红梅建国文斌鹏宇浩然子轩欣怡思琪雨桐"
TITLES = ("总经理", "采购经理", "财务主管", "技术总监", "销售经理", "行政主管", "项目经理", "工程师")
INDUSTRIES = ("software", "machinery", "chemicals", "retail", "finance", "education", "medical", "logistics")


@dataclass(frozen=True)
class Size:
    """How many records of each kind; ``name`` is part of the file names."""

    name: str
    customers: int
    contacts: int
    orders: int


SIZES = {
    "tiny": Size("tiny", 400, 800, 1_200),
    "small": Size("small", 10_000, 20_000, 30_000),
    "usual": Size("usual", 100_000, 200_000, 300_000),
    "full": Size("full", 1_000_000, 200_000, 300_000),
}


def company(chance: random.Random) -> str:
    """``北京华远信息技术有限公司`` and the like."""
    city = chance.choice(PLACES).split("/")[1].removesuffix("市")
    name = chance.choice(FIRST) + chance.choice(SECOND) + (chance.choice(FIRST) if chance.random() < 0.4 else "")
    return f"{city}{name}{chance.choice(TRADES)}{chance.choice(FORMS)}"


def person(chance: random.Random) -> str:
    return chance.choice(FAMILY) + chance.choice(GIVEN) + (chance.choice(GIVEN) if chance.random() < 0.7 else "")


def mobile(chance: random.Random) -> str:
    return f"+861{chance.choice('3578')}{chance.randrange(10**9):09d}"


def customers(size: Size, sellers: list[int]) -> Iterator[dict[str, Any]]:
    """Rows of the customer table; sellers own them in turn, so each owns the same number."""
    chance = random.Random(SEED)
    for number in range(1, size.customers + 1):
        made = BEGIN + timedelta(seconds=number * 37)
        yield {
            "id": number, "owner": sellers[number % len(sellers)], "created_at": made, "number": f"C{number:07d}",
            "name": company(chance), "phone": mobile(chance), "industry": chance.choice(INDUSTRIES),
            "level": chance.choice("ABCD"), "region": chance.choice(PLACES),
            "status": chance.choice(("open", "open", "signed", "lost")),
            "annual_revenue": Decimal(chance.randrange(10_000_00, 90_000_000_00)) / 100,
            "next_follow_at": made + timedelta(days=chance.randrange(30, 400)) if chance.random() < 0.8 else None,
            "notes": None if chance.random() < 0.7 else f"第{number}家，{chance.choice(TRADES)}方向，{chance.choice(TITLES)}对接",
        }  # fmt: skip


def contacts(size: Size, sellers: list[int]) -> Iterator[dict[str, Any]]:
    chance = random.Random(SEED + 1)
    for number in range(1, size.contacts + 1):
        customer = chance.randrange(1, size.customers + 1)
        yield {
            "id": number, "owner": sellers[customer % len(sellers)], "created_at": BEGIN + timedelta(seconds=number * 17),
            "name": person(chance), "customer": customer, "mobile": mobile(chance), "title": chance.choice(TITLES),
        }  # fmt: skip


def orders(size: Size, sellers: list[int]) -> Iterator[dict[str, Any]]:
    chance = random.Random(SEED + 2)
    for number in range(1, size.orders + 1):
        customer = chance.randrange(1, size.customers + 1)
        yield {
            "id": number, "owner": sellers[customer % len(sellers)], "created_at": BEGIN + timedelta(seconds=number * 11),
            "customer": customer, "date": date(2024, 1, 1) + timedelta(days=chance.randrange(700)),
            "amount": Decimal(chance.randrange(100_00, 900_000_00)) / 100,
            "status": chance.choice(("draft", "open", "done", "done", "void")), "stage": "draft",
        }  # fmt: skip
