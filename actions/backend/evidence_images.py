"""Images as evidence: recognised by their content, checked before they are unpacked, drawn anew.

What is kept is a new image made of the old one's pixels: metadata, other frames and whatever was hidden behind or
between them is gone. Codes of EvidenceRefused: `evidence_too_large` (bytes or pixels), `evidence_type` (not a PNG, JPEG
or WebP), `evidence_unreadable` (damaged, or made to look like one).
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

from actions.backend.errors import EvidenceRefused

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
"""Width times height: 160 MB unpacked, more than any screen and most cameras."""

Image.MAX_IMAGE_PIXELS = MAX_PIXELS

_SIGNATURES = ((b"\x89PNG\r\n\x1a\n", "PNG"), (b"\xff\xd8\xff", "JPEG"))
_MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_SAVED: dict[str, dict[str, object]] = {
    "PNG": {},
    "JPEG": {"quality": 90},
    "WEBP": {"quality": 90, "method": 2},
}


@dataclass(frozen=True, slots=True)
class CleanImage:
    """An image drawn anew; `content` is its bytes, width and height are in pixels."""

    content: bytes
    media_type: str
    width: int
    height: int


def clean(data: bytes) -> CleanImage:
    """Check and redraw an image. Takes a second at most; raises EvidenceRefused."""
    if len(data) > MAX_BYTES:
        raise EvidenceRefused("evidence_too_large", f"more than {MAX_BYTES} bytes")
    kind = _kind(data)
    if kind is None:
        raise EvidenceRefused("evidence_type", "neither PNG nor JPEG nor WebP")
    try:
        with Image.open(BytesIO(data), formats=[kind]) as image:
            _check_size(image)
            image.verify()
        with Image.open(BytesIO(data), formats=[kind]) as image:
            drawn = _redraw(image)
    except EvidenceRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise EvidenceRefused("evidence_too_large", "too many pixels") from error
    except Exception as error:  # Pillow raises whatever its many decoders do
        raise EvidenceRefused("evidence_unreadable", f"{type(error).__name__}: {error}") from error
    written = BytesIO()
    drawn.save(written, kind, **_SAVED[kind])
    return CleanImage(written.getvalue(), _MEDIA_TYPES[kind], drawn.width, drawn.height)


def _kind(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for signature, kind in _SIGNATURES if data.startswith(signature)), None)


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise EvidenceRefused("evidence_too_large", f"more than {MAX_PIXELS} pixels")


def _redraw(image: Image.Image) -> Image.Image:
    """The pixels, upright as the camera meant them, and nothing else."""
    image.load()
    upright = ImageOps.exif_transpose(image)
    translucent = image.format != "JPEG" and (upright.has_transparency_data or upright.mode in ("LA", "PA", "RGBA"))
    pixels = upright.convert("RGBA" if translucent else "L" if upright.mode in ("1", "L") else "RGB")
    drawn = Image.new(pixels.mode, pixels.size)
    drawn.paste(pixels)
    return drawn
