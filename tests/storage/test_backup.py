"""A backup taken while people work is one moment, and comes back as another enterprise that is its equal."""

from __future__ import annotations

import io
import tarfile
import threading

import pytest
import sqlalchemy as sa
from yuanke.kernel.errors import Refused
from yuanke.storage import layers_of
from yuanke.storage.backup import backup
from yuanke.storage.live import live_shape
from yuanke.storage.restore import restore

from tests.storage.changes import changed, crm, settled

ACCOUNTS = """
entities:
  account:
    label: 账户
    fields:
      name: {type: text, label: 名称, unique: true}
      balance: {type: money, label: 余额}
      note: {type: text, label: 备注}
      kind: {label: 种类, options: {b: 乙, a: 甲}}
      parent: {link: account, label: 上级}
"""
WITHOUT_NOTE = ACCOUNTS.replace("      note: {type: text, label: 备注}\n", "")


@pytest.fixture
def at(enterprise, writing):
    made = enterprise(crm(ACCOUNTS))
    with writing(made) as unit:
        rows = [{"name": f"第{n}\t户\\", "balance": n, "note": "旧", "kind": "a", "parent": None} for n in range(1, 21)]
        unit.execute(unit.tables["account"].insert(), rows)
        unit.execute(unit.tables["account"].update().where(unit.tables["account"].c.id > 1).values(parent=1))
        unit.files.put(io.BytesIO(b"%PDF-1.7"), "a.pdf", None)
    return made


def rows(unit) -> list[dict]:
    table = unit.tables["account"]
    return [dict(r) for r in unit.execute(table.select().order_by(table.c.id)).mappings()]


def test_a_restored_enterprise_equals_the_one_that_was_saved(installation, at, reading, writing, tmp_path):
    changed(installation, at, WITHOUT_NOTE)
    backup(installation, "acme", tmp_path / "a.tar.gz")
    again = restore(installation, tmp_path / "a.tar.gz", "again", "又一家")
    with reading(at) as one, reading(again) as two:
        assert rows(one) == rows(two)
        assert [x.digest for x in layers_of(one)] == [x.digest for x in layers_of(two)]
        shapes = [
            {n: (t.columns, t.indexes) for n, t in live_shape(u.connection, u.enterprise.place).items()}
            for u in (one, two)
        ]
        assert {n: c for n, (c, _) in shapes[0].items()} == {n: c for n, (c, _) in shapes[1].items()}
        assert {n: {i for i in x if i.startswith(("ix_", "uq_"))} for n, (_, x) in shapes[0].items()} == {
            n: {i for i in x if i.startswith(("ix_", "uq_"))} for n, (_, x) in shapes[1].items()
        }
        assert two.files.open(1).read() == b"%PDF-1.7"
        assert settled(two) == []
    changed(installation, again, ACCOUNTS, {"account.note": "restore"})
    with writing(again) as unit:
        assert {r["note"] for r in rows(unit)} == {"旧"}
        assert (
            unit.execute(
                unit.tables["account"].insert().values(name="x").returning(unit.tables["account"].c.id)
            ).scalar_one()
            > 20
        )
    with pytest.raises(sa.exc.IntegrityError), writing(again) as unit:
        unit.execute(unit.tables["account"].insert().values(parent=99999))


def test_a_backup_under_load_is_one_moment(installation, at, reading, tmp_path):
    stop = threading.Event()
    moved = [0]

    def move() -> None:
        while not stop.is_set():
            with installation.unit(at, write=True) as unit:
                account = unit.tables["account"]
                for id_, change in ((1, -1), (2, 1)):
                    unit.execute(account.update().where(account.c.id == id_).values(balance=account.c.balance + change))
            moved[0] += 1

    thread = threading.Thread(target=move)
    thread.start()
    for number in range(3):
        backup(installation, "acme", tmp_path / f"{number}.tar.gz")
    stop.set()
    thread.join(10)
    assert moved[0] > 3
    for number in range(3):
        again = restore(installation, tmp_path / f"{number}.tar.gz", f"n{number}", f"第{number}家")
        with reading(again) as unit:
            assert sum(r["balance"] for r in rows(unit)) == sum(range(1, 21))


@pytest.mark.parametrize("harm", ["cut", "flip", "extra", "link"])
def test_a_damaged_file_is_refused_and_leaves_nothing(installation, at, tmp_path, harm):
    file = tmp_path / "a.tar.gz"
    backup(installation, "acme", file)
    content = bytearray(file.read_bytes())
    if harm == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif harm == "flip":
        content[len(content) // 2] ^= 0xFF
        file.write_bytes(content)
    else:
        with tarfile.open(file, "r:gz") as tar:
            parts = [(m, tar.extractfile(m).read()) for m in tar]
        with tarfile.open(file, "w:gz") as tar:
            bad = tarfile.TarInfo("../evil" if harm == "extra" else "files/" + "a" * 64)
            if harm == "link":
                bad.type, bad.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(bad, io.BytesIO(b""))
            for member, data in parts:
                tar.addfile(member, io.BytesIO(data))
    with pytest.raises(Refused):
        restore(installation, file, "again", "又一家")
    assert [e.slug for e in installation.directory.all()] == ["acme"]
    assert not (installation.home / "enterprises" / "again").exists()


def test_a_restore_under_a_taken_name_is_refused(installation, at, tmp_path):
    backup(installation, "acme", tmp_path / "a.tar.gz")
    with pytest.raises(Refused):
        restore(installation, tmp_path / "a.tar.gz", "acme", "别家")
