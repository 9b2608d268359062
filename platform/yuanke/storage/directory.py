"""The directory: which enterprises there are, and where each one's data lives.

The one rule: a slug or label leads to one enterprise; both are compared folded (width, case, blanks).
"""

from __future__ import annotations

import re
import time
import unicodedata
from datetime import date
from typing import Any

import sqlalchemy as sa

from yuanke.kernel.actor import Enterprise
from yuanke.kernel.errors import Refused, ValidationFailed
from yuanke.kernel.text import message
from yuanke.storage.engines import Engines

METADATA = sa.MetaData()
ENTERPRISE = sa.Table(
    "yk_enterprise",
    METADATA,
    sa.Column("slug", sa.String(40), primary_key=True),
    sa.Column("label", sa.String(200), nullable=False),
    sa.Column("folded", sa.String(200), nullable=False, unique=True),
    sa.Column("place", sa.String(200), nullable=False),
    sa.Column("licences", sa.Integer),
    sa.Column("expires", sa.Date),
    sa.Column("state", sa.String(20), nullable=False, server_default="active"),
    sa.Column("logo", sa.String(200)),
)
SLUG = re.compile(r"[a-z][a-z0-9_]{0,39}")
SECONDS_KEPT = 2.0


def fold(name: str) -> str:
    """``ＢＪＭＯＵ `` and ``bjmou`` are one name: width and case folded, blanks taken out."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name)).casefold()


class Directory:
    """A small database of its own: ``directory.sqlite`` under home, or the schema ``yk_directory``."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines
        self._kept: dict[str, tuple[float, Enterprise | None]] = {}
        self._ready = False

    @property
    def place(self) -> str:
        return "directory.sqlite" if self.engines.shared is None else "yk_directory"

    def find(self, name: str) -> Enterprise | None:
        """The enterprise of a slug or label, folded; answers are kept for two seconds."""
        folded = fold(name)
        kept = self._kept.get(folded)
        if kept and kept[0] > time.monotonic():
            return kept[1]
        found = self._read(sa.or_(ENTERPRISE.c.slug == folded, ENTERPRISE.c.folded == folded))
        entry = found[0] if found else None
        self._kept[folded] = (time.monotonic() + SECONDS_KEPT, entry)
        return entry

    def all(self) -> list[Enterprise]:
        return self._read(sa.true())

    def add(
        self, slug: str, label: str, licences: int | None = None, expires: date | None = None, state: str = "active"
    ) -> Enterprise:
        """Enter a new enterprise; its database is made by `Installation.create`. Taken names are refused."""
        if not SLUG.fullmatch(slug):
            said = message("企业代号只能用小写字母、数字和下划线，以字母开头，最多 40 位，收到的是 {slug}", slug=slug)
            raise ValidationFailed({"slug": [said]})
        if not fold(label):
            raise ValidationFailed({"label": [message("企业名称不能为空")]})
        for name in (slug, label):
            self._kept.pop(fold(name), None)
            if self.find(name):
                raise Refused(message("企业名称或代号 {name} 已被使用", name=name))
        place = f"enterprises/{slug}/data.sqlite" if self.engines.shared is None else f"e_{slug}"
        entry = Enterprise(slug, label, place, licences, expires, state)
        row = {"slug": slug, "label": label, "folded": fold(label), "place": place, "state": state}
        try:
            self._write(ENTERPRISE.insert().values(row | {"licences": licences, "expires": expires}))
        except sa.exc.IntegrityError as error:  # somebody took the name at this very moment
            raise Refused(message("企业名称或代号 {name} 已被使用", name=slug)) from error
        return entry

    def change(self, slug: str, **values: Any) -> None:
        if "label" in values:
            values["folded"] = fold(values["label"])
        self._write(ENTERPRISE.update().where(ENTERPRISE.c.slug == slug).values(values))

    def remove(self, slug: str) -> None:
        self._write(ENTERPRISE.delete().where(ENTERPRISE.c.slug == slug))

    def _read(self, condition: sa.ColumnElement[bool]) -> list[Enterprise]:
        self._prepare()
        statement = sa.select(ENTERPRISE).where(condition).order_by(ENTERPRISE.c.slug)
        with self.engines.connect(self.place, writing=False) as connection:
            rows = connection.execute(statement).all()
        return [Enterprise(r.slug, r.label, r.place, r.licences, r.expires, r.state, r.logo) for r in rows]

    def _write(self, statement: sa.sql.dml.UpdateBase) -> None:
        self._prepare()
        with self.engines.connect(self.place, writing=True) as connection, connection.begin():
            connection.execute(statement)
        self._kept.clear()

    def _prepare(self) -> None:
        if self._ready:
            return
        with self.engines.connect(self.place, writing=True) as connection, connection.begin():
            if self.engines.shared is not None:
                connection.execute(sa.schema.CreateSchema(self.place, if_not_exists=True))
            METADATA.create_all(connection)
        self._ready = True
