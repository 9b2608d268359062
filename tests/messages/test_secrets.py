"""Passwords and secrets at rest: sealed in the database, plain where they are used; what stood plain before goes on working."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from yuanke.kernel.sealing import Sealer, installation_secret, is_sealed
from yuanke.messages import account
from yuanke.records import Records

from tests.messages.conftest import Firm, Mailbox


def kept(firm: Firm, table: str, column: str) -> list[Any]:
    """What the database holds, past every type of ours."""
    with firm.unit(write=False) as unit:
        bare = sa.table(
            table, sa.column(column), schema=unit.enterprise.place if unit.dialect == "postgresql" else None
        )
        return [row[0] for row in unit.connection.execute(sa.select(bare.c[column]))]


def put(firm: Firm, table: str, **values: Any) -> None:
    with firm.unit() as unit:
        schema = unit.enterprise.place if unit.dialect == "postgresql" else None
        bare = sa.table(table, *(sa.column(name) for name in values), schema=schema)
        unit.connection.execute(bare.update().values(**values))


def test_a_mail_password_is_sealed_and_opens_where_it_is_used(firm: Firm) -> None:
    with firm.unit() as unit:
        account.change(unit, None, host="mail.example.com", username="crm@example.com", password="p&w-秘密")
    (held,) = kept(firm, "yk_outgoing", "password")
    assert is_sealed(held) and "p&w" not in held
    with firm.unit(write=False) as unit:
        found = account.mail_account(unit)
        assert found is not None and found.password == "p&w-秘密"


def test_what_stood_plain_works_and_is_sealed_with_the_next_save(firm: Firm) -> None:
    with firm.unit() as unit:
        account.change(unit, None, host="mail.example.com", password="x", secret="y")
    put(firm, "yk_outgoing", password="plain", secret="whsec_plain")
    with firm.unit() as unit:
        assert account.mail_account(unit).password == "plain"  # type: ignore[union-attr]
        account.change(unit, None, sender_name="CRM")
    for column, wanted in (("password", "plain"), ("secret", "whsec_plain")):
        (held,) = kept(firm, "yk_outgoing", column)
        assert is_sealed(held)
        with firm.unit(write=False) as unit:
            assert (account.outgoing(unit) or {})[column] == wanted


def test_secrets_of_webhooks_and_robots_are_sealed_and_leave_no_trace(firm: Firm) -> None:
    hook = firm.door("root", lambda r: r.create("webhook", {"name": "erp", "url": "https://erp.example.com/x"}))
    secret = firm.door("root", lambda r: r.get("webhook", hook.id)).values["secret"]
    assert secret.startswith("whsec_")
    assert all(is_sealed(held) for held in kept(firm, "webhook", "secret"))

    def traces(records: Records) -> list[str]:
        unit = records.unit
        from yuanke.records.index import SEARCH
        from yuanke.records.trail import HISTORY

        found = [str(row) for row in unit.execute(sa.select(HISTORY.c.changes))]
        return [*found, *(str(row) for row in unit.execute(sa.select(SEARCH.c.text)))]

    assert not any(secret in one for one in firm.door("root", traces))
    put(firm, "webhook", secret="SECplain")
    firm.door("root", lambda r: r.update("webhook", hook.id, {"name": "erp2"}))
    assert all(is_sealed(held) for held in kept(firm, "webhook", "secret"))
    assert firm.door("root", lambda r: r.get("webhook", hook.id)).values["secret"] == "SECplain"


def test_what_another_installation_sealed_is_told_and_not_sent(firm: Firm, mailbox: Mailbox) -> None:
    other = Sealer(lambda: "another installation").seal("p&w")
    with firm.unit() as unit:
        at = {"host": "127.0.0.1", "port": mailbox.port, "security": "none", "sender": "crm@example.com"}
        account.change(unit, None, username="crm@example.com", password=other, **at)
    from yuanke.messages import mail

    with firm.unit() as unit:
        mail(unit, ["lin@example.com"], "x", "y")
    firm.run()
    assert mailbox.got == []
    with firm.unit(write=False) as unit:
        from yuanke.jobs.tables import JOB

        failed = unit.execute(sa.select(JOB.c.said, JOB.c.error).where(JOB.c.kind == "mail")).all()
    assert any("重新填写" in str(one) for one in failed), failed


@given(
    st.text(min_size=1).filter(
        lambda text: not is_sealed(text) and not any("\ud800" <= one <= "\udfff" for one in text)
    )
)
def test_whatever_is_sealed_opens_as_it_was_and_is_sealed_once(text: str) -> None:
    mine, other = Sealer(lambda: "a" * 32), Sealer(lambda: "b" * 32)
    held = mine.seal(text)
    assert is_sealed(held) and mine.open(held) == text and mine.seal(held) == held
    assert other.open(held) == held and mine.open(text) == text


def test_the_key_of_an_installation_is_made_once_and_its_owners_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("YUANKE_SECRET_KEY", raising=False)
    made = installation_secret(tmp_path / "home")
    assert installation_secret(tmp_path / "home") == made
    assert (tmp_path / "home" / "secret.key").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("YUANKE_SECRET_KEY", "k" * 40)
    assert installation_secret(tmp_path / "home") == "k" * 40


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_upgrading_makes_room_for_what_is_sealed(firm: Firm) -> None:
    """Columns of an earlier product were as long as the plain secrets; SQLite knows no length."""
    from yuanke.storage import change
    from yuanke.storage.definitions import layers_of
    from yuanke.storage.live import live_shape
    from yuanke.workflow.automations.tables import SECRET

    with firm.unit() as unit:
        unit.connection.exec_driver_sql(f'ALTER TABLE "{SECRET.name}" ALTER COLUMN secret TYPE varchar(80)')
    change(firm.installation, firm.slug, layers_of)
    with firm.unit() as unit:
        assert live_shape(unit.connection, unit.enterprise.place)[SECRET.name].columns["secret"] == "text"
