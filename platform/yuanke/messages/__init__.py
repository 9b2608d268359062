"""Telling people and other systems: messages, reminders, comments, mail, chat groups, webhooks.

The one rule: what is told stands with what caused it, in its transaction; what leaves the machine is a job behind it.
"""

from yuanke.messages.account import OUTGOING
from yuanke.messages.channels import Addressee, Call, Channel, Fault, Letter
from yuanke.messages.circuits import CIRCUIT
from yuanke.messages.comments import readers_named
from yuanke.messages.following import FOLLOWED
from yuanke.messages.inbox import MOST_COUNTED, Told, Unread, mark_all_read, mark_read, messages_of, unread
from yuanke.messages.mailing import mail
from yuanke.messages.reminders import Reminder, finish, remind, reminders_of
from yuanke.messages.telling import notify
from yuanke.messages.webhooks import announce, webhook

__all__ = [
    "CIRCUIT",
    "FOLLOWED",
    "MOST_COUNTED",
    "OUTGOING",
    "Addressee",
    "Call",
    "Channel",
    "Fault",
    "Letter",
    "Reminder",
    "Told",
    "Unread",
    "announce",
    "finish",
    "mail",
    "mark_all_read",
    "mark_read",
    "messages_of",
    "notify",
    "readers_named",
    "remind",
    "reminders_of",
    "unread",
    "webhook",
]
