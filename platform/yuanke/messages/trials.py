"""Trying out what an administrator set up: a letter to himself, a word in a group, a call.

The one rule: a trial goes the way of everything else, by the same job and under the same rules; only that it is made
once, so that what is wrong is told now.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from yuanke.jobs import enqueue
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import RecordNotFound, Refused
from yuanke.kernel.text import message
from yuanke.messages import groups, mailing, webhooks
from yuanke.messages.letters import letter, say
from yuanke.messages.preferences import person
from yuanke.storage import Unit

#: among the arguments of a job: it is not tried again
TRIAL = "trial"
EVENT = "test"


def try_mail(unit: Unit, actor: Actor) -> int:
    """A letter to the actor himself; the id of its job. Refused when he has no address."""
    mine = person(unit, actor.user_id or 0)
    if mine is None or not mailing.has_mail(mine.email):
        raise Refused(message("你的用户资料里没有邮箱，无法发送测试邮件"))
    subject, text = message("测试邮件"), message("收到这封邮件，说明邮件设置可以使用。")
    body = letter(unit, say(subject, actor.locale), say(text, actor.locale), actor.locale)
    arguments = {"to": mine.email, "token": secrets.token_hex(12), "told": None, TRIAL: True, **body}
    return enqueue(unit, _engine(unit), mailing.KIND, arguments)


def try_webhook(unit: Unit, actor: Actor, webhook_id: int) -> int:
    """A call of the event ``test``, or a word in the robot's group; the id of the job. Raises RecordNotFound."""
    table = unit.tables[webhooks.WEBHOOKS]
    known = sa.select(table.c.format).where(table.c.id == webhook_id, table.c.deleted_at.is_(None))
    format_ = unit.execute(known).scalar()
    if format_ is None:
        raise RecordNotFound()
    if format_ == webhooks.STANDARD:
        arguments = {"webhook": webhook_id, TRIAL: True, **webhooks.body_of(EVENT, {"by": actor.user_id})}
        return enqueue(unit, _engine(unit), webhooks.KIND, arguments)
    text = say(message("这是一条测试消息，来自 {enterprise}", enterprise=unit.enterprise.label), actor.locale)
    return enqueue(unit, _engine(unit), groups.KIND, {"robot": webhook_id, "people": [], "text": text, TRIAL: True})


def _engine(unit: Unit) -> Actor:
    return Actor(unit.enterprise.slug, None, engine=True)
