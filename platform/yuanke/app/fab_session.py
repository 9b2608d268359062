"""Flask-AppBuilder's ORM session, inside the request's unit: same connection, same transaction, same enterprise.

The one rule: its commits are savepoints of the unit, and it never sees a second enterprise (the identity map's key of
user 1 is the same in all of them): it refuses, and is thrown away with the unit.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask.globals import app_ctx
from flask_appbuilder.security.sqla.models import Group, Permission, PermissionView, Role, User, ViewMenu
from sqlalchemy import event
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from yuanke.storage.system import META
from yuanke.storage.unit import Unit
from yuanke.web import requests

RIGHTS = (User, Role, Group, Permission, PermissionView, ViewMenu)
COUNTERS = {"login_count", "fail_login_count", "last_login", "changed_on"}


class RoutingSession(Session):
    """Binds to the unit of the request that runs; without one it refuses to work."""

    def get_bind(self, mapper: Any = None, *, bind: Any = None, **_rest: Any) -> Any:
        if bind is not None:
            return bind
        unit = requests.current().unit
        if self.info.setdefault("unit", unit) is not unit:
            raise RuntimeError(f"a session of {self.info['unit'].enterprise.slug} met a unit of {unit.enterprise.slug}")
        if unit.writing or unit.dialect == "sqlite":
            return unit.connection
        return self._own(unit)

    def _own(self, unit: Unit) -> sa.Connection:
        """Reads on PostgreSQL run in autocommit, which an ORM session must not: it gets a connection beside."""
        if "own" not in self.info:
            self.info["own"] = unit.installation.engines.connect(unit.enterprise.place, writing=True)
        own: sa.Connection = self.info["own"]
        return own

    def close(self) -> None:
        super().close()
        own = self.info.pop("own", None)
        self.info.pop("unit", None)
        if own is not None:
            own.close()


@event.listens_for(RoutingSession, "after_flush")
def bump_permissions(session: RoutingSession, _context: Any) -> None:
    """Whatever Flask-AppBuilder's own code changes about rights is felt by every worker's next request."""
    touched = [thing for thing in (*session.new, *session.deleted, *session.dirty) if isinstance(thing, RIGHTS)]
    if any(_matters(session, thing) for thing in touched):
        session.connection().execute(META.update().values(perm_version=META.c.perm_version + 1))


def _matters(session: RoutingSession, thing: Any) -> bool:
    if thing in session.new or thing in session.deleted:
        return True
    if not session.is_modified(thing, include_collections=True):
        return False
    return bool({a.key for a in sa.inspect(thing).attrs if a.history.has_changes()} - COUNTERS)


class FabSession:
    """The scoped session that AppBuilder is given (`scoped`), one per application context."""

    def __init__(self) -> None:
        maker = sessionmaker(class_=RoutingSession, join_transaction_mode="create_savepoint", autoflush=True)
        self.scoped = scoped_session(maker, scopefunc=lambda: id(app_ctx._get_current_object()))  # type: ignore[attr-defined]

    def commit_into(self, unit: Unit) -> None:
        if self.scoped.registry.has():
            if self.scoped().info.get("unit") is unit and unit.writing:
                self.scoped.commit()
            self.drop()

    def drop(self) -> None:
        if self.scoped.registry.has():
            self.scoped.remove()
