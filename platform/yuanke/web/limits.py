"""How often: wrong log-ins by account and address, and what one enterprise may ask of the servers it shares.

The one rule: guessing counts failures only, an account that does not exist like one that does; an enterprise is counted
by requests whose credentials the database has confirmed, so nobody spends the share of another.
"""

from __future__ import annotations

import math
import time
from typing import cast

from limits import RateLimitItem, parse
from limits.errors import ConfigurationError
from limits.storage import Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter, SlidingWindowCounterRateLimiter

from yuanke.kernel.errors import TooManyRequests
from yuanke.kernel.text import message
from yuanke.storage.directory import fold

HERE = "memory://"


def storage(at: str) -> Storage:
    """``memory://`` (of this process) or a Redis URL."""
    try:
        return cast(Storage, storage_from_string(at))
    except ConfigurationError as fault:
        raise SystemExit(f"YUANKE_REDIS_URL names {at.split(':')[0]}, but: {fault}. pip install redis.") from fault


class LoginLimits:
    """``account`` and ``address`` read like ``10 per 15 minutes``."""

    def __init__(self, at: str, account: str, address: str) -> None:
        self.counter = MovingWindowRateLimiter(storage(at))
        self.account, self.address = parse(account), parse(address)

    def check(self, enterprise: str, username: str, address: str) -> None:
        """Raise TooManyRequests with ``retry_after`` seconds when either count is spent."""
        waits = [self._wait(limit, *key) for limit, key in self._keys(enterprise, username, address)]
        if any(waits):
            seconds = max(waits)
            said = message("登录失败次数过多，请在 {minutes} 分钟后再试", minutes=math.ceil(seconds / 60))
            raise TooManyRequests(said, retry_after=seconds)

    def failed(self, enterprise: str, username: str, address: str) -> bool:
        """Count a wrong log-in; whether it was the last that is let through."""
        keys = self._keys(enterprise, username, address)
        for limit, key in keys:
            self.counter.hit(limit, *key)
        return not all(self.counter.test(limit, *key) for limit, key in keys)

    def check_keys(self, address: str) -> None:
        """Like `check`, for keys of programs: they name no account."""
        seconds = self._wait(self.address, "key", address)
        if seconds:
            raise TooManyRequests(message("无效的接口密钥次数过多，请稍后再试"), retry_after=seconds)

    def wrong_key(self, address: str) -> None:
        self.counter.hit(self.address, "key", address)

    def _keys(self, enterprise: str, username: str, address: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
        account = ("account", fold(enterprise)[:200], fold(username)[:128])
        return [(self.account, account), (self.address, ("address", address))]

    def _wait(self, limit: RateLimitItem, *key: str) -> int:
        if self.counter.test(limit, *key):
            return 0
        return max(1, math.ceil(self.counter.get_window_stats(limit, *key).reset_time - time.time()))


class EnterpriseLimit:
    """``rate`` reads like ``1500 per 10 seconds``; ``off`` sets no limit."""

    def __init__(self, at: str, rate: str) -> None:
        self.rate = None if rate == "off" else _rate(rate)
        self.counter: _Windows | _Shared | None = None
        if self.rate is not None:
            self.counter = _Windows(self.rate) if at == HERE else _Shared(at, self.rate)

    def check(self, enterprise: str) -> None:
        """Raise TooManyRequests with ``retry_after`` seconds when the share of the window is spent."""
        seconds = self.counter.wait(enterprise) if self.counter is not None else 0
        if seconds:
            raise TooManyRequests(
                message("你的企业请求过于频繁，请在 {seconds} 秒后再试", seconds=seconds), retry_after=seconds
            )

    def count(self, enterprise: str) -> None:
        if self.counter is not None:
            self.counter.hit(enterprise)


class _Shared:
    """Counts kept for all processes (Redis)."""

    def __init__(self, at: str, rate: RateLimitItem) -> None:
        self.rate, self.counter = rate, SlidingWindowCounterRateLimiter(storage(at))

    def wait(self, enterprise: str) -> int:
        if self.counter.test(self.rate, "enterprise", enterprise):
            return 0
        reset = self.counter.get_window_stats(self.rate, "enterprise", enterprise).reset_time
        return max(1, math.ceil(reset - time.time()))

    def hit(self, enterprise: str) -> None:
        self.counter.hit(self.rate, "enterprise", enterprise)


class _Windows:
    """The same sliding count in this process: the last window counts by the part of it that is still in sight.

    A dictionary, because it is asked in every request; the storage of the library starts a thread to forget.
    """

    def __init__(self, rate: RateLimitItem) -> None:
        self.most, self.period = rate.amount, float(rate.get_expiry())
        self.counts: dict[
            str, tuple[int, int, int]
        ] = {}  # enterprise -> number of the window, its count, that of the last

    def wait(self, enterprise: str) -> int:
        now = time.time()
        _window, count, last = self._now(enterprise, now)
        left = 1 - now / self.period % 1
        return 0 if count + last * left < self.most else max(1, math.ceil(left * self.period))

    def hit(self, enterprise: str) -> None:
        window, count, last = self._now(enterprise, time.time())
        self.counts[enterprise] = (window, count + 1, last)

    def _now(self, enterprise: str, now: float) -> tuple[int, int, int]:
        window = int(now / self.period)
        known, count, last = self.counts.get(enterprise, (window, 0, 0))
        if known == window:
            return window, count, last
        return window, 0, count if known == window - 1 else 0


def _rate(said: str) -> RateLimitItem:
    try:
        return parse(said)
    except ValueError:
        raise SystemExit(f"YUANKE_ENTERPRISE_LIMIT is {said!r}; it reads like '1500 per 10 seconds', or off.") from None
