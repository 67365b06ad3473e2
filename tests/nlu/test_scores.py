"""What is measured of a set, and which sentences of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.nlu import evaluate
from bot.nlu.scores import Example, Parsed, in_words, report

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("text", ["ok", "Status FO-48213", "FO-48213?? wo", "dhl", "14. Dezember", "é"])
def test_a_message_with_a_word(text: str) -> None:
    assert in_words(text)


@pytest.mark.parametrize(
    "text", ["", "FO-48213", "14.12.", "👍", "#V-5531!", "www.dhl.de/t?id=7", "RR123456785DE", "1 2"]
)
def test_a_message_without_one_has_no_language(text: str) -> None:
    assert not in_words(text)


def test_a_set_without_words_and_wishes_is_reported_by_what_it_has() -> None:
    said = [Example("FO-48213", "de", "inform", frozenset()), Example("14.12.", "de", "inform", frozenset())]
    told = [Parsed(example, "inform", (("inform", 0.9),), frozenset(), None) for example in said]
    lines = report(told, "numbers")
    assert "nan" not in lines
    assert "that have a word" not in lines
    assert "out of scope" not in lines
    assert "0.000 told, 0.000 wrong" in lines


def test_a_set_is_measured_without_what_was_learned_unless_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"de": ["hallo", "wo bleibt der kram"], "en": ["hello there", "what is it with you"]}
    for name, sentences in (("known", {"de": ["Hallo!"], "en": ["Hello there."]}), ("set", said)):
        (tmp_path / name).mkdir()
        for language, texts in sentences.items():
            examples = "".join(f"    - {text}\n" for text in texts)
            (tmp_path / name / f"{language}.yml").write_text(
                f'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n{examples}', encoding="utf-8"
            )
    monkeypatch.setattr(evaluate, "TRAINING", tmp_path / "known")
    assert [e.text for e in evaluate.heldout(tmp_path / "set")] == ["wo bleibt der kram", "what is it with you"]
    whole = evaluate.heldout(tmp_path / "set", whole=True)
    assert [(e.language, e.text) for e in whole] == [(lang, text) for lang in said for text in said[lang]]
