"""Guessing is slowed down: wrong log-ins are counted by account and by address, on every door together.

The one rule: only failures count, and an account that does not exist is counted like one that does.
"""

from __future__ import annotations

import math
import time

from limits import RateLimitItem, parse
from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from yuanke.kernel.errors import TooManyRequests
from yuanke.kernel.text import message
from yuanke.storage.directory import fold


class LoginLimits:
    """``storage`` is ``memory://`` or a Redis URL; ``account`` and ``address`` read like ``10 per 15 minutes``."""

    def __init__(self, storage: str, account: str, address: str) -> None:
        try:
            self.counter = MovingWindowRateLimiter(storage_from_string(storage))
        except ConfigurationError as fault:
            raise SystemExit(
                f"YUANKE_REDIS_URL names {storage.split(':')[0]}, but: {fault}. pip install redis."
            ) from fault
        self.account, self.address = parse(account), parse(address)

    def check(self, enterprise: str, username: str, address: str) -> None:
        """Raise TooManyRequests with ``retry_after`` seconds when either count is spent."""
        waits = [self._wait(limit, *key) for limit, key in self._keys(enterprise, username, address)]
        if any(waits):
            seconds = max(waits)
            said = message("登录失败次数过多，请在 {minutes} 分钟后再试", minutes=math.ceil(seconds / 60))
            raise TooManyRequests(said, retry_after=seconds)

    def failed(self, enterprise: str, username: str, address: str) -> None:
        for limit, key in self._keys(enterprise, username, address):
            self.counter.hit(limit, *key)

    def _keys(self, enterprise: str, username: str, address: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
        account = ("account", fold(enterprise)[:200], fold(username)[:128])
        return [(self.account, account), (self.address, ("address", address))]

    def _wait(self, limit: RateLimitItem, *key: str) -> int:
        if self.counter.test(limit, *key):
            return 0
        return max(1, math.ceil(self.counter.get_window_stats(limit, *key).reset_time - time.time()))
