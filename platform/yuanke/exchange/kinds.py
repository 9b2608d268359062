"""The two kinds of jobs of this package, and how they are begun.

The one rule: whoever begins one is asked for his right now, and again while it runs.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from yuanke import jobs
from yuanke.access.grants import grant
from yuanke.exchange.error_files import write_error_file
from yuanke.exchange.exporting import Columns, choose_columns, write_records
from yuanke.exchange.importing import Import
from yuanke.exchange.mapping import ImportMapping, MappingFault, from_plain
from yuanke.exchange.reading import open_table
from yuanke.exchange.writers import FORMATS, writer
from yuanke.jobs.tables import JOB, NOTE
from yuanke.kernel.actor import Actor
from yuanke.kernel.catalogue import translator
from yuanke.kernel.errors import AccessDenied, QueryFault, RecordNotFound, TooManyRequests
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity
from yuanke.records import Records
from yuanke.records.undoing.sets import keep_count
from yuanke.records.values import Condition, Query
from yuanke.storage import Unit

#: waiting imports and exports of one enterprise; more are refused until some are done
MOST_WAITING = 50
LARGEST_RESULT = 2 << 30


# -- begin -----------------------------------------------------------------------------------------------------------


def start_import(unit: Unit, actor: Actor, mapping: ImportMapping, files: Mapping[str, int], dry: bool = False) -> int:
    """Queue an import; the id of its job. ``files``: name as the mapping says it -> id of an uploaded file.

    The main file is the one called ``mapping.file``, or the only one. What it writes is in ``actor.locale``. Raises
    RecordNotFound for a file of somebody else.
    """
    entity = _entity(unit, mapping.entity)
    given = grant(unit, actor, entity, "import")
    if not given.allowed:
        raise AccessDenied(given.reason)
    for file_id in files.values():
        if unit.files.info(file_id).created_by != actor.user_id and not actor.is_admin:
            raise RecordNotFound(message("没有找到这个文件"))
    main = mapping.file if mapping.file in files else next(iter(files), None) if len(files) == 1 else None
    if main is None:
        raise MappingFault({"file": message("没有提供要导入的文件")})
    missing = [rows.file for rows in mapping.rows.values() if rows.file and rows.file not in files]
    if missing:
        raise MappingFault({"rows": message("还缺少文件：{names}", names=missing)})
    _refuse_crowd(unit, "import")
    arguments = {"mapping": mapping.plain(), "file": main, "files": dict(files), "dry": dry, "locale": actor.locale}
    return jobs.enqueue(unit, actor, "import", arguments)


def start_export(
    unit: Unit,
    actor: Actor,
    entity: str,
    form: str,
    query: Query = Query(),
    columns: list[str] | None = None,
    rows: str | None = None,
) -> int:
    """Queue an export of what ``query`` finds, in ``actor.locale``; the id of its job, whose result names the file.
    Raises AccessDenied, QueryFault."""
    known = _entity(unit, entity)
    if form not in FORMATS:
        raise QueryFault(message("导出格式只能是 {formats}", formats=FORMATS), parameter="format")
    _columns(unit, actor, known, columns, rows)
    Records(unit, actor).list(entity, replace(query, limit=1, fields=("id",), count="none", after=None), verb="export")
    _refuse_crowd(unit, "export")
    asked = {k: v for k, v in asdict(query).items() if k in ("filter", "q", "sort", "view", "conditions", "binned")}
    arguments = {"entity": entity, "form": form, "query": asked, "columns": columns, "rows": rows}
    return jobs.enqueue(unit, actor, "export", {**arguments, "locale": actor.locale})


def _entity(unit: Unit, key: str) -> Entity:
    entity = unit.registry.entities.get(key)
    if entity is None or entity.kind == "pair":
        raise RecordNotFound(message("没有名为 {entity} 的数据", entity=key))
    return entity


def _refuse_crowd(unit: Unit, kind: str) -> None:
    waiting = (
        sa.select(sa.func.count()).select_from(JOB).where(JOB.c.kind == kind, JOB.c.state.in_(("queued", "running")))
    )
    if (unit.execute(waiting).scalar() or 0) >= MOST_WAITING:
        raise TooManyRequests(message("排队的任务太多，请等其中一些完成后再试"), retry_after=30)


# -- import ----------------------------------------------------------------------------------------------------------


def run_import(run: jobs.Run) -> dict[str, Any]:
    """Result: the counts of `Counts`, ``rows``, ``unclaimed``, ``dry``, ``entity`` and ``error_file`` (id or None)."""
    mapping = from_plain(run.arguments["mapping"])
    files: Mapping[str, int] = run.arguments["files"]
    main, dry = run.arguments["file"], bool(run.arguments["dry"])
    with ExitStack() as open_:
        paths = {name: open_.enter_context(_local(run, file_id)) for name, file_id in files.items()}
        table = open_.enter_context(open_table(paths[main], main, mapping.sheet))
        tables_of_rows = {
            name: open_.enter_context(open_table(paths[rows.file], rows.file, rows.sheet))
            for name, rows in mapping.rows.items()
            if rows.file is not None
        }
        counts = Import(run, mapping, table, tables_of_rows, Records, dry).go()
        unclaimed = run.checkpoint.get("unclaimed", 0)
        result = {
            **asdict(counts),
            "rows": counts.rows,
            "unclaimed": unclaimed,
            "dry": dry,
            "entity": mapping.entity,
            "error_file": None,
            "change_set": run.checkpoint.get("change_set"),
        }
        if result["change_set"] is not None:
            with run.step() as step:
                keep_count(step.unit, result["change_set"], counts.created + counts.updated)
        if counts.failed or counts.incomplete or unclaimed:
            result["error_file"] = _keep_error_file(run, table, Path(main), unclaimed)
    return result


def _keep_error_file(run: jobs.Run, table: Any, main: Path, unclaimed: int) -> int:
    form = "csv" if table.is_text and not unclaimed else "xlsx"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"errors.{form}"
        translate = translator(run.arguments["locale"])
        write_error_file(table, _notes(run), path, form, translate)
        with run.step() as step, path.open("rb") as stream:
            name = message("{file} - 未导入的行", file=main.stem).say(translate) + f".{form}"
            return step.unit.files.put(stream, name, step.actor.user_id, largest=LARGEST_RESULT).id


def _notes(run: jobs.Run) -> Iterator[tuple[int, Mapping[str, Any]]]:
    last = 0
    while True:
        with run.reading() as step:
            page = step.unit.execute(
                sa.select(NOTE.c.id, NOTE.c.row, NOTE.c.body)
                .where(NOTE.c.job == run.id, NOTE.c.id > last)
                .order_by(NOTE.c.id)
                .limit(1000)
            ).all()
        for note in page:
            yield note.row, note.body
        if not page:
            return
        last = page[-1].id


@contextmanager
def _local(run: jobs.Run, file_id: int) -> Iterator[Path]:
    """The file as a path of this machine: where it lies, or a copy when it lies elsewhere."""
    with run.reading() as step:
        stream = step.unit.files.open(file_id)
    with stream:
        name = getattr(stream, "name", None)
        if isinstance(name, str) and Path(name).is_file():
            yield Path(name)
            return
        with tempfile.NamedTemporaryFile() as copy:
            shutil.copyfileobj(stream, copy)
            copy.flush()
            yield Path(copy.name)


# -- export ----------------------------------------------------------------------------------------------------------


def run_export(run: jobs.Run) -> dict[str, Any]:
    """Result: ``rows``, ``file`` (id), ``name``, ``size``."""
    told, locale = run.arguments, run.arguments["locale"]
    with run.reading() as step:
        entity = _entity(step.unit, told["entity"])
        columns = _columns(step.unit, step.actor, entity, told["columns"], told["rows"])
    title, translate = entity.plural.say(locale), translator(locale)

    @contextmanager
    def open_() -> Iterator[tuple[Records, Any]]:
        with run.reading() as step:
            yield Records(step.unit, step.actor), replace(step.unit.place, locale=locale)

    def progress(done: int, total: int | None) -> None:
        with run.step():
            said = (
                message("已导出 {done} / {all} 条", done=done, all=total)
                if total
                else message("已导出 {done} 条", done=done)
            )
            run.report(0.99 * done / max(total or done, done, 1), said)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"export.{told['form']}"
        to = writer(path, told["form"], title, translate)
        rows = write_records(open_, columns, query_of(told["query"]), to, progress)
        to.close()
        with run.step() as step, path.open("rb") as stream:
            kept = step.unit.files.put(stream, f"{title}.{told['form']}", step.actor.user_id, largest=LARGEST_RESULT)
    return {"rows": rows, "file": kept.id, "name": kept.name, "size": kept.size}


def query_of(asked: Mapping[str, Any]) -> Query:
    """The Query that `start_export` kept as JSON."""
    conditions = tuple(Condition(**c) for c in asked.get("conditions") or ())
    return Query(
        filter=asked.get("filter"),
        q=asked.get("q"),
        sort=tuple(asked.get("sort") or ()),
        view=asked.get("view"),
        conditions=conditions,
        binned=bool(asked.get("binned")),
    )


def _columns(unit: Unit, actor: Actor, entity: Entity, wanted: list[str] | None, rows: str | None) -> Columns:
    """Fields must be readable and within the export right."""
    given = grant(unit, actor, entity, "export")
    if not given.allowed:
        raise AccessDenied(given.reason)
    readable = given.readable & grant(unit, actor, entity, "read").readable
    owned = entity.fields.get(rows) if rows else None
    if owned is None or not owned.rows:
        return choose_columns(entity, readable, wanted) if not rows else _no_rows(rows)
    inner = unit.registry.entities[owned.rows]
    return choose_columns(entity, readable, wanted, rows, inner, grant(unit, actor, inner, "export").readable)


def _no_rows(name: str) -> Columns:
    raise QueryFault(message("没有名为 {field} 的明细", field=name), parameter="rows")
