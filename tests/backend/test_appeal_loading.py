"""What an appeal is judged by is read as a whole, whatever it is found by."""

from __future__ import annotations

import pytest

from actions.backend import Backend, appeal_loading
from tests.backend.appeal_world import CARRIER_LINK, MERCHANT, drafted, goods, infraction, key, of_infraction, of_order
from tests.backend.world import NOW

pytestmark = pytest.mark.integration


async def test_evidence_is_the_same_one_by_one_and_all_at_once(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        await backend.infractions.put(infraction(f"V-{number}"))
        made = await drafted(backend, of_infraction(f"V-{number}"))
        for link in range(number):
            await backend.appeals.attach(made.id, MERCHANT, link=f"{CARRIER_LINK}{link}", key=key("attach", made.id))
    few = await backend.appeals.of_seller(MERCHANT.id)
    assert sorted(len(appeal.evidence) for appeal in few) == [1, 2]
    monkeypatch.setattr(appeal_loading, "_FEW", 1)
    assert await backend.appeals.of_seller(MERCHANT.id) == few


@pytest.mark.rule("W-26")
async def test_an_appeal_is_found_by_the_order_that_its_infraction_got_later(backend: Backend) -> None:
    await backend.orders.put(goods())
    await backend.infractions.put(infraction())
    made = await drafted(backend)
    await backend.infractions.put(infraction(order_id="WO-1", updated_at=NOW))
    again = await drafted(backend, of_order())
    assert (again.id, again.infraction_id) == (made.id, "V-1")
