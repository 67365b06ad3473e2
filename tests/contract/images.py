"""Real images for schemathesis (SCHEMATHESIS_HOOKS): that a file is an image is more than a JSON Schema can say."""

from __future__ import annotations

from io import BytesIO

import schemathesis
from hypothesis import strategies as st
from PIL import Image


def _image(kind: str, colour: str) -> bytes:
    written = BytesIO()
    Image.new("RGB", (8, 8), colour).save(written, kind)
    return written.getvalue()


for kind in ("PNG", "JPEG", "WEBP"):
    contents = [_image(kind, colour) for colour in ("red", "green", "blue")]
    schemathesis.openapi.media_type(f"image/{kind.lower()}", st.sampled_from(contents))
