"""Pages and files of a pack: every view is drawn in both languages, every list is exported and read in again.

The one rule: pages are asked as a browser asks them, from the application itself.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from yuanke import jobs
from yuanke.app.packs.results import Result, fine, told, untried, wrong
from yuanke.app.packs.trial import ROOT_PASSWORD, Trial, said
from yuanke.exchange import kinds
from yuanke.exchange.error_files import said_of
from yuanke.exchange.exporting import choose_columns, write_records
from yuanke.exchange.mapping import ImportMapping
from yuanke.exchange.proposing import mapping_of, propose
from yuanke.exchange.reading import open_table
from yuanke.exchange.writers import writer
from yuanke.kernel.errors import Refusal
from yuanke.metadata.registry import Entity
from yuanke.records import Query
from yuanke.storage import Installation, Unit


class Browser:
    """Pages of the enterprise as its administrator; the application is built when the first one is asked for."""

    def __init__(self) -> None:
        self._app: Any = None
        self._tokens: dict[str, str] = {}

    def get(self, trial: Trial, path: str, language: str = "zh") -> tuple[int, str]:
        """Status and text."""
        app = self._on(trial.installation)
        slug = trial.enterprise.slug
        client = app.test_client(use_cookies=False)
        if slug not in self._tokens:
            known = {"enterprise": slug, "username": "root", "password": ROOT_PASSWORD, "provider": "db"}
            self._tokens[slug] = client.post("/api/v1/security/login", json=known).json["access_token"]
        headers = {"Authorization": f"Bearer {self._tokens[slug]}", "Accept-Language": language}
        answer = client.get(path, headers=headers)
        return answer.status_code, answer.get_data(as_text=True)

    def _on(self, installation: Installation) -> Any:
        if self._app is None:
            from yuanke.app import create_app

            self._app = create_app({"YUANKE_HOME": installation.home, "YUANKE_DATABASE_URL": None})
            self._app.installation.close()
        self._app.installation = installation
        return self._app


def check_views(trial: Trial, entity: Entity, browser: Browser) -> Iterator[Result]:
    """Every list, board, calendar and form answers."""
    made = trial.made.get(entity.key)
    at = f"/records/{entity.key}"
    written = trial.may_write(entity)
    paths = [at, *([f"{at}/new"] if written else [])] + [
        f"{at}?view={v.kind}" for v in entity.views.values() if v.kind in ("kanban", "calendar")
    ]
    paths += [f"{at}/{made}", *([f"{at}/{made}/edit"] if written else [])] if made is not None else []
    asked = [(path, "zh") for path in dict.fromkeys(paths)] + [(at, "en")]
    found = []
    for path, language in asked:
        status, _ = browser.get(trial, path, language)
        if status != 200:
            found.append(wrong("views", entity.key, f"{path} answers {status}"))
    yield from told("views", entity.key, found, len(asked))


def check_tables(trial: Trial, entity: Entity) -> Iterator[Result]:
    """What is exported can be imported, and says the same afterwards."""
    made = trial.made.get(entity.key)
    if made is None or entity.more.get("append_only"):
        return
    if any(f.rows and (f.required or f.min) for f in entity.fields.values()):
        yield untried("tables", entity.key, "its rows must be there, and they are exported in a file of their own")
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            yield from _round_trip(trial, entity, made, Path(folder))
        except Refusal as refused:
            yield untried("tables", entity.key, said(refused))


def _round_trip(trial: Trial, entity: Entity, made: int, folder: Path) -> Iterator[Result]:
    out, back = folder / "out.csv", folder / "back.csv"
    _export(trial, entity, made, out)
    key, last = _key(trial, entity, made), _newest(trial, entity)
    if any(entity.fields[name].targets for name in key):
        yield untried("tables", entity.key, "what makes it unique is a link, so that its export meets itself")
        return
    with trial.installation.unit(trial.enterprise) as unit:
        with open_table(out, out.name) as table:
            proposals = propose(entity, table.header, table.sample(), unit.place, _fillable(trial, unit, entity))
        mapping = mapping_of(entity, proposals, key, sure_only=True)
    if not mapping.columns:
        yield untried("tables", entity.key, "no column of the export could be told for an import")
        return
    job = _import(trial, out, mapping)
    if job.state != "done" or job.result["failed"]:
        with trial.installation.unit(trial.enterprise) as unit:
            why = [said_of(body) for _, body in jobs.notes(unit, job, limit=3)]
        yield wrong(
            "tables", entity.key, f"the import of its own export was refused: {'; '.join(map(str, why)) or job.said}"
        )
        return
    newest = _newest(trial, entity)
    again = newest if newest > last else made
    _export(trial, entity, again, back)
    if again != made:  # else other checks would meet two records of one name
        with suppress(Refusal), trial.unit() as unit:
            trial.engine(unit).delete(entity.key, again)
    one, other = _cells(out), _cells(back)
    differ = [field for field in mapping.columns if one.get(_label(entity, field)) != other.get(_label(entity, field))]
    if differ:
        yield wrong("tables", entity.key, f"other values after the round trip: {', '.join(differ)}")
    else:
        yield fine("tables", entity.key, len(mapping.columns))


def _key(trial: Trial, entity: Entity, made: int) -> tuple[str, ...]:
    """Fields that two records may not share are the key: then the record itself is written anew."""
    groups = [(f.key, *f.unique) for f in entity.fields.values() if f.unique is not None and f.source == "typed"]
    with trial.installation.unit(trial.enterprise) as unit:
        groups += entity.unique
        values = trial.engine(unit).get(entity.key, made, [key for group in groups for key in group]).values
    known = [group for group in groups if all(values.get(key) is not None for key in group)]
    return known[0] if known else ()


def _fillable(trial: Trial, unit: Unit, entity: Entity) -> Any:
    from yuanke.exchange.prepared import fillable

    return fillable(unit, trial.engine(unit).actor, entity)


def _export(trial: Trial, entity: Entity, made: int, path: Path) -> None:
    @contextmanager
    def opened() -> Iterator[Any]:
        with trial.installation.unit(trial.enterprise) as unit:
            yield trial.engine(unit), unit.place

    with trial.installation.unit(trial.enterprise) as unit:
        readable = trial.engine(unit).grant(entity.key, "export").readable
    to = writer(path, "csv")
    write_records(opened, choose_columns(entity, readable, None), Query(filter=f"id == {made}"), to)
    to.close()


def _import(trial: Trial, path: Path, mapping: ImportMapping) -> jobs.Job:
    with trial.unit() as unit, path.open("rb") as stream:
        actor = trial.engine(unit).actor
        upload = unit.files.put(stream, path.name, None).id
        job_id = kinds.start_import(unit, actor, mapping, {mapping.file or path.name: upload})
    jobs.run_job(trial.installation, trial.enterprise, job_id)
    with trial.installation.unit(trial.enterprise) as unit:
        return jobs.find(unit, trial.engine(unit).actor, job_id)


def _newest(trial: Trial, entity: Entity) -> int:
    with trial.installation.unit(trial.enterprise) as unit:
        return trial.engine(unit).list(entity.key, Query(sort=("-id",), limit=1, fields=("id",))).records[0].id


def _cells(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8-sig", newline="") as opened:
        header, row = list(csv.reader(opened))[:2]
    return dict(zip(header, row))


def _label(entity: Entity, key: str) -> str:
    return entity.fields[key].label.zh
