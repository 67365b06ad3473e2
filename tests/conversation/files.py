"""Files that people drop into the chat: pictures that are drawn here, and others that only pretend to be some."""

from __future__ import annotations

from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw

_FORMATS = {"png": ("PNG", "image/png"), "jpg": ("JPEG", "image/jpeg"), "webp": ("WEBP", "image/webp")}
_SIZE = (320, 200)  # pixels
_TOO_LARGE = 11 * 1024 * 1024  # bytes, a megabyte more than is taken


def media_type_of(name: str) -> str:
    """What a browser would say that a file of this name is."""
    ending = name.rpartition(".")[2]
    return _FORMATS[ending][1] if ending in _FORMATS else "application/octet-stream"


@cache
def content_of(name: str) -> bytes:
    """The bytes of a file: a drawn picture by its ending; text when it ends so, or is called a fake or too large."""
    stem, _, ending = name.rpartition(".")
    if stem.startswith("large"):
        return b"\x89PNG\r\n\x1a\n" + b"\0" * _TOO_LARGE
    if ending not in _FORMATS or stem.startswith("fake"):
        return b"Sendung zugestellt.\n"
    picture = Image.new("RGB", _SIZE, "white")
    ImageDraw.Draw(picture).text((10, 90), f"{stem}: zugestellt", fill="black")
    written = BytesIO()
    picture.save(written, _FORMATS[ending][0])
    return written.getvalue()
