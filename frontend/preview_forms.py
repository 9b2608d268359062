"""View models of forms, as the pages would make them."""

from __future__ import annotations

from preview_people import LEVELS, PRODUCTS, STATES


def field(key: str, label: str, widget: str, value="", **more) -> dict:
    return {
        "key": key,
        "name": key,
        "id": f"f-{key}",
        "label": label,
        "widget": widget,
        "value": value,
        "required": False,
        "readonly": False,
        "errors": [],
        "span": 1,
        "visible": True,
        **more,
    }


def opts(*labels: str) -> list[dict]:
    return [{"key": label, "label": label, "color": "gray", "retired": False} for label in labels]


PRODUCT = {"lookup_url": "/lookup/product", "create_url": "/dialogs/create"}


def line(key: str, id_: int | None, product: int, quantity: str, discount: str) -> dict:
    code, name, unit, price, tax = PRODUCTS[product]
    return {
        "key": key,
        "id": id_,
        "values": {
            "product": {"id": code, "title": name, "extra": {"list_price": price, "tax": tax, "unit": unit}},
            "unit": unit,
            "quantity": quantity,
            "price": price,
            "discount": discount,
            "tax": tax,
        },
        "by_hand": ["price", "tax"] if id_ else [],
    }


def order(errors: bool = False) -> dict:
    q, p, d, t = ["field", "quantity"], ["field", "price"], ["field", "discount"], ["field", "tax"]
    amount = ["round", ["*", ["*", q, p], ["-", ["const", "1"], ["/", d, ["const", "100"]]]], 2]
    gross = ["sum", "lines", ["*", q, p]]
    net, vat = (
        ["sum", "lines", ["field", "amount"]],
        ["sum", "lines", ["round", ["/", ["*", ["field", "amount"], t], ["const", "100"]], 2]],
    )
    rows = {
        "columns": [
            field("product", "产品", "link", required=True, kind="link", **PRODUCT),
            field("unit", "单位", "text", kind="short"),
            field("quantity", "数量", "number", required=True, numeric=True, kind="num", scale=None, min="0"),
            field("price", "单价", "money", numeric=True, kind="money", scale=2, formula=True),
            field("discount", "折扣 %", "percent", numeric=True, kind="num", scale=None),
            field("tax", "税率 %", "percent", numeric=True, kind="num", scale=None, formula=True),
            field("amount", "金额", "formula", numeric=True, kind="money"),
        ],
        "rows": [
            line("0", 71, 1, "1", "8"),
            line("1", 72, 2, "20", "0"),
            line("2", 73, 4, "1", "10"),
            line("3", 74, 5, "1", "0"),
        ],
        "blank": {"quantity": "1", "discount": "0"},
        "add": True,
        "remove": True,
        "move": True,
        "pick": {"label": "从价格表选择", "url": "/dialogs/pick"},
    }
    for row in rows["rows"]:
        row["values"]["amount"] = ""
    basic = [
        field(
            "customer",
            "客户",
            "link",
            {"id": 28, "title": "深圳恒通科技股份有限公司"},
            required=True,
            span=2,
            lookup_url="/lookup/customer",
            create_url="/dialogs/create",
        ),
        field(
            "contact",
            "联系人",
            "link",
            {"id": 3, "title": "黄总监"},
            lookup_url="/lookup/contact",
            create_url=None,
            depends=["customer"],
        ),
        field("signed_on", "下单日期", "date", "2026-11-23", required=True),
        field("deliver_on", "交付日期", "date", "2026-12-15", help="按合同约定，周末顺延"),
        field(
            "terms",
            "付款方式",
            "choice",
            "预付 30%，验收 70%",
            options=opts("预付 30%，验收 70%", "全款到账发货", "月结 30 天", "其他"),
        ),
        field("terms_other", "付款说明", "text", "", span="wide", visible=False, placeholder="写明每一期的条件和比例"),
        field("owner", "负责人", "user", {"id": 7, "title": "王思远"}, required=True, lookup_url="/lookup/user"),
        field(
            "opportunity",
            "关联机会",
            "link",
            {"id": 9, "title": "CRM 升级项目（2026）"},
            lookup_url="/lookup/opportunity",
        ),
        field("urgent", "加急", "bool", False, placeholder="优先安排交付"),
    ]
    faults = []
    if errors:
        basic[0]["value"], basic[0]["errors"] = None, ["客户必填"]
        basic[3]["errors"] = ["交付日期不能早于下单日期 2026-11-23"]
        rows["rows"][1]["errors"] = {"quantity": ["数量要大于 0"]}
        rows["rows"][1]["values"]["quantity"] = "0"
        faults = [
            {"id": "f-customer", "label": "客户", "said": "必填"},
            {"id": "f-deliver_on", "label": "交付日期", "said": "不能早于下单日期 2026-11-23"},
            {"id": "f-lines-1-quantity", "label": "订单明细第 2 行 · 数量", "said": "要大于 0"},
        ]
    return {
        "title": "编辑订单",
        "crumbs": [{"label": "合同订单", "url": "/records/order"}],
        "state": ("草稿", "gray"),
        "url": "/records/order/new",
        "draft": "order/new",
        "cancel_url": "/records/order",
        "version": 4,
        "submit": [
            {"label": "保存草稿", "icon": "device-floppy", "name": None, "value": None, "primary": False},
            {"label": "提交审批", "icon": "send", "name": "then", "value": "submit", "primary": True},
        ],
        "errors": faults,
        "conflict": None,
        "notes": [],
        "sections": [
            {"title": "基本信息", "columns": 3, "fields": basic},
            {
                "title": "订单明细",
                "columns": 1,
                "count": "lines",
                "fields": [field("lines", "订单明细", "rows", rows=rows, span="wide")],
            },
            {
                "title": "备注与附件",
                "columns": 3,
                "fields": [
                    field("notes", "备注", "long_text", "", span="wide", placeholder="补充说明、交付要求等"),
                    field(
                        "files",
                        "附件",
                        "file",
                        [{"id": 1, "name": "合同正文（法务定稿）.pdf", "size": "1.2 MB", "url": "#"}],
                        span="wide",
                        many=True,
                        upload_url="/files",
                        limit=20971520,
                    ),
                ],
            },
        ],
        "side": {
            "sums_title": "金额汇总",
            "sums": [
                {"label": "商品数量", "tree": ["sum", "lines", q], "scale": 0, "value": "", "css": "", "prefix": ""},
                {"label": "商品总额", "tree": gross, "scale": 2, "value": "", "css": "", "prefix": ""},
                {"label": "折扣", "tree": ["-", net, gross], "scale": 2, "value": "", "css": "is-minus", "prefix": ""},
                {"label": "税额", "tree": vat, "scale": 2, "value": "", "css": "", "prefix": ""},
                {
                    "label": "应付总额",
                    "tree": ["+", net, vat],
                    "scale": 2,
                    "value": "",
                    "css": "is-strong",
                    "prefix": "¥",
                },
            ],
            "steps_title": "审批流程",
            "steps": [
                {"label": "提交 · 王思远", "note": None, "done": True},
                {"label": "销售主管 · 李文静", "note": None, "done": False},
                {"label": "财务复核 · 陈志强", "note": "金额超过 20 万时", "done": False},
            ],
        },
        "spec": {
            "compute": [
                {"name": "lines.price", "tree": ["path", "product", "list_price"], "scale": 2},
                {"name": "lines.tax", "tree": ["path", "product", "tax"], "scale": 0},
                {"name": "lines.amount", "tree": amount, "scale": 2},
            ],
            "visible": {"terms_other": ["==", ["field", "terms"], ["text", "其他"]]},
            "required": {"terms_other": ["==", ["field", "terms"], ["text", "其他"]]},
            "values": {},
        },
    }


def customer() -> dict:
    """Every widget at least once."""
    level = [{"key": k, "label": k, "color": c, "retired": False} for k, c in LEVELS]
    return {
        "title": "新建客户",
        "crumbs": [{"label": "客户", "url": "/records/customer"}],
        "state": None,
        "url": "/records/customer/new",
        "draft": "customer/new",
        "cancel_url": "/records/customer",
        "version": None,
        "submit": [
            {"label": "保存并新建", "icon": None, "name": "then", "value": "new", "primary": False},
            {"label": "保存客户", "icon": None, "name": None, "value": None, "primary": True},
        ],
        "errors": [],
        "conflict": None,
        "notes": [
            {
                "tone": "",
                "title": "可能与现有客户重复",
                "said": "深圳恒通科技股份有限公司（C10028，李文静负责）",
                "action": {"label": "查看", "url": "/records/customer/28"},
            }
        ],
        "sections": [
            {
                "title": "基本信息",
                "columns": 3,
                "fields": [
                    field("name", "客户名称", "text", "", required=True, span=2),
                    field("number", "客户编号", "sequence", ""),
                    field("level", "客户级别", "choice", "B", options=level, style="pills", required=True),
                    field("status", "状态", "choice", "潜在", options=opts(*[s for s, _ in STATES])),
                    field("industry", "行业", "choice", "", options=opts("制造业", "互联网", "医疗健康")),
                    field("tags", "标签", "tags", ["上市公司"], lookup_url="/lookup/tag"),
                    field(
                        "partners",
                        "协作人",
                        "links",
                        [{"id": 3, "title": "陈志强"}, {"id": 4, "title": "赵雨晴"}],
                        lookup_url="/lookup/user",
                    ),
                    field(
                        "source",
                        "来源",
                        "choices",
                        ["老客户转介绍"],
                        options=opts("老客户转介绍", "展会", "网站", "地推"),
                    ),
                ],
            },
            {
                "title": "联系方式",
                "columns": 3,
                "fields": [
                    field("phone", "电话", "phone", ""),
                    field("email", "邮箱", "email", ""),
                    field("site", "网站", "url", "", placeholder="https://"),
                    field(
                        "region",
                        "地区",
                        "region",
                        {"id": "广东省/深圳市/南山区", "title": "广东省 深圳市 南山区"},
                        lookup_url="/lookup/region",
                    ),
                    field("address", "详细地址", "address", "科技南路 18 号", span=2),
                ],
            },
            {
                "title": "经营与信用",
                "note": "仅老板、财务可见 2 项",
                "columns": 3,
                "fields": [
                    field("revenue", "年营收", "money", "230000000.00", scale=2, unit="元"),
                    field("credit", "信用额度", "money", "500000.00", scale=2, unit="元"),
                    field("rate", "毛利率", "percent", "31.6", scale=1),
                    field("staff", "员工人数", "number", "680", scale=0, unit="人"),
                    field("founded", "成立月份", "month", "2009-06"),
                    field("visit", "回访时间", "time", "14:30"),
                    field("next", "下次跟进", "datetime", "2026-11-23T14:30"),
                    field("spent", "累计工时", "duration", "1小时30分"),
                    field("score", "满意度", "rating", 4, max=5),
                    field("mark", "标识颜色", "color", "#3355ff"),
                    field("code", "条码", "barcode", "6901234567892"),
                    field(
                        "about",
                        "相关单据",
                        "dynamic_link",
                        {"entity": "order", "id": 5, "title": "HT2026-0311"},
                        targets=[
                            {"entity": "order", "label": "合同订单", "lookup_url": "/lookup/order", "create_url": None},
                            {"entity": "quote", "label": "报价", "lookup_url": "/lookup/quote", "create_url": None},
                        ],
                    ),
                    field("logo", "标志", "image", [], upload_url="/files", accept="image/*"),
                    field("extra", "扩展数据", "json", '{"erp": "K3-8812"}', span=2),
                    field("story", "客户介绍", "rich_text", "<p>华南区<b>重点客户</b>，年采购三次。</p>", span="wide"),
                ],
            },
        ],
        "side": None,
        "spec": {"compute": [], "visible": {}, "required": {}, "values": {}},
    }
