"""A bell that is heard on other machines: what is committed here wakes their workers through Redis at once.

Nothing is kept in Redis and nothing waits for it: without it, work is found by the next round. The one rule: whoever
commits is never held up or failed by the bell.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import redis

log = logging.getLogger("yuanke.jobs")
SECONDS_TO_ANSWER = 2.0
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)  # seconds between tries to reach a Redis that is away


class Bell:
    """``ring(slug)`` returns at once; a thread tells Redis. ``listen`` gives the thread that hears the others."""

    def __init__(self, url: str) -> None:
        self.channel = "yuanke:work"
        try:
            self._redis = redis.Redis.from_url(
                url, socket_timeout=SECONDS_TO_ANSWER, socket_connect_timeout=SECONDS_TO_ANSWER
            )
        except ValueError as fault:
            raise SystemExit(f"YUANKE_REDIS_URL: {fault}") from fault
        self._waiting: set[str] = set()
        self._changed = threading.Condition()
        self._ringer: threading.Thread | None = None

    def ring(self, slug: str) -> None:
        """There is work in this enterprise."""
        with self._changed:
            self._waiting.add(slug)
            if self._ringer is None or not self._ringer.is_alive():  # begun late: a server may fork before
                self._ringer = threading.Thread(target=self._ring_on, name="jobs-bell", daemon=True)
                self._ringer.start()
            self._changed.notify_all()

    def _ring_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                slugs, self._waiting = self._waiting, set()
            try:
                for slug in slugs:
                    self._redis.publish(self.channel, slug)
            except redis.RedisError as fault:
                log.warning("the bell of the jobs cannot be rung (%s); workers find the work by themselves", fault)
                time.sleep(PAUSES[0])

    def listen(
        self, heard: Callable[[str], None], begun: Callable[[], None], over: Callable[[], bool]
    ) -> threading.Thread:
        """A thread, not begun, that calls ``heard(slug)`` for each ring until ``over()``; ``begun()`` whenever it listens
        (again), as something may have been missed before."""
        return threading.Thread(
            target=self._listen_on, args=(heard, begun, over), name="jobs-bell-listens", daemon=True
        )

    def _listen_on(self, heard: Callable[[str], None], begun: Callable[[], None], over: Callable[[], bool]) -> None:
        failed = 0
        while not over():
            try:
                with self._redis.pubsub(ignore_subscribe_messages=False) as hears:
                    hears.subscribe(self.channel)
                    while not over():
                        said = hears.get_message(timeout=0.5)
                        if said is None:
                            continue
                        failed = 0
                        if said["type"] == "subscribe":
                            begun()
                        elif said["type"] == "message":
                            heard(said["data"].decode())
            except redis.RedisError as fault:
                pause = PAUSES[min(failed, len(PAUSES) - 1)]
                failed += 1
                log.warning("Redis is not heard (%s); trying again in %s s", fault, pause)
                until = time.monotonic() + pause
                while not over() and time.monotonic() < until:
                    time.sleep(0.1)
