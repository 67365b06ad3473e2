"""The widget's files as the gateway serves them.

`widget.js` is what a page embeds: it only imports the modules of this release, under an address that names their
content. A page thus never mixes modules of two releases, and a browser may keep them for good. Three modules are made
here, the texts (from data/responses), the style sheet and the settings; the others are served as they are written,
without the lines that are only comments and without indentation, which are a third of their size.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from actions.wording import Wording
from actions.wording.texts import LOCALES

FOLDER = Path(__file__).resolve().parent
ENTRY = "widget.js"
TEXTS_PREFIX = "widget_"
_COMMENT_LINES = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)\n", re.MULTILINE)
_INDENTATION = re.compile(r"^[ \t]+|^\n", re.MULTILINE)
_MODULES = (
    "lotse.js",
    "chat.js",
    "panel.js",
    "log.js",
    "message.js",
    "rich.js",
    "calendar.js",
    "connection.js",
    "http.js",
    "outbox.js",
    "token.js",
    "evidence.js",
    "desk.js",
    "menu.js",
    "picture.js",
    "title.js",
    "welcome.js",
    "words.js",
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its content, the same compressed, and a tag that changes with it."""

    content: bytes
    gzipped: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files of a release: `entry` for the page, `modules` by name below ``/widget/{version}/``."""

    version: str
    entry: Asset
    modules: Mapping[str, Asset]


def load(wording: Wording, privacy_url: str | None = None) -> Assets:
    """Read the files; ``privacy_url`` is the marketplace's notice. Raises ``OSError`` when one is missing."""
    sources = {name: _lean((FOLDER / name).read_text(encoding="utf-8")).encode() for name in _MODULES}
    sources["texts.js"] = _module(_differences(texts(wording)))
    sources["styles.js"] = _module(_lean((FOLDER / "styles.css").read_text(encoding="utf-8")))
    sources["settings.js"] = _module({"privacy": privacy_url})
    digest = hashlib.sha256()
    for name, content in sorted(sources.items()):
        digest.update(name.encode() + b"\0" + content + b"\0")
    version = digest.hexdigest()[:16]
    entry = f'import {{ boot }} from "./widget/{version}/lotse.js";\nboot(import.meta.url);\n'
    return Assets(version, _asset(entry.encode()), {name: _asset(content) for name, content in sources.items()})


def texts(wording: Wording) -> dict[str, dict[str, str]]:
    """What the widget itself says, by locale and name (without its prefix)."""
    names = sorted(name for name in wording.texts if name.startswith(TEXTS_PREFIX))
    return {
        locale: {name.removeprefix(TEXTS_PREFIX): wording.texts[name][locale] for name in names} for locale in LOCALES
    }


def _differences(by_locale: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Without the texts that are the same as in the first locale, which the widget falls back to."""
    first = by_locale[LOCALES[0]]
    return {
        locale: said if locale == LOCALES[0] else {name: text for name, text in said.items() if text != first[name]}
        for locale, said in by_locale.items()
    }


def _lean(source: str) -> str:
    """Without comments that have lines of their own, and without indentation. No string of ours spans lines."""
    return _INDENTATION.sub("", _COMMENT_LINES.sub("", source))


def _module(value: object) -> bytes:
    return f"export default {json.dumps(value, ensure_ascii=False)};\n".encode()


def _asset(content: bytes) -> Asset:
    return Asset(content, gzip.compress(content, 9, mtime=0), f'"{hashlib.sha256(content).hexdigest()[:20]}"')
