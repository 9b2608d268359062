"""Sample records of module files: made through the door, links by name, days told from today."""

from __future__ import annotations

from decimal import Decimal

from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.records import Records
from yuanke.records.samples import fill

TRADE = """
module: trade
label: 贸易
entities:
  visit:
    label: 拜访
    fields:
      about: {link: [firm, product], label: 关于}
      day: {type: date, label: 日期}
    permissions: {everyone: {read: all}}
  deal:
    label: 订单
    fields:
      firm: {link: firm!, label: 客户, inverse: deals}
      tags: {links: product, label: 意向产品}
      signed_on: {type: date, label: 签约}
      lines: {label: 明细, rows: {product: {link: product!}, quantity: quantity, price: {type: price, default: =product.list_price}}}
    permissions: {everyone: {read: all}}
  firm:
    label: 客户
    number: KH{seq:4}
    fields: {name: text!, parent: {link: firm}, size: {type: integer}}
    permissions: {everyone: {read: all}}
  product:
    label: 产品
    fields: {name: text!, list_price: price}
    permissions: {everyone: {read: all}}
samples:
  deal:
    first:
      firm: daughter
      tags: [pen, book]
      signed_on: =today() - days(20)
      lines: [{product: pen, quantity: 3}, {product: book, quantity: 1, price: 9}]
    second: {firm: mother, tags: =list(product.id)}
  firm:
    daughter: {name: 子公司, parent: mother, size: =40 + 2}
    mother: {name: 母公司}
  product:
    pen: {name: 笔, list_price: 2.5}
    book: {name: 书, list_price: 10}
  visit:
    at_mother: {about: mother, day: =today()}
"""


def test_samples_are_made_with_what_they_name_before_them(enterprise, writing):
    at = enterprise(TRADE)
    with writing(at) as unit:
        door = Records(unit, Actor(at.slug, None, username="command", door="command", engine=True))
        made = fill(door)
        assert len(made) == 7
        deal = door.get("deal", made["deal", "first"]).values
        assert deal["firm"].id == made["firm", "daughter"]
        assert {tag.id for tag in deal["tags"]} == {made["product", "pen"], made["product", "book"]}
        assert (clock.today() - deal["signed_on"]).days == 20
        assert [(row.values["quantity"], row.values["price"]) for row in deal["lines"]] == [
            (3, Decimal("2.5")),
            (1, Decimal(9)),
        ]
        daughter = door.get("firm", made["firm", "daughter"]).values
        assert (daughter["parent"].title, daughter["size"]) == ("母公司", 42)
        second = door.get("deal", made["deal", "second"]).values  # records of an entity, by its name
        assert {tag.id for tag in second["tags"]} == {made["product", "pen"], made["product", "book"]}
        visit = door.get("visit", made["visit", "at_mother"]).values
        assert (visit["about"].entity, visit["about"].id) == ("firm", made["firm", "mother"])
