"""What is prepared stands in a real database, and what came of it is read back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bench import seed
from bench.dialogues import load, play

pytestmark = pytest.mark.integration


def test_a_play_that_did_nothing_did_not_do_its_job(tmp_path: Path) -> None:
    """Only the conversations that want nothing are right as prepared; done by hand, another one is, too."""
    database = tmp_path / "lotse.db"
    some = [play(dialogue, number) for number, dialogue in enumerate(load())]
    seed.prepare(database, some, other_orders=25)
    wrong = seed.failures(database, some)
    assert len(wrong) == len(some) - 1
    assert not any(name.startswith("just questions") for name in wrong)

    forced = next(one for one in some if one.dialogue.name == "forced cancellation")
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM orders WHERE id LIKE 'FO-%'").fetchone() == (25,)
        connection.execute("UPDATE orders SET state = 'cancelled' WHERE id = ?", (forced.ids["logo"],))
    connection.close()
    assert set(wrong) - set(seed.failures(database, some)) == {f"{forced.dialogue.name} #{forced.number}"}
    assert seed.writes(database) == {}
