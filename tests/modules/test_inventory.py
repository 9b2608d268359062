"""Warehouses and their documents, as the keepers and those above them use them; figures of the stories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refusal, ValidationFailed
from yuanke.records import Record, Records
from yuanke.workflow import perform

from tests.modules.conftest import everybody_agrees

GOODS = {"主板": "620", "内存": "185.50", "硬盘": "410", "机箱": "150.25", "电脑": None}


class Store:
    """Goods, and two warehouses: one kept by the keeper, one by the administrator."""

    def __init__(self, door: Callable[[str], Records], people: Mapping[str, int]) -> None:
        self.door, self.people = door, people
        admin = door("admin")
        self.keeper, self.other = self.user("warehouse"), self.user("admin")
        category = admin.create("product_category", {"name": "硬件"}).id
        self.goods = {
            name: admin.create(
                "product",
                {"code": name, "name": name, "category": category, "list_price": "1000", "cost_price": cost},
            ).id
            for name, cost in GOODS.items()
        }
        printer = {"code": "PR", "name": "打印机", "category": category, "list_price": "900", "serial_managed": True}
        self.goods["打印机"] = admin.create("product", {**printer, "warranty_months": 12}).id
        self.mine = admin.create("warehouse", {"code": "A", "name": "北京仓", "keepers": [self.keeper]}).id
        self.theirs = admin.create("warehouse", {"code": "B", "name": "上海仓", "keepers": [self.other]}).id

    def user(self, role: str) -> int:
        return self.door(role).actor.user_id or 0

    def make(self, role: str, entity: str, lines: list[Mapping[str, Any]] | None = None, **values: Any) -> Record:
        """A document with ``lines`` that name their product."""
        named = [{**line, "product": self.goods[line["product"]]} for line in lines or ()]
        return self.door(role).create(entity, {**values, **({"lines": named} if named else {})})

    def act(self, role: str, record: Record, act: str, **asked: Any) -> Record:
        door = self.door(role)
        return perform(door.unit, door.actor, record.entity.key, record.id, act, asked)

    def seen(self, role: str, record: Record) -> dict[str, Any]:
        return self.door(role).get(record.entity.key, record.id).values

    def pieces(self, *numbers: str) -> list[int]:
        return [
            self.door("warehouse").create("serial_no", {"sn": n, "product": self.goods["打印机"]}).id for n in numbers
        ]

    def state(self, piece: int) -> str:
        return self.door("warehouse").get("serial_no", piece).values["status"]


@pytest.fixture
def store(standing_staff: Callable[..., Any]) -> Iterator[Store]:
    staffed = standing_staff("stock_documents")
    with staffed.working() as door:
        yield Store(door, staffed.ids)


def refused(what: Callable[[], Any]) -> str:
    """The sentence of a refusal."""
    with pytest.raises(Refusal) as found:
        what()
    if isinstance(found.value, ValidationFailed):
        return "；".join(said.say() for sentences in found.value.errors.values() for said in sentences)
    return found.value.said.say()


def test_each_document_is_made_changed_and_deleted_by_who_keeps_it(staff):
    staffed = staff("stock_documents")
    with staffed.working() as door:
        store = Store(door, staffed.ids)
        board = [{"product": "主板", "quantity": "3"}]
        things: list[tuple[str, str, list[Mapping[str, Any]], dict[str, Any], dict[str, Any]]] = [
            ("boss", "warehouse", [], {"code": "C", "name": "维修仓", "kind": "repair", "keepers": [store.keeper]}, {"sort": 5}),
            ("warehouse", "assembly_scheme", board, {"product": store.goods["电脑"]}, {"revision": 2}),
            ("warehouse", "stock_in", board, {"warehouse": store.mine, "kind": "other"}, {"memo": "补"}),
            ("warehouse", "stock_out", board, {"warehouse": store.mine, "kind": "scrap"}, {"memo": "补"}),
            ("warehouse", "stock_transfer", board, {"source_warehouse": store.mine, "target_warehouse": store.theirs}, {"reason": "补货"}),
            ("warehouse", "stocktake", [{"product": "主板", "book_quantity": 3}], {"warehouse": store.mine}, {"blind": True}),
            ("warehouse", "assembly_order", board, {"product": store.goods["电脑"], "source_warehouse": store.mine}, {"memo": "急"}),
            ("boss", "stock_init", [{"product": "主板", "quantity": 1, "unit_cost": 1}],
             {"warehouse": store.mine, "confirm_text": "北京仓", "reason": "上线", "second_approver": store.other}, {"reason": "上线日"}),
            ("finance", "cost_adjust", [], {"product": store.goods["主板"], "new_cost": "630", "quantity": 10, "reason": "运费"}, {"reason": "运费晚到"}),
        ]  # fmt: skip
        for role, entity, lines, values, change in things:
            made = store.make(role, entity, lines, **values)
            assert made.title and made.values.get("number", "x"), entity
            changed = door(role).update(entity, made.id, change).values
            assert {key: changed[key] for key in change} == change
            door(role).delete(entity, made.id)
            with pytest.raises(RecordNotFound):
                door(role).get(entity, made.id)


def test_a_keeper_works_in_the_own_warehouse_alone_and_sees_no_cost(store):
    lines = [{"product": "主板", "quantity": "3"}]
    made = store.make("warehouse", "stock_in", lines, warehouse=store.mine, kind="other")
    assert store.seen("boss", made)["total_cost"] == D("1860.00")
    assert "total_cost" not in made.values and "cost" not in made.values["lines"][0].values
    with pytest.raises(AccessDenied):
        store.make("warehouse", "stock_in", lines, warehouse=store.theirs, kind="other")
    theirs = store.make("admin", "stock_in", lines, warehouse=store.theirs, kind="other")
    with pytest.raises(RecordNotFound):
        store.door("warehouse").get("stock_in", theirs.id)
    assert refused(lambda: store.act("boss", made, "confirm"))
    with pytest.raises(AccessDenied):
        store.door("sales").list("stock_in")


def test_a_receipt_is_posted_once_and_then_only_reversed(store):
    made = store.make("warehouse", "stock_in", [{"product": "主板", "quantity": "3"}], warehouse=store.mine)
    posted = store.act("warehouse", made, "confirm").values
    assert (posted["status"], posted["keeper"].id) == ("posted", store.keeper) and posted["posted_at"]
    assert refused(lambda: store.act("warehouse", made, "confirm")) == "入库单现在是“已入库”，不能完成入库"
    assert "不能修改" in refused(lambda: store.door("warehouse").update("stock_in", made.id, {"memo": "x"}))
    assert "请冲销" in refused(lambda: store.door("warehouse").delete("stock_in", made.id))
    assert store.act("warehouse", made, "reverse").values["status"] == "reversed"


def test_pieces_go_where_documents_take_them(store):
    one, two, three = store.pieces("SN-001", "SN-002", "SN-003")
    lines = [{"product": "打印机", "quantity": 3, "serials": [one, two, three]}]
    receipt = store.make("warehouse", "stock_in", lines, warehouse=store.mine)
    store.act("warehouse", receipt, "confirm")
    assert [store.state(piece) for piece in (one, two, three)] == ["in_stock"] * 3

    short = store.make(
        "warehouse", "stock_in", [{"product": "打印机", "quantity": 2, "serials": []}], warehouse=store.mine
    )
    assert refused(lambda: store.act("warehouse", short, "confirm")) == "按件管理的产品，序列号的个数要等于数量"

    sale = {"warehouse": store.mine, "kind": "sale", "date": "2026-02-10"}
    k1 = store.door("admin").create("customer", {"name": "K1"}).id
    out = store.make("warehouse", "stock_out", [{"product": "打印机", "serials": [one]}], customer=k1, **sale)
    store.act("warehouse", out, "confirm")
    piece = store.door("service").get("serial_no", one).values
    assert (piece["status"], piece["customer"].id, str(piece["warranty_until"])) == ("sold", k1, "2027-02-10")
    assert refused(lambda: store.make("warehouse", "stock_out", [{"product": "打印机", "serials": [one]}], **sale))

    store.act("warehouse", out, "reverse")
    assert store.state(one) == "in_stock"
    assert store.door("service").get("serial_no", one).values["warranty_until"] is None

    scrap = store.make(
        "warehouse", "stock_out", [{"product": "打印机", "serials": [two]}], warehouse=store.mine, kind="scrap"
    )
    store.act("warehouse", scrap, "confirm")
    assert store.state(two) == "scrapped"

    again = store.make("warehouse", "stock_in", [{"product": "打印机", "serials": [three]}], warehouse=store.mine)
    assert "在库" in refused(lambda: store.act("warehouse", again, "confirm"))  # it is there already


def test_a_transfer_takes_both_keepers_and_what_is_lost_is_confirmed(store):
    made = store.make(
        "warehouse", "stock_transfer", [{"product": "主板", "quantity": 15}],
        source_warehouse=store.mine, target_warehouse=store.theirs,
    )  # fmt: skip
    assert made.values["subject"] == "北京仓 → 上海仓"
    store.act("warehouse", made, "request")
    sent = store.act("warehouse", made, "depart", tracking_no="SF1024").values
    assert (sent["status"], sent["transit_quantity"], sent["tracking_no"]) == ("moving", 15, "SF1024")
    assert "不能确认调入" in refused(lambda: store.act("warehouse", made, "arrive"))  # keeps the other side
    assert "15" in refused(lambda: store.act("admin", made, "arrive"))

    line = made.values["lines"][0].id
    change = {"lines": [{"id": line, "in_quantity": 14, "loss_quantity": 2}]}
    assert (
        refused(lambda: store.door("warehouse").update("stock_transfer", made.id, change)) == "已入加损耗不能多于已出"
    )
    change["lines"][0]["loss_quantity"] = 1
    changed = store.door("warehouse").update("stock_transfer", made.id, change).values
    assert (changed["transit_quantity"], changed["loss_quantity"]) == (0, 1)
    waiting = store.act("admin", made, "arrive").values
    assert (waiting["status"], waiting["approval"]) == ("moving", "submitted")  # finance has to agree to the loss
    everybody_agrees(store.door, store.people)
    assert store.seen("boss", made)["status"] == "done"


def test_a_transfer_goes_somewhere_else(store):
    same = {"source_warehouse": store.mine, "target_warehouse": store.mine}
    assert "不能就是调出仓库" in refused(
        lambda: store.make("warehouse", "stock_transfer", [{"product": "主板"}], **same)
    )


def test_a_stocktake_tells_surplus_and_loss_and_leaves_out_what_was_not_counted(store):
    admin = store.door("admin")
    category = admin.list("product_category").records[0].id
    for code, cost in (("P-01", "12.3"), ("P-02", "105.5"), ("P-03", "8.8"), ("P-04", "33.3333"), ("P-05", "250")):
        values = {"code": code, "name": code, "category": category, "list_price": "1", "cost_price": cost}
        store.goods[code] = admin.create("product", values).id
    counts = {"P-01": (50, 48), "P-02": (20, 21), "P-03": ("10.5", "10.25"), "P-04": (7, 7), "P-05": (4, None)}
    lines = [{"product": p, "book_quantity": book, "counted_quantity": count} for p, (book, count) in counts.items()]
    made = store.make("warehouse", "stocktake", lines, warehouse=store.mine)
    figures = store.seen("boss", made)
    assert [line.values["difference"] for line in figures["lines"]] == [-2, 1, D("-0.25"), 0, None]
    assert [line.values["difference_amount"] for line in figures["lines"]] == [
        D("-24.60"),
        D("105.50"),
        D("-2.20"),
        0,
        None,
    ]
    assert (figures["gain_amount"], figures["loss_amount"], figures["net_amount"]) == (
        D("105.50"),
        D("26.80"),
        D("78.70"),
    )
    assert (figures["line_count"], figures["counted_count"], figures["difference_count"]) == (5, 4, 3)

    recounted = [{"id": figures["lines"][0].id, "recount_quantity": 50}]
    store.door("warehouse").update("stocktake", made.id, {"lines": recounted, "uncounted_as_zero": True})
    figures = store.seen("boss", made)
    assert [line.values["difference"] for line in figures["lines"]] == [0, 1, D("-0.25"), 0, -4]
    store.act("warehouse", made, "submit")
    assert store.act("warehouse", made, "complete").values["approval"] == "submitted"
    assert store.door("warehouse").list("stock_in").records == []  # nothing before it is approved
    everybody_agrees(store.door, store.people)
    done = store.seen("boss", made)
    assert (done["status"], done["approval"]) == ("done", "approved")
    for entity, kind, lines in (
        ("stock_in", "stocktake_gain", [("P-02", 1)]),
        ("stock_out", "stocktake_loss", [("P-03", D("0.25")), ("P-05", 4)]),
    ):
        (found,) = store.door("boss").list(entity).records
        document = store.door("boss").get(entity, found.id).values
        assert (document["kind"], document["status"], document["stocktake"].id) == (kind, "posted", made.id)
        assert [(line.values["product"].title, line.values["quantity"]) for line in document["lines"]] == lines


def test_a_stocktake_without_differences_is_completed_at_once(store):
    lines = [{"product": "主板", "book_quantity": 5, "counted_quantity": 5}]
    made = store.make("warehouse", "stocktake", lines, warehouse=store.mine)
    store.act("warehouse", made, "submit")
    assert store.act("warehouse", made, "complete").values["status"] == "done"
    assert store.door("boss").list("stock_in").records == store.door("boss").list("stock_out").records == []


def test_assembly_costs_its_parts_and_labour(store):
    parts = [
        {"product": "主板", "quantity": 1},
        {"product": "内存", "quantity": 2},
        {"product": "硬盘"},
        {"product": "机箱"},
    ]
    computer = store.goods["电脑"]
    scheme = store.make("warehouse", "assembly_scheme", parts, product=computer, labor_cost="45")
    assert (scheme.title, store.seen("boss", scheme)["standard_cost"]) == ("电脑", D("1596.25"))
    assert "自己的配件" in refused(
        lambda: store.make("warehouse", "assembly_scheme", [{"product": "电脑"}], product=computer)
    )
    order = {"scheme": scheme.id, "quantity": 4, "source_warehouse": store.mine}
    assert "选择条件" in refused(lambda: store.make("warehouse", "assembly_order", **order))  # a draft is not used
    store.act("warehouse", scheme, "enable")
    four = [{**line, "quantity": 4 * line.get("quantity", 1)} for line in parts]
    made = store.make("warehouse", "assembly_order", four, **order)
    figures = store.seen("boss", made)
    assert [figures[key] for key in ("component_cost", "labor_cost", "total_cost", "unit_cost")] == [
        D("6205.00"), D("180.00"), D("6385.00"), D("1596.2500"),
    ]  # fmt: skip
    assert (figures["product"].id, figures["target_warehouse"].id) == (computer, store.mine)
    store.act("warehouse", made, "submit")
    assert store.act("warehouse", made, "complete").values["status"] == "done"
    assert "不能修改" in refused(lambda: store.door("warehouse").update("assembly_order", made.id, {"memo": "x"}))


def test_opening_stock_is_confirmed_by_a_second_person(store):
    lines = [
        {"product": "主板", "quantity": 10, "unit_cost": "5"},
        {"product": "内存", "quantity": "4.5", "unit_cost": "12.3"},
        {"product": "硬盘", "quantity": 7, "unit_cost": "33.3333"},
    ]
    values = {"warehouse": store.mine, "confirm_text": "北京仓", "reason": "上线"}
    made = store.make("boss", "stock_init", lines, second_approver=store.other, **values)
    assert [line.values["amount"] for line in made.values["lines"]] == [D("50.00"), D("55.35"), D("233.33")]
    assert made.values["total_amount"] == D("338.68")
    assert "另一位" in refused(
        lambda: store.make("boss", "stock_init", lines, second_approver=store.user("boss"), **values)
    )
    assert "另一位" in refused(lambda: store.make("boss", "stock_init", lines, second_approver=store.keeper, **values))
    wrong = {**values, "confirm_text": "上海仓", "second_approver": store.other}
    assert refused(lambda: store.make("boss", "stock_init", lines, **wrong)) == "确认口令要和仓库名称一样"
    store.act("boss", made, "submit")
    assert refused(lambda: store.act("boss", made, "execute")) == "现在不能确认执行"
    assert store.act("admin", made, "execute").values["status"] == "done"
    assert "不能修改" in refused(lambda: store.door("boss").update("stock_init", made.id, {"reason": "x"}))


def test_what_is_closed_stays_closed(store, monkeypatch):
    board, values = [{"product": "主板"}], {"warehouse": store.mine}
    monkeypatch.setitem(store.door("warehouse").unit.settings, "lock_date", date(2026, 3, 31))
    closed = refused(lambda: store.make("warehouse", "stock_in", board, **values, date="2026-03-31"))
    assert closed == "这一天已经结账"
    made = store.make("warehouse", "stock_in", board, **values, date="2026-04-01")
    store.act("warehouse", made, "confirm")
    monkeypatch.setitem(store.door("warehouse").unit.settings, "lock_date", date(2026, 4, 1))
    assert refused(lambda: store.act("warehouse", made, "reverse")) == "这一天已经结账，不能冲销"


def test_only_keepers_change_a_warehouse_and_only_what_is_theirs(store):
    keeper = store.door("warehouse")
    assert keeper.update("warehouse", store.mine, {"phone": "010-88886666"}).values["phone"]
    with pytest.raises(AccessDenied):
        keeper.update("warehouse", store.theirs, {"phone": "021-88886666"})
    assert refused(lambda: keeper.update("warehouse", store.mine, {"cost_scope": "own"})) == "成本核算范围 不能修改"
    assert refused(lambda: store.door("boss").create("warehouse", {"code": "D", "name": "无人仓"})) == "库管员 不能为空"
