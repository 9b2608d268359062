"""The part of a plan that touches tables: made, renamed, widened, indexed, retired, brought back.

The one rule: nothing is dropped but indexes. A field or entity that goes leaves its column or table behind; one that
comes where values still lie asks what shall become of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from yuanke.fieldtypes.columns import SealedText
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity
from yuanke.storage import columnsteps, ddl
from yuanke.storage.comparison import SAMPLES, Comparison
from yuanke.storage.describe import LIVE, ColumnShape, IndexShape, TableShape
from yuanke.storage.plan import Step
from yuanke.storage.system import METADATA
from yuanke.storage.tables import bare, physical


def steps(at: Comparison) -> list[Step]:
    """In the order they have to run: tables, then columns (which may refer to any table), then values, then indexes."""
    tables = Tables(at)
    for entity in at.after.entities.values():
        if not (at.own_layer_only and at.stands(entity)):
            tables.look_at(entity)
    return [
        *_own_tables(at),
        *tables.moved,
        *tables.made,
        *tables.references(),
        *tables.columns,
        *tables.later,
        *_retired_entities(at),
        *_unwanted_builds(at),
    ]


def _own_tables(at: Comparison) -> Iterator[Step]:
    """Tables and columns that a newer version of the product brings; only `upgrade` meets any."""
    for table in at.own.values():
        there = at.live.get(table.name)
        if there is None:
            yield Step(
                "engine_table",
                message("建立系统表 {table}", table=table.name),
                tables=(table.name,),
                work={"do": "own_table"},
            )
            continue
        for column in table.columns.values():
            if _is_sealed(table.name, column.name) and there.columns.get(column.name, "").startswith(
                "character varying"
            ):
                said = message("系统表 {table} 加长列 {column}", table=table.name, column=column.name)
                wide = ddl.ColumnShape(column.name, column.type)
                yield Step("engine_column", said, tables=(table.name,), sql=(ddl.alter_type(table.name, wide),))
            if column.name not in there.columns:
                said = message("系统表 {table} 增加列 {column}", table=table.name, column=column.name)
                loose = ddl.ColumnShape(column.name, column.type)
                yield Step(
                    "engine_column", said, tables=(table.name,), sql=(ddl.add_column(table.name, loose, at.dialect),)
                )


def _is_sealed(table: str, column: str) -> bool:
    """What is sealed is longer than what it was when it was kept plain."""
    own = METADATA.tables.get(table)
    return own is not None and column in own.c and isinstance(own.c[column].type, SealedText)


class Tables:
    """Gathers the steps of all entities, apart by when they have to run."""

    def __init__(self, at: Comparison) -> None:
        self.at = at
        self.moved: list[Step] = []
        self.made: list[Step] = []
        self.columns: list[Step] = []
        self.later: list[Step] = []
        self.known = set(at.live) - set(_leaving(at))
        self._forward: list[tuple[TableShape, ColumnShape]] = []

    def look_at(self, entity: Entity) -> None:
        at, table = self.at, self.at.wanted[physical(entity.key)]
        old = _came_from(at, entity)
        there = at.live.get(old or table.name)
        if old is not None:
            said = message("「{entity}」的数据表由 {old} 改名为 {new}", entity=entity.label, old=old, new=table.name)
            sql = (ddl.rename_table(old, table.name, at.dialect),)
            self.moved.append(Step("rename_entity", said, entity.key, tables=(old, table.name), sql=sql))
            self.known.add(table.name)
        elif there is not None and entity.key not in at.before.entities:
            fresh, step = _returning_entity(at, entity, table.name)
            self.moved.append(step)
            there = None if fresh else there
        if there is None:
            self._make(entity, table)
            return
        running = at.before.entities.get(str(entity.more.get("formerly")) if old else entity.key)
        columns = columnsteps.Columns(at, entity, running, table, there, old or table.name)
        self.columns += columns.steps()
        self.later += columns.later
        self.later += _indexes(at, entity, table, columns)

    def _make(self, entity: Entity, table: TableShape) -> None:
        self.known.add(table.name)
        self._forward += [(table, c) for c in table.columns.values() if c.references and c.references not in self.known]
        sql = [ddl.create_table(table, self.at.dialect, self.known)]
        sql += [ddl.create_index(index, self.at.dialect) for index in table.indexes.values()]
        said = message("新建实体「{entity}」", entity=entity.label)
        self.made.append(Step("create_table", said, entity.key, tables=(table.name,), sql=tuple(sql)))

    def references(self) -> Iterator[Step]:
        """PostgreSQL wants a table to be there before another one refers to it; new tables that do so meet here."""
        for table, column in self._forward if self.at.dialect == "postgresql" else ():
            said = message(
                "{table} 的 {column} 指向 {target}", table=table.name, column=column.name, target=column.references
            )
            yield Step(
                "reference",
                said,
                table.entity,
                column.name,
                tables=(table.name,),
                sql=(ddl.add_reference(table.name, column),),
            )


def _leaving(at: Comparison) -> Iterator[str]:
    """Tables that stand now and have another name before the first new one is made."""
    for entity in at.after.entities.values():
        table, old = physical(entity.key), _came_from(at, entity)
        if old is not None:
            yield old
        elif table in at.live and entity.key not in at.before.entities and at.decision(entity.key) == "fresh":
            yield table


def _came_from(at: Comparison, entity: Entity) -> str | None:
    """The table that ``formerly`` names, when it is there, free, and this one is not."""
    formerly = entity.more.get("formerly")
    if not isinstance(formerly, str) or formerly in at.after.entities or formerly not in at.before.entities:
        return None
    old = physical(formerly)
    return old if old in at.live and physical(entity.key) not in at.live else None


def _returning_entity(at: Comparison, entity: Entity, table: str) -> tuple[bool, Step]:
    """Whether the table is made afresh, and the step that says so or asks."""
    rows = at.rows(table)
    decision = at.decision(entity.key) or ("restore" if rows == 0 else None)
    if decision == "fresh":
        aside = columnsteps.aside_name(table, len(at.live))
        said = message(
            "「{entity}」重新开始，从前的 {rows} 条记录保留在 {aside}", entity=entity.label, rows=rows, aside=aside
        )
        sql = tuple(ddl.drop_index(i, at.dialect) for i in at.live[table].indexes if i.startswith(("ix_", "uq_")))
        sql += (ddl.rename_table(table, aside, at.dialect),)
        return True, Step("set_aside", said, entity.key, speed="destructive", tables=(table,), sql=sql, rows=rows)
    said = message("恢复从前停用的实体「{entity}」和它的 {rows} 条记录", entity=entity.label, rows=rows)
    blocked = None if decision else _ask(entity.key, rows)
    return False, Step(
        "bring_back", said, entity.key, tables=(table,), rows=rows, blocked=blocked, work={"do": "bring_back_entity"}
    )


def _ask(address: str, rows: int) -> Message:
    return message(
        "{address} 曾被停用，还留有 {rows} 条数据：请选择恢复（restore）或重新开始（fresh）", address=address, rows=rows
    )


def _retired_entities(at: Comparison) -> Iterator[Step]:
    renamed = {e.more.get("formerly") for e in at.after.entities.values()}
    for key, entity in at.before.entities.items():
        if key not in at.after.entities and key not in renamed:
            rows = at.rows(physical(key))
            said = message("停用实体「{entity}」，它的 {rows} 条记录保留，可以恢复", entity=entity.label, rows=rows)
            work = {"do": "retire_entity", "label": str(entity.label)}
            yield Step(
                "retire_entity",
                said,
                key,
                speed="destructive" if rows else "safe",
                tables=(physical(key),),
                rows=rows,
                work=work,
            )


def _unwanted_builds(at: Comparison) -> Iterator[Step]:
    """Indexes that an earlier plan left for later and nobody wants any more."""
    for step in at.pending:
        table = at.wanted.get(physical(step.entity))
        if step.kind == "index" and (table is None or step.body["index"] not in table.indexes):
            said = message("不再建立索引 {index}", index=step.body["index"])
            yield Step("drop_index", said, step.entity, step.field, work={"do": "give_up", "step": step.id})


def _indexes(at: Comparison, entity: Entity, table: TableShape, columns: columnsteps.Columns) -> Iterator[Step]:
    live = {name: valid for name, valid in at.live[columns.was].indexes.items() if name not in columns.lost_indexes}
    waiting = {str(s.body.get("index")) for s in at.pending if s.kind == "index"}
    for name in sorted(live):
        if name.startswith(("ix_", "uq_")) and (name not in table.indexes or not live[name]) and name not in waiting:
            said = message("「{entity}」去掉索引 {index}", entity=entity.label, index=name)
            yield Step("drop_index", said, entity.key, tables=(table.name,), sql=(ddl.drop_index(name, at.dialect),))
    for index in table.indexes.values():
        if not live.get(index.name) and index.name not in waiting:
            yield _new_index(at, entity, index, columns)


def _new_index(at: Comparison, entity: Entity, index: IndexShape, columns: columnsteps.Columns) -> Step:
    rows = at.rows(columns.was)
    words = [entity.fields[c].label for c in index.columns if c != "id"]
    said = message("「{entity}」按 {fields} 建索引", entity=entity.label, fields=words)
    if index.unique:
        said = message("「{entity}」的 {fields} 不许重复", entity=entity.label, fields=words)
    clash, samples = _duplicates(at, index, columns) if index.unique and rows else (0, ())
    blocked = message(
        "{fields} 已有 {count} 组重复的值，请先处理：{samples}", fields=words, count=clash, samples=samples
    )
    big = at.big(columns.was)
    return Step(
        "unique" if index.unique else "index",
        said,
        entity.key,
        index.columns[0],
        speed="slow" if big else "safe",
        tables=(index.table,),
        sql=(ddl.create_index(index, at.dialect),),
        rows=rows,
        samples=samples,
        blocked=blocked if clash else None,
        later=big,
        work={"do": "index", "index": index.name, "table": index.table} if big else None,
    )


def _duplicates(at: Comparison, index: IndexShape, columns: columnsteps.Columns) -> tuple[int, tuple[str, ...]]:
    """Groups of live rows that a unique index would refuse, and a few of them; 0 when its columns only come now."""
    known = [columns.named_before.get(name) for name in index.columns]
    if None in known:
        return 0, ()
    source = bare(columns.was, **{str(name): None for name in (*known, "deleted_at")})
    picked = [source.c[str(name)] for name in known]
    rows = sa.select(*picked, sa.func.count().label("rows"))
    rows = rows.where(*(c.is_not(None) for c in picked)).group_by(*picked).having(sa.func.count() > 1)
    if index.where == LIVE:
        rows = rows.where(source.c.deleted_at.is_(None))
    groups = rows.subquery()
    count = at.unit.connection.scalar(sa.select(sa.func.count()).select_from(groups)) or 0
    some = at.unit.execute(sa.select(groups).order_by(groups.c.rows.desc()).limit(SAMPLES if count else 0))
    return count, tuple(" / ".join(str(v) for v in row[:-1]) + f" ×{row[-1]}" for row in some)
