"""Images are kept by their content and handed out to their owner and the platform, to nobody else."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import fsspec
import pytest

from actions.backend import (
    AppealSnapshot,
    Backend,
    DatabaseUnavailable,
    EvidenceRefused,
    StoredImage,
)
from actions.backend.appeal_drafts import MAX_EVIDENCE
from actions.backend.errors import StorageUnavailable
from actions.policy import PLATFORM, Actor, AppealType, EvidenceKind, Role
from tests.backend.appeal_world import (
    CARRIER_LINK,
    MERCHANT,
    STRANGER,
    appeal,
    codes,
    drafted,
    goods,
    key,
    of_order,
    picture,
    submit,
)
from tests.backend.conftest import Opener
from tests.backend.world import NOW, contents

pytestmark = pytest.mark.integration


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
async def shop(open_backend: Opener, folder: Path) -> Backend:
    backend = await open_backend(evidence_url=f"file://{folder}")
    await backend.clock.set(NOW)
    await backend.orders.put(goods())
    return backend


async def draft(shop: Backend) -> AppealSnapshot:
    return await drafted(shop, of_order(), AppealType.VALID_TRACKING_RATE.value)


async def attach(shop: Backend, appeal_id: str, **what: object) -> AppealSnapshot:
    result = await shop.appeals.attach(appeal_id, MERCHANT, key=key("attach_evidence", appeal_id), **what)  # type: ignore[arg-type]
    assert isinstance(result, AppealSnapshot), result
    return result


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def test_the_address_is_the_content(shop: Backend, folder: Path) -> None:
    first, second = await asyncio.gather(shop.evidence.store(picture()), shop.evidence.store(picture() + b"more"))
    assert first == second and (first.media_type, first.width, first.height) == ("image/png", 40, 30)
    (file,) = files(folder)
    content = file.read_bytes()
    assert file.relative_to(folder) == Path(first.digest[:2]) / first.digest
    assert hashlib.sha256(content).hexdigest() == first.digest and len(content) == first.size


async def test_what_is_refused_is_not_kept(shop: Backend, folder: Path) -> None:
    before = await contents(shop)
    with pytest.raises(EvidenceRefused):
        await shop.evidence.store(b"<svg/>")
    assert files(folder) == [] and await contents(shop) == before


@pytest.mark.rule("W-11", "W-12", "W-05")
async def test_an_image_proves_and_comes_back_to_its_owner_only(shop: Backend, folder: Path) -> None:
    made = await draft(shop)
    stored = await shop.evidence.store(picture("JPEG"))
    attached = await attach(shop, made.id, image=stored)
    (item,) = attached.evidence
    assert (item.kind, item.media_type, item.size, item.url) == (EvidenceKind.IMAGE, "image/jpeg", stored.size, None)
    for actor in (MERCHANT, PLATFORM):
        found = await shop.evidence.get(item.id, actor)
        assert found is not None and (found.media_type, len(found.content)) == ("image/jpeg", stored.size)
        assert found.content == files(folder)[0].read_bytes() and "content" not in repr(found)
    for actor in (STRANGER, Actor(Role.CUSTOMER, MERCHANT.id)):
        assert await shop.evidence.get(item.id, actor) is None
    assert await shop.evidence.get("E-NONE", PLATFORM) is None
    assert (await submit(shop, made.id)).allowed


async def test_the_same_image_of_two_merchants_is_each_ones_own(shop: Backend, folder: Path) -> None:
    await shop.orders.put(goods("WO-2", seller_id=STRANGER.id))
    mine, theirs = await draft(shop), await drafted(shop, of_order("WO-2"), "valid_tracking_rate", actor=STRANGER)
    stored = await shop.evidence.store(picture())
    first = (await attach(shop, mine.id, image=stored)).evidence[0]
    given = await shop.appeals.attach(theirs.id, STRANGER, image=stored, key=key("attach_evidence", theirs.id))
    assert isinstance(given, AppealSnapshot) and given.evidence[0].id != first.id and len(files(folder)) == 1
    assert await shop.evidence.get(given.evidence[0].id, MERCHANT) is None


async def test_a_link_is_never_a_file(shop: Backend) -> None:
    made = await draft(shop)
    (item,) = (await attach(shop, made.id, link=CARRIER_LINK)).evidence
    assert (item.kind, item.url, item.carrier_listed) == (EvidenceKind.LINK, CARRIER_LINK, True)
    assert await shop.evidence.get(item.id, MERCHANT) is None


async def test_a_link_that_is_refused_changes_nothing(shop: Backend) -> None:
    made = await draft(shop)
    before = await contents(shop)
    for link in ("http://dhl.de/x", "https://10.0.0.1/x", "kein Link"):
        with pytest.raises(EvidenceRefused):
            await attach(shop, made.id, link=link)
    with pytest.raises(ValueError):
        await attach(shop, made.id)
    with pytest.raises(ValueError):
        await attach(shop, made.id, link=CARRIER_LINK, image=StoredImage("0" * 64, "image/png", 1, 1, 1))
    assert await contents(shop) == before


async def test_there_is_an_end_to_evidence(shop: Backend) -> None:
    made = await draft(shop)
    for number in range(MAX_EVIDENCE):
        await attach(shop, made.id, link=f"{CARRIER_LINK}{number}")
    before = await contents(shop)
    with pytest.raises(EvidenceRefused) as refused:
        await attach(shop, made.id, link=f"{CARRIER_LINK}x")
    assert refused.value.code == "too_many"
    assert await contents(shop) == before and len((await appeal(shop, made.id)).evidence) == MAX_EVIDENCE


@pytest.mark.rule("W-12")
async def test_the_marketplace_lists_the_carriers(open_backend: Opener) -> None:
    shop = await open_backend(carrier_hosts=("bote.de",))
    await shop.clock.set(NOW)
    await shop.orders.put(goods())
    made = await draft(shop)
    await attach(shop, made.id, link=CARRIER_LINK)
    assert codes(await submit(shop, made.id)) == ("vtr_no_proof",)
    await attach(shop, made.id, link="https://bote.de/1")
    assert (await submit(shop, made.id)).allowed


async def test_a_storage_that_fails_is_told_like_a_database_that_fails(
    open_backend: Opener, tmp_path: Path, shop: Backend, folder: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    broken = await open_backend(evidence_url=f"file://{tmp_path}/file")
    with pytest.raises(StorageUnavailable):
        await broken.evidence.store(picture())
    with pytest.raises(DatabaseUnavailable):
        await (await open_backend()).evidence.store(picture())
    made = await draft(shop)
    (item,) = (await attach(shop, made.id, image=await shop.evidence.store(picture()))).evidence
    files(folder)[0].unlink()
    with pytest.raises(StorageUnavailable):
        await shop.evidence.get(item.id, MERCHANT)


async def test_any_storage_that_fsspec_knows(open_backend: Opener) -> None:
    shop = await open_backend(evidence_url="memory://lotse-test")
    stored = await shop.evidence.store(picture())
    assert fsspec.filesystem("memory").exists(f"/lotse-test/{stored.digest[:2]}/{stored.digest}")


@pytest.mark.parametrize("step", ["fsync", "replace"])
async def test_a_half_written_file_is_never_there(
    shop: Backend, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), fail)
    with pytest.raises(StorageUnavailable):
        await shop.evidence.store(picture())
    monkeypatch.undo()
    assert files(folder) == []
    stored = await shop.evidence.store(picture())
    assert files(folder)[0].stat().st_size == stored.size
