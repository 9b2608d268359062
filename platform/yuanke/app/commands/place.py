"""What every command needs: the installation that the environment names, and the actor a command is.

The one rule: a command works through the same doors as the web, as the engine (``door="command"``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from yuanke.app import configuration, plugins
from yuanke.jobs.waking import use_redis
from yuanke.kernel.actor import Actor
from yuanke.storage import Installation


@contextmanager
def installation() -> Iterator[Installation]:
    """Plugins loaded, the home folder opened; closed at the end."""
    configuration.check_password_cost()
    configuration.check_outgoing()
    plugins.load()
    opened = Installation(configuration.home(), configuration.database_url())
    use_redis(opened, configuration.redis_url())
    try:
        yield opened
    finally:
        opened.close()


def engine_actor(enterprise: str) -> Actor:
    """The command line acts as the engine: whoever reaches the data folder needs no further right."""
    return Actor(enterprise, None, username="command", name="命令行", door="command", engine=True)
