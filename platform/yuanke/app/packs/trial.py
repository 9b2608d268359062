"""The throw-away enterprise in which a pack is tried: SQLite in a temporary folder, a small organisation, one record of each
kind.

The one rule: whatever a check does to the records is rolled back, so that no check depends on another one.
"""

from __future__ import annotations

import base64
import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from yuanke.access import people
from yuanke.access.grants import engine_of
from yuanke.access.sessions import actor_of
from yuanke.app.packs.examples import ONE, example
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Refusal, ValidationFailed
from yuanke.metadata import Layer
from yuanke.metadata.registry import Entity, Field, Registry
from yuanke.records import Records
from yuanke.records.samples import fill
from yuanke.storage import Installation, Unit, create_enterprise

ROOT_PASSWORD = "pack-test-only"
TRIES = 6
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class _Undone(Exception):
    pass


class Trial:
    """``own`` are the entities of the pack itself; ``made`` one record of each kind (entity -> id), ``unmade`` why there is
    none; ``people``: role -> id of a user who has it alone."""

    def __init__(self, installation: Installation, slug: str, layers: Sequence[Layer], own: Sequence[str]) -> None:
        self.installation = installation
        self.enterprise = create_enterprise(installation, slug, slug, layers=layers)
        self.made: dict[str, int] = {}
        self.samples: dict[tuple[str, str], int] = {}
        self.unmade: dict[str, str] = {}
        self._making: list[str] = []
        with self.unit() as unit:
            self.registry: Registry = unit.registry
            self.root = people.create_user(unit, "root", "Root", ROOT_PASSWORD, ("admin",))
            roles = [role for role in self.registry.roles if role != "admin"]
            self.people = {
                role: people.create_user(unit, f"as.{role.replace('_', '.')}", role, None, (role,)) for role in roles
            }
        modules = set(own)
        self.own = [e for e in self.registry.entities.values() if e.module in modules and e.kind == "record"]
        self._tell_samples()

    def make_records(self) -> None:
        """A record of each kind that the samples did not give."""
        for entity in self.own:
            self._make(entity.key)

    @cached_property
    def file(self) -> int:
        """The id of an uploaded picture."""
        with self.unit() as unit:
            return unit.files.put(io.BytesIO(base64.b64decode(PICTURE)), "picture.png", self.root).id

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """A unit that stands."""
        with self.installation.unit(self.enterprise, write=True) as unit:
            yield unit

    @contextmanager
    def undone(self) -> Iterator[Unit]:
        """A unit of which nothing stands."""
        try:
            with self.installation.unit(self.enterprise, write=True) as unit:
                yield unit
                raise _Undone
        except _Undone:
            pass

    def actor(self, unit: Unit, role: str | None = None) -> Actor:
        """The person of a role; None is the administrator."""
        return actor_of(unit, self.root if role is None else self.people[role], "api")

    def door(self, unit: Unit, role: str | None = None) -> Records:
        return Records(unit, self.actor(unit, role))

    def engine(self, unit: Unit) -> Records:
        return Records(unit, engine_of(self.actor(unit)))

    def may_write(self, entity: Entity) -> bool:
        """Whether anybody makes such records by hand: nobody may where no role says so, or only the engine writes."""
        roles = [p for p in entity.permissions.values() if p.verbs.get("create") or p.verbs.get("update")]
        return bool(roles) and not entity.more.get("append_only")

    # -- one record of each kind ----------------------------------------------------------------------------------

    def _tell_samples(self) -> None:
        """The samples of the pack; when they are refused, each entity says why it has none."""
        wanted = set(self.registry.samples) & {e.key for e in self.own}
        if not wanted:
            return
        try:
            with self.unit() as unit:
                self.samples = fill(self.engine(unit))
        except Refusal as fault:
            self.unmade |= dict.fromkeys(wanted, f"samples: {said(fault)}")
            return
        for (entity, _), id_ in self.samples.items():
            self.made.setdefault(entity, id_)

    def _make(self, key: str) -> int | None:
        if key in self.made or key in self.unmade or key in self._making:
            return self.made.get(key)
        self._making.append(key)
        entity = self.registry.entities[key]
        if any(field.type.name in ("file", "image") for field in entity.fields.values()):
            _ = self.file
        left_out: set[str] = set()
        fault: Refusal | None = None
        for _ in range(TRIES):
            values = self.values(entity, left_out)
            try:
                with self.unit() as unit:
                    made = self.engine(unit).create(key, values).id
                    self.made[key] = made
                break
            except ValidationFailed as refused:
                fault = refused
                wrong = {path.split(".")[0] for path in refused.errors} & set(values)
                if not wrong:
                    break
                left_out |= wrong
            except Refusal as refused:
                fault = refused
                break
        if key not in self.made and fault is not None:
            self.unmade[key] = said(fault)
        self._making.remove(key)
        return self.made.get(key)

    def values(self, entity: Entity, left_out: set[str] = frozenset(), which: int = ONE) -> dict[str, Any]:  # type: ignore[assignment]
        """What a person could enter into every field of a new record."""
        fields = [f for f in entity.fields.values() if f.key not in left_out and enterable(entity, f)]
        made = {f.key: self.value(f, which) for f in fields}
        return {key: value for key, value in made.items() if value is not None}

    def value(self, field: Field, which: int = ONE) -> Any:
        """A value for ``field``, links included: records are made where there are none."""
        if field.rows:
            row = self.registry.entities[field.rows]
            found = self.values(row, which=which)
            return [found] if found else None
        if field.type.name in ("file", "image"):
            return [self.file] if field.multiple else self.file
        if field.targets:
            return self._link(field)
        return example(field, which)

    def _link(self, field: Field) -> Any:
        for target in field.targets:
            found = self.root if target == "user" else self._make(target)
            if found is not None:
                if len(field.targets) > 1:
                    return {"entity": target, "id": found}
                return [found] if field.pairs else found
        return None


def enterable(entity: Entity, field: Field) -> bool:
    """Whether people enter it at all."""
    return (
        field.source == "typed"
        and not field.retired
        and field.editable is not False
        and field.key != entity.parent_link
        and not (field.formula is not None and field.editable is not True)
        and not (entity.workflow and entity.workflow.get("field") == field.key)
    )


def said(fault: Refusal) -> str:
    """A refusal with all its places."""
    if isinstance(fault, ValidationFailed):
        return "; ".join(f"{path or '*'}: {', '.join(map(str, some))}" for path, some in fault.errors.items())
    return str(fault.said)


@contextmanager
def place_for_trials() -> Iterator[Installation]:
    """An installation that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="yuanke-trial-") as folder:
        installation = Installation(Path(folder))
        try:
            yield installation
        finally:
            installation.close()
