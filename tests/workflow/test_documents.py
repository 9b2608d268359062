"""Documents that make the next one, rows kept in step, and the chain they form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refused
from yuanke.storage import Installation
from yuanke.workflow.documents import chain, drafts, make, offered

from tests.workflow.test_acts import Shop

TRADE = """
module: trade
label: 贸易
version: 1.0.0
roles: {boss: {label: 老板}, seller: {label: 销售}, finance: {label: 财务}}
entities:
  firm:
    fields: {name: text!}
    permissions: {boss: {read: all, create: true, update: all}, seller: {read: own, create: true, update: own}, finance: {read: all}}
  maker:
    fields: {name: text!}
    permissions: {boss: {read: all, create: true}, seller: {read: all}}
  article:
    fields: {name: text!, maker: {link: maker}}
    permissions: {boss: {read: all, create: true}, seller: {read: all}}
  deal:
    label: 订单
    number: D{seq:3}
    fields:
      firm: {link: firm!}
      note: text
      state: {default: draft, options: {draft: 草稿, running: 执行}}
      items:
        rows:
          article: {link: article!}
          quantity: {type: quantity, default: 1}
          price: {type: money, default: 0}
          total: {type: money, formula: quantity * price}
          shipped: {type: quantity, formula: "sum(parcel_items.quantity)"}
          open: {type: quantity, formula: quantity - shipped}
      amount: {type: money, formula: sum(items.total)}
      terms: {rows: {percent: {type: percent, default: 100}, days: {type: integer, default: 0}}}
      plans: {rows: {serial: integer, days: integer, amount: money, paid: {type: money, default: 0}}}
    permissions:
      boss: {read: all, create: true, update: all}
      seller: {read: own, create: true, update: own}
      finance: {read: all}
    fills:
      plans: {at: [approve, again], each: terms, match: serial, keep: paid > 0, values: {serial: =position, days: =days, amount: "=spread(record.amount, percent)"}}
    becomes:
      parcel:
        label: 生成发货单
        when: state == running
        rows: {items: {where: open > 0, values: {quantity: =open}}}
      six: {entity: parcel, label: 先发六件, rows: {items: {values: {quantity: "=take(6, open)"}}}}
      bill: {label: 开票, once: true, values: {money: =amount}, do: [set: {note: =已开票}]}
      buy: {label: 采购, by: article.maker, where: open > 0, rows: {items: {values: {quantity: =open}}}}
      visit: {label: 每行上门, each: items, where: quantity > 1, values: {what: =row.article.name}}
    workflow:
      field: state
      transitions:
        approve: {label: 批准, from: draft, to: running}
        again: {label: 重算, from: running, to: running}
        ship: {label: 发货, from: running, to: running, do: [become: {parcel: send}]}
  parcel:
    label: 发货单
    fields:
      firm: {link: firm!}
      deal: {link: deal!}
      note: text
      state: {default: waiting, options: {waiting: 待发, sent: 已发, dead: {label: 作废, void: true}}}
      items:
        rows:
          article: {link: article!}
          deal_item: {link: deal_items!, inverse: parcel_items}
          quantity: quantity
    permissions: {boss: {read: all, create: true, update: all}, seller: {read: own, create: true, update: own}}
    workflow: {field: state, transitions: {send: {from: waiting, to: sent}, kill: {from: any, to: dead}}}
  bill:
    label: 发票
    fields: {deal: {link: deal!}, firm: {link: firm!}, money: money}
    permissions: {boss: {read: all, create: true}, finance: {read: all, create: true}}
  buy:
    label: 采购单
    fields:
      deal: {link: deal}
      maker: {link: maker!}
      items: {rows: {article: {link: article!}, quantity: quantity}}
    permissions: {boss: {read: all, create: true}}
  visit:
    label: 上门
    fields: {deal: {link: deal!}, what: text}
    permissions: {boss: {read: all, create: true}}
"""


@pytest.fixture
def shop(installation: Installation, enterprise: Callable[..., Any]) -> Shop:
    return Shop(installation, enterprise(TRADE.replace("=已开票", '="已开票"')))


def a_deal(shop: Shop, who: str = "boss") -> int:
    firm = shop.make(who, "firm", name="某")
    one, two = (shop.make("boss", "maker", name=name) for name in ("甲厂", "乙厂"))
    goods = [shop.make("boss", "article", name=f"货{n}", maker=maker) for n, maker in enumerate((one, two, one))]
    items = [{"article": goods[0], "quantity": "5", "price": "10"}, {"article": goods[1], "quantity": "1", "price": "3"},
             {"article": goods[2], "quantity": "2", "price": "1"}]  # fmt: skip
    deal = shop.make(who, "deal", firm=firm, items=items, terms=[{"percent": "30"}, {"percent": "70", "days": 30}])
    shop.act(who, "deal", deal, "approve")
    return deal


def becomes(shop: Shop, who: str, deal: int, key: str, more: Any = None) -> list[Any]:
    return list(shop.run(who, lambda u, a, d: make(u, a, "deal", deal, key, more)))


def test_what_is_left_goes_into_the_next_document_and_nothing_twice(shop: Shop) -> None:
    deal = a_deal(shop)
    (first,) = becomes(shop, "boss", deal, "parcel")
    made = shop.get("boss", "parcel", first.id)
    assert made["deal"].id == deal and made["firm"].id is not None and made["state"] == "waiting"
    assert [(str(r.values["quantity"]), r.values["deal_item"].id is not None) for r in made["items"]] == [
        ("5.000000", True), ("1.000000", True), ("2.000000", True),
    ]  # fmt: skip
    with pytest.raises(Refused, match="没有可以生成发货单的内容"):
        becomes(shop, "boss", deal, "parcel")
    shop.act("boss", "parcel", first.id, "kill")
    assert len(becomes(shop, "boss", deal, "parcel")) == 1, "a void document counts for nothing"


def test_a_part_leaves_the_rest_for_the_next(shop: Shop) -> None:
    deal = a_deal(shop)
    (draft,) = shop.run("boss", lambda u, a, d: drafts(u, a, "deal", deal, "parcel"))
    some = dict(draft.values["items"][0])
    shop.run("boss", lambda u, a, d: d.create("parcel", {**draft.values, "items": [{**some, "quantity": 2}]}))
    (rest,) = shop.run("boss", lambda u, a, d: drafts(u, a, "deal", deal, "parcel"))
    assert [str(row["quantity"]) for row in rest.values["items"]] == ["3.000000", "1.000000", "2.000000"]


def test_a_row_for_which_nothing_is_left_is_not_made(shop: Shop) -> None:
    deal = a_deal(shop)
    (made,) = becomes(shop, "boss", deal, "six")
    assert [str(row.values["quantity"]) for row in shop.get("boss", "parcel", made.id)["items"]] == [
        "5.000000",
        "1.000000",
    ]


def test_once_is_once_and_what_follows_is_done_in_the_same_transaction(shop: Shop) -> None:
    deal = a_deal(shop)
    (bill,) = becomes(shop, "boss", deal, "bill")
    assert (
        str(shop.get("boss", "bill", bill.id)["money"]) == "55.00"
        and shop.get("boss", "deal", deal)["note"] == "已开票"
    )
    with pytest.raises(Refused, match="已经生成过发票"):
        becomes(shop, "boss", deal, "bill")
    keys = shop.run("boss", lambda u, a, d: [n.key for n in offered(u, a, d.entity("deal"), deal)])
    assert "bill" not in keys and "parcel" in keys


def test_a_document_for_each_value_and_for_each_row(shop: Shop) -> None:
    deal = a_deal(shop)
    bought = [shop.get("boss", "buy", one.id) for one in becomes(shop, "boss", deal, "buy")]
    assert sorted((one["maker"].title, len(one["items"])) for one in bought) == [("乙厂", 1), ("甲厂", 2)]
    visits = [shop.get("boss", "visit", one.id)["what"] for one in becomes(shop, "boss", deal, "visit")]
    assert visits == ["货0", "货2"]


def test_rights_are_asked_of_both_documents(shop: Shop) -> None:
    deal = a_deal(shop, "ann")
    with pytest.raises(AccessDenied):
        becomes(shop, "ann", deal, "bill")
    with pytest.raises(RecordNotFound):
        becomes(shop, "bob", deal, "parcel")
    with pytest.raises(RecordNotFound):
        becomes(shop, "ann", deal, "nothing")
    assert len(becomes(shop, "ann", deal, "parcel")) == 1


def test_a_transition_makes_the_next_document_and_moves_it_on(shop: Shop) -> None:
    deal = a_deal(shop)
    shop.act("boss", "deal", deal, "ship")
    (parcel,) = shop.run("boss", lambda u, a, d: d.list("parcel").records)
    assert shop.get("boss", "parcel", parcel.id)["state"] == "sent"


def test_rows_are_filled_at_an_act_to_the_cent_and_what_is_kept_stays(shop: Shop) -> None:
    deal = a_deal(shop)
    plans = shop.get("boss", "deal", deal)["plans"]
    assert [(p.values["serial"], p.values["days"], str(p.values["amount"])) for p in plans] == [
        (1, 0, "16.50"),
        (2, 30, "38.50"),
    ]
    shop.run("boss", lambda u, a, d: d.update("deal", deal, {"plans": [{"id": plans[0].id, "paid": "1"}]}))
    terms = shop.get("boss", "deal", deal)["terms"]
    shop.run(
        "boss",
        lambda u, a, d: d.update(
            "deal", deal, {"terms": [{"id": terms[0].id, "deleted": True}, {"id": terms[1].id, "days": 60}]}
        ),
    )
    shop.act("boss", "deal", deal, "again")
    again = shop.get("boss", "deal", deal)["plans"]
    assert plans[0].id in [p.id for p in again], "what was paid stays"
    assert [p.values["days"] for p in again if p.id != plans[0].id] == [60]


def test_the_chain_shows_what_hangs_together_to_whom_it_may(shop: Shop) -> None:
    deal = a_deal(shop, "ann")
    (parcel,) = becomes(shop, "ann", deal, "parcel")
    becomes(shop, "boss", deal, "bill")

    def seen(who: str, entity: str, record: int) -> list[tuple[int, str]]:
        return shop.run(who, lambda u, a, d: [(s.level, s.entity.key) for s in chain(u, a, d.entity(entity), record)])

    assert seen("boss", "parcel", parcel.id) == [(-1, "deal"), (0, "parcel")]
    assert seen("boss", "deal", deal) == [(0, "deal"), (1, "bill"), (1, "parcel")]
    assert seen("ann", "deal", deal) == [(0, "deal"), (1, "parcel")]
