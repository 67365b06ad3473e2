"""Messages for review, those that are alike together, with the intent that speaks most for itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sklearn.feature_extraction.text import TfidfVectorizer

from actions.backend.understanding import ReviewItem

ALIKE = 0.5
"""Cosine of letter groups from which two messages count as alike: the same wish in nearly the same words."""

_NO_WISH = frozenset({"affirm", "deny", "stop", "nlu_fallback"})  # what a button after it means, but not the message


@dataclass(frozen=True, slots=True)
class Group:
    """Messages that are alike, the newest first; `proposal` is an intent or None, `because` says where it is from."""

    items: tuple[ReviewItem, ...]
    proposal: str | None
    because: str


def grouped(items: Sequence[ReviewItem], intents: Collection[str]) -> list[Group]:
    """Groups in the order of their newest message; only `intents` are proposed."""
    if not items:
        return []
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, token_pattern=None)
    try:
        matrix = vectors.fit_transform([item.text.lower() or "-" for item in items])
    except ValueError:  # not one letter in all of them
        return [_group([item], intents) for item in items]
    heads: list[int] = []
    members: list[list[ReviewItem]] = []
    for index, item in enumerate(items):
        likeness = (matrix[heads] @ matrix[index].T).toarray().ravel() if heads else []
        best = max(range(len(heads)), key=lambda place: likeness[place], default=None)
        if best is not None and likeness[best] >= ALIKE and items[heads[best]].language == item.language:
            members[best].append(item)
        else:
            heads.append(index)
            members.append([item])
    return [_group(found, intents) for found in members]


def _group(items: Sequence[ReviewItem], intents: Collection[str]) -> Group:
    known = set(intents) - _NO_WISH
    pressed = Counter(item.next_intent for item in items if item.next_kind == "pressed" and item.next_intent in known)
    if pressed:
        intent, count = pressed.most_common(1)[0]
        return Group(tuple(items), intent, f"{count} pressed its button")
    guessed: Counter[str] = Counter()
    for item in items:
        for intent, confidence in item.ranking[:1]:
            if intent in intents:
                guessed[intent] += round(1000 * confidence)
    if not guessed:
        return Group(tuple(items), None, "")
    intent, weight = guessed.most_common(1)[0]
    return Group(tuple(items), intent, f"guessed, {weight / 1000 / len(items):.2f}")
