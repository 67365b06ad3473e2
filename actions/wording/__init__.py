"""What Lotse says: texts in three locales, loaded from ``data/responses``.

The texts are written in Rasa's own response format, so that Rasa's tools read them too. They are rendered here and not
by Rasa because notices to the other party are written outside a Rasa turn and must use the same words.
"""

from actions.wording.texts import LOCALES, Button, MissingText, Rendered, ShortDay, Term, Wording, Zoned

__all__ = ["LOCALES", "Button", "MissingText", "Rendered", "ShortDay", "Term", "Wording", "Zoned"]
