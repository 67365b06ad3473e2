"""Images as evidence under attack: what comes out is pixels, or a refusal."""

from __future__ import annotations

import gzip
import struct
import zipfile
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from actions.backend import EvidenceRefused
from actions.backend.evidence_images import MAX_BYTES, MAX_PIXELS, clean
from tests.backend.appeal_world import picture

pytestmark = pytest.mark.unit
MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


def code(data: bytes) -> str:
    with pytest.raises(EvidenceRefused) as refused:
        clean(data)
    return refused.value.code


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, pixels: bytes = b"", depth: int = 8, colour: int = 0) -> bytes:
    """A PNG that claims a size, whatever its pixels are."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.rule("W-12")
@pytest.mark.parametrize("kind", list(MEDIA_TYPES))
def test_the_three_kinds_are_redrawn(kind: str) -> None:
    made = clean(picture(kind))
    image = opened(made.content)
    assert (made.media_type, made.width, made.height) == (MEDIA_TYPES[kind], 40, 30)
    assert (image.format, image.size) == (kind, (40, 30))
    assert clean(picture(kind)) == made  # one content, one address


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_of_png_keeps_its_pixels(mode: str) -> None:
    data = picture(mode=mode)
    before, after = opened(data).convert("RGB"), opened(clean(data).content).convert("RGB")
    assert before.tobytes() == after.tobytes()


def test_transparency_stays() -> None:
    image = opened(clean(picture(mode="RGBA")).content)
    assert image.mode == "RGBA"


def test_other_colours_of_jpeg_become_plain() -> None:
    assert opened(clean(picture("JPEG", mode="CMYK")).content).mode == "RGB"


@pytest.mark.parametrize("kind", list(MEDIA_TYPES))
def test_metadata_is_gone(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "GEHEIM-Beschreibung"
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    options: dict[str, object] = {"exif": exif, "icc_profile": b"GEHEIM-Profil" * 20}
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Comment", "GEHEIM-Kommentar")
        info.add_itxt("XML:com.adobe.xmp", "<x>GEHEIM-XMP</x>")
        options["pnginfo"] = info
    elif kind == "JPEG":
        options["comment"] = b"GEHEIM-Kommentar"
    else:
        options["xmp"] = b"<x>GEHEIM-XMP</x>"
    data = picture(kind, **options)
    assert b"GEHEIM" in data
    made = clean(data)
    image = opened(made.content)
    assert b"GEHEIM" not in made.content and not image.getexif()
    assert not {"exif", "icc_profile", "comment", "Comment", "xmp", "XML:com.adobe.xmp"} & image.info.keys()


def test_a_turned_photo_stays_upright_without_its_note() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = clean(picture("JPEG", exif=exif))
    assert (made.width, made.height) == (30, 40) and not opened(made.content).getexif()


@pytest.mark.parametrize("kind", list(MEDIA_TYPES))
def test_what_hangs_behind_the_image_is_gone(kind: str) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("payload.html", "<script>alert(1)</script>")
    data = picture(kind) + packed.getvalue() + b"<html><script>alert(1)</script></html>"
    assert zipfile.is_zipfile(BytesIO(data))
    made = clean(data)
    assert made == clean(picture(kind)) and b"script" not in made.content
    assert not zipfile.is_zipfile(BytesIO(made.content))


def test_what_hides_between_the_chunks_is_gone() -> None:
    data = picture()
    end = data.index(b"IDAT") - 4
    hidden = data[:end] + chunk(b"evIl", b"<?php system($_GET[0]); ?>") + data[end:]
    assert b"php" not in clean(hidden).content


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"GIF89a" + b"\x00" * 50,
        b"BM" + b"\x00" * 50,
        b"II*\x00" + b"\x00" * 50,
        b"%PDF-1.7",
        b"MZ\x90\x00",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><svg>&a;</svg>",
        b"<html><img src=x></html>",
        b" " + picture(),
        b"GIF89a" + picture(),
        b"RIFF\x00\x00\x00\x00AVI " + b"\x00" * 50,
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        gzip.compress(picture()),
    ],
)
def test_nothing_else_is_an_image(data: bytes) -> None:
    assert code(data) == "evidence_type"


@pytest.mark.parametrize("kind", list(MEDIA_TYPES))
def test_damaged_images_are_refused(kind: str) -> None:
    data = picture(kind)
    assert code(data[: len(data) // 2]) == "evidence_unreadable"
    assert code(data[:12]) == "evidence_unreadable"


def test_another_format_behind_a_known_beginning_is_refused() -> None:
    assert code(b"\x89PNG\r\n\x1a\n" + picture("JPEG")) == "evidence_unreadable"
    assert code(b"\xff\xd8\xff" + picture()) == "evidence_unreadable"


def test_bombs_are_refused_before_they_are_unpacked() -> None:
    wide = png(50_000, 50_000, zlib.compress(b"\x00" * 100_000))
    assert len(wide) < 1000 and code(wide) == "evidence_too_large"
    just_over = png(8000, MAX_PIXELS // 8000 + 1)
    assert code(just_over) == "evidence_too_large"
    assert code(png(2**31 - 1, 2**31 - 1)) in ("evidence_too_large", "evidence_unreadable")
    assert code(png(0, 10)) == "evidence_unreadable"


def test_a_text_bomb_in_a_chunk_is_refused() -> None:
    data = picture()
    end = data.index(b"IDAT") - 4
    bomb = chunk(b"zTXt", b"a\x00\x00" + zlib.compress(b"\x00" * 80_000_000, 9))
    assert len(bomb) < 100_000 and code(data[:end] + bomb + data[end:]) == "evidence_unreadable"


def test_the_largest_size_is_still_an_image() -> None:
    row = b"\x00" * (5000 // 8 + 1)
    made = clean(png(5000, MAX_PIXELS // 5000, zlib.compress(row * (MAX_PIXELS // 5000), 1), depth=1))
    assert made.width * made.height == MAX_PIXELS


def test_ten_megabytes_and_not_one_byte_more() -> None:
    data = picture()
    assert clean(data + b"\x00" * (MAX_BYTES - len(data))).width == 40
    assert code(data + b"\x00" * (MAX_BYTES - len(data) + 1)) == "evidence_too_large"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_a_film_the_first_picture_stays(kind: str) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    written = BytesIO()
    frames[0].save(written, kind, save_all=True, append_images=frames[1:], duration=100, lossless=True)
    assert getattr(opened(written.getvalue()), "n_frames", 1) == 3
    image = opened(clean(written.getvalue()).content)
    red, green, blue = image.convert("RGB").getpixel((10, 10))  # type: ignore[misc]
    assert getattr(image, "n_frames", 1) == 1 and red > 240 and green < 20 and blue < 20


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(MEDIA_TYPES)), st.integers(0, 2000), st.binary(min_size=1, max_size=8))
def test_no_damage_raises_anything_else(kind: str, at: int, damage: bytes) -> None:
    data = bytearray(picture(kind))
    data[at % len(data) : at % len(data) + len(damage)] = damage
    try:
        made = clean(bytes(data))
    except EvidenceRefused:
        return
    assert opened(made.content).format == kind
