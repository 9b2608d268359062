"""The Python run: a checked tree becomes closures over (row, up).

``row`` is the innermost row, ``up`` the rows around it as ``(row, up)`` or None. Values are reached by mapping
look-ups alone,
never by attributes, so nothing but what the caller put into the mapping can be touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from yuanke.expressions import exact
from yuanke.expressions import nodes as n
from yuanke.expressions.faults import missing
from yuanke.expressions.functions import Function

Run = Callable[[Any, Any], Any]
#: under this name a record behind a link to one of several entities tells its entity
ENTITY = "@entity"
DEFAULT_ZONE = "Asia/Shanghai"
_OWN = frozenset({"this", "row", "record"})  # the record itself where the mapping does not name another


def build(node: n.Node, depth: int = 0) -> Run:
    """The closure of ``node``, to be called where the innermost frame is ``depth``."""
    return BUILDERS[type(node)](node, depth)


def _const(node: n.Const, depth: int) -> Run:
    value = node.value
    return lambda row, up: value


def climb_to(depth: int, frame: int) -> Callable[[Any, Any], Any]:
    """The row of ``frame``, seen from ``depth``."""
    steps = depth - frame
    if steps == 0:
        return lambda row, up: row
    if steps == 1:
        return lambda row, up: up[0]

    def climb(row: Any, up: Any) -> Any:
        for _ in range(steps - 1):
            up = up[1]
        return up[0]

    return climb


def walk_to(depth: int, frame: int, names: tuple[str, ...]) -> Run:
    """A value through mappings; None as soon as one is None."""
    if frame == depth and len(names) == 1 and names[0] not in _OWN:
        name = names[0]
        return lambda row, up: row.get(name)
    at = climb_to(depth, frame)
    first, rest = names[0], names[1:]
    own = first in _OWN and frame == 0

    def walk(row: Any, up: Any) -> Any:
        base = at(row, up)
        value = base.get(first)
        if value is None and own:
            value = base
        for name in rest:
            if value is None:
                return None
            value = value.get(name)
        return value

    return walk


def _field(node: n.Field, depth: int) -> Run:
    if not node.names:
        return climb_to(depth, node.frame)
    if node.several and node.names[-1] == "kind":
        link = walk_to(depth, node.frame, node.names[:-1])
        return lambda row, up: entity_of(link(row, up))
    return walk_to(depth, node.frame, node.names)


def entity_of(value: Any) -> Any:
    """The entity of a record behind a link to one of several; ``kind`` may be a field of its own there."""
    return value.get(ENTITY) or value.get("kind") if isinstance(value, Mapping) else None


def _known(node: n.Known, depth: int) -> Run:
    return walk_to(depth, 0, node.path)


def _option_value(node: n.OptionValue, depth: int) -> Run:
    choice, values = build(node.choice, depth), dict(node.values)
    return lambda row, up: values.get(choice(row, up))


_NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "+": exact.add,
    "-": exact.subtract,
    "*": exact.multiply,
    "/": exact.divide,
    "%": lambda a, b: exact.remainder(a, b) if b else None,
}
_SPANS: dict[str, Callable[[Any, Any], Any]] = {"+": lambda a, b: a + b, "-": lambda a, b: a - b}


def _arith(node: n.Arith, depth: int) -> Run:
    left, right = build(node.left, depth), build(node.right, depth)
    compute = (_SPANS if node.kind.name == "duration" else _NUMBERS)[node.operator]

    def run(row: Any, up: Any) -> Any:
        a = left(row, up)
        b = right(row, up)
        return None if a is None or b is None else compute(a, b)

    return run


def _negative(node: n.Negative, depth: int) -> Run:
    operand = build(node.operand, depth)
    compute: Callable[[Any], Any] = (lambda v: -v) if node.kind.name == "duration" else exact.negative

    def run(row: Any, up: Any) -> Any:
        value = operand(row, up)
        return None if value is None else compute(value)

    return run


def identity(value: Any) -> Any:
    """What a link is compared by: its id, or (entity, id) of a link to one of several entities."""
    if not isinstance(value, Mapping):
        return value
    return value.get("id")


def _pointing(value: Any, of: str | None) -> Any:
    return None if value is None else (of or entity_of(value), identity(value))


def compared(node: n.Node, depth: int, on: str) -> Run:
    run = build(node, depth)
    if on == "link":
        return lambda row, up: identity(run(row, up))
    if on == "pointer":
        of = node.kind.of
        return lambda row, up: _pointing(run(row, up), of)
    return run


def _compare(node: n.Compare, depth: int) -> Run:
    left, right = compared(node.left, depth, node.on), compared(node.right, depth, node.on)
    if node.operator == "==":
        return lambda row, up: left(row, up) == right(row, up)
    if node.operator == "!=":
        return lambda row, up: left(row, up) != right(row, up)
    compute = _ORDERS[node.operator]

    def run(row: Any, up: Any) -> bool:
        a = left(row, up)
        b = right(row, up)
        return a is not None and b is not None and compute(a, b)

    return run


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _in_list(node: n.InList, depth: int) -> Run:
    value = compared(node.value, depth, node.on)
    if all(isinstance(item, n.Const) for item in node.items):
        held = frozenset(item.value for item in node.items if isinstance(item, n.Const))
        return lambda row, up: value(row, up) in held
    items = [compared(item, depth, node.on) for item in node.items]

    def run(row: Any, up: Any) -> bool:
        found = value(row, up)
        return any(found == item(row, up) for item in items)

    return run


def _in_known(node: n.InKnown, depth: int) -> Run:
    value, known = build(node.value, depth), build(node.known, depth)

    def run(row: Any, up: Any) -> bool:
        found = identity(value(row, up))
        return found is not None and any(found == identity(one) for one in known(row, up) or ())

    return run


def _logic(node: n.Logic, depth: int) -> Run:
    parts = [build(part, depth) for part in node.parts]
    if len(parts) == 2:
        first, second = parts
        if node.operator == "and":
            return lambda row, up: bool(first(row, up) and second(row, up))
        return lambda row, up: bool(first(row, up) or second(row, up))
    if node.operator == "and":
        return lambda row, up: all(part(row, up) for part in parts)
    return lambda row, up: any(part(row, up) for part in parts)


def _not(node: n.Not, depth: int) -> Run:
    operand = build(node.operand, depth)
    return lambda row, up: not operand(row, up)


def _if(node: n.If, depth: int) -> Run:
    test, then, other = build(node.test, depth), build(node.then, depth), build(node.other, depth)
    return lambda row, up: then(row, up) if test(row, up) else other(row, up)


def zone_of(row: Any, up: Any) -> str:
    while up is not None:
        row, up = up
    settings = row.get("settings")
    return (settings.get("timezone") if settings else None) or DEFAULT_ZONE


def _call(node: n.Call, depth: int) -> Run:
    function, arguments = node.function, [build(argument, depth) for argument in node.arguments]
    if function.name == "coalesce":
        return _coalesce(arguments)
    if function.contextual:
        return _contextual(
            function, arguments, {name: build(value, depth) for name, value in node.keywords.items()}, depth
        )
    compute = function.python
    assert compute is not None
    if function.zone:
        return _zoned(function, compute, arguments)
    nulls = function.nulls
    if len(arguments) == 1 and not nulls:
        only = arguments[0]

        def single(row: Any, up: Any) -> Any:
            value = only(row, up)
            return None if value is None else compute(value)

        return single

    def run(row: Any, up: Any) -> Any:
        values = [argument(row, up) for argument in arguments]
        return None if not nulls and None in values else compute(*values)

    return run


def _zoned(function: Function, compute: Callable[..., Any], arguments: list[Run]) -> Run:
    def run(row: Any, up: Any) -> Any:
        values = [argument(row, up) for argument in arguments]
        return None if not function.nulls and None in values else compute(zone_of(row, up), *values)

    return run


def _coalesce(arguments: list[Run]) -> Run:
    def run(row: Any, up: Any) -> Any:
        for argument in arguments:
            value = argument(row, up)
            if value is not None:
                return value
        return None

    return run


def _contextual(function: Function, arguments: list[Run], keywords: dict[str, Run], depth: int) -> Run:
    top, name = climb_to(depth, 0), function.name
    if function.running:
        return _in_order(name, arguments, top)

    def run(row: Any, up: Any) -> Any:
        calls = top(row, up).get("calls") or {}
        if name not in calls:
            raise missing(f"{name}()")
        given = {key: value(row, up) for key, value in keywords.items()}
        return calls[name](*[argument(row, up) for argument in arguments], **given)

    return run


def _in_order(name: str, arguments: list[Run], top: Run) -> Run:
    """``take(...)``: this place of the expression, together with the row, says what was given before."""
    place = object()

    def run(row: Any, up: Any) -> Any:
        deal = top(row, up).get("running")
        if deal is None:
            raise missing(f"{name}()")
        return deal(name, id(place), [argument(row, up) for argument in arguments])

    return run


BUILDERS: dict[type, Callable[[Any, int], Run]] = {
    n.Const: _const,
    n.Field: _field,
    n.Known: _known,
    n.OptionValue: _option_value,
    n.Arith: _arith,
    n.Negative: _negative,
    n.Compare: _compare,
    n.InList: _in_list,
    n.InKnown: _in_known,
    n.Logic: _logic,
    n.Not: _not,
    n.If: _if,
    n.Call: _call,
}
