"""Our data as plain Rasa's: annotations, stories, the kept stages."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bench import kept, machine
from bench.stock import environment, project, training

pytestmark = pytest.mark.unit

DATE = {"start": 11, "end": 18, "entity": "date", "value": "next:friday"}
ORDER = {"start": 23, "end": 30, "entity": "order_id", "value": "FO-1234"}


def test_what_differs_from_the_words_is_annotated_with_its_value() -> None:
    text = "schaff bis Freitag nur FO-1234"
    found = project.annotate(text, [DATE, ORDER])
    assert found == 'schaff bis [Freitag]{"entity": "date", "value": "next:friday"} nur [FO-1234](order_id)'


@pytest.mark.parametrize("text", ["bis [Freitag] geht", "nicht (so)", '{"a": 1}'])
def test_brackets_of_its_own_stay_without_annotations(text: str) -> None:
    assert project.annotate(text, [{"start": 0, "end": 3, "entity": "date", "value": "x"}]) == text


def test_rasa_reads_the_annotations_back() -> None:
    from rasa.shared.nlu.training_data import entities_parser

    annotated = project.annotate("schaff bis Freitag nur FO-1234", [DATE, ORDER])
    found = entities_parser.find_entities_in_training_example(annotated)
    assert [(one["entity"], one["value"]) for one in found] == [("date", "next:friday"), ("order_id", "FO-1234")]
    assert entities_parser.replace_entities(annotated) == "schaff bis Freitag nur FO-1234"


def test_each_rule_is_a_story() -> None:
    rules = list(project.rules(project.ROOT / "data" / "rules"))
    stories = project.stories_of(iter(rules))["stories"]
    assert len(rules) > 30
    assert [story["steps"] for story in stories] == [rule["steps"] for rule in rules]


def test_endpoints_are_on_loopback(tmp_path: Path) -> None:
    made = yaml.safe_load(project.dump(project.endpoints(tmp_path / "x.db", 5055)))
    assert made["action_endpoint"]["url"] == "http://127.0.0.1:5055/webhook"
    assert made["tracker_store"] == {"type": "SQL", "url": f"sqlite:///{tmp_path}/x.db"}


def test_a_change_of_content_or_name_changes_the_fingerprint(tmp_path: Path) -> None:
    file = tmp_path / "a" / "x.yml"
    file.parent.mkdir()
    file.write_text("one")
    before = kept.fingerprint([tmp_path])
    assert kept.fingerprint([tmp_path]) == before
    file.write_text("two")
    changed = kept.fingerprint([tmp_path])
    file.rename(tmp_path / "a" / "y.yml")
    assert len({before, changed, kept.fingerprint([tmp_path])}) == 3


def test_hard_links_count_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 2**20)
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    assert kept.size_mib(tmp_path) == pytest.approx(1.0, abs=0.1)


def test_sentences_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "nlu.yml"
    file.write_text("nlu:\n- intent: greet\n  examples: |\n    - hallo\n    - hi\n")
    assert training.count_sentences(file) == 2


def test_the_lock_of_plain_rasa_is_pinned_by_hash_and_has_tensorflow() -> None:
    text = environment.LOCK.read_text(encoding="utf-8")
    assert machine.versions(environment.LOCK)["rasa"] == "3.6.21"
    assert machine.versions(environment.LOCK)["tensorflow"].startswith("2.")
    assert "://" not in text
    assert text.count("==") <= text.count("--hash=sha256:")


LOG = """
2026-11-21 21:31:00 INFO     rasa.engine.training.hooks  - Starting to train component 'RegexFeaturizer'.
2026-11-21 21:32:00 INFO     rasa.engine.training.hooks  - Starting to train component 'DIETClassifier'.
Epochs:  50%|##|\rEpochs: 100%|####|2026 is no date
2026-11-21 21:40:00 INFO     rasa.engine.training.hooks  - Finished training component 'DIETClassifier'.
2026-11-21 21:41:00 INFO     rasa.engine.training.hooks  - Finished training component 'TEDPolicy'.
"""


def test_the_share_of_diet_is_read_from_the_log() -> None:
    assert training.diet_share(LOG, 600.0) == 0.8
    assert training.diet_share("nothing", 600.0) == 0.0
    assert training.diet_share(LOG[: LOG.index("Epochs")], 600.0) == 0.0
