"""A small firm whose people are told things, a mail server and a receiver of calls: both real, on free ports."""

from __future__ import annotations

import json
import os
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

FIRM = """
module: firm
label: 公司
roles: {boss: 老板, sales: 销售, guest: 访客}
entities:
  deal:
    label: 交易
    title: subject
    features: [comments]
    fields:
      subject: {type: text!, label: 主题, length: 60}
      stage: {label: 阶段, default: open, options: {open: 进行中, won: {label: 成交, closed: true}}}
      amount: {type: money, label: 金额}
      margin: {type: money, label: 毛利}
      papers: {type: file, multiple: true, largest: 20, label: 资料}
    actions:
      send:
        label: 寄出
        do: [mail: {to: =owner, subject: "{subject} 的资料", text: 见附件, files: papers}]
      tell:
        label: 告知
        do:
          - notify: {to: owner, text: "{subject} 已到 {stage}，金额 {amount}", kind: notice}
          - remind: {to: =owner, text: "{subject} 待跟进", until: stage.closed}
          - mail: {to: =owner, subject: "关于 {subject}", text: "金额 {amount}"}
          - webhook: {name: erp, values: {amount: =amount}}
    permissions:
      boss: {read: all, create: true, update: all, delete: all, tell: all}
      sales: {read: own, create: true, update: own, fields: {margin: hidden}}
  notice:
    label: 公告
    title: text
    fields: {text: text!}
    permissions: {boss: {read: all, create: true, update: all}, sales: {read: all}}
"""
PEOPLE = {"root": ("admin",), "mo": ("boss",), "lin": ("sales",), "yu": ("sales",), "gao": ("guest",)}


#: emptied before each test, what refers before what is referred to
SWEPT = ("reminder", "message", "message_preference", "webhook", "comment", "favourite", "deal", "notice")


def make_firm(installation: Any, slug: str) -> Any:
    from yuanke.access import people
    from yuanke.metadata import Layer
    from yuanke.storage import create_enterprise

    at = create_enterprise(installation, slug, "爱客 科技", layers=[Layer.read_text(FIRM, "firm.yaml", "module")])
    with installation.unit(at, write=True) as unit:
        for name, roles in PEOPLE.items():
            mobile = {"mo": "+86 13800001111"}.get(name)
            people.create_user(unit, name, name.title(), None, roles, email=f"{name}@example.com", mobile=mobile)
    return at


class Firm:
    """An enterprise (爱客 科技): root administers, mo is the boss, lin and yu sell, gao may do nothing."""

    def __init__(self, installation: Any, slug: str) -> None:
        self.installation, self.at, self.slug = installation, make_firm(installation, slug), slug
        with installation.unit(self.at) as unit:
            user = unit.tables["user"]
            self.ids = {row.username: row.id for row in unit.execute(sa.select(user.c.username, user.c.id))}
            self.names = {value: key for key, value in self.ids.items()}
            self.people = [dict(row) for row in unit.execute(sa.select(user)).mappings()]

    def sweep(self) -> None:
        """As it was when it was made."""
        from yuanke.jobs.tables import JOB, NOTE
        from yuanke.messages import CIRCUIT, FOLLOWED, OUTGOING

        with self.unit() as unit:
            pairs = [entity.key for entity in unit.registry.entities.values() if entity.kind == "pair"]
            unit.execute(unit.tables["comment"].update().values(answers=None))
            for key in (*pairs, *SWEPT):
                unit.execute(unit.tables[key].delete())
            for table in (JOB, NOTE, CIRCUIT, FOLLOWED, OUTGOING):
                unit.execute(table.delete())
            user = unit.tables["user"]
            unit.execute(user.delete().where(user.c.id.not_in(list(self.names))))
            for person in self.people:
                unit.execute(user.update().where(user.c.id == person["id"]).values(person))

    @contextmanager
    def unit(self, write: bool = True) -> Iterator[Any]:
        with self.installation.unit(self.at, write=write) as unit:
            yield unit

    def actor(self, unit: Any, name: str, door: str = "api") -> Any:
        from yuanke.access.sessions import actor_of

        return actor_of(unit, self.ids[name], door)

    def door(self, name: str, work: Callable[[Any], Any], door: str = "api") -> Any:
        """``work`` with the door of this person, committed."""
        from yuanke.records import Records

        with self.unit() as unit:
            return work(Records(unit, self.actor(unit, name, door)))

    def deal(self, owner: str = "lin", **values: Any) -> int:
        return self.door(owner, lambda r: r.create("deal", {"subject": "之江扩容", **values}).id)

    def prefer(self, name: str, **values: Any) -> None:
        self.door(name, lambda r: r.create("message_preference", values))

    def run(self) -> int:
        from yuanke.jobs import run_pending

        return run_pending(self.installation, self.at)

    def inbox(self, name: str, **asked: Any) -> list[Any]:
        from yuanke import messages

        with self.unit(write=False) as unit:
            return messages.messages_of(unit, self.actor(unit, name), **asked)

    def texts(self, name: str) -> list[str]:
        return [told.text for told in self.inbox(name)]

    def jobs(self, kind: str) -> list[Any]:
        from yuanke.jobs.tables import JOB

        with self.unit(write=False) as unit:
            return list(unit.execute(sa.select(JOB).where(JOB.c.kind == kind).order_by(JOB.c.id)))


def firm_in(home: Path, url: str | None) -> Iterator[Firm]:
    from yuanke.app import plugins
    from yuanke.storage import Installation, remove_enterprise

    plugins.load()
    installation = Installation(home, url)
    made = Firm(installation, f"m{os.getpid()}")
    yield made
    remove_enterprise(installation, made.slug)
    installation.close()


@pytest.fixture(scope="session")
def firm_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    yield from firm_in(tmp_path_factory.mktemp("messages"), None)


@pytest.fixture(scope="session")
def firm_on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Firm]:
    yield from firm_in(tmp_path_factory.mktemp("messages"), postgres_url)


@pytest.fixture
def firm(dialect: str, request: pytest.FixtureRequest) -> Firm:
    """One enterprise a database for all these tests, swept before each."""
    made: Firm = request.getfixturevalue(f"firm_on_{dialect}")
    made.sweep()
    return made


# -- a mail server ------------------------------------------------------------------------------------------------


@dataclass
class Mailbox:
    """``refuse``: what the server answers to RCPT instead of taking it, by address."""

    port: int = 0
    got: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    context: Any = None  # of TLS: STARTTLS is offered

    @property
    def mails(self) -> list[EmailMessage]:
        return [mail for _sender, _to, mail in self.got]

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for _sender, to, mail in self.got if address in to]


class _Smtp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        box: Mailbox = self.server.box  # type: ignore[attr-defined]
        sender, to = "", []
        self._say("220 ready")
        while line := self.rfile.readline():
            word = line.decode("utf-8", "replace").strip()
            box.said.append(word)
            verb = word.upper()
            if verb.startswith("EHLO"):
                offered = [
                    "250-here",
                    *(["250-STARTTLS"] if box.context and self.connection.__class__.__name__ == "socket" else []),
                    "250 AUTH PLAIN LOGIN",
                ]
                self._say("\r\n".join(offered))
            elif verb == "STARTTLS":
                self._say("220 go on")
                self.request = self.connection = box.context.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
            elif verb.startswith("AUTH"):
                self._say("235 welcome")
            elif verb.startswith("MAIL FROM"):
                sender, to = word[10:].partition(" ")[0].strip("<>"), []
                self._say("250 ok")
            elif verb.startswith("RCPT TO"):
                address = word[8:].strip("<> ")
                answer = box.refuse.get(address, "250 ok")
                to += [address] if answer.startswith("250") else []
                self._say(answer)
            elif verb == "DATA":
                self._say("354 go on")
                lines = []
                while (piece := self.rfile.readline()) != b".\r\n":
                    lines.append(piece[1:] if piece.startswith(b"..") else piece)
                box.got.append((sender, to, message_from_bytes(b"".join(lines), policy=policy.default)))  # type: ignore[arg-type]
                self._say("250 taken")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server(context: Any = None, from_the_start: bool = False) -> Iterator[Mailbox]:
    box = Mailbox(context=None if from_the_start else context)
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Smtp)
    server.daemon_threads = True
    if from_the_start:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.box = box  # type: ignore[attr-defined]
    box.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield box
    server.shutdown()
    server.server_close()


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """The mail server of the machine; the operator allows calls to this machine itself."""
    with mail_server() as box:
        monkeypatch.setenv("YUANKE_ALLOW_ADDRESSES", "127.0.0.1")
        monkeypatch.setenv("YUANKE_MAIL_URL", f"smtp://127.0.0.1:{box.port}?from=crm@example.com&name=CRM")
        yield box


# -- a receiver of calls ------------------------------------------------------------------------------------------


@dataclass
class Receiver:
    """``answers``: what it says in turn, (status, body, headers); then 200 ``{}``. ``wait``: seconds before it answers."""

    port: int = 0
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    wait: float = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def json(self, at: int = -1) -> Any:
        return json.loads(self.got[at][2])


class _Http(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        receiver.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        time.sleep(receiver.wait)
        status, said, headers = receiver.answers.pop(0) if receiver.answers else (200, {}, {})
        answer = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(answer))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_said: Any) -> None:
        return


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Another system; the operator allows calls to this machine itself."""
    made = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Http)
    server.receiver = made  # type: ignore[attr-defined]
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    monkeypatch.setenv("YUANKE_ALLOW_ADDRESSES", "127.0.0.1")
    yield made
    server.shutdown()
    server.server_close()
