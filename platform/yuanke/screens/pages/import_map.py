"""Step 2: which column fills which field, proposed from names and contents, said by a person where it is not sure.

The one rule: only the first rows are looked at here; the check reads them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from yuanke.access.grants import engine_of
from yuanke.exchange.cells import Cell, shown
from yuanke.exchange.mapping import ImportMapping, MappingFault, Source, from_plain
from yuanke.exchange.mapping_shapes import DUPLICATES
from yuanke.exchange.prepared import fillable
from yuanke.exchange.proposing import Proposal, propose
from yuanke.exchange.reading import open_table
from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import message
from yuanke.metadata.registry import Entity, Field
from yuanke.records import Condition, Query, Records
from yuanke.screens.pages.import_frame import draw, frame, read_token
from yuanke.screens.reader import Reader
from yuanke.web.language import say

SAMPLE = 200
MOST_WORDS = 12
MOST_COLUMNS = 500
MODES = ("update", "fill", "skip")


def page(reader: Reader, entity: Entity, token: str, left: ImportMapping | None, fault: str | None = None) -> Response:
    """Raises FileFault. ``left`` is a mapping that was confirmed before; a refused one comes back as it was sent."""
    file_id, name = read_token(token)
    header, sample, count = opened(reader, file_id, name)
    writable = fillable(reader.unit, reader.actor, entity)
    proposals = propose(entity, header, sample, reader.place, writable, _knows(reader))
    chosen = _chosen(header, proposals, left)
    columns = [_column(reader, entity, at, p, sample, chosen[at], left) for at, p in enumerate(proposals)]
    sure, asked = sum(p.sure for p in proposals), sum(p.field is not None and not p.sure for p in proposals)
    model = {
        **frame(reader, entity, 2, fault), "file": {"name": name, "said": str(_("%(n)s 行", n=f"{count:,}")) if count is not None else ""}, "token": token,
        "map_url": f"/records/{entity.key}/import/check", "back_url": f"/records/{entity.key}/import",
        "said_ok": str(_("%(all)s 列中 %(n)s 列已自动对应", all=len(header), n=sure)),
        "said_ask": str(_("%(n)s 列要你确认", n=asked)) if asked else None,
        "keys": _keys(reader, entity, writable, set(chosen), left), "modes": _modes(left), "columns": columns,
        "groups": _groups(reader, entity, writable),
    }  # fmt: skip
    return draw(reader, model, 422 if fault else 200)


def opened(reader: Reader, file_id: int, name: str) -> tuple[list[str], list[list[Cell]], int | None]:
    """Header, first rows, and how many there are where the file says so. Raises FileFault."""
    info = reader.unit.files.info(file_id)
    if info.created_by != reader.actor.user_id and not reader.actor.is_admin:
        raise RecordNotFound(message("没有找到这个文件"))
    with open_table(Path(reader.unit.files.path(info.sha256)), name, first=SAMPLE) as table:
        return list(table.header), table.sample(SAMPLE), None if table.is_text else table.rows_at_most


def _knows(reader: Reader) -> Any:
    """How many of some texts name a record of a link's target: by title or by a unique field."""

    def knows(field: Field, texts: Sequence[str]) -> int:
        target = reader.registry.entities.get(field.targets[0]) if field.targets else None
        if target is None or not reader.may(target, "read"):
            return 0
        # people are found by their log-in name too, as the import itself does; how many, not who
        door = Records(reader.unit, engine_of(reader.actor)) if target.key == "user" else reader.records
        readable = door.grant(target.key).readable
        keys = [
            k
            for k, f in target.fields.items()
            if k in readable
            and f.has_column
            and f.type.kind == "text"
            and (f.unique == () or k in (target.title, "username"))
        ]
        known: set[str] = set()
        for key in keys:
            query = Query(
                conditions=(Condition(key, "in", list(dict.fromkeys(texts))[:SAMPLE]),),
                fields=(key,),
                limit=SAMPLE,
                count="none",
            )
            known.update(str(record.values.get(key)) for record in door.list(target.key, query).records)
        return sum(text in known for text in texts)

    return knows


def _chosen(header: Sequence[str], proposals: Sequence[Proposal], left: ImportMapping | None) -> list[str]:
    """The field of each column: as it was sent, as it was left, else as it is proposed."""
    if request.method == "POST":
        return [request.form.get(f"column.{at}", "") for at in range(len(header))]
    if left is None:
        return [p.field or "" for p in proposals]
    by_column = {s.column or s.expression: key for key, s in left.columns.items()}
    return [
        by_column.get(p.column) or by_column.get(p.source.expression if p.source else None) or "" for p in proposals
    ]


def _column(
    reader: Reader, entity: Entity, at: int, proposal: Proposal, sample: Sequence[Sequence[Cell]], chosen: str, left: ImportMapping | None,
) -> dict[str, Any]:  # fmt: skip
    texts = [shown(row[at]) for row in sample[:2] if at < len(row)]
    why = "none" if proposal.field is None else "ok" if proposal.sure else "ask"
    source = proposal.source.expression if proposal.source else None
    words = left.columns[chosen].values if left is not None and chosen in left.columns else {}
    return {
        "n": at, "head": proposal.column, "samples": texts, "field": chosen, "why": why, "said": say(proposal.reason),
        "proposed": proposal.field or "", "source": source, "values": _words(reader, entity, proposal, words),
    }  # fmt: skip


def _words(reader: Reader, entity: Entity, proposal: Proposal, chosen: Mapping[str, Any]) -> list[dict[str, Any]]:
    field = entity.fields.get(proposal.field or "")
    if field is None or not field.options or not (proposal.unknown or chosen):
        return []
    options = [{"key": k, "label": reader.say(o.label)} for k, o in field.options.items() if not o.retired]
    words = list(dict.fromkeys([*chosen, *proposal.unknown]))[:MOST_WORDS]
    return [{"n": n, "given": word, "options": options, "chosen": chosen.get(word, "")} for n, word in enumerate(words)]


def _keys(
    reader: Reader, entity: Entity, writable: frozenset[str], chosen: set[str], left: ImportMapping | None
) -> list[dict[str, Any]]:
    """Fields that may tell that a row is already there: unique ones, the number, the title."""
    names = [k for k, f in entity.fields.items() if f.unique == () and (k in writable or k == "number")]
    if entity.title in writable and entity.title not in names:
        names.append(entity.title)
    first = next(iter(left.key), "") if left is not None else next((k for k in names if k in chosen), "")
    if request.method == "POST":
        first = request.form.get("key", "")
    none = {"key": "", "label": str(_("不识别，全部新建")), "on": not first}
    rules = {"key": DUPLICATES, "label": str(_("按查重规则")), "on": first == DUPLICATES}
    return [
        none,
        *([rules] if entity.duplicates else []),
        *({"key": k, "label": reader.say(entity.fields[k].label), "on": k == first} for k in names),
    ]


def _modes(left: ImportMapping | None) -> list[dict[str, Any]]:
    words = {"update": _("更新"), "fill": _("只补空白"), "skip": _("跳过")}
    now = request.form.get("mode") or (left.when_found if left is not None else "update")
    return [{"key": mode, "label": str(words[mode]), "on": mode == now} for mode in MODES]


def _groups(reader: Reader, entity: Entity, writable: frozenset[str]) -> list[dict[str, Any]]:
    view = entity.views.get("form")
    groups: list[dict[str, Any]] = []
    named: set[str] = set()
    for section in view.body.get("sections", ()) if view else ():
        keys = [k for row in section["rows"] for k in row if k in writable and not entity.fields[k].rows]
        named.update(keys)
        if keys:
            groups.append(
                {"label": reader.say(section["label"]), "options": [_option(reader, entity.fields[k]) for k in keys]}
            )
    rest = [f for k, f in entity.fields.items() if k in writable and k not in named and not f.rows and not f.retired]
    if rest:
        groups.append({"label": str(_("其他")), "options": [_option(reader, f) for f in rest]})
    return groups


def _option(reader: Reader, field: Field) -> dict[str, Any]:
    return {"key": field.key, "label": reader.say(field.label), "required": field.required}


# -- what was sent ------------------------------------------------------------------------------------------------


def sent(entity: Entity, name: str) -> ImportMapping:
    """The mapping of step 2. Raises MappingFault; fields and columns are checked against the file when it runs."""
    form = request.form
    columns: dict[str, Source] = {}
    for at in range(MOST_COLUMNS):
        key, head = form.get(f"column.{at}", ""), form.get(f"head.{at}")
        if head is None:
            break
        if not key:
            continue
        if key in columns:
            label = entity.fields[key].label if key in entity.fields else key
            raise MappingFault({head: message("有两列都对应到 {field}，请留一列", field=label)})
        computed = form.get(f"source.{at}") if form.get(f"proposed.{at}") == key else None
        source = Source(expression=computed) if computed else Source(column=head)
        columns[key] = replace(source, values=_given_words(at)) if source.column else source
    key, mode = form.get("key", ""), form.get("mode", "update")
    if key and key not in columns and not (key == DUPLICATES and entity.duplicates):
        raise MappingFault({"key": message("识别重复的字段没有对应到任何一列")})
    return from_plain({
        "entity": entity.key, "file": name, "key": [key] if key else [], "when_found": mode if mode in MODES else "update",
        "columns": {k: s.plain() for k, s in columns.items()},
    })  # fmt: skip


def _given_words(at: int) -> Mapping[str, Any]:
    found = {}
    for n in range(MOST_WORDS):
        chosen, word = request.form.get(f"value.{at}.{n}"), request.form.get(f"given.{at}.{n}")
        if chosen and word:
            found[word] = chosen
    return found
