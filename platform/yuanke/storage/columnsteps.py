"""The part of a plan that touches the columns of one table.

The one rule: a value never changes its meaning in place. A new kind of value gets a new column that is filled with what
fits; the old column steps aside with everything in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yuanke.expressions import Expression
from yuanke.kernel.text import Message, message
from yuanke.metadata.registry import Entity, Field
from yuanke.storage import ddl
from yuanke.storage.comparison import Comparison, same_field, signature
from yuanke.storage.conversion import default_of, unfit
from yuanke.storage.describe import ColumnShape, TableShape, table_shape
from yuanke.storage.live import LiveTable
from yuanke.storage.plan import Speed, Step
from yuanke.storage.tables import LONGEST_NAME

#: columns of one table: what both databases bear with room to spare, and how many of them may be an administrator's
MOST_COLUMNS = 800
MOST_CUSTOM = 300
RETIRED = Message("停用「{entity}」的字段「{field}」，它的 {rows} 个值保留，可以恢复")
RESTORED = Message("恢复「{entity}」从前停用的字段「{field}」和它的 {rows} 个值")


class Columns:
    """``was`` is the live name of the table, ``running`` the entity as it runs now (None: it was retired).

    `steps` tells the steps; afterwards ``later`` holds those on values, ``named_before`` the live column that a wanted
    one takes its values from, ``lost_indexes`` the indexes that went with columns set aside.
    """

    def __init__(
        self, at: Comparison, entity: Entity, running: Entity | None, table: TableShape, live: LiveTable, was: str
    ) -> None:
        self.at = at
        self.entity = entity
        self.running = running
        self.table = table
        self.live = live
        self.was = was
        self.later: list[Step] = []
        self.named_before: dict[str, str] = {}
        self.lost_indexes: set[str] = set()
        self._taken = len(live.columns)
        self._aside = ""

    def steps(self) -> Iterator[Step]:
        renamed = self._renamed()
        for name, column in self.table.columns.items():
            field = self.entity.fields[name]
            if name in renamed:
                yield self._rename(field, renamed[name])
                yield from self._retyped(field, column, same_field(self.running, renamed[name]), renamed[name])
            elif name not in self.live.columns:
                yield self._add(field, column)
            elif (old := same_field(self.running, name)) is not None:
                self.named_before[name] = name
                yield from self._retyped(field, column, old, name)
                yield from self._hidden_or_shown(old, field)
            else:
                yield from self._returning(field, column)
        yield from self._retired(set(renamed.values()))
        yield from self._too_many()

    def _renamed(self) -> dict[str, str]:
        """New column -> the live one that ``formerly`` names."""
        found: dict[str, str] = {}
        for name in self.table.columns:
            old = self.entity.fields[name].more.get("formerly")
            if (
                isinstance(old, str)
                and old in self.live.columns
                and old not in self.table.columns
                and name not in self.live.columns
            ):
                found[name] = old
        return found

    def _rename(self, field: Field, old: str) -> Step:
        self.named_before[field.key] = old
        rows = self.at.filled(self.was, old)
        said = message(
            "「{entity}」的字段 {old} 改名为 {new}，{rows} 个值随之移动",
            entity=self.entity.label,
            old=old,
            new=field.key,
            rows=rows,
        )
        return self._step(
            "rename_field",
            said,
            field,
            (ddl.rename_column(self.table.name, old, field.key, self.at.dialect),),
            rows=rows,
            about=old,
            work={"do": "renamed", "old": old, "new": field.key},
        )

    def _add(self, field: Field, column: ColumnShape) -> Step:
        self._taken += 1
        said = message("「{entity}」增加字段「{field}」", entity=self.entity.label, field=field.label)
        literal = self._written_default(field)
        self._fill_new(field, filled=literal is not None)
        if literal is not None:  # the server notes the value once for all rows: no table is rewritten
            return self._step("add_column", said, field, ddl.add_filled_column(self.table.name, column, literal))
        return self._step("add_column", said, field, (ddl.add_column(self.table.name, column, self.at.dialect),))

    def _written_default(self, field: Field) -> str | None:
        """The plain default as PostgreSQL's DDL writes it; None where rows are filled one by one, or not at all."""
        if self.at.dialect != "postgresql" or not _plain_default(field) or not self.at.rows(self.was):
            return None
        return ddl.literal(default_of(field, self.at.unit.place), field.type.column_type(field))

    def _fill_new(self, field: Field, filled: bool = False) -> None:
        """Rows that are there already get a required field's plain default, and the value of a stored formula."""
        rows = self.at.rows(self.was)
        if not rows or field.retired:
            return
        slow = "slow" if self.at.big(self.was) and not filled else "safe"
        if field.source in ("stored", "rollup"):
            said = message(
                "为 {rows} 条已有的「{entity}」计算「{field}」", rows=rows, entity=self.entity.label, field=field.label
            )
            self.later.append(self._step("fill", said, field, rows=rows, speed="slow", work={"do": "fill"}, later=True))
        elif _plain_default(field):
            said = message(
                "{rows} 条已有的「{entity}」的「{field}」填入默认值 {value}",
                rows=rows,
                entity=self.entity.label,
                field=field.label,
                value=field.default,
            )
            work = None if filled else {"do": "fill_default"}
            self.later.append(self._step("fill_default", said, field, rows=rows, speed=slow, work=work))
        elif field.required and field.source == "typed" and field.default is None:
            said = message(
                "「{field}」必填，但 {rows} 条已有的「{entity}」还没有值",
                rows=rows,
                entity=self.entity.label,
                field=field.label,
            )
            blocked = message(
                "已有 {rows} 条「{entity}」：新的必填字段「{field}」要有默认值（default），或先不设为必填，或选择让它们空着（fresh）",
                rows=rows,
                entity=self.entity.label,
                field=field.label,
            )
            empty = self.at.decisions.get(f"{self.entity.key}.{field.key}") == "fresh"
            self.later.append(self._step("required", said, field, rows=rows, blocked=None if empty else blocked))
        elif field.required and field.source == "typed":
            said = message(
                "「{field}」必填，{rows} 条已有的「{entity}」下次修改时按 {value} 补上",
                rows=rows,
                entity=self.entity.label,
                field=field.label,
                value=f"={field.default.source}",
            )
            self.later.append(self._step("required", said, field, rows=rows))

    def _retyped(self, field: Field, column: ColumnShape, old: Field | None, live_name: str) -> Iterator[Step]:
        if old is None or signature(old) == signature(field):
            return
        self.named_before.pop(field.key, None)
        rows = self.at.filled(self.was, live_name)
        yield self._set_aside(
            old,
            field.key,
            message(
                "「{entity}」的「{field}」由 {old} 改为 {new}，旧值保留",
                entity=self.entity.label,
                field=field.label,
                old=old.type.label,
                new=field.type.label,
            ),
            rows,
        )
        self._taken += 1
        yield self._step(
            "add_column",
            message("「{entity}」为「{field}」增加新列", entity=self.entity.label, field=field.label),
            field,
            (ddl.add_column(self.table.name, column, self.at.dialect),),
        )
        earlier = self._earlier(field)
        if rows or earlier:
            self._convert(old, field, live_name, rows, earlier)

    def _earlier(self, field: Field) -> str | None:
        """The column that kept values of the wanted kind when the field was of that kind before: an undo is exact."""
        known = [
            row
            for row in self.at.retired.values()
            if row.entity == self.entity.key
            and row.field == field.key
            and row.column != field.key
            and row.type == signature(field)
            and row.column in self.live.columns
        ]
        return max(known, key=lambda row: row.retired_at).column if known else None

    def _convert(self, old: Field, field: Field, live_name: str, rows: int, earlier: str | None) -> None:
        lost, samples = unfit(self.at, self.was, live_name, old, field)
        speed = "destructive" if lost else "slow" if self.at.big(self.was) else "safe"
        said = message(
            "「{entity}」的「{field}」转换 {rows} 个值", entity=self.entity.label, field=field.label, rows=rows
        )
        if lost:
            said = message(
                "「{entity}」的「{field}」转换 {rows} 个值，其中 {lost} 个不合新类型，变为空（旧值仍保留）：{samples}",
                entity=self.entity.label,
                field=field.label,
                rows=rows,
                lost=lost,
                samples=samples,
            )
        work = {"do": "convert", "from": self._aside, "old": old, "earlier": earlier}
        self.later.append(self._step("convert", said, field, rows=rows, speed=speed, samples=samples, work=work))

    def _set_aside(self, old: Field | None, name: str, said: Any, rows: int) -> Step:
        """Rename the live column away, so that another one may take its name; its indexes go."""
        self._aside = aside_name(name, self._taken)
        drops = self._indexes_on(name)
        self.lost_indexes |= set(drops)
        sql = (
            *(ddl.drop_index(i, self.at.dialect) for i in drops),
            ddl.rename_column(self.table.name, name, self._aside, self.at.dialect),
        )
        work = {
            "do": "retire",
            "column": self._aside,
            "label": str(old.label) if old else name,
            "type": signature(old) if old else "",
        }
        return self._step(
            "set_aside",
            said,
            self.entity.fields[name],
            sql,
            rows=rows,
            speed="destructive" if rows else "safe",
            work=work,
        )

    def _indexes_on(self, name: str) -> list[str]:
        """Live indexes that the running definition (or, of a returning column, the wanted one) keeps on a column."""
        shapes = [self.table, *([table_shape(self.running, self.at.before, self.at.dialect)] if self.running else [])]
        return sorted(
            {i.name for s in shapes for i in s.indexes.values() if name in i.columns and i.name in self.live.indexes}
        )

    def _returning(self, field: Field, column: ColumnShape) -> Iterator[Step]:
        """A column lies there that no running field names: an earlier field of this key was retired."""
        known = self.at.retired.get((self.entity.key, field.key))
        fits = known is None or known.type == signature(field)
        rows = self.at.filled(self.was, field.key)
        address = f"{self.entity.key}.{field.key}"
        computed = field.source in ("stored", "rollup")
        decision = self.at.decision(address) or ("restore" if computed or not rows or self.running is None else None)
        if decision == "fresh" or not fits:
            said = message(
                "「{entity}」的「{field}」重新开始，从前的 {rows} 个值保留",
                entity=self.entity.label,
                field=field.label,
                rows=rows,
            )
            yield self._set_aside(None, field.key, said, rows)
            yield self._add(field, column)
            return
        self.named_before[field.key] = field.key
        if self.running is None:
            return  # the whole entity comes back, and has said so
        said = message(RESTORED.text, entity=self.entity.label, field=field.label, rows=rows)
        asked = message(
            "{address} 曾被停用，还留有 {rows} 条数据：请选择恢复（restore）或重新开始（fresh）",
            address=address,
            rows=rows,
        )
        yield self._step(
            "bring_back", said, field, rows=rows, blocked=None if decision else asked, work={"do": "bring_back"}
        )
        if computed:
            self._fill_new(field)

    def _hidden_or_shown(self, old: Field, field: Field) -> Iterator[Step]:
        """A layer took the field away, or no longer does; the column is the same."""
        if old.retired == field.retired:
            return
        rows = self.at.filled(self.was, field.key)
        if field.retired:
            said = message(RETIRED.text, entity=self.entity.label, field=field.label, rows=rows)
            yield self._step("retire_field", said, field, rows=rows, speed=_hiding(old, rows))
            return
        said = message(RESTORED.text, entity=self.entity.label, field=field.label, rows=rows)
        yield self._step("bring_back", said, field, rows=rows)
        if field.source in ("stored", "rollup"):
            self._fill_new(field)

    def _retired(self, renamed: set[str]) -> Iterator[Step]:
        for key, old in (self.running.fields if self.running else {}).items():
            if old.has_column and key in self.live.columns and key not in self.table.columns and key not in renamed:
                rows = self.at.filled(self.was, key)
                said = message(RETIRED.text, entity=self.entity.label, field=old.label, rows=rows)
                work = {"do": "retire", "column": key, "label": str(old.label), "type": signature(old)}
                yield Step(
                    "retire_field",
                    said,
                    self.entity.key,
                    key,
                    _hiding(old, rows),
                    (self.table.name,),
                    rows=rows,
                    work=work,
                )

    def _too_many(self) -> Iterator[Step]:
        """Refused early: PostgreSQL counts every column that ever was, and no screen shows 800 of them."""
        columns = max(self._taken, self.live.slots + self._taken - len(self.live.columns))
        custom = sum(1 for f in self.entity.fields.values() if f.custom and f.has_column)
        said = message(
            "「{entity}」将有 {columns} 列，其中 {custom} 个自定义字段",
            entity=self.entity.label,
            columns=columns,
            custom=custom,
        )
        if columns > MOST_COLUMNS and self._taken > len(self.live.columns):
            blocked = message(
                "一个实体最多 {most} 列（停用的也算），现在要 {columns} 列", most=MOST_COLUMNS, columns=columns
            )
            yield Step("too_many_columns", said, self.entity.key, rows=columns, blocked=blocked)
        elif custom > MOST_CUSTOM and self._taken > len(self.live.columns):
            blocked = message(
                "一个对象最多 {most} 个自定义字段，现在要 {custom} 个：请停用不用的，或把成组的字段做成明细",
                most=MOST_CUSTOM,
                custom=custom,
            )
            yield Step("too_many_fields", said, self.entity.key, rows=custom, blocked=blocked)

    def _step(self, kind: str, said: Any, field: Field, sql: tuple[str, ...] = (), **more: Any) -> Step:
        return Step(kind, said, self.entity.key, field.key, tables=(self.table.name,), sql=sql, **more)


def _plain_default(field: Field) -> bool:
    """Whether rows that are there already get a value: the field is required and its default no expression."""
    return field.required and field.default is not None and not isinstance(field.default, Expression)


def _hiding(old: Field, rows: int) -> Speed:
    return "destructive" if rows and old.source == "typed" else "safe"


def aside_name(name: str, number: int) -> str:
    """A name that no definition can have: names begin with a letter and ``x_`` is the engine's."""
    return f"x_old{number}_{name}"[:LONGEST_NAME]
