"""The databases that tests are given are the real thing, migrated, empty and each test's own."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url, text

from dashboard_config import Settings
from database.connection import get_db_session, get_engine
from database.migrate import get_current_revision, get_head_revision


@pytest.mark.parametrize("_round", ["first", "second"])
def test_each_test_gets_a_migrated_empty_database_of_its_own(each_database: Settings, _round: str) -> None:
    assert get_engine().url == make_url(each_database.effective_database_url)
    assert get_current_revision() == get_head_revision()
    with get_db_session() as session:
        assert session.scalar(text("SELECT count(*) FROM users")) == 0
        session.execute(text("CREATE TABLE left_behind (id integer)"))
        session.commit()
