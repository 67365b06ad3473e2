"""A tiny assistant for the engine's tests: three intents, one action, trained once a test run."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "config.yml": """
recipe: default.v1
assistant_id: tiny
language: de
pipeline:
  - {name: WhitespaceTokenizer}
  - {name: CountVectorsFeaturizer, analyzer: char_wb, min_ngram: 1, max_ngram: 3}
  - {name: LogisticRegressionClassifier}
  - {name: RegexEntityExtractor, use_regexes: true}
policies: [{name: RulePolicy}]
""",
    "domain.yml": """
version: "3.1"
intents: [greet, bye, cancel]
entities: [order_id]
slots:
  turn: {type: any, influence_conversation: false, mappings: [{type: custom}]}
  count: {type: any, influence_conversation: false, mappings: [{type: custom}]}
actions: [action_answer]
responses:
  utter_bye:
    - {text: Tschüss, buttons: [{title: Nochmal, payload: /greet}]}
session_config: {session_expiration_time: 60, carry_over_slots_to_new_session: true}
""",
    "data/nlu.yml": """
version: "3.1"
nlu:
  - intent: greet
    examples: |
      - hallo
      - guten Tag
      - hallo du
      - moin moin
  - intent: bye
    examples: |
      - tschüss
      - auf Wiedersehen
      - tschau
      - bis dann
  - intent: cancel
    examples: |
      - ich will stornieren
      - bitte [FO1234](order_id) stornieren
      - stornier das
      - storno bitte
  - regex: order_id
    examples: |
      - FO\\d{4}
""",
    "data/rules.yml": """
version: "3.1"
rules:
  - rule: greet
    steps: [{intent: greet}, {action: action_answer}]
  - rule: cancel
    steps: [{intent: cancel}, {action: action_answer}]
  - rule: bye
    steps: [{intent: bye}, {action: utter_bye}]
""",
}


def write(folder: Path) -> None:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
