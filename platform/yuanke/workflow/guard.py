"""Keeps the state of a workflow to its transitions, whatever would change it.

The one rule: a state changes by an act, or not at all. People may not write it (`access.grants`); this keeps plugins and
automations to the same. The engine brings records in the state they were in, and undoes what acts did.
"""

from __future__ import annotations

from yuanke.kernel.text import message
from yuanke.records import Save
from yuanke.workflow.acts import state_field


def guard_state(save: Save) -> None:
    """A fault at the state field when a save that is no act would change it."""
    field = state_field(save.entity)
    if field is None or save.act is not None or save.actor.engine or save.verb != "update":
        return
    if save.changed(field.key) and field.key not in save.errors:
        save.fault(field.key, message("{field} 只能通过流程操作改变", field=field.label))
