"""Fixtures of the served application."""

from tests.everykind import ask  # noqa: F401
from tests.served import app, caller, database_url, home, notes, staff, unchanged  # noqa: F401
