"""Like crash_child, for appeals: driven by test_appeal_crash.py."""

from __future__ import annotations

from typing import Any

from actions.backend import AppealSnapshot, Backend, ConfirmStatus, IdempotencyKey, StoredImage
from actions.policy import Outcome, SubmitAppeal
from tests.backend import crash_child
from tests.backend.appeal_world import MERCHANT, infraction, of_infraction
from tests.backend.world import NOW


async def scenario(backend: Backend, task: dict[str, Any]) -> None:
    name, (first, *_) = task["scenario"], task["appeals"] or [""]
    key = IdempotencyKey("crash", name, first)
    if name == "draft":
        drafted = await backend.appeals.draft(MERCHANT, "misleading_tracking", of_infraction(), ground="x", key=key)
        assert isinstance(drafted, AppealSnapshot)
    elif name == "attach":
        image = StoredImage("0" * 64, "image/png", 1, 1, 1)
        assert isinstance(await backend.appeals.attach(first, MERCHANT, image=image, key=key), AppealSnapshot)
    elif name == "submit":
        assert (await backend.appeals.execute(first, SubmitAppeal(), MERCHANT, key=key)).allowed
    elif name in ("approve", "approve_refund"):
        assert (await backend.appeals.decide(first, Outcome.APPROVED, "ja", key=key)).allowed
    elif name == "confirm":
        done = await backend.appeal_proposals.confirm(task["proposal"], "C-1", MERCHANT, "M-CRASH")
        assert done.status is ConfirmStatus.EXECUTED and all(outcome.allowed for outcome in done.results)
    elif name == "sweep":
        await backend.sweeper.sweep()
    elif name == "push":
        await backend.infractions.put(infraction(updated_at=NOW, title="Neu"))
    else:
        raise ValueError(name)


if __name__ == "__main__":
    crash_child.scenario = scenario
    crash_child.main()
