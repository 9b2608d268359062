"""A pack in a newer version over what an enterprise changed of it: old pack, new pack and local changes laid together.

The one rule: where the new pack and a local change say different things of one place, a person decides; the upgrade is
refused until every such place has an answer. What a field or entity was called before (`formerly`) is followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yuanke.metadata import Layer
from yuanke.metadata.differences import ABSENT, Conflict, Path, Side, address, differences, open_ones, same

LOCAL = ("customization", "enterprise")


@dataclass(frozen=True)
class Upgrade:
    """``layers`` replace those of their names; ``moves`` are local changes that follow a renaming."""

    layers: tuple[Layer, ...]
    conflicts: tuple[Conflict, ...] = ()
    moves: tuple[tuple[str, str], ...] = ()
    needless: tuple[str, ...] = ()  # local changes that the new pack says by itself

    @property
    def open(self) -> list[Conflict]:
        return open_ones(self.conflicts)


@dataclass
class _Local:
    layer: Layer
    plain: dict[str, Any]
    changed: bool = False
    conflicts: list[Conflict] = field(default_factory=list)


def upgrade(
    old: Layer, new: Layer, running: Sequence[Layer], choices: Mapping[str, Side], others: Side | None = None
) -> Upgrade:
    """``choices`` maps addresses to ``mine`` (the local change) or ``theirs`` (the new pack); ``others`` decides the rest."""
    before, after = old.settled.plain(), new.settled.plain()
    renamed = list(_renamings(before, after))
    locals_ = [_Local(layer, layer.settled.plain()) for layer in running if layer.rank in LOCAL]
    moves: list[tuple[str, str]] = []
    needless: list[str] = []
    for local in locals_:
        for was, now in renamed:
            if _move(local, was, now):
                moves.append((address(was), address(now)))
        follows = dict(renamed)
        for was, now in _taken_away(before, after, {was for was, _ in renamed}):
            _settle(local, was, now, ABSENT, choices, others)
        for one in differences(before, after):
            if one.now is ABSENT or (one.was is ABSENT and _at(local.plain, one.path) is ABSENT):
                continue
            mine = _at(local.plain, one.path)
            if mine is ABSENT or any(one.path[: len(w)] == w for w in follows):
                continue
            if same(mine, one.now):
                needless.append(one.address)
            else:
                _settle(local, one.path, one.was, one.now, choices, others)
    changed = [Layer.from_plain(x.layer.name, x.layer.rank, x.plain) for x in locals_ if x.changed]
    conflicts = tuple(conflict for local in locals_ for conflict in local.conflicts)
    return Upgrade((new, *changed), conflicts, tuple(moves), tuple(needless))


def _renamings(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[Path, Path]]:
    """Entities, fields and options that the new pack calls otherwise."""
    was, now = before.get("entities") or {}, after.get("entities") or {}
    for key, entity in now.items():
        old = entity.get("formerly") if isinstance(entity, Mapping) else None
        if isinstance(old, str) and old in was and old not in now:
            yield ("entities", old), ("entities", key)
        held = (was.get(key) or was.get(old) or {}).get("fields") or {}
        fields = (entity.get("fields") if isinstance(entity, Mapping) else None) or {}
        for name, one in fields.items():
            earlier = one.get("formerly") if isinstance(one, Mapping) else None
            if isinstance(earlier, str) and earlier in held and earlier not in fields:
                yield ("entities", key, "fields", earlier), ("entities", key, "fields", name)


def _taken_away(before: Any, after: Any, moved: set[Path], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The topmost places that the new pack says nothing of any more."""
    if not isinstance(before, Mapping):
        return
    for key, value in before.items():
        here = (*path, key)
        if not isinstance(after, Mapping) or key not in after:
            if here not in moved:
                yield here, value
        else:
            yield from _taken_away(value, after[key], moved, here)


def _settle(local: _Local, path: Path, was: Any, now: Any, choices: Mapping[str, Side], others: Side | None) -> None:
    """A place of which both say something: chosen already, or a conflict."""
    mine = _at(local.plain, path)
    if mine is ABSENT:
        return
    chosen = choices.get(address(path), others)
    local.conflicts.append(Conflict(path, was, mine, now, chosen))
    if chosen == "theirs":
        _drop(local.plain, path)
        local.changed = True
    elif chosen == "mine" and now is ABSENT and isinstance(was, Mapping) and isinstance(mine, Mapping):
        _put(local.plain, path, _over(was, mine))  # what the pack let go is the enterprise's own from now on
        local.changed = True


def _move(local: _Local, was: Path, now: Path) -> bool:
    """What a local layer says of a renamed thing goes along; its lists of columns and its rights of fields too."""
    mine = _at(local.plain, was)
    moved = mine is not ABSENT
    if moved:
        _drop(local.plain, was)
        _put(local.plain, now, mine)
    if len(was) == 4:
        moved |= _rename_in(_at(local.plain, (*was[:2], "views")), was[3], now[3])
        moved |= _rename_in(_at(local.plain, (*was[:2], "permissions")), was[3], now[3])
    local.changed |= moved
    return moved


def _rename_in(said: Any, was: str, now: str) -> bool:
    """Keys and words of lists that are the name itself; expressions are the author's to rewrite, and told when they fail."""
    found = False
    if isinstance(said, dict):
        if was in said:
            items = [(now if key == was else key, value) for key, value in said.items()]
            said.clear()
            said.update(items)
            found = True
        for value in said.values():
            found |= _rename_in(value, was, now)
    elif isinstance(said, list):
        for place, value in enumerate(said):
            if value in (was, f"-{was}"):
                said[place] = now if value == was else f"-{now}"
                found = True
            else:
                found |= _rename_in(value, was, now)
    return found


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(below)
    for key, value in above.items():
        held = made.get(key)
        made[key] = _over(held, value) if isinstance(held, Mapping) and isinstance(value, Mapping) else value
    return made


def _at(plain: Any, path: Path) -> Any:
    for key in path:
        if not isinstance(plain, Mapping) or key not in plain:
            return ABSENT
        plain = plain[key]
    return plain


def _put(plain: dict[str, Any], path: Path, value: Any) -> None:
    for key in path[:-1]:
        plain = plain.setdefault(key, {})
    plain[path[-1]] = value


def _drop(plain: dict[str, Any], path: Path) -> None:
    """Take the place away, and the maps that are empty then."""
    held = [plain]
    for key in path[:-1]:
        held.append(held[-1][key])
    for inner, key in zip(reversed(held), reversed(path)):
        del inner[key]
        if inner:
            return
