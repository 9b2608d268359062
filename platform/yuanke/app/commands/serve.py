"""``yuanke serve``: the embedded server. Waitress takes slow clients without giving them a thread."""

from __future__ import annotations

import gc
import sys
from typing import Any

import click

from yuanke.app import configuration

THREADS = 8


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), envvar="PORT", help="Port to listen on."
)
@click.option(
    "--threads", default=THREADS, show_default=True, type=click.IntRange(1, 64), help="Requests worked on at once."
)
def serve(host: str, port: int, threads: int) -> None:
    """Serve all enterprises of the installation."""
    from yuanke.app import create_app

    app = create_app()
    with app.app_context():
        names = [entry.label for entry in app.installation.directory.all()]
    click.echo(
        f"http://{host}:{port}  " + ("、".join(names) if names else "no enterprise yet: yuanke enterprise create")
    )
    _settle_in()
    run(app, host, port, threads)


def _settle_in() -> None:
    """Python, set for a server: what was loaded at the start stays for ever and is not looked through again and again,
    young things are left to die by themselves until there are some thousand, and a thread that computes for long lets the
    others through each millisecond."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    sys.setswitchinterval(0.001)


def run(app: Any, host: str, port: int, threads: int = THREADS) -> None:
    """Block and serve ``app``, with its background jobs; a port that is taken is told in one sentence."""
    import waitress

    from yuanke.jobs import Runner

    jobs = Runner(app.installation).start()
    try:
        waitress.serve(
            app,
            host=host,
            port=port,
            threads=threads,
            ident="yuanke",
            connection_limit=1000,
            channel_timeout=60,
            max_request_header_size=64 * 1024,
            max_request_body_size=configuration.LONGEST_BODY + 1024 * 1024,
            _quiet=True,
        )
    except OSError as fault:
        said = f"cannot listen on {host}:{port}: {fault.strerror}; choose another port with --port"
        raise click.ClickException(said) from fault
    finally:
        jobs.stop()
