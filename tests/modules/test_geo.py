"""Distances between places, as check-ins are measured by."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture(scope="session")
def geo(plugins) -> ModuleType:
    return plugins("geo")


def place(lat: float, lng: float) -> dict[str, float]:
    return {"lat": lat, "lng": lng}


def test_known_distances(geo):
    bund, temple = place(31.2397, 121.4998), place(39.8822, 116.4066)
    assert abs(int(geo.metres_between(bund, temple)) - 1_067_000) < 5_000
    assert 108 <= geo.metres_between(place(31.2397, 121.4998), place(31.24067, 121.4998)) <= 111
    assert geo.metres_between(bund, bund) == 0


@pytest.mark.parametrize("wrong", [None, {}, {"lat": 1}, {"lat": "x", "lng": 2}, {"lat": 91, "lng": 0}, "31,121", 5])
def test_what_is_no_place_has_no_distance(geo, wrong):
    assert geo.metres_between(wrong, place(1, 1)) is None
    assert geo.metres_between(place(1, 1), wrong) is None


places = st.builds(place, st.floats(-90, 90), st.floats(-180, 180))


@given(places, places)
def test_it_is_as_far_there_as_back_and_never_more_than_half_round_the_earth(plugins, one, other):
    metres = plugins("geo").metres_between
    assert metres(one, other) == metres(other, one)
    assert 0 <= metres(one, other) <= 20_037_509
