"""The world of `world.py`, copied for each test."""

from __future__ import annotations

import pytest
from yuanke.storage import Installation

from tests.records.handed.world import World
from tests.served import database_url, home

__all__ = ["club", "database_url", "home", "world"]


@pytest.fixture
def world(installation: Installation) -> World:
    return World.standing(installation)


@pytest.fixture
def club(installation: Installation) -> World:
    return World.standing(installation)
