"""Keys of programs: a log-in without end that stands for one interface user, as long as its record says so.

The one rule: what is kept is a digest. The key itself, whose beginning names its enterprise, is shown to whoever makes it
and never again; whether it counts is read in the statement that opens the unit, as for every other log-in.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import UTC, timedelta
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from yuanke.access import fab_tables as fab
from yuanke.access.sessions import USER, actor_at_head
from yuanke.fieldtypes.columns import UtcDateTime
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor, Door
from yuanke.kernel.errors import Unauthenticated
from yuanke.kernel.text import message
from yuanke.storage.installation import Installation
from yuanke.storage.prepared import open_value
from yuanke.storage.system import META
from yuanke.storage.tables import identity, physical
from yuanke.storage.unit import Unit

MARK = "yk_"
KIND = "interface"
#: how exact ``last_used_at`` is
SEEN_EVERY = timedelta(hours=1)
#: the columns of the entity ``api_key`` that say whether a key counts
RECORD = sa.Table(
    physical("api_key"),
    sa.MetaData(),
    sa.Column("id", identity(), primary_key=True),
    sa.Column("user", identity()),
    sa.Column("expires", sa.Date),
    sa.Column("last_used_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
    sa.Column("deleted_at", UtcDateTime),
)
_STORED = fab.API_KEY
#: the head of a unit for a key: the versions, and the key's user when there is one
HEAD = (
    sa.select(
        META.c.meta_version,
        META.c.perm_version,
        META.c.digest,
        META.c.state,
        META.c.expires,
        RECORD.c.id.label("key"),
        RECORD.c.expires.label("key_expires"),
        RECORD.c.revoked_at,
        RECORD.c.last_used_at,
        _STORED.c.lookup_hash.label("session"),
        RECORD.c.user.label("user_id"),
        USER.c.username,
        USER.c.name,
        USER.c.kind,
        USER.c.status,
        USER.c.locale,
        USER.c.department,
    )
    .select_from(META)
    .outerjoin(_STORED, sa.and_(_STORED.c.lookup_hash == open_value("digest", sa.String()), _STORED.c.active))
    .outerjoin(RECORD, sa.and_(RECORD.c.id == _STORED.c.id, RECORD.c.deleted_at.is_(None)))
    .outerjoin(USER, USER.c.id == RECORD.c.user)
)


class NewKey(NamedTuple):
    """``key`` is what the program will send; ``prefix`` what people know it by."""

    key: str
    prefix: str


def made(enterprise: str) -> NewKey:
    """A new key of an enterprise: ``yk_<slug>.<8 letters>.<256 random bits>``."""
    prefix = f"{MARK}{enterprise}.{secrets.token_hex(4)}"
    return NewKey(f"{prefix}.{secrets.token_urlsafe(32)}", prefix)


def enterprise_of(key: str) -> str | None:
    """The slug that a key names, or None for a text that is no key of ours."""
    slug, _, rest = key.removeprefix(MARK).partition(".")
    return slug if key.startswith(MARK) and slug and rest and len(key) < 200 and key.isascii() else None


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()  # the key is random: a slow hash would guard nothing more


def keep(unit: Unit, record: int, user: int, name: str, new: NewKey) -> None:
    """Keep the digest of a key beside its record (`Flask-AppBuilder`'s row, of the same id)."""
    digest = digest_of(new.key)
    row = {
        "id": record, "uuid": str(uuid.uuid4()), "name": name, "key_hash": digest, "lookup_hash": digest,
        "key_prefix": new.prefix.rpartition(".")[2], "user_id": user, "active": True,
        "created_on": clock.now().astimezone(UTC).replace(tzinfo=None),
    }  # fmt: skip
    unit.execute(_STORED.insert().values(row))


def ended(unit: Unit, record: int) -> None:
    """The digest of a revoked key counts no more."""
    off = {"active": False, "revoked_on": clock.now().astimezone(UTC).replace(tzinfo=None)}
    unit.execute(_STORED.update().where(_STORED.c.id == record).values(off))


def revoke_all(unit: Unit, user: int) -> None:
    """End every key of a user: what ends trust in him ends it in his programs."""
    table, now = unit.tables["api_key"], clock.now()
    standing = sa.and_(table.c.user == user, table.c.revoked_at.is_(None))
    changed = table.update().where(standing).values(revoked_at=now, updated_at=now, version=table.c.version + 1)
    for (record,) in unit.execute(changed.returning(table.c.id)).all():
        ended(unit, record)


def actor_of_key(unit: Unit, door: Door) -> Actor:
    """The interface user whom the head of this unit (`HEAD`) names; Unauthenticated when the key counts no more."""
    head: Any = unit.head
    if head.key is None or head.revoked_at is not None:
        raise Unauthenticated(message("接口密钥无效或已撤销"))
    if head.key_expires is not None and head.key_expires < clock.today(unit.place.timezone):
        raise Unauthenticated(message("接口密钥已到期，请换一个"))
    if head.kind != KIND:
        raise Unauthenticated(message("接口密钥的用户不再是接口用户"))
    actor = actor_at_head(unit, door)
    if head.last_used_at is None or head.last_used_at < clock.now() - SEEN_EVERY:
        unit.after_commit(partial(_seen, unit.installation, unit.enterprise.slug, head.key))
    return actor


def _seen(installation: Installation, enterprise: str, record: int) -> None:
    with installation.unit(enterprise, write=True) as unit:
        unit.execute(RECORD.update().where(RECORD.c.id == record).values(last_used_at=clock.now()))
