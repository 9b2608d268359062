"""Imports and exports: begun here, done as jobs.

The one rule: the answer is 202 and the job; what it did, and its file, are read from the job.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from flask import Response, request
from werkzeug.datastructures import FileStorage

from yuanke.api import asked
from yuanke.api.answers import reply
from yuanke.api.fixed import Export, Import, is_id, taken
from yuanke.api.resource import Resource, expose
from yuanke.api.work import job_json
from yuanke.jobs import find
from yuanke.kernel.errors import RecordNotFound, ValidationFailed
from yuanke.kernel.text import message
from yuanke.records import Query
from yuanke.storage.files import clean_name
from yuanke.web.bodies import json_object, parse
from yuanke.web.guard import late
from yuanke.web.once import once
from yuanke.web.requests import current

if TYPE_CHECKING:  # what reads and writes tables is heavy: it is imported by the requests that need it
    from yuanke.exchange.mapping import ImportMapping


class ImportsApi(Resource):
    route_base = "/api/v1/imports"

    @expose("/<key:entity>", methods=("POST",))
    @late
    def begin(self, entity: str) -> Response:
        """A form: ``file`` (and the others the mapping names), ``mapping`` (JSON), ``key``, ``dry_run``; or JSON
        ``{file: id | files: {name: id}, mapping, key, dry_run}``. Without mapping, the sure part of a proposal.
        """
        asked.only(())
        told = taken(Import, _form() if request.files or request.form else json_object())
        sample = _sample() if not told.get("mapping") else None
        return _begin_import(entity, told, sample)

    begin.honours_key = True  # type: ignore[attr-defined]


class ExportsApi(Resource):
    route_base = "/api/v1/exports"

    @expose("/<key:entity>", methods=("POST",))
    @once
    def begin(self, entity: str) -> Response:
        """``{format: csv | xlsx, filter, q, sort, view, columns: [], rows: name}``; the job's result names the file."""
        asked.only(())
        from yuanke.exchange import kinds

        told, held = taken(Export, json_object()), current()
        query = Query(
            filter=told.get("filter"),
            q=told.get("q"),
            view=told.get("view"),
            sort=tuple(told.get("sort") or ("id",)),
        )
        columns, form, rows = told.get("columns"), told.get("format") or "xlsx", told.get("rows")
        return _accepted(kinds.start_export(held.unit, held.actor, entity, form, query, columns, rows))


@once
def _begin_import(entity: str, told: Mapping[str, Any], sample: Any) -> Response:
    from yuanke.exchange import kinds

    held = current()
    known = held.unit.registry.entities.get(entity)
    if known is None or known.kind == "pair":
        raise RecordNotFound(message("没有名为 {entity} 的数据", entity=entity))
    files = _put_files(told)
    mapping = _mapping(entity, told, sample, files)
    keys = tuple(told.get("key") or mapping.key)
    job = kinds.start_import(held.unit, held.actor, replace(mapping, key=keys), files, told.get("dry_run", False))
    return _accepted(job, mapping=replace(mapping, key=keys).plain())


def _mapping(entity: str, told: Mapping[str, Any], sample: Any, files: Mapping[str, int]) -> ImportMapping:
    from yuanke.exchange.mapping import from_plain
    from yuanke.exchange.prepared import fillable
    from yuanke.exchange.proposing import mapping_of, propose

    given = told.get("mapping")
    if given:
        if isinstance(given, Mapping) and given.get("entity", entity) != entity:
            raise ValidationFailed(
                {"mapping": [message("对应关系是 {found} 的，不是 {entity} 的", found=given["entity"], entity=entity)]}
            )
        return from_plain({**given, "entity": entity} if isinstance(given, Mapping) else given)
    held = current()
    known = held.unit.registry.entities[entity]
    if sample is None:
        with held.unit.files.open(next(iter(files.values()))) as stream:
            sample = _header(Path(str(stream.name)), next(iter(files)))
    header, rows = sample
    proposals = propose(known, header, rows, held.unit.place, fillable(held.unit, held.actor, known))
    return mapping_of(known, proposals, sure_only=True)


def _sample() -> Any:
    """Header and first rows of an uploaded file, read before any lock is taken."""
    upload = request.files.get("file")
    if upload is None:
        return None
    with _on_disk(upload) as path:
        return _header(path, clean_name(upload.filename or "file"))


def _header(path: Path, name: str) -> Any:
    from yuanke.exchange.reading import open_table

    with open_table(path, name) as table:
        return table.header, table.sample()


@contextmanager
def _on_disk(upload: FileStorage) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile() as copy:
        upload.save(copy)
        copy.flush()
        upload.stream.seek(0)
        yield Path(copy.name)


def _put_files(told: Mapping[str, Any]) -> dict[str, int]:
    """Name -> id: what was uploaded with the request, or what the body names."""
    held = current()
    if request.files:
        uploads = {clean_name(upload.filename or name): upload for name, upload in request.files.items()}
        return {
            name: held.unit.files.put(cast(BinaryIO, upload.stream), name, held.actor.user_id).id
            for name, upload in uploads.items()
        }
    files: Any = told.get("files") if told.get("files") is not None else {"": told.get("file")}
    if not isinstance(files, Mapping) or not files or not all(is_id(one) for one in files.values()):
        raise ValidationFailed({"file": [message("应为已上传文件的 id，或 files: {名称: id}")]})
    return {str(name) or held.unit.files.info(int(one)).name: int(one) for name, one in files.items()}


def _form() -> dict[str, Any]:
    told: dict[str, Any] = {key: value for key, value in request.form.items() if key != "csrf_token"}
    if told.get("mapping"):
        told["mapping"] = parse(told["mapping"])
    if "dry_run" in told:
        told["dry_run"] = told["dry_run"] in ("1", "true", "on")
    return told


def _accepted(job_id: int, **more: Any) -> Response:
    held = current()
    said = {**job_json(find(held.unit, held.actor, job_id)), **more}
    return reply(said, 202, {"Location": f"/api/v1/jobs/{job_id}"})
