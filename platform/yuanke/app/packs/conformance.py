"""The tests that nobody has to write: what every entity of a pack must be able to do, tried on a record of each.

The one rule: refusals that the pack itself declared (rules, locks) are no faults here; anything else that is not as
declared is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from yuanke.app.packs.examples import ONE, OTHER, nearby
from yuanke.app.packs.results import Result, fine, told, untried, wrong
from yuanke.app.packs.trial import Trial, enterable, said
from yuanke.fieldtypes.columns import Exact
from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refusal
from yuanke.metadata.registry import Entity, Field, Permission
from yuanke.records import Query, Record
from yuanke.storage import Unit


def check_record(trial: Trial, entity: Entity) -> Iterator[Result]:
    """A record can be made, deleted, and brought back from the bin."""
    made = trial.made.get(entity.key)
    if made is None:
        why = trial.unmade.get(entity.key, "no record could be made")
        hint = f"declare one that may be made under samples: {{{entity.key}: ...}}"
        yield wrong("record", entity.key, f"no record could be made: {why}; {hint}")
        return
    yield fine("record", entity.key)
    if entity.more.get("append_only"):
        return
    with trial.undone() as unit:
        door = trial.engine(unit)
        try:
            door.delete(entity.key, made)
            door.restore(entity.key, made)
        except Refusal as refused:
            yield untried("bin", entity.key, said(refused))
        else:
            yield fine("bin", entity.key, 2)


def check_fields(trial: Trial, entity: Entity) -> Iterator[Result]:
    """Every field that can be entered keeps what is entered, and can be emptied when it may be empty."""
    made = trial.made.get(entity.key)
    if made is None or entity.more.get("append_only"):
        return
    found: list[Result] = []
    tried = 0
    for field in entity.fields.values():
        if enterable(entity, field):
            one = _kept(trial, entity, field, made)
            found += [one] if one is not None else []
            tried += one is None
    yield from told("fields", entity.key, found, tried)


def _kept(trial: Trial, entity: Entity, field: Field, made: int) -> Result | None:
    """What is wrong with the round trip of one field, None when all is well."""
    at = f"{entity.key}.{field.key}"
    refused: Refusal | None = None
    with trial.undone() as unit:
        beside = nearby(field, trial.engine(unit).get(entity.key, made, (field.key,)).values.get(field.key))
    for value in (trial.value(field, OTHER), trial.value(field, ONE), beside):
        if value is None:
            if refused is not None:
                continue
            return untried("fields", at, f"no value could be made up for a field of type {field.type.name}")
        try:
            with trial.undone() as unit:
                door = trial.engine(unit)
                before = door.get(entity.key, made, (field.key,)).values[field.key] if field.rows else None
                door.update(entity.key, made, {field.key: value})
                here = door.get(entity.key, made, (field.key,)).values[field.key]
                if not _same(unit, field, value, here, before):
                    return wrong("fields", at, f"{value!r} was saved and {here!r} was read")
            return None
        except Refusal as fault:
            refused = fault
    assert refused is not None
    return untried("fields", at, said(refused))


def _same(unit: Unit, field: Field, sent: Any, here: Any, before: Any) -> bool:
    if field.rows:
        return len(here) == len(before or ()) + len(sent)
    if field.pairs or field.targets:
        wanted = sent if isinstance(sent, list) else [sent["id"] if isinstance(sent, dict) else sent]
        links = here if isinstance(here, list) else [here]
        return [link.id for link in links] == wanted
    if field.type.name in ("file", "image"):
        files = here if isinstance(here, list) else [here]
        return [file["id"] for file in files] == (sent if isinstance(sent, list) else [sent])
    parsed = field.type.parse(field, sent, unit.place)
    return bool(field.type.dump(field, parsed) == field.type.dump(field, here))


# -- formulas ---------------------------------------------------------------------------------------------------------


def check_formulas(trial: Trial, entity: Entity) -> Iterator[Result]:
    """Every formula can be computed; what is stored is what the database computes from the same record."""
    made = trial.made.get(entity.key)
    formulas = [f for f in entity.fields.values() if f.formula is not None and not f.retired]
    if made is None or not formulas:
        return
    found: list[Result] = []
    for field in formulas:
        at = f"{entity.key}.{field.key}"
        try:
            stored = _read(trial, entity, field, made, live=False)
            if field.source == "stored" and field.formula is not None and field.formula.has_sql:
                live = _read(trial, entity, field, made, live=True)
                if stored != live:
                    found.append(wrong("formulas", at, f"stored {stored!r}, but the database computes {live!r}"))
        except Refusal as refused:
            found.append(wrong("formulas", at, said(refused)))
    yield from told("formulas", entity.key, found, len(formulas))


def _read(trial: Trial, entity: Entity, field: Field, made: int, live: bool) -> Any:
    with trial.installation.unit(trial.enterprise) as unit:
        if live:
            unit.unfilled, unit.serial = unit.unfilled | {(entity.key, field.key)}, 0
        value = trial.engine(unit).get(entity.key, made, (field.key,)).values.get(field.key)
        kept = field.type.column_type(field)
        if value is not None and live and isinstance(kept, Exact):
            value = kept.settle(value)
        return None if value is None else field.type.dump(field, value)


# -- rights -----------------------------------------------------------------------------------------------------------


def check_rights(trial: Trial, entity: Entity) -> Iterator[Result]:
    """Each role may do what its permission says and no more: verbs, rows, hidden and read-only fields."""
    made = trial.made.get(entity.key)
    if made is None:
        return
    found: list[Result] = []
    tried = 0
    for role in trial.people:
        permission = entity.permissions.get(role)
        for verb in ("read", "create", "update", "delete", "export"):
            tried += 1
            given = _given(entity, role, verb)
            with trial.undone() as unit:
                if trial.door(unit, role).may(entity.key, verb) is not given:
                    word = "may not, though it is written" if given else "may, though nothing says so"
                    found.append(wrong("rights", f"{entity.key}.permissions.{role}.{verb}", f"the role {word}"))
        if permission is not None:
            found += _rows(trial, entity, role, permission, made)
    yield from told("rights", entity.key, found, tried)


def _given(entity: Entity, role: str, verb: str) -> bool:
    """Whether what is written gives the role a verb: by its own permission, or by that of everyone."""
    permissions = [p for p in (entity.permissions.get(role), entity.permissions.get("everyone")) if p is not None]
    if any(verb in p.deny for p in permissions):
        return False
    return any(p.verbs.get(verb) for p in permissions) or (verb == "read" and bool(entity.more.get("everyone")))


def _rows(trial: Trial, entity: Entity, role: str, permission: Permission, made: int) -> Iterator[Result]:
    """The administrator's record is seen by whoever reads all, by nobody who reads his own alone."""
    at = f"{entity.key}.permissions.{role}"
    scopes = set(permission.verbs.get("read", ()))
    shared = "everyone" in entity.permissions or entity.more.get("everyone")
    if not scopes <= {"all", "own"} or "read" in permission.deny or not scopes or shared:
        return
    everything = "all" in scopes
    with trial.undone() as unit:
        _give(unit, trial, entity, made)
        record = _try(lambda: trial.door(unit, role).get(entity.key, made))
        if (record is not None) is not everything:
            yield wrong("rights", f"{at}.read", f"{'does not see' if everything else 'sees'} a record of somebody else")
        if record is None:
            return
        for key, level in permission.fields.items():
            if level == "hidden" and key in record.values:
                yield wrong("rights", f"{at}.fields.{key}", "is hidden and can be read")
        page = trial.door(unit, role).list(entity.key, Query(limit=1))
        if not page.records:
            yield wrong("rights", f"{at}.read", "reads all and finds no record in the list")


def _give(unit: Unit, trial: Trial, entity: Entity, made: int) -> None:
    """To the administrator: a role must not see it as its own."""
    if "owner" in entity.fields and entity.fields["owner"].has_column:
        table = unit.tables[entity.key]
        unit.execute(table.update().where(table.c.id == made).values(owner=trial.root, created_by=trial.root))


def _try(read: Callable[[], Record]) -> Record | None:
    try:
        return read()
    except (RecordNotFound, AccessDenied):
        return None
