"""People's rights: what is asked of an export and a deletion."""

from __future__ import annotations

from typing import Literal

from bot.gateway.schemas.common import Request, Struct


class ErasureQuery(Request, kw_only=True):
    """`force=true` deletes somebody who has open cases: appeals are withdrawn, disputes go on without the person."""

    force: Literal["true", "false"] = "false"


class ErasureOut(Struct, kw_only=True):
    """How far it is.

    `done`: nothing is left. `running`: it takes longer, and goes on by itself; the same call again says how far it is.
    `nothing`: nothing was kept about this person (any more).
    """

    status: Literal["done", "running", "nothing"]
