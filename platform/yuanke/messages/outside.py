"""A POST to another system: five seconds, no redirect, only to addresses that may be called.

The one rule: nothing that a caller says leads inside (see `addresses`), and a slow or endless answer ends by the clock.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from yuanke.kernel.errors import Refused, Unavailable
from yuanke.kernel.text import message
from yuanke.messages.addresses import connect

SECONDS = 5.0
MOST_READ = 64 * 1024
PORTS = {"http": 80, "https": 443}
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_SAFE = "/%:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True)
class Target:
    """``origin`` names the other side: what fails there concerns all that goes there."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"[:200]


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    seconds: float
    retry_after: str | None = None


def target_of(url: str) -> Target:
    """The parts of an address that may be called at all; Refused tells what is wrong with it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Refused(message("这不是一个网址：{url}", url=url[:200])) from None
    if parts.scheme not in PORTS or not host or _FORBIDDEN.search(url):
        raise Refused(message("网址须以 https:// 或 http:// 开头：{url}", url=url[:200]))
    if parts.username is not None or parts.password is not None:
        raise Refused(message("网址里不能带用户名或密码"))
    port = PORTS[parts.scheme] if port is None else port
    if port not in PORTS.values() and port < 1024:
        raise Refused(message("不能访问端口 {port}", port=port))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, quote(path, safe=_SAFE))


def post(url: str, body: bytes, headers: Mapping[str, str], seconds: float = SECONDS) -> Answer:
    """Make the call. Raises Refused where it may not be made, Unavailable when nobody answers in time."""
    target, began = target_of(url), time.monotonic()
    line = _Line(connect(target.host, target.port, seconds))
    over = threading.Timer(max(seconds - (time.monotonic() - began), 0.01), line.cut)
    over.daemon = True
    over.start()
    try:
        if target.scheme == "https":
            line.encrypt(target.host)
        answer = _call(target, line.socket, body, headers, began)
        if line.was_cut:  # what had come by then was taken for all of it
            raise TimeoutError
        return answer
    except (OSError, http.client.HTTPException) as fault:
        late = time.monotonic() - began >= seconds
        said = message("{host} 在 {seconds} 秒内没有回应", host=target.host, seconds=f"{seconds:g}")
        raise Unavailable(said if late else message("与 {host} 的连接中断", host=target.host)) from fault
    finally:
        over.cancel()
        line.socket.close()


def _call(target: Target, opened: socket.socket, body: bytes, headers: Mapping[str, str], began: float) -> Answer:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = opened
    if target.port == PORTS[target.scheme]:  # the name alone, as browsers say it
        headers = {"Host": f"[{target.host}]" if ":" in target.host else target.host, **headers}
    connection.request("POST", target.path, body, {"Connection": "close", "User-Agent": "Yuanke", **headers})
    response = connection.getresponse()
    said = response.read(MOST_READ)
    return Answer(response.status, said, time.monotonic() - began, response.headers.get("Retry-After"))


class _Line:
    """The open connection, which can be cut from another thread at any moment: a time limit of the socket begins anew
    with every byte, so an answer in drops would never end by it."""

    def __init__(self, opened: socket.socket) -> None:
        self.socket = opened
        self.was_cut = False

    def encrypt(self, host: str) -> None:
        wrapped = ssl.create_default_context().wrap_socket(
            self.socket, server_hostname=host, do_handshake_on_connect=False
        )
        self.socket = wrapped
        wrapped.do_handshake()

    def cut(self) -> None:
        self.was_cut = True
        with suppress(OSError):  # it is closed already
            self.socket.shutdown(socket.SHUT_RDWR)
