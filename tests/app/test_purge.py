"""What lay in the bin long enough goes for good, and takes nothing with it that stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from yuanke.access import people
from yuanke.access.sessions import SESSION, actor_of, open_session
from yuanke.app.commands import main
from yuanke.jobs.tables import JOB
from yuanke.kernel import clock
from yuanke.kernel.actor import Enterprise
from yuanke.records import Records
from yuanke.records.trail import HISTORY
from yuanke.storage import Installation
from yuanke.web import replies

from tests.served import checksum

SHOP = """
module: shop
label: 店
entities:
  maker: {fields: {name: {type: text!, searchable: true}, twin: {link: maker, on_delete: empty}}}
  item: {fields: {name: text!, maker: {link: maker, on_delete: cascade}, also: {links: maker}, spare: {link: maker, on_delete: empty}}}
  sale:
    number: S-{seq:3}
    fields: {item: {link: item, on_delete: cascade}, lines: {rows: {item: {link: item, on_delete: empty}, price: money}}}
"""
OLD, LATE = datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 6, 10, tzinfo=UTC)


@pytest.fixture
def yuanke(home: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("YUANKE_HOME", str(home))
    monkeypatch.setenv("YUANKE_DATABASE_URL", database_url or "")
    return lambda *words, **more: CliRunner().invoke(main, ["purge", "acme", *(str(word) for word in words)], **more)


class Shop:
    """Makes and bins records at a time of one's choice: ``shop(LATE).delete("item", 3)``."""

    def __init__(self, installation: Installation, at: Enterprise) -> None:
        self.installation, self.at = installation, at
        with installation.unit(at, write=True) as unit:
            self.admin = people.create_user(unit, "root", "root", roles=["admin"])

    def do(self, when: datetime, act: Callable[[Records], Any]) -> Any:
        with clock.stopped(when), self.installation.unit(self.at, write=True) as unit:
            return act(Records(unit, actor_of(unit, self.admin, "api")))

    def make(self, entity: str, **values: Any) -> int:
        return self.do(OLD, lambda door: door.create(entity, values).id)

    def bin(self, entity: str, record: int, when: datetime = OLD) -> None:
        self.do(when, lambda door: door.delete(entity, record))

    def ids(self, entity: str) -> list[int]:
        """Everything that is left in the table, the bin included."""
        with self.installation.unit(self.at) as unit:
            table = unit.tables[entity]
            return list(unit.execute(sa.select(table.c.id).order_by(table.c.id)).scalars())


@pytest.fixture
def shop(installation: Installation, enterprise: Callable[..., Enterprise]) -> Shop:
    return Shop(installation, enterprise(SHOP))


def test_what_is_old_in_the_bin_goes_with_all_that_is_its_own(shop: Shop, yuanke: Callable[..., Result]) -> None:
    standing, gone, late = (shop.make("maker", name=name) for name in ("stands", "gone", "late"))
    item = shop.make("item", name="x", also=[standing, gone])
    sale = shop.make("sale", lines=[{"price": 1}, {"price": 2}])
    kept = shop.make("sale", lines=[{"price": 3}])
    for entity, record in (("maker", gone), ("sale", sale), ("item", item)):
        shop.do(OLD, lambda door, e=entity, r=record: door.create("comment", {"entity": e, "record": r, "body": "hm"}))
    shop.do(OLD, lambda door: door.create("comment", {"entity": "maker", "record": gone, "body": "ja", "answers": 1}))
    shop.bin("maker", gone)
    shop.bin("sale", sale)
    shop.bin("maker", late, LATE)
    done = yuanke("--before", "2026-03-01", "--yes")
    assert done.exit_code == 0, done.output
    assert "maker: 1 purged" in done.output and "sale: 1 purged" in done.output
    assert shop.ids("maker") == [standing, late] and shop.ids("sale") == [kept] and shop.ids("item") == [item]
    assert len(shop.ids("sale_lines")) == 1 and shop.ids("comment") == [3]
    with shop.installation.unit(shop.at) as unit:
        left = unit.execute(sa.select(HISTORY.c.entity, HISTORY.c.record)).all()
        assert (
            ("maker", gone) not in left
            and ("sale", sale) not in left
            and ("maker", late) in left
            and ("item", item) in left
        )
        log = unit.tables["audit_log"]
        noted = unit.execute(sa.select(log.c.verb, log.c.changes)).all()
    assert [(verb, changes["maker"]) for verb, changes in noted] == [("purge", 1)]
    shop.do(LATE, lambda door: door.restore("maker", late))
    assert [link.id for link in shop.do(LATE, lambda door: door.get("item", item)).values["also"]] == [standing]
    assert shop.do(LATE, lambda door: door.create("sale", {})).values["number"] == "S-003", "numbers stay taken"


def test_rings_of_links_inside_the_bin_do_not_hold_each_other(shop: Shop, yuanke: Callable[..., Result]) -> None:
    one, two = shop.make("maker", name="a"), shop.make("maker", name="b")
    shop.do(OLD, lambda door: door.update("maker", one, {"twin": two}))
    item = shop.make("item", name="x", maker=one)
    sale = shop.make("sale", item=item, lines=[{"item": item}])
    with shop.installation.unit(shop.at, write=True) as unit:  # as older versions left it: a ring in the bin
        for entity in ("maker", "item", "sale", "sale_lines"):
            table = unit.tables[entity]
            unit.execute(table.update().values(deleted_at=OLD))
        unit.execute(
            unit.tables["maker"].update().values(twin=sa.case((unit.tables["maker"].c.id == one, two), else_=one))
        )
    assert yuanke("--before", "2026-03-01", "--yes").exit_code == 0
    for entity in ("maker", "item", "sale", "sale_lines"):
        assert shop.ids(entity) == [], (entity, sale)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_something_still_names_stays(shop: Shop, yuanke: Callable[..., Result]) -> None:
    maker, item = shop.make("maker", name="a"), None
    item = shop.make("item", name="x", maker=maker)
    shop.bin("maker", maker)  # takes the item along
    with shop.installation.unit(shop.at, write=True) as unit:
        table = unit.tables["item"]
        unit.execute(table.update().where(table.c.id == item).values(deleted_at=LATE))
    done = yuanke("--before", "2026-03-01", "--yes")
    assert done.exit_code == 0 and "maker: 0 purged, 1 stay" in done.output
    assert shop.ids("maker") == [maker] and shop.ids("item") == [item]
    shop.do(LATE, lambda door: door.restore("item", item))
    assert yuanke("--before", "2026-08-01", "--yes").exit_code == 0
    assert shop.ids("maker") == [maker], "a record that stands names it"
    assert shop.do(LATE, lambda door: door.get("item", item)).values["maker"].title == "a"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_many_go_in_short_transactions(shop: Shop, yuanke: Callable[..., Result]) -> None:
    shop.do(OLD, lambda door: door.batch("maker", create=[{"name": f"m{n}"} for n in range(450)]))
    shop.do(OLD, lambda door: door.batch("maker", delete=list(range(1, 451, 1))[::2]))
    assert "maker: 225 purged" in yuanke("--before", "2026-03-01", "--yes").output
    assert shop.ids("maker") == list(range(2, 451, 2))


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_old_jobs_log_ins_and_answers_go_too(shop: Shop, yuanke: Callable[..., Result]) -> None:
    now = clock.now()
    with shop.installation.unit(shop.at, write=True) as unit:
        for key, when in (("old", OLD), ("yesterday", now - timedelta(hours=30))):
            with clock.stopped(when):
                replies.claim(unit, shop.admin, key, "f")
        for state, ended in (("done", OLD), ("failed", OLD), ("done", now), ("queued", None)):
            row = {
                "kind": "x",
                "arguments": {},
                "state": state,
                "progress": 0,
                "run_at": OLD,
                "attempts": 0,
                "cancel_asked": False,
            }
            unit.execute(JOB.insert().values(**row, acting="user", created_at=OLD, ended_at=ended, once="never"))
        with clock.stopped(OLD):
            open_session(unit, shop.admin, "screen")
        open_session(unit, shop.admin, "screen")
    done = yuanke("--before", f"{clock.today():%Y-%m-%d}", "--yes")
    assert done.exit_code == 0, done.output
    with shop.installation.unit(shop.at) as unit:
        assert list(unit.execute(sa.select(replies.REPLY.c.key)).scalars()) == ["yesterday"], "kept for its 48 hours"
        assert sorted(unit.execute(sa.select(JOB.c.state)).scalars()) == ["done", "queued"]
        assert unit.execute(sa.select(sa.func.count()).select_from(SESSION)).scalar() == 1


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_it_asks_before_and_does_nothing_unasked(shop: Shop, yuanke: Callable[..., Result]) -> None:
    maker = shop.make("maker", name="a")
    shop.bin("maker", maker)
    before = checksum(shop.installation, shop.at)
    refused = yuanke("--before", "2026-03-01", input="n\n")
    assert refused.exit_code == 1 and "maker: 1" in refused.output
    for words in (
        ("--before", "2999-01-01", "--yes"),
        ("--before", "soon", "--yes"),
        ("--yes",),
        ("--before", "2025-01-01"),
    ):
        done = yuanke(*words)
        assert "Traceback" not in done.output and (done.exit_code == 2 or "nothing" in done.output), words
    assert checksum(shop.installation, shop.at) == before
    assert yuanke("--before", "2026-03-01", input="y\n").exit_code == 0
    assert shop.ids("maker") == []
