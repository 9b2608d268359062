"""What this package brings to the platform: its jobs, what it does with saves, and what it asks once a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from yuanke.jobs import LongJob, Run, enqueue
from yuanke.jobs.kinds import daily
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Refused
from yuanke.kernel.hooks import impl
from yuanke.kernel.text import Label
from yuanke.messages import (
    comments,
    delivery,
    digest,
    following,
    groups,
    inbox,
    mailing,
    preferences,
    reminders,
    telling,
    webhooks,
)
from yuanke.messages.account import new_secret
from yuanke.messages.errands import WEBHOOKS
from yuanke.messages.outside import target_of
from yuanke.storage import Unit

SWEEP = "sweep_reminders"
#: how long a message is kept once it is read
DAYS_KEPT = 180
#: verbs of a record that webhooks may subscribe to, as ``<entity>.<verb>``
VERBS = frozenset({"create", "update", "delete", "restore"})


@impl
def job_kinds() -> dict[str, Any]:
    """What goes outside is quick (some seconds at most) and is tried for half a day; a chat group only for a while."""
    return {
        telling.DELIVER: LongJob(delivery.deliver, Label("发送消息", "Deliver messages"), quick=True),
        mailing.KIND: LongJob(mailing.send, Label("发送邮件", "Send mail"), quick=True, attempts=7, first_pause=30.0),
        webhooks.KIND: LongJob(
            webhooks.call, Label("调用网络钩子", "Call a webhook"), quick=True, attempts=7, first_pause=30.0
        ),
        groups.KIND: LongJob(
            groups.say_in_group, Label("群机器人", "Chat robot"), quick=True, attempts=5, first_pause=15.0
        ),
        following.KIND: LongJob(following.tell_followers, Label("通知关注者", "Tell followers"), quick=True),
        comments.KIND: LongJob(comments.tell_comment, Label("通知评论", "Tell of a comment"), quick=True),
        digest.KIND: digest.write,
        SWEEP: LongJob(sweep, Label("整理提醒", "Sweep reminders")),
    }


@impl
def before_save(save: Any) -> None:
    if save.entity.key == comments.COMMENTS:
        comments.settle_mentions(save)
    elif save.entity.key == preferences.PREFERENCES:
        preferences.check_channels(save)
    elif save.entity.key == WEBHOOKS:
        _settle_webhook(save)


@impl
def after_save(save: Any) -> None:
    if save.entity.key == WEBHOOKS and save.verb == "update":
        _seal(save)
    if save.entity.key == comments.COMMENTS:
        comments.said(save)
    elif not save.entity.system and save.act != "repoint":  # it merely leads to a record that was merged
        following.changed(save)
        _announce(save)


def _announce(save: Any) -> None:
    """Webhooks hear that a record moved, not what is in it: whoever wants to know asks the API under his own rights."""
    if save.verb not in VERBS or save.entity.kind != "record":
        return
    event = f"{save.entity.key}.{save.verb}"
    if webhooks.subscribers(save.unit, event):
        webhooks.announce(save.unit, event, {"entity": save.entity.key, "id": save.id, "by": save.actor.user_id})


def _settle_webhook(save: Any) -> None:
    if save.verb in ("create", "update"):
        if save.changed("url") and save.get("url"):
            try:
                target_of(str(save.get("url")))
            except Refused as refused:
                save.fault("url", refused.said)
        if save.get("format") in (None, webhooks.STANDARD) and not save.get("secret"):
            save.values["secret"] = new_secret()
        if save.changed("active") and save.get("active"):
            save.values["failures"] = 0


def _seal(save: Any) -> None:
    """A secret that was kept plain is sealed with the next save, whatever was changed."""
    table = save.unit.tables[WEBHOOKS]
    save.unit.execute(table.update().where(table.c.id == save.id).values(secret=save.get("secret")))


def plan_sweep(unit: Unit) -> None:
    day = clock.today(unit.place.timezone)
    enqueue(unit, Actor(unit.enterprise.slug, None, engine=True), SWEEP, {}, dedupe=f"day:{day}")


def sweep(run: Run) -> Mapping[str, int]:
    """Lines that are over are closed; notes of changes that no job told of and messages read long ago are dropped."""
    while not run.checkpoint.get("over"):
        with run.step() as step:
            after, gone = reminders.sweep(step.unit, run.checkpoint.get("after", 0))
            run.checkpoint.update(after=after, gone=run.checkpoint.get("gone", 0) + gone, over=after == 0)
            if after == 0:
                old = following.FOLLOWED.c.at < clock.now() - timedelta(days=7)
                step.unit.execute(following.FOLLOWED.delete().where(old))
    while True:
        with run.step() as step:
            if not inbox.drop_read(step.unit, clock.now() - timedelta(days=DAYS_KEPT)):
                break
    return {"closed": run.checkpoint["gone"]}


daily.append(digest.plan)
daily.append(plan_sweep)
