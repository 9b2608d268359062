"""Puts the parts together: the web application, who is asking, plugins, and the command line.

The one rule: importing this package is cheap; Flask is imported by `create_app`, not before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yuanke.web.application import Application


def create_app(config: Mapping[str, Any] | None = None) -> Application:
    """The WSGI application. ``config`` overrides what the environment says (see `yuanke.app.configuration`)."""
    from yuanke.app import lean

    with lean.start():
        from yuanke.app.factory import build

        return build(config)


__all__ = ["create_app"]
