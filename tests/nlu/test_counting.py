"""The quick way for one sentence gives what scikit-learn gives for many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.nlu.sentences import Sentences

LEARNED = [
    "Ich möchte meinen Auftrag ORDER stornieren, weil es zu lange dauert",
    "Wo bleibt meine Bestellung? Ich warte seit Tagen auf meine Bestellung!",
    "Bitte zieh meine Anfrage zu ORDER zurück",
    "please cancel my order, the seller never answers",
    "how long does the seller have to answer my request?",
    "Ich möchte den Verstoß anfechten, das war nicht meine Schuld",
    "Ich nehme die Anfrage nicht an",
]


@pytest.fixture(scope="module")
def sentences() -> Sentences:
    made = Sentences({"vector_weight": 1.0})
    made.learn(LEARNED * 3)
    return made


@pytest.mark.unit
@settings(deadline=None)
@given(st.one_of(st.sampled_from(LEARNED), st.text(max_size=60), st.lists(st.sampled_from(" ".join(LEARNED).split()))))
@example("")
@example("ja ja ja, ja? ja!")
@example("Bestellung Bestellung Bestellung stornieren")
def test_one_sentence_is_counted_as_many_are(sentences: Sentences, said: str | list[str]) -> None:
    text = said if isinstance(said, str) else " ".join(said)
    (repaired,) = sentences.repaired([text])
    single = sentences.grams([repaired]).toarray()
    among_others = sentences.grams([repaired, "hallo"]).toarray()[:1]
    assert single.dtype == among_others.dtype == np.float32
    np.testing.assert_allclose(single, among_others, rtol=1e-5, atol=1e-7)
