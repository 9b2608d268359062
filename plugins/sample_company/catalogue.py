"""What the sample company sells and buys: categories, products with prices that fit one another, suppliers."""

from __future__ import annotations

from typing import NamedTuple


class Category(NamedTuple):
    name: str
    code: str
    parent: str | None = None


class Product(NamedTuple):
    """Prices in CNY, tax included; ``tax`` in percent; ``pack`` is what one orders of it at least and at most."""

    code: str
    name: str
    model: str
    category: str
    unit: str
    price: str
    cost: str
    tax: str
    pack: tuple[int, int]
    low: int | None
    supplier: str | None

    @property
    def kind(self) -> str:
        return "service" if self.code.startswith("SV") else "regular"


class Supplier(NamedTuple):
    name: str
    category: str
    level: str
    contact: str
    phone: str
    address: str
    pay_days: int
    lead_days: int


CATEGORIES = [
    Category("软件", "RJ"),
    Category("企业软件", "RJ-QY", "软件"),
    Category("移动应用", "RJ-YD", "软件"),
    Category("硬件", "YJ"),
    Category("服务器与存储", "YJ-FW", "硬件"),
    Category("网络设备", "YJ-WL", "硬件"),
    Category("终端设备", "YJ-ZD", "硬件"),
    Category("配件耗材", "YJ-PJ", "硬件"),
    Category("服务", "FW"),
    Category("实施与开发", "FW-SS", "服务"),
    Category("培训与维保", "FW-WB", "服务"),
]

# name, category, level, contact, telephone, days to pay, days to deliver, address
_SUPPLIERS = """
苏州工控计算机有限公司   | goods     | a | 沈建国 | 0512-80001102 | 45 | 7  | 苏州市工业园区星湖街 218 号
深圳网联设备有限公司     | goods     | a | 黄志明 | 0755-80002216 | 30 | 5  | 深圳市宝安区留仙大道 60 号
东莞手持终端制造有限公司 | goods     | b | 罗伟强 | 0769-80003318 | 30 | 12 | 东莞市松山湖工业北路 9 号
天津条码标签印务有限公司 | material  | b | 韩丽   | 022-80004427  | 15 | 4  | 天津市西青区友谊南路 88 号
北京数据存储技术有限公司 | goods     | a | 邓超   | 010-80005531  | 45 | 10 | 北京市昌平区回龙观西大街 16 号
杭州云主机服务有限公司   | service   | a | 方雅   | 0571-80006642 | 30 | 1  | 杭州市西湖区文三路 477 号
顺途物流有限公司         | logistics | b | 郑海   | 021-80007753  | 15 | 3  | 上海市嘉定区曹安公路 4671 号
石家庄弱电工程有限公司   | service   | c | 贾永   | 0311-80008864 | 30 | 15 | 石家庄市裕华区槐安东路 162 号
"""

# code, name, model, category, unit, price, cost, tax in percent, ordered at least-most, minimum stock,
# beginning of the supplier's name
_PRODUCTS = """
SW-1001 | CRM 标准版   | V8 · 10 用户/年      | 企业软件     | 套   | 12800   | 1200  | 13 | 1-2    | -   | -
SW-1002 | CRM 专业版   | V8 · 50 用户/年      | 企业软件     | 套   | 49800   | 3600  | 13 | 1-1    | -   | -
SW-1003 | CRM 企业版   | V8 · 200 用户/年     | 企业软件     | 套   | 168000  | 9800  | 13 | 1-1    | -   | -
SW-1004 | 进销存模块   | V8                   | 企业软件     | 套   | 26000   | 1500  | 13 | 1-1    | -   | -
SW-1005 | 客服工单模块 | V8                   | 企业软件     | 套   | 18600   | 1100  | 13 | 1-1    | -   | -
SW-1006 | 增购用户许可 | 1 用户/年            | 企业软件     | 个   | 960     | 60    | 13 | 5-60   | -   | -
SW-2001 | 移动外勤应用 | iOS / Android        | 移动应用     | 套   | 9800    | 700   | 13 | 1-2    | -   | -
SW-2002 | 移动审批应用 | iOS / Android        | 移动应用     | 套   | 6800    | 500   | 13 | 1-2    | -   | -
HW-1001 | 机架服务器   | R2 · 32 核 128 GB    | 服务器与存储 | 台   | 38600   | 29800 | 13 | 1-3    | 4   | 苏州工控
HW-1002 | 入门服务器   | T1 · 8 核 32 GB      | 服务器与存储 | 台   | 12800   | 9800  | 13 | 1-3    | 5   | 苏州工控
HW-1003 | 网络存储     | NAS 8 盘位 48 TB     | 服务器与存储 | 台   | 23500   | 17600 | 13 | 1-2    | 3   | 北京数据
HW-2001 | 24 口交换机  | S24 千兆             | 网络设备     | 台   | 1599.50 | 1100  | 13 | 2-12   | 20  | 深圳网联
HW-2002 | 48 口交换机  | S48 万兆上联         | 网络设备     | 台   | 4280    | 3120  | 13 | 1-6    | 10  | 深圳网联
HW-2003 | 无线接入点   | AX3000 吸顶          | 网络设备     | 个   | 680     | 430   | 13 | 5-40   | 40  | 深圳网联
HW-2004 | 企业防火墙   | F600                 | 网络设备     | 台   | 15800   | 11200 | 13 | 1-2    | 3   | 深圳网联
HW-3001 | 手持终端     | T2 · 扫码 4G         | 终端设备     | 台   | 2380    | 1620  | 13 | 5-30   | 30  | 东莞手持
HW-3002 | 工业平板     | P10 · 10 英寸        | 终端设备     | 台   | 3960    | 2850  | 13 | 2-12   | 10  | 东莞手持
HW-3003 | 条码打印机   | B3 · 300 dpi         | 终端设备     | 台   | 1980    | 1350  | 13 | 1-8    | 10  | 东莞手持
HW-4001 | 条码标签纸   | 60 × 40 mm · 1000 张 | 配件耗材     | 卷   | 18.50   | 9.80  | 13 | 50-400 | 500 | 天津条码
HW-4002 | 碳带         | 110 mm × 300 m       | 配件耗材     | 卷   | 36      | 21    | 13 | 20-120 | 200 | 天津条码
HW-4003 | 六类网线     | 305 米/箱            | 配件耗材     | 箱   | 720     | 510   | 13 | 2-20   | 30  | 深圳网联
SV-1001 | 实施服务     | 人天                 | 实施与开发   | 人天 | 2200    | 1200  | 6  | 5-30   | -   | -
SV-1002 | 定制开发     | 人天                 | 实施与开发   | 人天 | 2600    | 1500  | 6  | 5-40   | -   | -
SV-1003 | 数据迁移     | 项目                 | 实施与开发   | 项   | 15000   | 7200  | 6  | 1-1    | -   | -
SV-2001 | 现场培训     | 天                   | 培训与维保   | 天   | 3605    | 1600  | 6  | 1-4    | -   | -
SV-2002 | 年度维保     | 按年                 | 培训与维保   | 年   | 19800   | 8800  | 6  | 1-3    | -   | -
"""


def _cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in row.split("|")] for row in table.split("\n") if row]


def _supplier(row: list[str]) -> Supplier:
    name, category, level, contact, phone, pay_days, lead_days, address = row
    return Supplier(name, category, level, contact, phone, address, int(pay_days), int(lead_days))


def _product(row: list[str]) -> Product:
    code, name, model, category, unit, price, cost, tax, pack, low, maker = row
    least, most = (int(number) for number in pack.split("-"))
    minimum = int(low) if low.isdigit() else None
    supplier = next((supplier.name for supplier in SUPPLIERS if supplier.name.startswith(maker)), None)
    return Product(code, name, model, category, unit, price, cost, tax, (least, most), minimum, supplier)


SUPPLIERS = [_supplier(row) for row in _cells(_SUPPLIERS)]
PRODUCTS = [_product(row) for row in _cells(_PRODUCTS)]

#: what is usually bought together: the first product leads, the others join it
BASKETS = [
    ["SW-1003", "SV-1001", "SV-1003", "SV-2001"],
    ["SW-1002", "SV-1001", "SW-2001"],
    ["SW-1002", "SW-1004", "SV-1001", "SV-2001"],
    ["SW-1001", "SV-2001"],
    ["SW-1001", "SW-2002"],
    ["SW-1006", "SV-2002"],
    ["HW-1001", "HW-1003", "HW-2004", "SV-1001"],
    ["HW-1002", "HW-2001", "SV-2001"],
    ["HW-2002", "HW-2003", "HW-4003"],
    ["HW-3001", "HW-3003", "HW-4001", "HW-4002"],
    ["HW-3002", "HW-3001", "SW-2001"],
    ["HW-4001", "HW-4002"],
    ["SW-1005", "SV-1001"],
    ["SV-2002", "SW-1006"],
    ["SV-1002", "SV-2001"],
]
