from __future__ import annotations

import sqlalchemy as sa


def test_the_server_answers_and_keeps_exact_numbers(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        assert str(connection.scalar(sa.text("select 99999999999999.99::numeric"))) == "99999999999999.99"
    engine.dispose()
