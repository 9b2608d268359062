"""A world in which things are handed over, shared and merged: firms with everything that may hang on a record.

Made once a process for each database and copied (`tests.served.templated`).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from yuanke.access import fab_tables as fab
from yuanke.storage import Installation

from tests.records.conftest import Company
from tests.served import stored_password, templated

WORLD = """
module: world
label: 往来
version: 1.0.0
roles: {chief: {label: 主管}, seller: {label: 销售}, reader: {label: 旁观}}
entities:
  firm:
    label: 单位
    number: DW{seq:4}
    title: name
    tree: parent
    features:
      audit:
      comments:
      files:
      share: {levels: [read, write], with: [people, visits]}
      merge:
        undo: 30d
        unite: [tags, labels]
        same: {person: [name, mobile]}
        unchanged: [deal_sum, paid]
      transfer:
        undo: 7d
        with:
          people: {label: 联系人, default: true}
          visits: {label: 未完成的来访, where: not state.closed, default: true}
          deals: {label: 未结的单, where: state == open}
    duplicates: [[name], [tel], [code]]
    refuse:
      sealed: {verbs: [transfer, merge], when: sealed, message: "{name} 已封存"}
    fields:
      name: {type: text!, label: 名称, normal: company}
      code: {type: text, label: 代码, unique: true}
      tel: {type: phone, label: 电话}
      tags: {type: tags, label: 标签}
      labels: {links: label, label: 分组, inverse: firms}
      parent: {link: firm, label: 上级}
      head: {link: person, label: 主要联系人, on_delete: empty}
      sealed: {type: bool, label: 封存, default: false}
      secret: {type: text, label: 内情, history: false}
      remark: {type: text, label: 备注}
      sites:
        label: 地点
        rows: {place: text!, size: {type: integer, default: 1}}
      space: {type: integer, label: 面积, formula: sum(sites.size)}
      spoken: {type: integer, label: 提及, formula: count(mentions)}
      deal_sum: {type: money, label: 成交, formula: sum(deals.total)}
      paid: {type: money, label: 已收, formula: sum(payments.amount)}
    permissions:
      chief: {read: team, create: true, update: team, delete: team, merge: team, transfer: team, share: team}
      seller: {read: [own, shared], create: true, update: [own, shared], delete: own, share: own, fields: {secret: hidden}}
      reader: {read: all}
  label:
    label: 分组
    fields: {name: text!}
    permissions: {chief: {read: all, create: true}, seller: {read: all, create: true}}
  person:
    label: 联系人
    title: name
    features: {comments: {}}
    fields:
      firm: {link: firm!, label: 单位, inverse: people}
      name: text!
      mobile: phone
      note: text
    permissions:
      chief: {read: team, create: true, update: team, delete: team}
      seller: {read: [own, shared, via firm], create: true, update: [own, shared], delete: own}
  visit:
    label: 来访
    fields:
      about: {link: [firm, person], label: 关于, inverse: mentions}
      firm: {link: firm, label: 单位, inverse: visits}
      others: {links: firm, label: 同去, inverse: joined}
      topic: text
      state: {label: 状态, default: open, options: {open: {}, done: {closed: true}}}
    permissions:
      chief: {read: team, create: true, update: team}
      seller: {read: [own, shared], create: true, update: own}
  deal:
    label: 单
    number: DD{seq:4}
    fields:
      firm: {link: firm!, label: 单位, inverse: deals}
      person: {link: person, label: 经手}
      firm_name: {type: text, formula: firm.name}
      state: {label: 状态, default: open, options: {open: {}, won: {closed: true}}}
      lines:
        label: 明细
        rows:
          maker: {link: firm, label: 厂家}
          amount: {type: money, default: 0}
      total: {type: money, formula: sum(lines.amount)}
    permissions:
      chief: {read: team, create: true, update: team, delete: team}
      seller: {read: own, create: true, update: own, delete: own}
  payment:
    label: 款
    fields:
      firm: {link: firm!, label: 单位, inverse: payments}
      amount: {type: money, default: 0}
    permissions: {chief: {read: team, create: true, update: team}, seller: {read: own, create: true}}
"""
ROLES = {
    "admin": ["admin"], "chief": ["chief"], "ann": ["seller"], "bob": ["seller"], "eve": ["reader"],
}  # fmt: skip


class World(Company):
    """``chief`` is the manager of ``ann`` and ``bob``."""

    @classmethod
    def standing(cls, installation: Installation) -> World:
        """The one that was copied."""
        made = cls.__new__(cls)
        made.installation, made.at = installation, installation.enterprise("acme")
        with installation.unit(made.at) as unit:
            table = unit.tables["user"]
            made.ids = {row.username: row.id for row in unit.execute(sa.select(table.c.username, table.c.id))}
        return made

    def make(self, who: str, entity: str, **values: Any) -> int:
        with self.as_(who) as door:
            return door.create(entity, values).id

    def values(self, entity: str, record_id: int, who: str = "admin") -> dict[str, Any]:
        with self.as_(who, write=False) as door:
            return door.get(entity, record_id).values

    def seen(self, who: str, entity: str) -> set[int]:
        from yuanke.records import Query

        with self.as_(who, write=False) as door:
            return {record.id for record in door.list(entity, Query(limit=500)).records}

    def tables(self, but: frozenset[str] = frozenset()) -> dict[str, list[str]]:
        """Every row of every table of records, and of what the engine keeps beside them; without ``but`` columns."""
        found = {}
        with self.installation.unit(self.at) as unit:
            schema = self.at.place if unit.dialect == "postgresql" else None
            for name in sorted(sa.inspect(unit.connection).get_table_names(schema=schema)):
                columns = [c["name"] for c in sa.inspect(unit.connection).get_columns(name, schema=schema)]
                kept = [sa.column(c) for c in columns if c not in but]
                rows = unit.connection.execute(sa.select(*kept).select_from(sa.table(name, schema=schema)))
                found[name] = sorted(repr(tuple(row)) for row in rows)
        return found


CLUB = """
module: club
label: 俱乐部
version: 1.0.0
roles: {chief: {label: 主管}, seller: {label: 销售}, desk: {label: 前台}}
entities:
  member:
    label: 会员
    number: HY{seq:4}
    title: name
    features:
      share: {levels: [read, write], with: {visits: {label: 来访, where: not closed, default: true}, notes: true}}
    fields:
      name: {type: text!, label: 名称}
      secret: {type: text, label: 内情}
    permissions:
      chief: {read: team, create: true, update: team, share: team}
      seller: {read: [own, shared], create: true, update: [own, shared], delete: own, share: own}
      desk: {read: shared, fields: {secret: hidden}}
  visit:
    label: 来访
    fields:
      member: {link: member!, inverse: visits}
      topic: text
      closed: {type: bool, default: false}
    permissions:
      seller: {read: [own, shared], create: true, update: [own, shared]}
      desk: {read: shared}
  note:
    label: 便条
    fields: {member: {link: member!, inverse: notes}, text: text}
    permissions: {seller: {read: [own, shared], create: true, update: own}}
"""
CLUB_ROLES = {
    "admin": ["admin"], "chief": ["chief"], "ann": ["seller"], "bob": ["seller"], "cat": ["seller"], "desk": ["desk"],
}  # fmt: skip


def _made(installation: Installation, source: str, roles: dict[str, list[str]]) -> World:
    from yuanke.metadata import Layer
    from yuanke.storage import create_enterprise

    at = create_enterprise(installation, "acme", "爱客", layers=[Layer.read_text(source, "world.yaml", "module")])
    world = World(installation, at, roles)
    with installation.unit(at, write=True) as unit:
        unit.execute(fab.USER.update().values(password=stored_password()))
    return world


def _make(installation: Installation) -> None:
    world = _made(installation, WORLD, ROLES)
    with world.as_("admin") as door:
        sales = door.create("department", {"name": "销售部"}).id
        for name in ("chief", "ann", "bob"):
            door.update("user", world.ids[name], {"department": sales})
        for name in ("ann", "bob"):
            door.update("user", world.ids[name], {"manager": world.ids["chief"]})


templated["world"] = _make
templated["club"] = lambda installation: _made(installation, CLUB, CLUB_ROLES) and None
