"""A small trading company: firms, people, products, deals with lines, and three roles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from yuanke.access import people
from yuanke.access.sessions import actor_of
from yuanke.kernel.actor import Actor, Enterprise
from yuanke.records import Records
from yuanke.storage import Installation

TRADE = """
module: trade
label: 贸易
version: 1.0.0
settings: {stale_days: {type: integer, default: 14, label: 天}}
roles: {boss: {label: 老板}, seller: {label: 销售}, clerk: {label: 文员}}
entities:
  firm:
    label: 客户
    number: KH{seq:4}
    fields:
      name: {type: text!, label: 名称, unique: true, searchable: true}
      level: {label: 级别, default: b, options: {a: {label: 重点, weight: 3}, b: {label: 普通, weight: 1}}}
      phone: phone
      secret: {type: text, label: 内情}
      parent: {link: firm, label: 上级}
      deals_total: {type: money, label: 成交, formula: sum(deals.amount)}
      rank: {type: number, formula: level.weight * 10}
      big: {type: bool, formula: deals_total >= 1000}
    permissions:
      boss: {read: all, create: true, update: all, delete: all, export: all}
      seller: {read: own, create: own, update: own, delete: own, fields: {secret: hidden}}
      clerk: {read: all, fields: {secret: read, "*": read}}
  product:
    label: 产品
    fields: {name: text!, list_price: price}
    permissions: {boss: {read: all, create: true, update: all}, seller: {read: all}, clerk: {read: all}}
  deal:
    label: 订单
    plural: 订单
    number: DD{year}-{seq:3}
    fields:
      firm: {link: firm!, label: 客户, inverse: deals}
      tags: {links: product, label: 意向产品}
      signed_on: {type: date, default: =today()}
      state: {label: 状态, default: open, options: {open: {}, won: {closed: true}, lost: {closed: true}}}
      reason: {type: text, label: 原因, visible_when: state == lost, required_when: state == lost}
      discount: {type: percent, default: 0, min: 0, max: 100}
      lines:
        label: 明细
        rows:
          product: {link: product!, label: 产品}
          quantity: {type: quantity, default: 1, min: 0}
          price: {type: price, default: =product.list_price}
          total: {type: money, formula: quantity * price}
      gross: {type: money, formula: sum(lines.total)}
      amount: {type: money, formula: gross * (100 - discount) / 100}
      limit_ok: {type: bool, formula: amount <= 100000, valid_when: limit_ok, message: "金额 {amount} 超过上限"}
    views:
      list: {columns: [number, firm, state, amount, signed_on], filters: {open: not state.closed, mine: owner == me}}
    permissions:
      boss: {read: all, create: true, update: all, delete: all}
      seller: {read: own, create: own, update: own, delete: own}
      clerk: {read: all, fields: {"*": read, amount: hidden}}
"""


ROLES = {
    "admin": ["admin"], "boss": ["boss"], "ann": ["seller"], "bob": ["seller"], "clerk": ["clerk"], "both": ["seller", "clerk"],
}  # fmt: skip


class Company:
    """An enterprise with 老板 boss, two sellers and a clerk; ``as_(name)`` opens the door for one of them."""

    def __init__(self, installation: Installation, at: Enterprise, roles: dict[str, list[str]] | None = None) -> None:
        self.installation, self.at = installation, at
        people_of = roles or ROLES
        with installation.unit(at, write=True) as unit:
            self.ids = {
                name: people.create_user(unit, username=name, name=name, roles=roles)
                for name, roles in people_of.items()
            }

    @contextmanager
    def as_(self, name: str, write: bool = True) -> Iterator[Records]:
        with self.installation.unit(self.at, write=write) as unit:
            yield Records(unit, self.actor(unit, name))

    def actor(self, unit: Any, name: str) -> Actor:
        return actor_of(unit, self.ids[name], "api")


@pytest.fixture
def company(installation: Installation, enterprise: Callable[..., Enterprise]) -> Company:
    return Company(installation, enterprise(TRADE))
