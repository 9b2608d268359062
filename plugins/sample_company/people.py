"""Who works at the sample company: one log-in for every role, three sales departments with a manager each."""

from __future__ import annotations

from typing import NamedTuple


class Department(NamedTuple):
    """``parent`` and ``head`` name a department and a username; a department comes after its parent."""

    name: str
    parent: str | None
    head: str


class Person(NamedTuple):
    """``manager`` is a username; a person comes after the manager."""

    username: str
    name: str
    role: str
    department: str
    manager: str | None


DEPARTMENTS = [
    Department("总经办", None, "chenmo"),
    Department("销售中心", "总经办", "chenmo"),
    Department("华东销售部", "销售中心", "wangsiyuan"),
    Department("华南销售部", "销售中心", "liwenjing"),
    Department("华北销售部", "销售中心", "liuyang"),
    Department("市场部", "总经办", "linxiao"),
    Department("客户服务部", "总经办", "heting"),
    Department("采购部", "总经办", "tangyan"),
    Department("仓储部", "采购部", "luojian"),
    Department("财务部", "总经办", "wuxiaomin"),
]

PEOPLE = [
    Person("chenmo", "陈默", "boss", "总经办", None),
    Person("wangsiyuan", "王思远", "sales_manager", "华东销售部", "chenmo"),
    Person("liwenjing", "李文静", "sales_manager", "华南销售部", "chenmo"),
    Person("liuyang", "刘洋", "sales_manager", "华北销售部", "chenmo"),
    Person("zhaoyuqing", "赵雨晴", "sales", "华东销售部", "wangsiyuan"),
    Person("zhouhaoran", "周浩然", "sales", "华东销售部", "wangsiyuan"),
    Person("chenzhiqiang", "陈志强", "sales", "华南销售部", "liwenjing"),
    Person("sunjiayi", "孙佳怡", "sales", "华南销售部", "liwenjing"),
    Person("gaofei", "高飞", "sales", "华北销售部", "liuyang"),
    Person("linxiao", "林晓", "marketing", "市场部", "chenmo"),
    Person("heting", "何婷", "service", "客户服务部", "chenmo"),
    Person("majun", "马俊", "repair", "客户服务部", "heting"),
    Person("tangyan", "唐燕", "purchasing", "采购部", "chenmo"),
    Person("luojian", "罗健", "warehouse", "仓储部", "tangyan"),
    Person("wuxiaomin", "吴晓敏", "finance", "财务部", "chenmo"),
]

#: who looks after the customers of which part of the country, the manager last (he keeps the fewest)
SELLERS = {
    "east": ["zhaoyuqing", "zhouhaoran", "wangsiyuan"],
    "south": ["chenzhiqiang", "sunjiayi", "liwenjing"],
    "north": ["gaofei", "liuyang"],
}
