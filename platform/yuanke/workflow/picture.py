"""A workflow as a picture: where each state stands and how the moves run, in units of one pixel.

The one rule: it is drawn from the definition alone; states stand in columns by how many moves lead to them, moves forward
are drawn above, moves back below.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from yuanke.kernel.text import Label
from yuanke.metadata.registry import Entity, Option
from yuanke.workflow.acts import Act, acts, state_field

WIDTH, HEIGHT, GAP_X, GAP_Y, EDGE = 108, 40, 76, 44, 20
BACK = 34  # how far each move that passes other states hangs below them
MANY = 3  # a move from more states than these is drawn from the last of them alone; the list in words names all


@dataclass(frozen=True)
class StateBox:
    key: str
    option: Option
    x: int
    y: int
    end: bool


@dataclass(frozen=True)
class MoveLine:
    """``path``: SVG path data; the label stands at (x, y); ``many`` joins moves that run between the same states."""

    label: tuple[Label, ...]
    path: str
    x: int
    y: int
    back: bool
    asks: bool  # somebody has to agree
    below: bool = False  # runs below the states it passes


@dataclass(frozen=True)
class Picture:
    width: int
    height: int
    states: tuple[StateBox, ...]
    moves: tuple[MoveLine, ...]


def picture(entity: Entity) -> Picture | None:
    """The picture of the entity's workflow; None without one."""
    field = state_field(entity)
    if field is None or not field.options:
        return None
    options = {key: option for key, option in field.options.items() if not option.retired}
    moves = _moves(entity, list(options))
    columns = _columns(list(options), str(field.default or next(iter(options))), set(moves))
    boxes = _boxes(options, columns)
    lines = _lines(moves, boxes)
    backs = sum(1 for line in lines if line.below)
    height = max(box.y for box in boxes.values()) + HEIGHT + EDGE + backs * BACK
    return Picture(max(box.x for box in boxes.values()) + WIDTH + EDGE, height, tuple(boxes.values()), tuple(lines))


def _moves(entity: Entity, states: list[str]) -> dict[tuple[str, str], list[Act]]:
    """Acts by (from, to), as far as a picture can show them."""
    found: dict[tuple[str, str], list[Act]] = {}
    for one in acts(entity).values():
        for pair in _pairs(one, states):
            found.setdefault(pair, []).append(one)
    return found


def _pairs(one: Act, states: list[str]) -> list[tuple[str, str]]:
    """A free move among several states is drawn from each to the next; one from many states from the last of them."""
    sources = states if one.sources is None else [s for s in states if s in one.sources]
    if one.targets:
        return [(a, b) for a, b in pairwise(states) if a in sources and b in one.targets]
    if one.to not in states:
        return []
    sources = [s for s in sources if s != one.to]
    return [(s, one.to) for s in (sources[-1:] if len(sources) > MANY else sources)]


def _columns(states: list[str], first: str, moves: set[tuple[str, str]]) -> dict[str, int]:
    """How many forward moves lead to a state, in the order of the options; what is out of reach stands at the end."""
    order = {key: at for at, key in enumerate(states)}
    depth = {first: 0}
    for key in states:
        before = [depth[a] + 1 for a, b in moves if b == key and a in depth and order[a] < order[key]]
        if key != first:
            depth[key] = max(before, default=max(depth.values(), default=0) + (1 if not before else 0))
    return depth


def _boxes(options: dict[str, Option], columns: dict[str, int]) -> dict[str, StateBox]:
    taken: dict[int, int] = {}
    boxes = {}
    for key, option in options.items():
        column = columns[key]
        row = taken.get(column, 0)
        taken[column] = row + 1
        x, y = EDGE + column * (WIDTH + GAP_X), EDGE + row * (HEIGHT + GAP_Y)
        boxes[key] = StateBox(key, option, x, y, bool(option.values.get("closed")))
    return boxes


def _lines(moves: dict[tuple[str, str], list[Act]], boxes: dict[str, StateBox]) -> list[MoveLine]:
    lowest = max(box.y for box in boxes.values()) + HEIGHT
    lines: list[MoveLine] = []
    for (source, target), found in moves.items():
        a, b = boxes[source], boxes[target]
        label = tuple(dict.fromkeys(one.label for one in found))
        asks = any(one.said.get("approval") for one in found)
        if b.x == a.x + WIDTH + GAP_X or (b.x > a.x and b.y != a.y):
            lines.append(_forward(a, b, label, asks))
        elif b.x == a.x:
            lines.append(_beside(a, b, label, asks))
        else:
            at = lowest + BACK * (1 + sum(1 for line in lines if line.below)) - 8
            lines.append(_around(a, b, at, label, asks))
    return lines


def _forward(a: StateBox, b: StateBox, label: tuple[Label, ...], asks: bool) -> MoveLine:
    x1, y1, x2, y2 = a.x + WIDTH, a.y + HEIGHT // 2, b.x - 7, b.y + HEIGHT // 2
    bend = max(28, (x2 - x1) // 2)
    path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    return MoveLine(label, path, (x1 + x2) // 2, (y1 + y2) // 2 - 7, False, asks)


def _beside(a: StateBox, b: StateBox, label: tuple[Label, ...], asks: bool) -> MoveLine:
    down = b.y > a.y
    x = a.x + WIDTH // 2 + (18 if down else -18)
    y1, y2 = (a.y + HEIGHT, b.y - 7) if down else (a.y, b.y + HEIGHT + 7)
    return MoveLine(label, f"M{x} {y1}L{x} {y2}", x, (y1 + y2) // 2 + 4, False, asks)


def _around(a: StateBox, b: StateBox, at: int, label: tuple[Label, ...], asks: bool) -> MoveLine:
    back = b.x < a.x
    turn = -8 if back else 8
    x1, x2 = a.x + WIDTH // 2 + 2 * turn, b.x + WIDTH // 2 - 2 * turn
    down = f"M{x1} {a.y + HEIGHT}L{x1} {at - 8}Q{x1} {at} {x1 + turn} {at}"
    path = f"{down}L{x2 - turn} {at}Q{x2} {at} {x2} {at - 8}L{x2} {b.y + HEIGHT + 7}"
    return MoveLine(label, path, (x1 + x2) // 2, at - 6, back, asks, True)
