"""What a robot says in its group: once, with the names of those it is for.

The one rule: who is called by what is the plugin's channel's; when and whether it may be called is `errands`'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from yuanke.jobs import Run
from yuanke.kernel import clock
from yuanke.kernel.errors import Refused
from yuanke.kernel.text import message
from yuanke.messages.account import link_to, readable
from yuanke.messages.channels import Addressee, Channel, Letter, channels
from yuanke.messages.errands import Errand, run_errand
from yuanke.messages.letters import say
from yuanke.messages.preferences import people
from yuanke.messages.robots import WEBHOOKS
from yuanke.storage import Unit

KIND = "robot"
#: people named in one message of a group
MOST_NAMED = 30


def say_in_group(run: Run) -> dict[str, Any]:
    """The job: ``robot`` says ``text`` to ``people`` (user ids)."""
    with run.reading() as step:
        channel = _channel(step.unit, run.arguments["robot"])
    return run_errand(
        run,
        lambda unit: _prepared(unit, run.arguments, channel),
        lambda answer: channel.fault(answer.status, answer.body),
    )


def _channel(unit: Unit, robot: int) -> Channel:
    table = unit.tables[WEBHOOKS]
    format_ = unit.execute(sa.select(table.c.format).where(table.c.id == robot, table.c.active)).scalar()
    found = channels().get(format_ or "")
    if found is None:
        raise Refused(message("这个机器人已停用或已删除"))
    return found


def _prepared(unit: Unit, said: Mapping[str, Any], channel: Channel) -> Errand:
    table = unit.tables[WEBHOOKS]
    row = unit.execute(sa.select(table.c.id, table.c.url, table.c.secret).where(table.c.id == said["robot"])).one()
    named = list(people(unit, said["people"]).values())[:MOST_NAMED]
    locale = str(unit.settings.get("locale") or "zh")
    letter = Letter(
        said["text"], tuple(Addressee(one.name, one.mobile) for one in named),
        link_to(unit, said.get("entity"), said.get("record")), say(message("查看记录"), locale),
    )  # fmt: skip
    return Errand(channel.call(row.url, readable(row.secret) or None, letter, clock.now()), row.id)
