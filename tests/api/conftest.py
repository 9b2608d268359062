"""Fixtures of the served application."""

from tests.served import app, caller, notes, staff, unchanged  # noqa: F401
