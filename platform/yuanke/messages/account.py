"""How an enterprise reaches out: its mail server and sender, the address of its pages, the secret of its calls.

The one rule: a copy that was restored reaches nobody until somebody switches it on.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from yuanke.fieldtypes.columns import SealedText, UtcDateTime
from yuanke.kernel import clock
from yuanke.kernel.errors import Refused
from yuanke.kernel.sealing import is_sealed
from yuanke.kernel.text import message
from yuanke.messages import addresses
from yuanke.storage import Unit
from yuanke.storage.prepared import prepared, remembered
from yuanke.storage.restore import after_restore
from yuanke.storage.system import own_table
from yuanke.storage.tables import identity

#: the mail server of the machine, for enterprises that name none: ``smtp+starttls://user:password@host:587?from=a@b``
MAIL_URL = "YUANKE_MAIL_URL"
#: where the pages stand for people outside, ``https://crm.example.com``
ADDRESS = "YUANKE_ADDRESS"
SECURITY = {"starttls": 587, "ssl": 465, "none": 25}
_SCHEMES = {"smtp": "none", "smtp+starttls": "starttls", "smtps": "ssl"}

#: one row
OUTGOING = own_table(
    "outgoing",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("address", sa.Text),
    sa.Column("host", sa.String(255)),
    sa.Column("port", sa.Integer),
    sa.Column("security", sa.String(10)),
    sa.Column("username", sa.String(255)),
    sa.Column("password", SealedText),
    sa.Column("sender", sa.String(255)),
    sa.Column("sender_name", sa.String(100)),
    sa.Column("secret", SealedText),
    sa.Column("changed_at", UtcDateTime),
    sa.Column("changed_by", identity()),
)


@dataclass(frozen=True)
class MailAccount:
    """``security``: starttls | ssl | none; without a user name nobody logs in."""

    host: str
    port: int
    security: str
    username: str | None
    password: str | None
    sender: str
    sender_name: str | None = None

    @property
    def target(self) -> str:
        return f"smtp://{self.host}:{self.port}"[:200]


def outgoing(unit: Unit) -> Mapping[str, Any] | None:
    """The row as it stands; read once a unit."""
    if outgoing not in unit.kept:
        rows = remembered(unit, ("outgoing",), lambda: prepared(unit, sa.select(OUTGOING))).mappings(unit)
        unit.kept[outgoing] = rows[0] if rows else None
    found: Mapping[str, Any] | None = unit.kept[outgoing]
    return found


def is_switched_off(unit: Unit) -> bool:
    row = outgoing(unit)
    return row is not None and not row["active"]


def mail_account(unit: Unit) -> MailAccount | None:
    """The enterprise's own account, else the machine's; None when there is none or nothing may go out."""
    row = outgoing(unit)
    if row is not None and not row["active"]:
        return None
    if row is None or not row["host"]:
        return machine_account()
    security = row["security"] or "starttls"
    return MailAccount(
        row["host"], row["port"] or SECURITY[security], security, row["username"], row["password"],
        row["sender"] or row["username"] or "", row["sender_name"],
    )  # fmt: skip


def check_environment() -> None:
    """ValueError for what the operator said wrongly: nothing starts with it."""
    machine_account()
    addresses.check()


def machine_account() -> MailAccount | None:
    url = os.environ.get(MAIL_URL)
    if not url:
        return None
    parts = urlsplit(url)
    security = _SCHEMES.get(parts.scheme)
    if security is None or not parts.hostname:
        raise ValueError(f"{MAIL_URL} takes smtp://, smtp+starttls:// or smtps:// with a host, not {parts.scheme}://")
    username = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    more = parse_qs(parts.query)
    sender = more.get("from", [username or ""])[0]
    return MailAccount(
        parts.hostname, parts.port or SECURITY[security], security, username, password, sender, more.get("name", [None])[0]
    )  # fmt: skip


def address(unit: Unit) -> str | None:
    """Where the enterprise's pages stand, without a slash at the end."""
    row = outgoing(unit)
    said = (row["address"] if row is not None else None) or os.environ.get(ADDRESS) or ""
    return str(said).rstrip("/") or None


def link_to(unit: Unit, entity: str | None, record: int | None) -> str | None:
    """The page of a record for somebody who reads a letter."""
    base = address(unit)
    return f"{base}/records/{entity}/{record}" if base and entity and record else None


def change(unit: Unit, by: int | None, **values: Any) -> None:
    """Set columns of the row; what is not named stays, its secrets sealed where they were not."""
    secrets_ = {key: said for key in ("password", "secret") if (said := (outgoing(unit) or {}).get(key))}
    row = {**secrets_, **values, "changed_at": clock.now(), "changed_by": by}
    insert = (postgresql.insert if unit.dialect == "postgresql" else sqlite.insert)(OUTGOING)
    unit.execute(insert.values(id=1, **{"active": True, **row}).on_conflict_do_update(index_elements=["id"], set_=row))
    unit.kept.pop(outgoing, None)


def readable(secret: str | None) -> str | None:
    """A secret as it is used. Refused where another installation sealed it."""
    if is_sealed(secret):
        raise Refused(message("密码或密钥是用另一个安装的密钥加密的，读不出来；请在设置里重新填写"))
    return secret


def new_secret() -> str:
    """24 random bytes as standardwebhooks writes them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def common_secret(unit: Unit) -> str:
    """The secret of calls that name no webhook of their own; made when it is first needed, in a unit that writes."""
    row = outgoing(unit)
    if row is not None and row["secret"]:
        return str(row["secret"])
    made = new_secret()
    change(unit, None, secret=made)
    return made


def switch_off(unit: Unit) -> None:
    """No mail, no call, no robot from a restored copy; the addresses are kept, to be switched on again."""
    change(unit, None, active=False)
    if "webhook" in unit.registry.entities:
        unit.execute(unit.tables["webhook"].update().values(active=False))


after_restore.append(switch_off)
