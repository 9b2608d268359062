"""``yuanke import`` and ``yuanke export``: the same jobs as in the browser, run here and waited for."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import click

from yuanke import jobs
from yuanke.app.commands.place import engine_actor, installation
from yuanke.exchange import kinds
from yuanke.exchange.error_files import said_of
from yuanke.exchange.limits import MAX_BYTES
from yuanke.exchange.mapping import ImportMapping, Source, read_mapping
from yuanke.exchange.prepared import fillable
from yuanke.exchange.proposing import mapping_of, propose
from yuanke.exchange.reading import open_table
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import message
from yuanke.records import Query
from yuanke.storage import Installation, Unit

SHOWN_FAULTS = 20


@click.command("import")
@click.argument("slug")
@click.argument("entity")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--map",
    "map_",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A mapping file; without it one is proposed.",
)
@click.option("--key", help="Field(s) by which standing records are updated, separated by commas.")
@click.option("--dry-run", is_flag=True, help="Check every row and write nothing.")
@click.option(
    "--errors", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the rows that were refused."
)
def import_(
    slug: str, entity: str, file: Path, map_: Path | None, key: str | None, dry_run: bool, errors: Path | None
) -> None:
    """Import FILE (CSV or Excel) into ENTITY of the enterprise SLUG. Exit code 1 when a row was refused."""
    with installation() as opened:
        actor = engine_actor(opened.enterprise(slug).slug)
        with opened.unit(slug) as unit:
            mapping = _mapping(unit, actor, entity, file, map_, key)
        beside = (map_ or file).parent
        with opened.unit(slug, write=True) as unit:
            files = {(mapping.file or file.name): _upload(unit, file)}
            for rows in mapping.rows.values():
                if rows.file:
                    files[rows.file] = _upload(unit, _there(rows.file, file.parent, beside))
            job_id = kinds.start_import(unit, actor, mapping, files, dry_run)
        job = _wait(opened, slug, actor, job_id)
        counts = job.result
        click.echo(
            f"{slug} {entity}: {counts['created']} created, {counts['updated']} updated, {counts['skipped']} skipped, "
            f"{counts['failed']} failed" + (" (dry run, nothing written)" if dry_run else "")
        )
        if counts["error_file"]:
            _tell_faults(opened, slug, job, errors)
            raise SystemExit(1)


def _mapping(unit: Unit, actor: Actor, entity: str, file: Path, map_: Path | None, key: str | None) -> ImportMapping:
    """The mapping file, else a proposal of the columns that are sure, which is printed."""
    keys = tuple(part.strip() for part in (key or "").split(",") if part.strip())
    if map_ is not None:
        mapping = read_mapping(map_)
        if mapping.entity != entity:
            raise click.UsageError(f"{map_} is a mapping for {mapping.entity}, not for {entity}")
        return ImportMapping(**{**vars(mapping), "key": keys or mapping.key})
    known = unit.registry.entity(entity)
    if known is None:
        raise RecordNotFound(message("没有名为 {entity} 的数据", entity=entity))
    writable = fillable(unit, actor, known)
    with open_table(file, file.name) as table:
        proposals = propose(known, table.header, table.sample(), unit.place, writable)
    mapping = mapping_of(known, proposals, keys, sure_only=True)
    for proposal in proposals:
        taken = proposal.field in mapping.columns
        source = proposal.source or Source()
        click.echo(
            f"  {proposal.column} -> {f'{proposal.field}  {source.plain()}' if taken else '-'}  ({proposal.reason})"
        )
    return mapping


def _there(name: str, *folders: Path) -> Path:
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise click.UsageError(f"the mapping names {name}, which lies neither beside the file nor beside the mapping")


def _upload(unit: Unit, file: Path) -> int:
    with file.open("rb") as stream:
        return unit.files.put(stream, file.name, None, largest=MAX_BYTES).id


def _tell_faults(opened: Installation, slug: str, job: jobs.Job, errors: Path | None) -> None:
    with opened.unit(slug) as unit:
        for row, body in jobs.notes(unit, job, limit=SHOWN_FAULTS):
            click.echo(f"  row {row}: {said_of(body)}", err=True)
        if errors is not None:
            with unit.files.open(job.result["error_file"]) as source, errors.open("wb") as target:
                shutil.copyfileobj(source, target)
            click.echo(f"  all of them: {errors}", err=True)


@click.command("export")
@click.argument("slug")
@click.argument("entity")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--filter", "filter_", help="An expression: which records.")
@click.option("--columns", help="Field keys, separated by commas; all that say something when left out.")
@click.option("--rows", help="A field of owned rows: one line for each row.")
def export(slug: str, entity: str, file: Path, filter_: str | None, columns: str | None, rows: str | None) -> None:
    """Export records of ENTITY to FILE (.csv or .xlsx)."""
    form = file.suffix.lower().removeprefix(".")
    if form not in kinds.FORMATS:
        raise click.UsageError(f"FILE ends in .csv or .xlsx, not in {file.suffix or 'nothing'}")
    names = [part.strip() for part in columns.split(",") if part.strip()] if columns else None
    with installation() as opened:
        actor = engine_actor(opened.enterprise(slug).slug)
        with opened.unit(slug, write=True) as unit:
            job_id = kinds.start_export(unit, actor, entity, form, Query(filter=filter_, sort=("id",)), names, rows)
        job = _wait(opened, slug, actor, job_id)
        with opened.unit(slug) as unit, unit.files.open(job.result["file"]) as source, file.open("wb") as target:
            shutil.copyfileobj(source, target)
        click.echo(f"{slug} {entity}: {job.result['rows']} records in {file}")


def _wait(opened: Installation, slug: str, actor: Actor, job_id: int) -> jobs.Job:
    """Run the job here (a server that took it first is as good) and show how far it is. Raises click's error when it
    fails."""

    def look() -> jobs.Job:
        with opened.unit(slug) as unit:
            return jobs.find(unit, actor, job_id)

    thread = threading.Thread(target=_quietly(lambda: jobs.run_job(opened, slug, job_id)), daemon=True)
    thread.start()
    with click.progressbar(length=1000, label=f"job {job_id}") as bar:
        while not (job := look()).ended:
            bar.update(max(int(job.progress * 1000) - bar.pos, 0))
            if not thread.is_alive():
                time.sleep(1.0)
                jobs.run_job(opened, slug, job_id)  # after a pause, or when whoever had it died
            thread.join(0.2)
        bar.update(1000 - bar.pos)
    thread.join()
    if job.state != "done":
        raise click.ClickException(f"{job.state}: {job.error or job.said or ''}")
    return job


def _quietly(run: Callable[[], object]) -> Callable[[], None]:
    def target() -> None:
        run()

    return target
