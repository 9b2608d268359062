"""The lock of a record under approval, and what a later change does to what was approved.

The one rule: while somebody decides, the content and the state stand still, rows included, for everybody and every door;
once approved, whoever changes the content takes the approval away with it.
"""

from __future__ import annotations

from yuanke.kernel.errors import Refused
from yuanke.kernel.text import message
from yuanke.metadata import approvals as field
from yuanke.records import Save
from yuanke.workflow.acts import state_field
from yuanke.workflow.approvals import flow as flows
from yuanke.workflow.approvals import keeping, snapshot
from yuanke.workflow.approvals.ending import PASSES
from yuanke.workflow.approvals.flow import Flow


def lock(save: Save) -> None:
    """Called before every save. Raises Refused; may set the field of approval back to 未提交."""
    if save.old is None or save.verb == "restore" or not field.approvable(save.entity):
        return
    if save.unit.kept.get((PASSES, save.entity.key, save.id)):
        return
    standing = save.old.get(field.FIELD)
    if standing in field.RUNNING and (save.verb == "delete" or _moves_state(save) or snapshot.touches(save, None)):
        raise Refused(message("这条{entity}正在审批，不能修改；请先撤回，或请审批人退回", entity=save.entity.label))
    if (
        standing == field.APPROVED
        and save.verb == "update"
        and save.act is None
        and snapshot.touches(save, _flow(save))
    ):
        save.values[field.FIELD] = field.UNSENT


def _moves_state(save: Save) -> bool:
    state = state_field(save.entity)
    return state is not None and save.changed(state.key)


def _flow(save: Save) -> Flow | None:
    """The flow by which it was approved: it says what the content is."""
    found = keeping.newest(save.unit, save.entity.key, save.id or 0)
    return flows.read(found["flow"]) if found is not None else None
