"""Mail out: one job a letter and address, tried again until the server takes it.

The one rule: the letter is written in the caller's transaction and never changes after; its Message-ID is the same at
every attempt, so whoever gets it twice can tell.
"""

from __future__ import annotations

import secrets
import smtplib
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from email_validator import EmailNotValidError, validate_email

from yuanke.jobs import Run, enqueue
from yuanke.kernel import clock
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Refused, Unavailable
from yuanke.kernel.text import message
from yuanke.messages import addresses, circuits, inbox
from yuanke.messages.account import MailAccount, is_switched_off, mail_account, readable
from yuanke.messages.letters import Body, letter, one_line
from yuanke.messages.preferences import people
from yuanke.storage import Unit

KIND = "mail"
SECONDS = 20.0
MB = 1 << 20
#: what goes with one letter: mail servers take some 20 MB, and a file grows by a third on its way
MOST_ATTACHED = 15 * MB
#: addresses of users who have none: Flask-AppBuilder wants one for everybody
NOBODY = "@users.invalid"


def mail(
    unit: Unit,
    to: Iterable[int | str] | int | str,
    subject: str,
    text: str,
    *,
    entity: str | None = None,
    record: int | None = None,
    files: Sequence[Mapping[str, Any]] = (),
) -> list[int]:
    """Queue a letter to addresses or users (by id), each on its own; the ids of the jobs.

    People without an address and those out of service are passed over; a wrong address ends its job with the reason.
    ``files`` are values of a file field. Refused when they are more than a mail server takes.
    """
    attached = _attached(files)
    asked = [to] if isinstance(to, (int, str)) else list(to)
    known = people(unit, [one for one in asked if isinstance(one, int)])
    wanted: dict[str, str] = {}  # address -> language
    for one in asked:
        if isinstance(one, int):
            person = known.get(one)
            if person is not None and has_mail(person.email):
                wanted[str(person.email)] = person.locale
        elif one.strip() and has_mail(one.strip()):
            wanted.setdefault(one.strip(), "zh")
    written = {locale: letter(unit, subject, text, locale, entity, record) for locale in set(wanted.values())}
    return [queue(unit, address, written[locale], files=attached) for address, locale in wanted.items()]


def _attached(files: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    size = sum(int(one.get("size") or 0) for one in files)
    if size > MOST_ATTACHED:
        raise Refused(
            message(
                "附件共 {size} MB，一封邮件最多 {most} MB；请减少附件",
                size=f"{size / MB:.1f}",
                most=MOST_ATTACHED // MB,
            )
        )
    return [{key: one.get(key) for key in ("id", "name", "type")} for one in files]


def has_mail(address: str | None) -> bool:
    return bool(address) and not str(address).lower().endswith(NOBODY)


def queue(
    unit: Unit,
    address: str,
    body: Body,
    run_at: Any = None,
    told: int | None = None,
    files: Sequence[Mapping[str, Any]] = (),
) -> int:
    """A written letter to one address; ``told``: the message it tells of, which need not be sent once it is read."""
    arguments: dict[str, Any] = {"to": address, "token": secrets.token_hex(12), "told": told, **body}
    if files:
        arguments["files"] = list(files)
    return enqueue(unit, Actor(unit.enterprise.slug, None, engine=True), KIND, arguments, run_at)


# -- the job ------------------------------------------------------------------------------------------------------


class NoAnswer(Unavailable):
    """The server is not there, or does not talk to us: it would take no other letter either."""


def send(run: Run) -> dict[str, Any]:
    """Hand the letter to the server; no transaction stands meanwhile."""
    said = run.arguments
    if run.checkpoint.get("sent"):
        return {"sent": said["to"]}
    with run.reading() as step:
        if said.get("told") and inbox.is_read(step.unit, said["told"]):
            return {"skipped": "read"}
        account = _account(step.unit)
        circuits.check(step.unit, account.target)
        contents = [_content(step.unit, one) for one in said.get("files") or ()]
    made = _written(account, run.enterprise.slug, said)
    for one, content in zip(said.get("files") or (), contents):
        _attach(made, one, content)
    try:
        _hand_over(account, made)
    except Unavailable as fault:
        if isinstance(fault, NoAnswer):
            with run.installation.unit(run.enterprise, write=True) as unit:
                circuits.failed(unit, account.target)
        if said.get("trial"):
            raise Refused(fault.said) from fault
        raise
    with run.step() as step:
        run.checkpoint["sent"] = True
        circuits.succeeded(step.unit, account.target)
    return {"sent": said["to"]}


def _account(unit: Unit) -> MailAccount:
    if is_switched_off(unit):
        raise Refused(message("对外发送已关闭，请在设置里打开"))
    account = mail_account(unit)
    if account is None:
        raise Refused(message("还没有设置邮件服务器"))
    readable(account.password)
    return account


def _written(account: MailAccount, slug: str, said: Mapping[str, Any]) -> EmailMessage:
    """The message as it goes out. Addresses are parsed, so none of them can begin a header of its own."""
    domain = account.sender.rpartition("@")[2] or "localhost"
    made = EmailMessage(policy=SMTP)
    try:
        to = validate_email(said["to"], check_deliverability=False, allow_smtputf8=False).normalized
        made["From"] = Address(one_line(account.sender_name or "", 60), addr_spec=account.sender)
        made["To"] = Address(addr_spec=to)
    except (EmailNotValidError, ValueError, IndexError) as fault:
        raise Refused(message("邮箱地址不正确：{address}", address=one_line(str(said["to"])))) from fault
    made["Subject"] = one_line(said["subject"], 200)
    made["Date"] = format_datetime(clock.now())
    made["Message-ID"] = f"<{said['token']}.{slug}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    made.set_content(said["text"])
    if said.get("html"):
        made.add_alternative(said["html"], subtype="html")
    return made


def _content(unit: Unit, file: Mapping[str, Any]) -> bytes:
    with unit.files.open(int(file["id"])) as stream:
        return stream.read()


def _attach(made: EmailMessage, file: Mapping[str, Any], content: bytes) -> None:
    """The type is the one that was found in the content; a name that could break a header is one line here."""
    kind, _, sub = str(file.get("type") or "").partition("/")
    given = (kind, sub) if kind and sub and kind not in ("message", "multipart") else ("application", "octet-stream")
    made.add_attachment(
        content, maintype=given[0], subtype=given[1], filename=one_line(str(file.get("name") or "file"), 200)
    )


def _hand_over(account: MailAccount, made: EmailMessage) -> None:
    """Raises Refused for what no later attempt would mend, else Unavailable."""
    try:
        with _connected(account) as server:
            server.send_message(made)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as fault:
        code, reason = _told(fault)
        if 500 <= code < 600:
            raise Refused(message("邮件服务器拒收：{reason}", reason=reason)) from fault
        raise Unavailable(message("邮件服务器暂时拒收：{reason}", reason=reason)) from fault
    except smtplib.SMTPAuthenticationError as fault:
        raise NoAnswer(message("邮件服务器不接受用户名或密码")) from fault
    except smtplib.SMTPNotSupportedError as fault:
        raise Refused(message("邮件服务器不支持所选的加密或登录方式")) from fault
    except ssl.SSLCertVerificationError as fault:
        raise Refused(message("邮件服务器的证书不可信：{host}", host=account.host)) from fault
    except (smtplib.SMTPException, OSError) as fault:
        raise NoAnswer(message("邮件服务器没有回应：{host}", host=account.host)) from fault
    except Unavailable as fault:
        raise NoAnswer(fault.said) from fault


def _told(fault: Any) -> tuple[int, str]:
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        code, reason = next(iter(fault.recipients.values()))
    else:
        code, reason = fault.smtp_code, fault.smtp_error
    return int(code), one_line(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason))


def _connected(account: MailAccount) -> smtplib.SMTP:
    context = ssl.create_default_context() if account.security != "none" else None
    server = _Server(account.host, account.port, context if account.security == "ssl" else None)
    try:
        if account.security == "starttls":
            server.starttls(context=context)
        if account.username:
            server.login(account.username, account.password or "")
    except BaseException:
        server.close()
        raise
    return server


class _Server(smtplib.SMTP):
    """SMTP that connects by the rules of `addresses`, encrypted from the first byte where ``context`` is given."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        self._context = context
        super().__init__(host, port, timeout=SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        opened = addresses.connect(host, port, timeout)
        opened.settimeout(timeout)
        return self._context.wrap_socket(opened, server_hostname=host) if self._context is not None else opened
