"""审批: who must agree before a transition happens, and everything people do on the way.

The one rule: `perform` asks `start`; when nobody has to agree any more the transition happens by itself, as the engine, in
the transaction of the last yes.
"""

from yuanke.workflow.approvals.inbox import BOXES, Box, Item, count_open, items
from yuanke.workflow.approvals.late import LATE, LEFT, left, too_late, watch_people
from yuanke.workflow.approvals.lock import lock
from yuanke.workflow.approvals.picture import Picture, picture, pictures_of
from yuanke.workflow.approvals.starting import renew, start
from yuanke.workflow.approvals.verbs import (
    Said,
    add_signer,
    approve,
    copy,
    read_copy,
    reassign,
    reject,
    remind,
    send_back,
    together,
    withdraw,
)

#: kinds of jobs
JOBS = {LATE: too_late, LEFT: left}

__all__ = [
    "BOXES",
    "JOBS",
    "Box",
    "Item",
    "Picture",
    "Said",
    "add_signer",
    "approve",
    "copy",
    "count_open",
    "items",
    "lock",
    "picture",
    "pictures_of",
    "read_copy",
    "reassign",
    "reject",
    "remind",
    "renew",
    "send_back",
    "start",
    "together",
    "watch_people",
    "withdraw",
]
