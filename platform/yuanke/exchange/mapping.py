"""What becomes of the columns of a file: which field each fills, how links are found, what updates what.

The one rule: a mapping is plain JSON or YAML and is checked whole before a row is read; a field one may not write,
or not
see, reads like one that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from yuanke.exchange.mapping_shapes import ImportMapping, MappingFault, RowsSource, Source
from yuanke.kernel.diagnostics import DefinitionError, nearest
from yuanke.kernel.text import Message, message
from yuanke.metadata import reader
from yuanke.metadata.registry import Entity, Field, Registry

__all__ = ["ImportMapping", "MappingFault", "RowsSource", "Source", "check", "from_plain", "read_mapping"]

LARGEST_FILE = 256 * 1024
KEYS = (
    "entity",
    "file",
    "sheet",
    "key",
    "columns",
    "links",
    "rows",
    "constants",
    "when_found",
    "when_absent",
    "empties",
)
ROWS_KEYS = ("file", "sheet", "match", "parent", "key", "columns", "links", "constants")
SOURCE_KEYS = ("column", "by", "entity", "values")


def read_mapping(path: Path) -> ImportMapping:
    """A mapping file (YAML 1.2 or JSON). Raises DefinitionError where it cannot be read, MappingFault where it means
    nothing."""
    with path.open("rb") as stream:
        content = stream.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise MappingFault({path.name: message("对应关系文件超过 {most} KB", most=LARGEST_FILE // 1024)})
    node, found = reader.read(content, str(path))
    if node is None or any(not fault.is_warning for fault in found):
        raise DefinitionError(found)
    return from_plain(node.plain())


def from_plain(plain: Any) -> ImportMapping:
    """A mapping from JSON; every key is checked, all faults are told at once. Raises MappingFault."""
    faults = _Faults()
    body = faults.map("", plain, KEYS)
    mapping = ImportMapping(
        entity=faults.text("entity", body.get("entity")) or "",
        columns={**faults.sources("columns", body.get("columns")), **faults.sources("links", body.get("links"))},
        file=faults.text("file", body.get("file")),
        sheet=faults.text("sheet", body.get("sheet")),
        key=faults.names("key", body.get("key")),
        rows={name: faults.rows(f"rows.{name}", rows) for name, rows in faults.map("rows", body.get("rows")).items()},
        constants=faults.map("constants", body.get("constants")),
        when_found=faults.one_of("when_found", body.get("when_found"), ("update", "fill", "skip")),
        when_absent=faults.one_of("when_absent", body.get("when_absent"), ("create", "refuse")),
        empties=faults.one_of("empties", body.get("empties"), ("keep", "clear")),
    )
    if not mapping.entity:
        faults.add("entity", message("要写明导入到哪种记录"))
    if not mapping.columns and not mapping.rows:
        faults.add("columns", message("没有任何列对应到字段"))
    faults.raise_if_any()
    return mapping


def check(
    mapping: ImportMapping,
    registry: Registry,
    header: Iterable[str],
    headers_of_rows: Mapping[str, Iterable[str]],
    writable: Mapping[str, frozenset[str]],
    readable: frozenset[str],
) -> Entity:
    """Everything a mapping names must be there: entity, fields, columns, targets. Gives the entity; raises
    MappingFault.

    ``writable``: entity key -> fields this actor may fill, for the entity and its row entities.
    """
    faults = _Faults()
    entity = registry.entity(mapping.entity)
    if entity is None:
        faults.add("entity", _unknown(message("没有名为 {name} 的实体"), mapping.entity, registry.entities))
        faults.raise_if_any()
        raise AssertionError
    columns = list(header)
    known_by = mapping.key_fields
    faults.fields(entity, registry, mapping.columns, mapping.constants, writable[entity.key], columns, "", known_by)
    filled = {*mapping.columns, *mapping.constants}
    if mapping.by_rules and not any(rule.match and set(rule.match) <= filled for rule in entity.duplicates):
        faults.add("key", message("没有一条查重规则的字段都有对应的列"))
    for name in known_by:
        known = entity.field(name)
        if known is None or known.retired or not known.has_column or name not in readable | {"id"}:
            faults.add("key", _unknown(message("没有名为 {name} 的字段"), name, entity.fields))
        elif name not in mapping.columns and name not in mapping.constants:
            faults.add("key", message("识别重复的字段 {name} 没有对应的列", name=name))
    for name, rows in mapping.rows.items():
        owned = entity.field(name)
        if owned is None or not owned.rows or name not in writable[entity.key]:
            faults.add(
                f"rows.{name}",
                _unknown(message("没有名为 {name} 的明细"), name, [k for k, f in entity.fields.items() if f.rows]),
            )
            continue
        if rows.file is not None and (rows.parent or rows.match) not in columns:
            faults.add(
                f"rows.{name}.match",
                _unknown(message("文件里没有“{name}”这一列"), rows.parent or rows.match or "", columns),
            )
        there = list(headers_of_rows.get(name, columns))
        if rows.file is not None and rows.match not in there:
            faults.add(f"rows.{name}.match", _unknown(message("明细文件里没有“{name}”这一列"), rows.match or "", there))
        inner = registry.entities[owned.rows]
        faults.fields(inner, registry, rows.columns, rows.constants, writable[inner.key], there, f"rows.{name}.")
        for key in rows.key:
            if key not in rows.columns:
                faults.add(f"rows.{name}.key", message("识别重复的字段 {name} 没有对应的列", name=key))
    faults.raise_if_any()
    return entity


class _Faults:
    """Gathers faults while the parts of a mapping are read."""

    def __init__(self) -> None:
        self.found: dict[str, Message] = {}

    def add(self, place: str, said: Message) -> None:
        self.found.setdefault(place or "mapping", said)

    def raise_if_any(self) -> None:
        if self.found:
            raise MappingFault(self.found)

    def map(self, place: str, plain: Any, known: tuple[str, ...] | None = None) -> dict[str, Any]:
        if plain is None:
            return {}
        if not isinstance(plain, Mapping):
            self.add(place, message("应是“名称: 内容”的映射，收到的是 {found}", found=str(plain)[:60]))
            return {}
        for name in plain:
            if not isinstance(name, str):
                self.add(f"{place}.{name}".strip("."), message("名称应是文本，收到的是 {found}", found=str(name)[:60]))
            elif known is not None and name not in known:
                self.add(f"{place}.{name}".strip("."), _unknown(message("不认识“{name}”"), name, known))
        return {str(k): v for k, v in plain.items()}

    def text(self, place: str, plain: Any) -> str | None:
        if plain is None or (isinstance(plain, str) and plain):
            return plain
        self.add(place, message("应是一段文本，收到的是 {found}", found=str(plain)[:60]))
        return None

    def names(self, place: str, plain: Any) -> tuple[str, ...]:
        listed = [plain] if isinstance(plain, str) else plain or []
        if isinstance(listed, (list, tuple)) and all(isinstance(name, str) and name for name in listed):
            return tuple(listed)
        self.add(place, message("应是一个字段名，或几个字段名的列表，收到的是 {found}", found=str(plain)[:60]))
        return ()

    def one_of(self, place: str, plain: Any, allowed: tuple[str, ...]) -> str:
        if plain is None or plain in allowed:
            return plain or allowed[0]
        self.add(place, message("只能是 {allowed}，收到的是 {found}", allowed=allowed, found=str(plain)[:60]))
        return allowed[0]

    def sources(self, place: str, plain: Any) -> dict[str, Source]:
        return {name: self.source(f"{place}.{name}", inner) for name, inner in self.map(place, plain).items()}

    def source(self, place: str, plain: Any) -> Source:
        if isinstance(plain, str) and plain:
            return Source(expression=plain[1:].strip()) if plain.startswith("=") else Source(column=plain)
        if isinstance(plain, Mapping):
            body = self.map(place, plain, SOURCE_KEYS)
            column = self.text(f"{place}.column", body.get("column"))
            if column is None:
                self.add(place, message("缺少 column：要写明取自哪一列"))
            return Source(
                column,
                None,
                self.text(f"{place}.by", body.get("by")),
                self.text(f"{place}.entity", body.get("entity")),
                self.map(f"{place}.values", body.get("values")),
            )
        self.add(
            place, message("应是列名、“=表达式”或 {column: 列名, by: 字段}，收到的是 {found}", found=str(plain)[:60])
        )
        return Source()

    def rows(self, place: str, plain: Any) -> RowsSource:
        body = self.map(place, plain, ROWS_KEYS)
        columns = {
            **self.sources(f"{place}.columns", body.get("columns")),
            **self.sources(f"{place}.links", body.get("links")),
        }
        found = RowsSource(
            columns=columns,
            file=self.text(f"{place}.file", body.get("file")),
            sheet=self.text(f"{place}.sheet", body.get("sheet")),
            match=self.text(f"{place}.match", body.get("match")),
            parent=self.text(f"{place}.parent", body.get("parent")),
            key=self.names(f"{place}.key", body.get("key")),
            constants=self.map(f"{place}.constants", body.get("constants")),
        )
        if found.file is not None and found.match is None:
            self.add(f"{place}.match", message("明细在另一个文件里，要写明用哪一列与主表相连"))
        if not columns:
            self.add(f"{place}.columns", message("没有任何列对应到字段"))
        return found

    def fields(
        self,
        entity: Entity,
        registry: Registry,
        sources: Mapping[str, Source],
        constants: Mapping[str, Any],
        writable: frozenset[str],
        columns: list[str],
        place: str,
        key: tuple[str, ...] = (),
    ) -> None:
        for name in [*sources, *constants]:
            known = entity.field(name)
            # a field of the key is looked at below: it may find a record without being written (id, number)
            if known is None or known.retired or known.rows or (name not in writable and name not in key):
                self.add(f"{place}columns.{name}", _unknown(message("没有名为 {name} 的字段"), name, writable))
                continue
            source = sources.get(name)
            if source is None:
                continue
            if source.column is not None and source.column not in columns:
                self.add(
                    f"{place}columns.{name}", _unknown(message("文件里没有“{name}”这一列"), source.column, columns)
                )
            self._target(known, registry, source, f"{place}columns.{name}")

    def _target(self, known: Field, registry: Registry, source: Source, place: str) -> None:
        if source.entity is not None and source.entity not in known.targets:
            self.add(place, _unknown(message("不能关联到 {name}"), source.entity, known.targets))
        elif source.by is not None:
            targets = [registry.entities[t] for t in ([source.entity] if source.entity else known.targets)]
            if not targets:
                self.add(place, message("{name} 不是关联字段，不能写 by", name=known.label))
            for target in targets:
                by = target.field(source.by)
                if by is None or by.retired or not by.has_column:
                    self.add(place, _unknown(message("没有名为 {name} 的字段"), source.by, target.fields))


def _unknown(said: Message, name: str, known: Iterable[str]) -> Message:
    """``said`` of ``{name}``, with the name that was perhaps meant."""
    said = message(said.text, name=name)
    near = nearest(name, known)
    return message("{said}，是否想写“{near}”", said=said, near=near) if near else said
