"""How large the company is. A small share has the same roles, products and kinds of documents."""

from __future__ import annotations

from typing import NamedTuple

SEED = 20260301
#: how many days ago the story begins
DAYS = 730


class Sizes(NamedTuple):
    customers: int = 300
    contacts: int = 500
    opportunities: int = 200
    orders: int = 500
    services: int = 150
    complaints: int = 24
    repairs: int = 40
    visits: int = 40
    records: int = 700
    todos: int = 80
    daily: int = 15
    weekly: int = 26

    @classmethod
    def of(cls, share: float) -> Sizes:
        return cls(*(max(2, round(size * share)) for size in cls()))
