"""Every change of an enterprise's definitions is kept: who made it, when and why, what it did, and what held after it.

The one rule: a version is written in the transaction of its change, once, and never altered. What still runs is not kept
a second time: a layer comes here when another one takes its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from yuanke.fieldtypes.columns import UtcDateTime
from yuanke.kernel import clock
from yuanke.kernel.errors import RecordNotFound
from yuanke.kernel.text import Label, Message, message
from yuanke.metadata import Layer
from yuanke.metadata.differences import Difference, differences
from yuanke.storage import definitions
from yuanke.storage.live import exists
from yuanke.storage.plan import Plan, Step
from yuanke.storage.system import LAYER, OrderedJson, own_table
from yuanke.storage.tables import identity
from yuanke.storage.unit import Unit

VERSION = own_table(
    "version",
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # the meta_version it made
    sa.Column("kind", sa.String(20), nullable=False),  # start | change | pack | upgrade | import | rollback
    sa.Column("reason", sa.Text),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("made_by", identity()),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("layers", OrderedJson, nullable=False),  # marks of the layers above the platform's own, bottom first
    sa.Column("steps", OrderedJson, nullable=False),
)
#: layers that ran once and do not run now
KEPT = own_table(
    "kept_layer",
    sa.Column("mark", sa.String(300), primary_key=True),
    sa.Column("rank", sa.String(20), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("data", OrderedJson, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("file", sa.String(300)),
)
MOST_STEPS = 200
LONGEST_REASON = 1_000


@dataclass(frozen=True)
class Why:
    """``kind`` is the door a change came through; ``reason`` what its author says."""

    reason: str = ""
    kind: str = "change"


@dataclass(frozen=True)
class Version:
    """``steps`` are what the plan told: ``{kind, entity, field, speed, rows, said}``; see `read_back`."""

    number: int
    kind: str
    reason: str
    made_at: datetime
    made_by: int | None
    digest: str
    layers: tuple[str, ...]
    steps: tuple[Mapping[str, Any], ...]


def note(unit: Unit, made: Plan, number: int, user_id: int | None, why: Why) -> None:
    """Write the version that this plan makes; before `definitions.write_layers`, for it keeps what goes."""
    stored = {_mark_of(row): row for row in unit.execute(sa.select(LAYER).order_by(LAYER.c.position))}
    after = [mark(layer) for layer in made.layers if layer.rank != "platform"]
    _keep(unit, {m: row for m, row in stored.items() if m not in after})
    if not unit.connection.scalar(sa.select(sa.func.count()).select_from(VERSION)):
        before = [m for m, row in stored.items() if row.rank != "platform"]
        _write(unit, made.version, "start", "", None, made.before.digest, before, [])
    steps = [told(step) for step in made.steps[:MOST_STEPS]]
    _write(unit, number, why.kind, why.reason[:LONGEST_REASON], user_id, made.after.digest, after, steps)


def begin(unit: Unit, layers: Iterable[Layer], number: int = 1) -> None:
    """The first version, of a new enterprise."""
    marks = [mark(layer) for layer in layers if layer.rank != "platform"]
    _write(unit, number, "start", "", None, unit.registry.digest, marks, [])


def _write(
    unit: Unit,
    number: int,
    kind: str,
    reason: str,
    user_id: int | None,
    digest: str,
    layers: Sequence[str],
    steps: Sequence[Any],
) -> None:
    row = {"number": number, "kind": kind, "reason": reason or None, "made_at": clock.now(), "made_by": user_id}
    unit.execute(VERSION.insert().values(**row, digest=digest, layers=list(layers), steps=list(steps)))


def _keep(unit: Unit, going: Mapping[str, Any]) -> None:
    wanted = {m: row for m, row in going.items() if row.rank != "platform"}
    known = set(unit.execute(sa.select(KEPT.c.mark).where(KEPT.c.mark.in_(wanted))).scalars())
    rows = [
        {"mark": m, "rank": r.rank, "name": r.name, "data": r.data, "source": r.source, "file": r.file}
        for m, r in wanted.items()
        if m not in known
    ]
    if rows:
        unit.execute(KEPT.insert(), rows)


def mark(layer: Layer) -> str:
    """What tells one layer from another: its rank, its name, what it says, and how it was written."""
    return _mark(layer.rank, layer.name, layer.digest.rpartition(":")[2], layer.text)


def _mark_of(row: Any) -> str:
    return _mark(row.rank, row.name, row.digest, row.source)


def _mark(rank: str, name: str, digest: str, text: str | None) -> str:
    written = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16] if text else ""
    return f"{rank}:{name}:{digest}:{written}"


# -- looking back -----------------------------------------------------------------------------------------------------


def versions(unit: Unit, limit: int = 50, before: int | None = None) -> list[Version]:
    """The newest first; ``before`` a number, for the next page."""
    if not exists(unit, VERSION):
        return []
    asked = sa.select(VERSION).order_by(VERSION.c.number.desc()).limit(limit)
    rows = unit.execute(asked if before is None else asked.where(VERSION.c.number < before))
    return [_version(row) for row in rows]


def version(unit: Unit, number: int) -> Version:
    row = unit.execute(sa.select(VERSION).where(VERSION.c.number == number)).first() if exists(unit, VERSION) else None
    if row is None:
        raise RecordNotFound(message("没有版本 {number}", number=number))
    return _version(row)


def before(unit: Unit, number: int) -> Version | None:
    """The version that this one followed."""
    return next(iter(versions(unit, 1, number)), None)


def since(unit: Unit, number: int) -> list[Version]:
    """Changes after the state that had this meta_version (`Unit.head`), oldest first."""
    if not exists(unit, VERSION):
        return []
    rows = unit.execute(sa.select(VERSION).where(VERSION.c.number > number).order_by(VERSION.c.number))
    return [_version(row) for row in rows]


def _version(row: Any) -> Version:
    return Version(
        row.number,
        row.kind,
        row.reason or "",
        row.made_at,
        row.made_by,
        row.digest,
        tuple(row.layers),
        tuple(row.steps),
    )


def layers_at(unit: Unit, number: int) -> list[Layer]:
    """The layers above the platform's own that ran at a version, bottom first."""
    wanted = version(unit, number).layers
    running = {mark(layer): layer for layer in definitions.layers_of(unit)}
    gone = [m for m in wanted if m not in running]
    kept = {row.mark: row for row in unit.execute(sa.select(KEPT).where(KEPT.c.mark.in_(gone)))} if gone else {}
    return [running[m] if m in running else definitions.stored_layer(kept[m]) for m in wanted]


def overlay_at(unit: Unit, number: int) -> dict[str, Any]:
    """The enterprise's own overlay at a version."""
    return definitions.own_layer(layers_at(unit, number)).plain()


def changed(unit: Unit, found: Version) -> list[Difference]:
    """What a version changed of the enterprise's own overlay."""
    earlier = before(unit, found.number)
    was = overlay_at(unit, earlier.number) if earlier is not None else {}
    return list(differences(was, overlay_at(unit, found.number)))


def last_text(unit: Unit) -> str:
    """The overlay as somebody wrote it last, before screens changed it; "" when nobody ever did."""
    if not exists(unit, VERSION):
        return ""
    asked = sa.select(VERSION.c.layers).order_by(VERSION.c.number.desc())
    for (marks,) in unit.execute(asked):
        own = next((m for m in marks if m.startswith("enterprise:") and not m.endswith(":")), None)
        if own is not None:
            return unit.connection.scalar(sa.select(KEPT.c.source).where(KEPT.c.mark == own)) or ""
    return ""


def rolled_back(unit: Unit, number: int, everything: bool = False) -> list[Layer]:
    """The layers that take the enterprise back to a version: its own overlay, or (``everything``) its modules and
    customizations too. The platform's own layers belong to the product and stay."""
    then, now = layers_at(unit, number), definitions.layers_of(unit)
    if everything:
        return [*(layer for layer in now if layer.rank == "platform"), *then]
    return [*(layer for layer in now if layer.rank != "enterprise"), *(x for x in then if x.rank == "enterprise")]


# -- sentences as data ------------------------------------------------------------------------------------------------


def told(step: Step) -> dict[str, Any]:
    """A step as it is kept: its sentence in no language yet."""
    said = {"kind": step.kind, "entity": step.entity, "field": step.field, "speed": step.speed, "rows": step.rows}
    return {**said, "said": kept_sentence(step.summary)}


def kept_sentence(value: Any) -> Any:
    """A Message, Label or value of one as JSON; `read_back` reads it back."""
    if isinstance(value, Message):
        return {"text": value.text, "values": {k: kept_sentence(v) for k, v in value.values.items()}}
    if isinstance(value, Label):
        return {"zh": value.zh, "en": value.en}
    if isinstance(value, (list, tuple)):
        return [kept_sentence(v) for v in value]
    return value if isinstance(value, (str, int, bool, type(None))) else str(value)


def read_back(kept: Any) -> Any:
    """The Message (or Label, or value) that `kept_sentence` wrote."""
    if isinstance(kept, Mapping):
        if "text" in kept:
            text, values = kept["text"], kept["values"]
            return Message(text, {k: read_back(v) for k, v in values.items()})
        return Label(kept["zh"], kept["en"])
    return [read_back(v) for v in kept] if isinstance(kept, list) else kept
