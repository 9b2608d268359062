"""Nothing that a caller says leads inside, and a slow other side ends by the clock."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from yuanke.kernel.errors import Refused, Unavailable
from yuanke.messages import addresses, outside

from tests.messages.conftest import Receiver


@pytest.fixture
def dialect() -> str:
    return "sqlite"


INSIDE = [
    "127.0.0.1", "127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "017700000001", "0x7f000001", "0", "0.0.0.0", "localhost", "localhost.",
    "LOCALHOST", "１２７.０.０.１", "127。0。0。1", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "[fe80::1]", "[fd00::1]", "100.64.0.1", "224.0.0.1", "255.255.255.255",
]  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
@pytest.mark.parametrize("scheme", ["http"])
def test_no_spelling_of_an_inner_address_is_called(
    host: str, scheme: str, receiver: Receiver, monkeypatch: Any
) -> None:
    monkeypatch.delenv("YUANKE_ALLOW_ADDRESSES")
    with pytest.raises((Refused, Unavailable)) as fault:
        outside.post(f"{scheme}://{host}:{receiver.port}/hook", b"{}", {})
    assert receiver.got == []
    assert isinstance(fault.value, Refused) or "找不到主机" in fault.value.said.text, "nobody was even tried"


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "gopher://127.0.0.1:25/x", "ftp://example.com/", "//example.com", "example.com/x", "http://", "http://user@example.com/",
     "http://user:pass@example.com/", "http://example.com:22/", "https://example.com:25/x", "http://example.com:99999/", "http://exa mple.com/",
     "http://example.com/\r\nX: y", "http://example.com\\@127.0.0.1/", "", "javascript:alert(1)"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_before_anything_is_looked_up(url: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: pytest.fail("looked up"))
    with pytest.raises(Refused):
        outside.post(url, b"{}", {})


def test_a_name_is_resolved_once_and_the_call_goes_where_it_was_checked(receiver: Receiver, monkeypatch: Any) -> None:
    """A name server that answers something public first and something inner at the next question."""
    asked: list[str] = []

    def resolve(host: str, port: int, **_more: Any) -> list[Any]:
        asked.append(host)
        at = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (at, port))]

    tried: list[Any] = []
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", lambda _self, at: tried.append(at) or (_ for _ in ()).throw(OSError))
    monkeypatch.delenv("YUANKE_ALLOW_ADDRESSES")
    with pytest.raises(Unavailable):
        outside.post(f"http://rebind.example:{receiver.port}/", b"{}", {})
    assert asked == ["rebind.example"] and tried == [("93.184.216.34", receiver.port)]


def test_one_inner_address_among_public_ones_forbids_the_name(monkeypatch: Any) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (at, 80)) for at in ("93.184.216.34", "10.0.0.7")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    with pytest.raises(Refused):
        addresses.connect("two.example", 80, 1)


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.answers = [(302, {}, {"Location": f"{receiver.url}/inside"})]
    assert outside.post(receiver.url, b"{}", {}).status == 302
    assert [path for path, _headers, _body in receiver.got] == ["/hook"]


def test_a_call_carries_its_headers_and_body_and_tells_the_answer(receiver: Receiver) -> None:
    receiver.answers = [(429, {"wait": True}, {"Retry-After": "7"})]
    answer = outside.post(f"{receiver.url}?a=1&b=中", "你好".encode(), {"X-One": "1"})
    assert (answer.status, answer.retry_after) == (429, "7") and b"wait" in answer.body
    path, headers, body = receiver.got[0]
    assert path == "/hook?a=1&b=%E4%B8%AD" and headers["x-one"] == "1" and body.decode() == "你好"
    assert headers["host"] == f"127.0.0.1:{receiver.port}"


def test_a_silent_other_side_is_left_after_the_time_given(receiver: Receiver) -> None:
    receiver.wait = 2
    began = time.monotonic()
    with pytest.raises(Unavailable, match="没有回应"):
        outside.post(receiver.url, b"{}", {}, seconds=0.3)
    assert time.monotonic() - began < 1.5


@pytest.fixture
def dripping(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server that says one letter of its answer every tenth of a second, for ever."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        line, _at = server.accept()
        with line:
            line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not over.wait(0.1):
                try:
                    line.sendall(b"y")
                except OSError:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    monkeypatch.setenv("YUANKE_ALLOW_ADDRESSES", "127.0.0.1")
    yield server.getsockname()[1]
    over.set()
    server.close()
    thread.join(2)


def test_an_answer_in_drops_ends_by_the_clock(dripping: int) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable):
        outside.post(f"http://127.0.0.1:{dripping}/", b"{}", {}, seconds=0.5)
    assert time.monotonic() - began < 1.5


def test_of_an_endless_answer_only_the_beginning_is_read(receiver: Receiver) -> None:
    receiver.answers = [(200, b"x" * 300_000, {})]
    assert len(outside.post(receiver.url, b"{}", {}).body) == outside.MOST_READ


def test_the_operator_names_what_may_be_called_beside_the_internet(monkeypatch: Any) -> None:
    inner, public = ipaddress.ip_address("10.1.2.3"), ipaddress.ip_address("93.184.216.34")
    assert not addresses.may_be_called(inner) and addresses.may_be_called(public)
    monkeypatch.setenv("YUANKE_ALLOW_ADDRESSES", "192.168.0.0/16, 10.1.0.0/16")
    assert addresses.may_be_called(inner) and not addresses.may_be_called(ipaddress.ip_address("10.2.0.1"))
    monkeypatch.setenv("YUANKE_ALLOW_ADDRESSES", "inner.example")
    with pytest.raises(ValueError, match="YUANKE_ALLOW_ADDRESSES"):
        addresses.may_be_called(inner)


@pytest.mark.parametrize(
    ("name", "value"), [("YUANKE_ALLOW_ADDRESSES", "inner.example"), ("YUANKE_MAIL_URL", "http://x")]
)
def test_nothing_starts_with_settings_that_cannot_be_understood(name: str, value: str, monkeypatch: Any) -> None:
    from yuanke.app import configuration

    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=name):
        configuration.check_outgoing()
