"""``yuanke worker``: takes jobs of all enterprises, beside the servers; as many of them as wanted."""

from __future__ import annotations

import signal
import threading

import click

from yuanke.app.commands.place import installation
from yuanke.app.configuration import redis_url


@click.command("worker")
@click.option("--threads", default=2, show_default=True, type=click.IntRange(1, 64), help="Jobs at once.")
def worker(threads: int) -> None:
    """Run background jobs until told to stop (Ctrl+C, or TERM)."""
    from yuanke.jobs import Runner

    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    with installation() as opened:
        runner = Runner(opened, threads).start()
        click.echo(f"worker: {threads} threads, home {opened.home}" + (", woken by Redis" if redis_url() else ""))
        stopped.wait()
        runner.stop()
