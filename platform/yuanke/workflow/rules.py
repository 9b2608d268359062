"""What an act must keep to before it happens: its state, its conditions, what it requires, its declared checks.

The one rule: a condition decides and says nothing of what it read but what its own sentence shows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from yuanke.kernel.errors import Refused, ValidationFailed
from yuanke.kernel.text import Label, Message, message
from yuanke.workflow.acts import Act, state_field
from yuanke.workflow.names import ActNames
from yuanke.workflow.text import fill


def state_of(act: Act, row: Mapping[str, Any]) -> str | None:
    field = state_field(act.entity)
    return row.get(field.key) if field is not None else None


def refuse_state(act: Act, row: Mapping[str, Any]) -> None:
    """Raises Refused when the record is not in a state the act begins in."""
    said = wrong_state(act, row)
    if said is not None:
        raise Refused(said, state=state_of(act, row))


def wrong_state(act: Act, row: Mapping[str, Any]) -> Message | None:
    state = state_of(act, row)
    if not act.is_transition or act.sources is None or state in act.sources:
        return None
    field = state_field(act.entity)
    option = (field.options or {}).get(str(state)) if field is not None else None
    label: Any = option.label if option is not None else message("空")
    return message("{entity}现在是“{state}”，不能{act}", entity=act.entity.label, state=label, act=act.label)


def refuse_conditions(act: Act, names: ActNames, confirm: Collection[str] | None = ()) -> None:
    """Raises Refused or ValidationFailed for the first condition that does not hold, or asks what must be confirmed; where
    nobody is there to ask (None), a warning passes."""
    if act.said.get("when") is not None and not names.holds(act.said["when"]):
        raise Refused(message("现在不能{act}", act=act.label))
    if act.said.get("valid_when") is not None and not names.holds(act.said["valid_when"]):
        raise Refused(_said(act, names))
    _refuse_missing(act, names)
    _refuse_checks(act, names, confirm)


def _said(act: Act, names: ActNames) -> Message:
    declared = act.said.get("message")
    return message("{said}", said=fill(declared, names)) if declared else message("现在不能{act}", act=act.label)


def _refuse_missing(act: Act, names: ActNames) -> None:
    """``require``: paths that must lead to something."""
    missing: dict[str, list[Message]] = {}
    for path in act.said.get("require") or ():
        value: Any = names
        for word in path.split("."):
            value = value.get(word) if isinstance(value, Mapping) else None
        if value is None or value == "" or value == []:
            missing[path] = [message("{act}之前要填写 {field}", act=act.label, field=_label(act, path))]
    if missing:
        raise ValidationFailed(missing)


def _label(act: Act, path: str) -> Label | str:
    field = act.entity.fields.get(path.split(".")[0])
    return field.label if field is not None else path


def declared_checks(act: Act) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """(name, check, whether its condition refuses when true) of the act and of its entity at this act."""
    for name, check in (act.said.get("checks") or {}).items():
        yield name, check, "when" in check and "valid_when" not in check
    for name, check in (act.said.get("refuse") or {}).items():
        yield name, check, "valid_when" not in check
    for held, refuses in ((act.entity.checks, False), (act.entity.more.get("refuse") or {}, True)):
        for name, check in held.items():
            if act.key in _at(check):
                yield name, check, refuses and "valid_when" not in check


def _at(check: Mapping[str, Any]) -> Collection[str]:
    at = check.get("at") or check.get("verbs") or ()
    return (at,) if isinstance(at, str) else at


def _refuse_checks(act: Act, names: ActNames, confirm: Collection[str] | None) -> None:
    """``otherwise``: refuse; warn (asked once, passes when confirmed); reason (passes with ``asked.reason``)."""
    warned: dict[str, str] = {}
    for name, check, refuses in declared_checks(act):
        broken = names.holds(check["when"]) if refuses else not names.holds(check["valid_when"])
        if not broken:
            continue
        said = fill(str(check.get("message") or ""), names) or str(act.label)
        how = _how(check, names)
        if how == "refuse" or (how == "reason" and not names.asked.get("reason")):
            raise Refused(message("{said}", said=said), check=name, reason_needed=how == "reason")
        if how == "warn" and confirm is not None and name not in confirm:
            warned[name] = said
    if warned:
        raise Refused(message("请确认：{said}", said=list(warned.values())), confirm=list(warned))


def _how(check: Mapping[str, Any], names: ActNames) -> str:
    said = "warn" if check.get("warn") is True else check.get("otherwise", "refuse")
    return str(names.value(said) if said not in ("refuse", "warn", "reason") else said)
