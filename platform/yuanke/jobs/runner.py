"""The runner inside a server process or a worker: a few threads that take turns for the enterprises that have work,
each fairly.

No queue library stands behind it: the table holds the jobs, `waking` tells of new ones within the process and across
machines, and a slow round over all enterprises finds what nobody told. The one rule: an enterprise never holds all
threads while others wait, and long work never holds up short work.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta

from yuanke.jobs.kinds import daily
from yuanke.jobs.queue import next_moment, purge_finished
from yuanke.jobs.turns import run_next
from yuanke.jobs.waking import bells, runners
from yuanke.kernel import clock
from yuanke.kernel.errors import RecordNotFound
from yuanke.storage import Installation

DAYS_KEPT = 30
SECONDS_OF_A_DAY = 86_400
SECONDS_BETWEEN_DAILY = 600
LONGEST_TURN = 1.0  # seconds in which short jobs of one enterprise follow one another while others wait
LONGEST_ALONE = 5.0  # the same when nobody waits: then its long work and what died get a look
log = logging.getLogger("yuanke.jobs")


class Runner:
    """``Runner(installation).start()``; ``threads`` turns at once, at most ``each`` short ones and one long one of an
    enterprise, a round every ``round_seconds``. One thread is kept for short work where there are two or more."""

    def __init__(
        self, installation: Installation, threads: int = 2, each: int = 1, round_seconds: float = 30.0
    ) -> None:
        self.installation = installation
        self.each = each
        self.round_seconds = round_seconds
        self.most_long = max(threads - 1, 1)
        self._due: dict[str, float] = {}  # slug -> monotonic instant from which it is worth a look
        self._running: dict[str, int] = {}  # slug -> turns that are looking or do short work
        self._long: set[str] = set()  # enterprises whose long work is being looked for or done
        self._held_back: set[str] = set()  # looked at while there was no room for their long work
        self._served: dict[str, float] = {}  # slug -> when its last turn began; the longest waiting goes first
        self._purged: dict[str, float] = {}
        self._asked: dict[str, float] = {}
        self._changed = threading.Condition()
        self._round_now = threading.Event()
        self._stopping = False
        self._threads = [threading.Thread(target=self._work, name=f"jobs-{n}", daemon=True) for n in range(threads)]
        self._threads.append(threading.Thread(target=self._go_round, name="jobs-round", daemon=True))

    def start(self) -> Runner:
        runners.add(self)
        bell = bells.get(self.installation)
        if bell is not None:
            self._threads.append(bell.listen(self.wake, self._round_now.set, lambda: self._stopping))
        for thread in self._threads:
            thread.start()
        return self

    def stop(self, timeout: float = 10.0) -> None:
        """Take no new turn and wait for the running ones; what is cut off after ``timeout`` is resumed by its lease."""
        runners.discard(self)
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._round_now.set()
        until = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0))

    def wake(self, slug: str, after: float = 0.0) -> None:
        """There is, or will be in ``after`` seconds, work in this enterprise."""
        with self._changed:
            moment = time.monotonic() + after
            self._due[slug] = min(moment, self._due.get(slug, moment))
            self._changed.notify_all()

    # -- turns ---------------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while (turn := self._next()) is not None:
            slug, long = turn
            look = _Look(self, slug, long)
            try:
                look.done = run_next(self.installation, slug, None, long, look.go_on, look.began_long)
                if not look.done:
                    self._look_ahead(slug)
            except RecordNotFound:
                log.info("no enterprise %s here (any more)", slug)
            except Exception:
                log.exception("the jobs of %s could not be looked at", slug)
            finally:
                look.end()

    def _next(self) -> tuple[str, bool] | None:
        """Wait until an enterprise is worth a look and may have another turn: it, and whether its long work may be taken
        too; None when stopping."""
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
                    return slug, self._room_for_long(slug)
                self._changed.wait(min((self._due[s] - now for s in free), default=None))
            return None

    def _room_for_long(self, slug: str) -> bool:
        if slug in self._long or len(self._long) >= self.most_long:
            self._held_back.add(slug)
            return False
        self._long.add(slug)
        return True

    def others_wait(self, slug: str) -> bool:
        """Whether another enterprise could have a turn now."""
        now = time.monotonic()
        with self._changed:
            return any(s != slug and due <= now and self._running.get(s, 0) < self.each for s, due in self._due.items())

    @property
    def stopping(self) -> bool:
        return self._stopping

    def began_long(self, slug: str) -> None:
        """The turn is a long one now: short work of the enterprise may have another thread."""
        with self._changed:
            self._running[slug] -= 1
            self._due.setdefault(slug, time.monotonic())
            self._changed.notify_all()

    def ended(self, slug: str, held_long: bool, was_long: bool, more: bool) -> None:
        with self._changed:
            if not was_long:
                self._running[slug] -= 1
            if held_long:
                self._long.discard(slug)
                for waiting in self._held_back:
                    self._due.setdefault(waiting, time.monotonic())
                self._held_back.clear()
            if more:
                self._due.setdefault(slug, time.monotonic())
            self._changed.notify_all()

    def _look_ahead(self, slug: str) -> None:
        """Nothing is due now: note when something will be (a time set, a pause, a lease that may run out)."""
        with self.installation.unit(slug) as unit:
            moment = next_moment(unit) if unit.head.state == "active" else None
        if moment is not None:
            ahead = max((moment - clock.now()).total_seconds(), 1.0)
            if ahead <= self.round_seconds:
                self.wake(slug, ahead)

    # -- the round -----------------------------------------------------------------------------------------------------

    def _go_round(self) -> None:
        """Look at every active enterprise now and then; drop long finished jobs once a day."""
        while not self._stopping:
            self._round_now.clear()
            try:
                for enterprise in self.installation.directory.all():
                    if enterprise.state == "active":
                        self._purge(enterprise.slug)
                        self._ask_daily(enterprise.slug)
                        self.wake(enterprise.slug)
            except Exception:
                log.exception("the round over all enterprises failed")
            self._round_now.wait(self.round_seconds)

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


class _Look:
    """One thread's turn at an enterprise: what it holds, and when it gives way."""

    def __init__(self, runner: Runner, slug: str, long: bool) -> None:
        self.runner, self.slug, self.held_long = runner, slug, long
        self.was_long = False
        self.done = 0
        self._began = time.monotonic()

    def go_on(self, done: int) -> bool:
        if self.runner.stopping or self.was_long:
            return False
        spent = time.monotonic() - self._began
        return spent < LONGEST_TURN or (spent < LONGEST_ALONE and not self.runner.others_wait(self.slug))

    def began_long(self) -> None:
        self.was_long = True
        self.runner.began_long(self.slug)

    def end(self) -> None:
        self.runner.ended(self.slug, self.held_long, self.was_long, bool(self.done))
