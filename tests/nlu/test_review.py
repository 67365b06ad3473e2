"""From what was misunderstood to training data: grouped, proposed, edited by somebody, checked, added."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from actions.backend import Backend, migrate
from actions.backend.understanding import Heard, ReviewItem, Status
from actions.policy import Actor, Role
from bot.nlu import review, review_accept
from bot.nlu.review_accept import NotAcceptedError, accept, filled
from bot.nlu.review_groups import grouped

pytestmark = pytest.mark.unit

INTENTS = {"request_order_update", "request_cancellation", "greet", "affirm"}
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def item(id_: int, text: str, *, intent: str = "greet", sure: float = 0.2, then: str | None = None) -> ReviewItem:
    ranking = ((intent, sure), ("request_cancellation", 0.1))
    at = NOW + timedelta(minutes=id_)
    kind = "pressed" if then else None
    return ReviewItem(id_, at, "customer", "de", text, "nlu_fallback", sure, ranking, Status.QUESTION, kind, then, None)


def test_likeness_makes_groups_and_a_pressed_button_makes_the_proposal() -> None:
    items = [
        item(9, "wo bleibt mein <order> denn nur", then="request_order_update"),
        item(8, "ganz etwas anderes, nämlich Pizza", intent="unknown"),
        item(7, "wo bleibt mein <order> denn"),
        item(6, "Wo bleibt denn mein <order>?", then="affirm"),
    ]
    groups = grouped(items, INTENTS)
    assert [[one.id for one in group.items] for group in groups] == [[9, 7, 6], [8]]
    assert (groups[0].proposal, groups[0].because) == ("request_order_update", "1 pressed its button")
    assert groups[1].proposal is None


def test_without_a_button_the_likeliest_guess_is_proposed() -> None:
    (group,) = grouped([item(1, "moin moin", sure=0.25)], INTENTS)
    assert (group.proposal, group.because) == ("greet", "guessed, 0.25")
    assert grouped([], INTENTS) == []
    assert len(grouped([item(2, "?"), item(1, "!!")], INTENTS)) == 2


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "domain.yml").write_text("intents: [greet, request_order_update, nlu_fallback, {thank: {}}]\n")
    for language, examples in (("de", "- hallo du\n    - wo ist FO-1"), ("en", "- hello")):
        (tmp_path / "data" / "nlu" / language).mkdir(parents=True)
        text = f'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    {examples}\n'
        (tmp_path / "data" / "nlu" / language / "smalltalk.yml").write_text(text)
    held = "nlu:\n- intent: greet\n  examples: |\n    - einen wunderschönen guten Abend wünsche ich [FO-1](order_id)\n"
    (tmp_path / "tests" / "nlu").mkdir(parents=True)
    (tmp_path / "tests" / "nlu" / "de.yml").write_text(held)
    return tmp_path


def edited(root: Path, *entries: dict[str, object]) -> Path:
    path = root / "review.yml"
    path.write_text(yaml.safe_dump(list(entries), allow_unicode=True), encoding="utf-8")
    return path


def test_what_was_left_becomes_training_data(root: Path) -> None:
    one = {"text": "wo  bleibt <order> von <name>", "language": "de", "intent": "request_order_update"}
    added = accept(edited(root, one, {"text": "egal", "language": "de", "intent": None}), root)
    assert added == {root / "data" / "nlu" / "de" / "reviewed.yml": 1}
    accept(edited(root, {"text": "grüß euch", "language": "de", "intent": "greet"}), root)
    accept(edited(root, {"text": "cheers mate", "language": "en", "intent": "thank"}), root)
    written = yaml.safe_load((root / "data" / "nlu" / "de" / "reviewed.yml").read_text("utf-8"))
    assert [block["intent"] for block in written["nlu"]] == ["greet", "request_order_update"]
    (sentence,) = written["nlu"][1]["examples"].splitlines()
    assert sentence.startswith("- wo bleibt ") and "<" not in sentence
    assert accept(edited(root), root) == {}


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"text": "neu", "language": "de", "intent": "gibts_nicht"}, "no intent 'gibts_nicht'"),
        ({"text": "neu", "language": "de", "intent": "nlu_fallback"}, "no intent"),
        ({"text": "Hallo, du!", "language": "de", "intent": "greet"}, "already there"),
        ({"text": "hallo du", "language": "de", "intent": "thank"}, "there for greet, not for thank"),
        ({"text": "Hello", "language": "de", "intent": "thank"}, "there for greet"),
        (
            {"text": "Einen wunderschönen guten Abend wünsche ich FO-1!", "language": "de", "intent": "greet"},
            "held out",
        ),
        ({"text": "neu", "language": "fr", "intent": "greet"}, "language must be one of"),
        ({"text": "/greet", "language": "de", "intent": "greet"}, "cannot be a training sentence"),
        ({"text": "nimm [das](order_id)", "language": "de", "intent": "greet"}, "cannot be a training sentence"),
        ({"text": "was <unbekannt> ist", "language": "de", "intent": "greet"}, "cannot be a training sentence"),
        ({"language": "de", "intent": "greet"}, "has no text"),
    ],
)
def test_one_wrong_entry_and_nothing_is_added(root: Path, entry: dict[str, object], why: str) -> None:
    good = {"text": "servus beinand", "language": "de", "intent": "greet"}
    with pytest.raises(NotAcceptedError, match=why):
        accept(edited(root, good, entry), root)
    assert not (root / "data" / "nlu" / "de" / "reviewed.yml").exists()


def test_the_same_sentence_twice_in_one_file(root: Path) -> None:
    one = {"text": "servus beinand", "language": "de", "intent": "greet"}
    with pytest.raises(NotAcceptedError, match="entry 2: already there"):
        accept(edited(root, one, {**one, "text": "Servus, beinand!"}), root)


def test_placeholders_get_values_that_look_like_what_they_stand_for() -> None:
    text = "<order> <infraction> <case> <tracking> <number> <phone> <email> <url> <iban> <name>"
    assert filled(text) == filled(text) and "<" not in filled(text)


def test_the_command_lists_exports_and_accepts(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{root}/lotse.db"
    migrate.upgrade(url)
    monkeypatch.setenv("LOTSE_DATABASE_URL", url)
    monkeypatch.setenv("LOTSE_DATA_DIR", str(root))
    monkeypatch.setattr(review_accept, "ROOT", root)
    assert review.main([]) == 0 and "Nothing was misunderstood" in capsys.readouterr().out
    asyncio.run(_misunderstand(url))
    assert review.main([]) == 0
    out = capsys.readouterr().out
    assert "wo bleibt <order>" in out and "-> request_order_update (1 pressed its button)" in out
    file = root / "review.yml"
    assert review.main(["--export", str(file)]) == 0
    (entry,) = yaml.safe_load(file.read_text("utf-8"))
    assert (entry["text"], entry["intent"], entry["times"]) == ("wo bleibt <order>", "request_order_update", 1)
    assert review.main(["--accept", str(root / "missing.yml")]) == 1
    assert "cannot be read" in capsys.readouterr().err


async def _misunderstand(url: str) -> None:
    backend = await Backend.open(url)
    kim = Actor(Role.CUSTOMER, "kim")
    conversation = await backend.conversations.open("", kim.role, kim.id)
    guesses = [("request_order_update", 0.2), ("greet", 0.1)]
    heard = Heard(conversation.id, "m-1", kim, "wo bleibt FO-4711", "nlu_fallback", 0.2, guesses, "de")
    backend.understanding.note(heard, Status.QUESTION)
    pressed = Heard(conversation.id, "m-2", kim, "", "request_order_update", 1.0, pressed=True)
    backend.understanding.note(pressed, None, after_miss=True)
    await backend.close()
