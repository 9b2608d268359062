"""Which addresses outside may be called: those of the public internet, and what the operator of the machine allows.

The one rule: a name is resolved once, every address it has must be allowed, and the connection goes to one of those
addresses. So neither an odd spelling of 127.0.0.1 nor a name server that changes its mind leads inside.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
import time
from typing import Any

from yuanke.kernel.errors import Refused, Unavailable
from yuanke.kernel.text import message

#: networks that may be called beside the public ones, separated by commas: ``10.0.0.0/8, 127.0.0.1``. It is the
#: operator's to say, not an enterprise's: on a shared machine the inside is not theirs.
ALLOW = "YUANKE_ALLOW_ADDRESSES"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: addresses that carry an IPv4 address of the same meaning in their last four bytes
_CARRYING = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


def connect(host: str, port: int, seconds: float) -> socket.socket:
    """A connection to ``host``, open within ``seconds``. Raises Refused where it may not be called, else Unavailable."""
    until = time.monotonic() + seconds
    found = _resolved(host, port, seconds)
    addresses = [ipaddress.ip_address(at[0].partition("%")[0]) for _family, at in found]
    if not addresses or not all(may_be_called(one) for one in addresses):
        raise Refused(message("不能访问 {host}：它在内网，或不是公网地址", host=host))
    for family, at in found:
        left = until - time.monotonic()
        if left <= 0:
            break
        opened = socket.socket(family, socket.SOCK_STREAM)
        opened.settimeout(left)
        try:
            opened.connect(at)
        except OSError:
            opened.close()
            continue
        return opened
    raise Unavailable(message("连不上 {host}", host=host))


def may_be_called(address: Address) -> bool:
    return any(address in network for network in _allowed() if network.version == address.version) or _is_public(
        address
    )


def check() -> None:
    """ValueError when the operator names something that is no network."""
    _allowed()


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and any(address in network for network in _CARRYING):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _allowed() -> list[Any]:
    """Raises ValueError for what is no network; `account.check_environment` asks at start."""
    said = [part.strip() for part in os.environ.get(ALLOW, "").split(",") if part.strip()]
    try:
        return [ipaddress.ip_network(part, strict=False) for part in said]
    except ValueError as fault:
        raise ValueError(f"{ALLOW}: {fault}; it takes addresses and networks such as 10.0.0.0/8, 127.0.0.1") from None


def _resolved(host: str, port: int, seconds: float) -> list[tuple[int, Any]]:
    """(family, where to connect) of a name. The system's resolver knows no limit of time: it runs beside us."""
    found: list[tuple[int, Any]] = []
    fault: list[Exception] = []

    def look() -> None:
        try:
            for family, _type, _protocol, _name, at in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                found.append((family, at))
        except (OSError, UnicodeError) as one:
            fault.append(one)

    looking = threading.Thread(target=look, daemon=True, name="resolve")
    looking.start()
    looking.join(seconds)
    if looking.is_alive() or fault or not found:
        raise Unavailable(message("找不到主机 {host}", host=host))
    return found
