"""A call to another system on its way: prepared under the enterprise's rules, made outside of any transaction, noted after.

The one rule: while the other side thinks, no transaction of ours stands; what came of it is noted in one of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from yuanke.access import fab_tables as fab
from yuanke.jobs import Run
from yuanke.kernel import clock
from yuanke.kernel.actor import ADMIN
from yuanke.kernel.errors import Refusal, Refused, Unavailable
from yuanke.kernel.text import message
from yuanke.messages import circuits, outside
from yuanke.messages.account import is_switched_off
from yuanke.messages.channels import Call, Fault
from yuanke.messages.letters import one_line
from yuanke.messages.telling import notify
from yuanke.storage import Unit

WEBHOOKS = "webhook"
#: failures in a row after which a webhook is switched off
MOST_FAILURES = 50
LONGEST_STATUS = 200


@dataclass(frozen=True)
class Errand:
    """``webhook``: the record that names the other side, None for a bare address."""

    call: Call
    webhook: int | None = None


def run_errand(
    run: Run, prepare: Callable[[Unit], Errand], judge: Callable[[outside.Answer], Fault | None]
) -> dict[str, Any]:
    """Make the call once. Refused where it makes no sense to try again, Unavailable where it does."""
    if run.checkpoint.get("made"):
        return dict(run.checkpoint["made"])
    with run.reading() as step:
        if is_switched_off(step.unit):
            raise Refused(message("对外发送已关闭，请在设置里打开"))
        errand = prepare(step.unit)
        origin = outside.target_of(errand.call.url).origin
        circuits.check(step.unit, origin)
    try:
        answer = outside.post(errand.call.url, errand.call.body, errand.call.headers)
        fault = judge(answer)
        if fault is not None:
            said = message("对方回答 {status}：{said}", status=answer.status, said=one_line(fault.said))
            raise Unavailable(said) if fault.again else Refused(said)
    except Refusal as refusal:
        with run.installation.unit(run.enterprise, write=True) as unit:
            _note_failure(unit, errand, origin, refusal)
        if run.arguments.get("trial"):
            raise Refused(refusal.said) from refusal
        raise
    made = {"status": answer.status, "milliseconds": int(answer.seconds * 1000)}
    with run.step() as step:
        run.checkpoint["made"] = made
        circuits.succeeded(step.unit, origin)
        note(step.unit, errand.webhook, f"{answer.status} · {made['milliseconds']} ms", failures=0)
    return made


def note(unit: Unit, webhook: int | None, status: str, **values: Any) -> None:
    """What came of the last call, at the record that named the other side."""
    if webhook is not None:
        table = unit.tables[WEBHOOKS]
        said = {"last_at": clock.now(), "last_status": status[:LONGEST_STATUS], **values}
        unit.execute(table.update().where(table.c.id == webhook).values(said))


def _note_failure(unit: Unit, errand: Errand, origin: str, refusal: Refusal) -> None:
    if isinstance(refusal, Unavailable):
        circuits.failed(unit, origin)
    if errand.webhook is None:
        return
    table = unit.tables[WEBHOOKS]
    mine = table.c.id == errand.webhook
    counted = table.update().where(mine).values(failures=table.c.failures + 1).returning(table.c.failures, table.c.name)
    row = unit.execute(counted).one()
    stays = (row.failures or 0) < MOST_FAILURES
    note(unit, errand.webhook, refusal.said.say(), **({} if stays else {"active": False}))
    if not stays:
        _tell_admins(unit, row.name)


def _tell_admins(unit: Unit, name: str) -> None:
    said = message("网络钩子“{name}”接连失败 {count} 次，已停用", name=name, count=MOST_FAILURES)
    notify(unit, _admins(unit), said)


def _admins(unit: Unit) -> list[int]:
    held = sa.select(fab.USER_ROLE.c.user_id).join(fab.ROLE, fab.ROLE.c.id == fab.USER_ROLE.c.role_id)
    return list(unit.connection.scalars(held.where(fab.ROLE.c.name == ADMIN)))
