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

IMPORT_KEYS = {"file", "files", "mapping", "key", "dry_run"}
EXPORT_KEYS = {"format", "filter", "q", "sort", "view", "columns", "rows"}


class ImportsApi(Resource):
    route_base = "/api/v1/imports"

    @expose("/<key:entity>", methods=("POST",))
    @late
    def begin(self, entity: str) -> Response:
        """A form: ``file`` (and the others the mapping names), ``mapping`` (JSON), ``key``, ``dry_run``; or JSON
        ``{file: id | files: {name: id}, mapping, key, dry_run}``. Without mapping, the sure part of a proposal.
        """
        asked.only(())
        told = _form() if request.files or request.form else json_object()
        _known(told, IMPORT_KEYS)
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

        told, held = json_object(), current()
        _known(told, EXPORT_KEYS)
        texts = {key: _text(told, key) for key in ("format", "filter", "q", "view", "rows")}
        query = Query(
            filter=texts["filter"], q=texts["q"], view=texts["view"], sort=tuple(_names(told, "sort") or ("id",))
        )
        columns, form = _names(told, "columns"), texts["format"] or "xlsx"
        return _accepted(kinds.start_export(held.unit, held.actor, entity, form, query, columns, texts["rows"]))


@once
def _begin_import(entity: str, told: Mapping[str, Any], sample: Any) -> Response:
    from yuanke.exchange import kinds

    held = current()
    known = held.unit.registry.entities.get(entity)
    if known is None or known.kind == "pair":
        raise RecordNotFound(message("没有名为 {entity} 的数据", entity=entity))
    files = _put_files(told)
    mapping = _mapping(entity, told, sample, files)
    keys = tuple(_names(told, "key") or mapping.key)
    job = kinds.start_import(held.unit, held.actor, replace(mapping, key=keys), files, _flag(told, "dry_run"))
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
    if not isinstance(files, Mapping) or not files or not all(_is_id(one) for one in files.values()):
        raise ValidationFailed({"file": [message("应为已上传文件的 id，或 files: {名称: id}")]})
    return {str(name) or held.unit.files.info(int(one)).name: int(one) for name, one in files.items()}


def _form() -> dict[str, Any]:
    told: dict[str, Any] = dict(request.form.items())
    if told.get("mapping"):
        told["mapping"] = parse(told["mapping"])
    if "dry_run" in told:
        told["dry_run"] = told["dry_run"] in ("1", "true", "on")
    return told


def _known(told: Mapping[str, Any], keys: set[str]) -> None:
    faults = {key: [message("没有这个键，可用的有 {known}", known=sorted(keys))] for key in told if key not in keys}
    faults.pop("csrf_token", None)
    if faults:
        raise ValidationFailed(faults)


def _text(told: Mapping[str, Any], key: str) -> str | None:
    value = told.get(key)
    if value is not None and not (isinstance(value, str) and len(value) <= asked.LONGEST_FILTER and "\0" not in value):
        raise ValidationFailed({key: [message("应为文字，最多 {most} 个字符", most=asked.LONGEST_FILTER)]})
    return value or None


def _names(told: Mapping[str, Any], key: str) -> list[str] | None:
    """A list of names, or one text with commas between."""
    value = told.get(key)
    if value is None or value == "":
        return None
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) and part.strip() for part in parts):
        raise ValidationFailed({key: [message("应为字段名的列表")]})
    return [part.strip() for part in parts]


def _flag(told: Mapping[str, Any], key: str) -> bool:
    value = told.get(key, False)
    if not isinstance(value, bool):
        raise ValidationFailed({key: [message("应为 true 或 false")]})
    return value


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63


def _accepted(job_id: int, **more: Any) -> Response:
    held = current()
    said = {**job_json(find(held.unit, held.actor, job_id)), **more}
    return reply(said, 202, {"Location": f"/api/v1/jobs/{job_id}"})
