"""A table that stands in one statement several times."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from yuanke.storage.tables import aliased

TABLE = sa.Table(
    "x_order",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("group", sa.Numeric(18, 2), quote=True),
)


def test_it_says_the_same_sql_as_the_alias_of_the_library_and_is_remembered_by_it_alike() -> None:
    def statement(again):  # type: ignore[no-untyped-def]
        one, other = again(TABLE), again(TABLE)
        inner = sa.select(sa.func.sum(other.c.group)).where(other.c.id == one.c.id).correlate_except(other)
        return sa.select(one, inner.scalar_subquery()).select_from(one.outerjoin(other, one.c.group > other.c.group))

    ours, theirs = statement(aliased), statement(lambda table: table.alias())
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        assert str(ours.compile(dialect=dialect)) == str(theirs.compile(dialect=dialect))
    assert ours._generate_cache_key() == statement(aliased)._generate_cache_key() is not None
    assert ours.subquery().c.group.type.scale == 2
