"""Flask-AppBuilder's tables as plain Core Tables, so that layers below the web can read and write people and rights.

The one rule: they are equal to Flask-AppBuilder's own metadata (a test compares them column by column), and only
`access` writes them. Importing this module costs nothing of Flask.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from yuanke.storage.system import METADATA


def _table(name: str, *parts: Any) -> sa.Table:
    sequence = sa.Sequence(f"{name}_id_seq", start=1, increment=1, minvalue=1, cycle=False)
    return sa.Table(name, METADATA, sa.Column("id", sa.Integer, sequence, primary_key=True), *parts)


def _name(length: int, key: str = "name") -> sa.Column[Any]:
    return sa.Column(key, sa.String(length), unique=True, nullable=False)


def _to(key: str, table: str, *, required: bool = False, cascade: bool = False) -> sa.Column[Any]:
    target = sa.ForeignKey(f"{table}.id", ondelete="CASCADE" if cascade else None)
    return sa.Column(key, sa.Integer, target, nullable=not required)


PERMISSION = _table("ab_permission", _name(100))
VIEW_MENU = _table("ab_view_menu", _name(250))
ROLE = _table("ab_role", _name(64))
PERMISSION_VIEW = _table(
    "ab_permission_view",
    _to("permission_id", "ab_permission", required=True),
    _to("view_menu_id", "ab_view_menu", required=True),
    sa.UniqueConstraint("permission_id", "view_menu_id"),
    sa.Index("idx_permission_id", "permission_id"),
    sa.Index("idx_view_menu_id", "view_menu_id"),
)
PERMISSION_VIEW_ROLE = _table(
    "ab_permission_view_role",
    _to("permission_view_id", "ab_permission_view", cascade=True),
    _to("role_id", "ab_role", cascade=True),
    sa.UniqueConstraint("permission_view_id", "role_id"),
    sa.Index("idx_permission_view_id", "permission_view_id"),
    sa.Index("idx_role_id", "role_id"),
)
USER = _table(
    "ab_user",
    sa.Column("first_name", sa.String(64), nullable=False),
    sa.Column("last_name", sa.String(64), nullable=False),
    _name(128, "username"),
    sa.Column("password", sa.String(256)),
    sa.Column("active", sa.Boolean),
    _name(320, "email"),
    sa.Column("last_login", sa.DateTime),
    sa.Column("login_count", sa.Integer),
    sa.Column("fail_login_count", sa.Integer),
    sa.Column("created_on", sa.DateTime),
    sa.Column("changed_on", sa.DateTime),
    _to("created_by_fk", "ab_user"),
    _to("changed_by_fk", "ab_user"),
)
USER_ROLE = _table(
    "ab_user_role",
    _to("user_id", "ab_user", cascade=True),
    _to("role_id", "ab_role", cascade=True),
    sa.UniqueConstraint("user_id", "role_id"),
)
GROUP = _table(
    "ab_group",
    _name(100),
    sa.Column("label", sa.String(150)),
    sa.Column("description", sa.String(512)),
)
USER_GROUP = _table(
    "ab_user_group",
    _to("user_id", "ab_user", cascade=True),
    _to("group_id", "ab_group", cascade=True),
    sa.UniqueConstraint("user_id", "group_id"),
    sa.Index("idx_user_id", "user_id"),
    sa.Index("idx_user_group_id", "group_id"),
)
GROUP_ROLE = _table(
    "ab_group_role",
    _to("group_id", "ab_group", cascade=True),
    _to("role_id", "ab_role", cascade=True),
    sa.UniqueConstraint("group_id", "role_id"),
    sa.Index("idx_group_id", "group_id"),
    sa.Index("idx_group_role_id", "role_id"),
)
REGISTER_USER = _table(
    "ab_register_user",
    sa.Column("first_name", sa.String(64), nullable=False),
    sa.Column("last_name", sa.String(64), nullable=False),
    _name(128, "username"),
    sa.Column("password", sa.String(256)),
    _name(320, "email"),
    sa.Column("registration_date", sa.DateTime),
    sa.Column("registration_hash", sa.String(256)),
)
API_KEY = _table(
    "ab_api_key",
    _name(36, "uuid"),
    sa.Column("name", sa.String(256), nullable=False),
    sa.Column("key_hash", sa.String(256), nullable=False),
    sa.Column("lookup_hash", sa.String(256), unique=True),
    sa.Column("key_prefix", sa.String(16), nullable=False),
    _to("user_id", "ab_user", required=True, cascade=True),
    sa.Column("scopes", sa.Text),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_on", sa.DateTime),
    sa.Column("expires_on", sa.DateTime),
    sa.Column("revoked_on", sa.DateTime),
    sa.Column("last_used_on", sa.DateTime),
    sa.Index("idx_api_key_prefix", "key_prefix"),
    sa.Index("idx_api_key_user_id", "user_id"),
    sa.Index("idx_api_key_lookup_hash", "lookup_hash", unique=True),
)
TABLES = (
    PERMISSION, VIEW_MENU, ROLE, PERMISSION_VIEW, PERMISSION_VIEW_ROLE, USER, USER_ROLE, GROUP, USER_GROUP, GROUP_ROLE,
    REGISTER_USER, API_KEY,
)  # fmt: skip
