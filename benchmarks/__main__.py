"""``python -m benchmarks``: measure and print one table.

--sqlite | --postgresql   one database only
--small | --full          a tenth of the data | a million customers
--works W1,W4,parts,8     only these (parts: the breakdown; 8: eight clients; jobs: one worker)
--rounds N                more rounds, calmer figures
"""

from __future__ import annotations

import argparse

from benchmarks.run import run, scale


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure the platform on the common work."
    )
    parser.add_argument("--sqlite", action="store_true", help="SQLite only")
    parser.add_argument("--postgresql", action="store_true", help="PostgreSQL only")
    parser.add_argument("--small", action="store_true", help="a tenth of the data")
    parser.add_argument("--full", action="store_true", help="a million customers")
    parser.add_argument("--smoke", action="store_true", help="tiny data, one short round: does everything run?")
    parser.add_argument("--scale", action="store_true", help="10,000 beside 1,000,000 customers: how much slower?")
    parser.add_argument("--works", default="", help="only these, commas between: W1,W3a,W4")
    parser.add_argument("--rounds", type=int, default=12, help="rounds of each work")
    given = parser.parse_args()
    databases = [name for name in ("sqlite", "postgresql") if getattr(given, name)] or ["sqlite", "postgresql"]
    size = "tiny" if given.smoke else "small" if given.small else "full" if given.full else "usual"
    if given.scale:
        scale(databases, given.rounds)
        return
    works = [word.strip() for word in given.works.split(",") if word.strip()]
    run(databases, size, works, 2 if given.smoke else given.rounds, smoke=given.smoke)


if __name__ == "__main__":
    main()
