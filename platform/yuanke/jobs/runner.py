"""The runner inside a server process: a few threads that take turns for the enterprises that have work, each fairly.

No queue library stands behind it: the table holds the jobs, `waking` tells of new ones within the process, and a
slow round
over all enterprises finds what other processes left. The one rule: an enterprise never holds all threads while
others wait.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta

import sqlalchemy as sa

from yuanke.jobs.kinds import daily
from yuanke.jobs.queue import purge_finished
from yuanke.jobs.tables import JOB
from yuanke.jobs.turns import run_next
from yuanke.jobs.waking import runners
from yuanke.kernel import clock
from yuanke.storage import Installation

DAYS_KEPT = 30
SECONDS_OF_A_DAY = 86_400
SECONDS_BETWEEN_DAILY = 600
log = logging.getLogger("yuanke.jobs")


class Runner:
    """``Runner(installation).start()``; ``threads`` turns at once, at most ``each`` of one enterprise, a round every
    ``round_seconds``."""

    def __init__(
        self, installation: Installation, threads: int = 2, each: int = 1, round_seconds: float = 30.0
    ) -> None:
        self.installation = installation
        self.each = each
        self.round_seconds = round_seconds
        self._due: dict[str, float] = {}  # slug -> monotonic instant from which it is worth a look
        self._running: dict[str, int] = {}
        self._served: dict[str, float] = {}  # slug -> when its last turn began; the longest waiting goes first
        self._purged: dict[str, float] = {}
        self._asked: dict[str, float] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._threads = [threading.Thread(target=self._work, name=f"jobs-{n}", daemon=True) for n in range(threads)]
        self._threads.append(threading.Thread(target=self._go_round, name="jobs-round", daemon=True))

    def start(self) -> Runner:
        runners.add(self)
        for thread in self._threads:
            thread.start()
        return self

    def stop(self, timeout: float = 10.0) -> None:
        """Take no new turn and wait for the running ones; what is cut off after ``timeout`` is resumed by its lease."""
        runners.discard(self)
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        until = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0))

    def wake(self, slug: str, after: float = 0.0) -> None:
        """There is, or will be in ``after`` seconds, work in this enterprise."""
        with self._changed:
            moment = time.monotonic() + after
            self._due[slug] = min(moment, self._due.get(slug, moment))
            self._changed.notify_all()  # the round waits on the same condition: one call might reach only it

    def _work(self) -> None:
        while (slug := self._next()) is not None:
            more = False
            try:
                more = run_next(self.installation, slug)
                if not more:
                    self._look_ahead(slug)
            except Exception:
                log.exception("the jobs of %s could not be looked at", slug)
            finally:
                self._finish(slug, more)

    def _next(self) -> str | None:
        """Wait until an enterprise is worth a look and may have another turn; None when stopping."""
        with self._changed:
            while not self._stopping:
                now = time.monotonic()
                free = [slug for slug in self._due if self._running.get(slug, 0) < self.each]
                ready = [slug for slug in free if self._due[slug] <= now]
                if ready:
                    slug = min(ready, key=lambda s: self._served.get(s, 0.0))
                    del self._due[slug]
                    self._served[slug] = now
                    self._running[slug] = self._running.get(slug, 0) + 1
                    return slug
                self._changed.wait(min((self._due[s] - now for s in free), default=None))
            return None

    def _finish(self, slug: str, more: bool) -> None:
        with self._changed:
            self._running[slug] -= 1
            if more:
                self._due.setdefault(slug, time.monotonic())
            self._changed.notify_all()

    def _look_ahead(self, slug: str) -> None:
        """Nothing is due now: note when something will be (a time set, a pause, a lease that may run out)."""
        with self.installation.unit(slug) as unit:
            if unit.head.state != "active":
                return
            waits = sa.select(sa.func.min(JOB.c.run_at)).where(JOB.c.state == "queued").scalar_subquery()
            leased = sa.select(sa.func.min(JOB.c.lease_until)).where(JOB.c.state == "running").scalar_subquery()
            moments = [m for m in unit.execute(sa.select(waits, leased)).one() if m is not None]
        ahead = [max((moment - clock.now()).total_seconds(), 1.0) for moment in moments]
        if ahead and min(ahead) <= self.round_seconds:
            self.wake(slug, min(ahead))

    def _go_round(self) -> None:
        """Look at every active enterprise now and then; drop long finished jobs once a day."""
        while True:
            try:
                for enterprise in self.installation.directory.all():
                    if enterprise.state == "active":
                        self._purge(enterprise.slug)
                        self._ask_daily(enterprise.slug)
                        self.wake(enterprise.slug)
            except Exception:
                log.exception("the round over all enterprises failed")
            with self._changed:
                if self._changed.wait_for(lambda: self._stopping, self.round_seconds):
                    return

    def _ask_daily(self, slug: str) -> None:
        """The day begins in each enterprise's own zone, so it is asked often and made once by its dedupe key."""
        now = time.monotonic()
        if not daily or now - self._asked.get(slug, -SECONDS_BETWEEN_DAILY) < SECONDS_BETWEEN_DAILY:
            return
        self._asked[slug] = now
        with self.installation.unit(slug, write=True) as unit:
            for ask in daily:
                ask(unit)

    def _purge(self, slug: str) -> None:
        now = time.monotonic()
        if now - self._purged.get(slug, -SECONDS_OF_A_DAY) < SECONDS_OF_A_DAY:
            return
        self._purged[slug] = now
        with self.installation.unit(slug, write=True) as unit:
            purge_finished(unit, clock.now() - timedelta(days=DAYS_KEPT))
