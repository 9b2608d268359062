"""A small company to import into and export from: firms with a tree, products, deals with lines; four kinds of
people."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from yuanke import jobs
from yuanke.access import people
from yuanke.access.sessions import actor_of
from yuanke.app import plugins
from yuanke.exchange import hooks as exchange_hooks
from yuanke.exchange import kinds
from yuanke.exchange.mapping import from_plain
from yuanke.kernel.actor import Actor, Enterprise
from yuanke.kernel.hooks import hooks
from yuanke.metadata import Layer
from yuanke.records import Query, Records
from yuanke.storage import Installation, create_enterprise

TRADE = """
module: trade
label: 贸易
version: 1.0.0
roles: {boss: {label: 老板}, seller: {label: 销售}, clerk: {label: 文员}}
entities:
  firm:
    label: 客户
    plural: 客户
    number: KH{seq:4}
    fields:
      name: {type: text!, label: 客户名称}
      ext_code: {type: text, label: 外部编码, index: true}
      code: {type: text, label: 代码, unique: true}
      level: {label: 客户级别, default: b, options: {a: {label: 重点}, b: {label: 普通}, c: {label: 一般}}}
      phone: {type: phone, label: 电话}
      region: {type: region, label: 地区}
      revenue: {type: money, label: 年营收}
      founded: {type: date, label: 建立日期}
      notes: {type: long_text, label: 备注}
      secret: {type: text, label: 内情}
      parent: {link: firm, label: 上级客户}
      deals_total: {type: money, label: 成交, formula: sum(deals.amount)}
    permissions:
      boss: {read: all, create: true, update: all, delete: all, export: all}
      seller: {read: own, create: own, update: own, export: own, fields: {secret: hidden}}
      clerk: {read: all, fields: {secret: read, "*": read}}
  product:
    label: 产品
    fields: {name: {type: text!, label: 名称}, ext_code: {type: text, label: 编码}, list_price: price}
    permissions: {boss: {read: all, create: true, update: all}, seller: {read: all}, clerk: {read: all}}
  deal:
    label: 订单
    plural: 订单
    number: DD{seq:4}
    fields:
      ext_code: {type: text, label: 外部编码}
      firm: {link: firm!, label: 客户, inverse: deals}
      tags: {links: product, label: 意向产品}
      state: {label: 状态, default: open, options: {open: {}, won: {closed: true}}}
      lines:
        label: 明细
        rows:
          product: {link: product!, label: 产品}
          quantity: {type: quantity, label: 数量, default: 1, min: 0}
          price: {type: price, label: 单价}
          total: {type: money, label: 小计, formula: quantity * price}
      amount: {type: money, label: 金额, formula: sum(lines.total)}
    permissions:
      boss: {read: all, create: true, update: all, delete: all, export: all}
      seller: {read: own, create: own, update: own, export: own}
"""


class Company:
    """``as_(name)`` opens the door for a person; `bring` imports rows, `take` exports them."""

    def __init__(self, installation: Installation, at: Enterprise) -> None:
        self.installation, self.at = installation, at
        with installation.unit(at) as unit:
            table = unit.tables["user"]
            self.ids = {row.username: row.id for row in unit.execute(sa.select(table.c.username, table.c.id))}

    def actor(self, unit: Any, name: str) -> Actor:
        return actor_of(unit, self.ids[name], "api")

    @contextmanager
    def as_(self, name: str, write: bool = True) -> Iterator[Records]:
        with self.installation.unit(self.at, write=write) as unit:
            yield Records(unit, self.actor(unit, name))

    def upload(self, name: str, content: bytes | str | list[list[Any]], who: str = "boss") -> int:
        if isinstance(content, list):
            text = io.StringIO(newline="")
            csv.writer(text).writerows(content)
            content = text.getvalue()
        raw = content.encode() if isinstance(content, str) else content
        with self.installation.unit(self.at, write=True) as unit:
            return unit.files.put(io.BytesIO(raw), name, self.ids[who], largest=1 << 30).id

    def start(self, mapping: Mapping[str, Any], files: Mapping[str, Any], who: str = "boss", dry: bool = False) -> int:
        ids = {
            name: content if isinstance(content, int) else self.upload(name, content, who)
            for name, content in files.items()
        }
        with self.installation.unit(self.at, write=True) as unit:
            return kinds.start_import(unit, self.actor(unit, who), from_plain(mapping), ids, dry)

    def bring(
        self, mapping: Mapping[str, Any], rows: Any, who: str = "boss", dry: bool = False, **more: Any
    ) -> jobs.Job:
        """Import and wait; ``rows`` with their header, ``more``: further files by name without ``.csv``."""
        files = {"main.csv": rows, **{f"{name}.csv": content for name, content in more.items()}}
        job_id = self.start({**mapping, "file": "main.csv"}, files, who, dry)
        jobs.run_pending(self.installation, self.at)
        return self.job(job_id)

    def job(self, job_id: int) -> jobs.Job:
        with self.installation.unit(self.at) as unit:
            return jobs.find(unit, Actor(self.at.slug, None, engine=True), job_id)

    def notes(self, job: jobs.Job) -> list[tuple[int, Any]]:
        with self.installation.unit(self.at) as unit:
            return list(jobs.notes(unit, job, after=-1))

    def said(self, job: jobs.Job) -> dict[int, list[tuple[str, str]]]:
        """row -> [(field, sentence)] of everything an import refused."""
        from yuanke.jobs import words

        return {
            row: [(e["field"], words.said(e["said"]).say()) for e in body["errors"]] for row, body in self.notes(job)
        }

    def file(self, file_id: int) -> bytes:
        with self.installation.unit(self.at) as unit, unit.files.open(file_id) as stream:
            return stream.read()

    def all(self, entity: str, who: str = "admin", *fields: str) -> list[dict[str, Any]]:
        with self.as_(who, write=False) as door:
            page = door.list(entity, Query(fields=fields or None, sort=("id",), limit=500))
            return [dict(r.values) for r in page.records]

    def take(
        self, entity: str, form: str, who: str = "boss", query: Query = Query(), **more: Any
    ) -> tuple[jobs.Job, bytes]:
        with self.installation.unit(self.at, write=True) as unit:
            job_id = kinds.start_export(unit, self.actor(unit, who), entity, form, query, **more)
        jobs.run_pending(self.installation, self.at)
        job = self.job(job_id)
        return job, self.file(job.result["file"]) if job.result else b""


@pytest.fixture(autouse=True)
def _kinds() -> Iterator[None]:
    there = hooks().is_registered(exchange_hooks)
    if not there:
        hooks().register(exchange_hooks)
    yield
    if not there:
        hooks().unregister(exchange_hooks)


def found(installation: Installation, slug: str) -> Enterprise:
    """The company, with its people, in an empty installation."""
    at = create_enterprise(installation, slug, f"企业 {slug}", layers=[Layer.read_text(TRADE, "trade.yaml", "module")])
    roles = {"admin": ["admin"], "boss": ["boss"], "ann": ["seller"], "bob": ["seller"], "clerk": ["clerk"]}
    with installation.unit(at, write=True) as unit:
        for name, keys in roles.items():
            people.create_user(unit, username=name, name=name.title(), password="Str0ng-enough!", roles=keys)
    return at


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a fresh company on SQLite: tests copy it, which is much quicker than founding one."""
    plugins.load()
    home = tmp_path_factory.mktemp("template") / "home"
    installation = Installation(home)
    found(installation, "acme")
    installation.close()
    return home


@pytest.fixture
def company(template: Path, tmp_path: Path) -> Iterator[Company]:
    home = Path(shutil.copytree(template, tmp_path / "home"))
    installation = Installation(home)
    yield Company(installation, installation.enterprise("acme"))
    installation.close()


@pytest.fixture
def company_there(installation: Installation) -> Company:
    """The same on each database (see `dialect`)."""
    return Company(installation, found(installation, "acme"))
