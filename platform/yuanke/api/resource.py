"""The base of every resource below ``/api/v1``."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_appbuilder.api import BaseApi, expose


class Resource(BaseApi):
    """Flask-AppBuilder registers the routes; who may call and what stands is decided by `yuanke.web`."""

    csrf_exempt = False
    base_permissions: ClassVar[list[str]] = []  # type: ignore[misc]
    resource_name: Any = None


__all__ = ["Resource", "expose"]
