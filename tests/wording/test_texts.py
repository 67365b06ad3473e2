"""The texts themselves: all locales, the same facts in each, and the right way of addressing people."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from string import Formatter

import msgspec.yaml
import pytest

from actions.wording import LOCALES, MissingText, Wording
from tests.wording.conftest import RESPONSES

pytestmark = pytest.mark.unit

FILES = sorted(RESPONSES.glob("*.yml"))
RAW = {path: msgspec.yaml.decode(path.read_text(encoding="utf-8"))["responses"] for path in FILES}
NAMES = sorted(name.removeprefix("utter_") for responses in RAW.values() for name in responses)
TEXTS = Wording.load(RESPONSES).texts

# „Sie" that is not „she" or „they": inside a sentence, or at its start before a verb in the plural.
_YOU_FORMAL = re.compile(
    r"(?<![.:?!] )(?<!^)(?<!\n)\b(Sie|Ihnen|Ihr|Ihre[mnrs]?)\b"
    r"|\bSie \w+n\b|\b(Ihnen|Ihre[mnrs]?)\b|\bIhr (?!\w+t\b)"
)
_YOU = re.compile(r"\b(du|dich|dir|deine?[mnrs]?|euch|euer|eure[mnrs]?)\b|\bIhr \w+t\b", re.IGNORECASE)
_IMPERATIVE = re.compile(
    r"(?:^|[.:?!] |, |und |\n\d?\.? ?)(?:antworte|beantworte|erklär|geh|klick|nenn|nimm|öffne|prüf"
    r"|sag|schreib|such|tipp|versuch|wähl|wende|zieh)\b",
    re.IGNORECASE,
)


def keys(text: str) -> set[str]:
    """The values that a text names."""
    return {key for _, key, _, _ in Formatter().parse(text) if key}


def test_every_text_is_defined_once() -> None:
    assert [name for name, count in Counter(NAMES).items() if count > 1] == []
    assert len(TEXTS) == len(NAMES) > 200


def test_a_text_defined_twice_is_refused(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text(FILES[0].read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(MissingText, match=r"defined twice.*b\.yml"):
        Wording.load(tmp_path)


def test_a_folder_without_texts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingText, match=r"no texts in .*/nowhere"):
        Wording.load(tmp_path / "nowhere")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rasa_reads_the_same_texts(path: Path) -> None:
    """One variation a locale, chosen by the slot alone, as Rasa's own validation and our loader both understand it."""
    for name, variations in RAW[path].items():
        assert name.startswith("utter_")
        conditions = [variation["condition"] for variation in variations]
        assert conditions == [[{"type": "slot", "name": "locale", "value": locale}] for locale in LOCALES], name
        assert all(set(variation) == {"condition", "text"} for variation in variations), name


@pytest.mark.parametrize("name", NAMES)
def test_each_locale_says_the_same(name: str) -> None:
    texts = TEXTS[name]
    assert set(texts) == set(LOCALES)
    assert keys(texts["de"]) == keys(texts["de-formal"]) == keys(texts["en"])
    assert all(text.strip() == text and text for text in texts.values())


@pytest.mark.parametrize("name", NAMES)
def test_values_are_plain_names(name: str) -> None:
    """No attribute, index, conversion or format: a value is spelled out by the wording alone."""
    for text in TEXTS[name].values():
        for _, key, spec, conversion in Formatter().parse(text):
            assert key is None or (re.fullmatch(r"[A-Za-z_]+", key) and not spec and not conversion)


@pytest.mark.parametrize("name", NAMES)
def test_address(name: str) -> None:
    assert not _YOU_FORMAL.search(TEXTS[name]["de"])
    assert not _YOU.search(TEXTS[name]["de-formal"])
    assert not _IMPERATIVE.search(TEXTS[name]["de-formal"])


@pytest.mark.parametrize(
    ("text", "formal"),
    [
        ("Antworten Sie bitte.", True),
        ("Sie können es lassen.", True),
        ("Das ist Ihre Anfrage.", True),
        ("Ihre Anfrage ist da.", True),
        ("Gut. Ihr Auftrag ist da.", True),
        ("Ihr habt ihn verlängert.", False),
        ("Offen ist eine Anfrage. Sie wird geschlossen.", False),
        ("Sie muss zuerst weg, ihr Termin auch.", False),
    ],
)
def test_the_look_for_address_finds_it(text: str, formal: bool) -> None:
    assert bool(_YOU_FORMAL.search(text)) is formal


@pytest.mark.parametrize(
    "text", ["Schreib es.", "Gut. Zieh das zurück.", "Das bist du.", "Ihr habt Zeit.", "Was dir fehlt"]
)
def test_the_look_for_du_finds_it(text: str) -> None:
    assert _YOU.search(text) or _IMPERATIVE.search(text)


@pytest.mark.parametrize("name", NAMES)
def test_punctuation(name: str) -> None:
    for locale, text in TEXTS[name].items():
        assert "!" not in text and "  " not in text and ".." not in text and " ," not in text
        assert '"' not in text and "'" not in text, "typographic marks only"
        opening, closing = ("“", "”") if locale == "en" else ("„", "“")
        assert text.count(opening) == text.count(closing)
        if not name.startswith(
            ("button_", "guess_", "choice_", "kind_", "role_", "by_", "state_", "reason_", "missing_")
        ):
            assert "{said}." not in text, "what was said ends its own sentence"


@pytest.mark.parametrize(
    "name", [name for name in NAMES if "{Other}" in TEXTS[name]["de"] or "{name}" in TEXTS[name]["de"]]
)
def test_the_other_party_stands_where_it_fits(name: str) -> None:
    """{Other} and {name} may be „Die Verkäuferseite" and begin a sentence; {other} never does."""
    for text in TEXTS[name].values():
        assert not re.search(r"(?<![.:?!] )(?<!\n)(?<!^)\{(Other|name)\}", text.replace("{said} ", "Ja. "))
        assert not re.search(r"(^|[.?!] )\{other\}", text)


@pytest.mark.parametrize("name", [name for name in NAMES if keys(TEXTS[name]["de"]) & {"wait", "late"}])
def test_german_durations_follow_a_preposition_with_the_dative(name: str) -> None:
    for locale in ("de", "de-formal"):
        assert re.findall(r"(\w+) \{(?:wait|late)\}", TEXTS[name][locale]) in (["in"], ["seit"])


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("kind_")])
def test_kinds_are_feminine_nouns_without_article(name: str) -> None:
    """So that „deine {kind}", „eine {kind}" and „die {kind}" are right."""
    for locale in ("de", "de-formal"):
        assert re.match(r"(Bitte|Stornierungsanfrage|Anfrage)\b", TEXTS[name][locale])
    assert not re.match(r"(a|an|the) ", TEXTS[name]["en"])


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("button_", "guess_"))])
def test_buttons_are_short(name: str) -> None:
    assert all(len(text) <= 44 and not text.endswith(".") for text in TEXTS[name].values())
