"""Fixtures of the served application."""

from tests.everykind import ask  # noqa: F401
from tests.served import app, caller, notes, staff, unchanged  # noqa: F401
