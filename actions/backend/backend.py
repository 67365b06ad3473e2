"""The backend as one object."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self, cast

from sqlalchemy import text

from actions.backend.appeal_proposals import AppealProposals
from actions.backend.appeals import Appeals
from actions.backend.clock import Clock
from actions.backend.columns import utc_now
from actions.backend.commands import Commands
from actions.backend.conversations import Conversations
from actions.backend.database import Database, open_database
from actions.backend.erasure import Erasures
from actions.backend.events import Events
from actions.backend.evidence import EvidenceStore
from actions.backend.evidence_rules import DEFAULT_CARRIER_HOSTS
from actions.backend.feedback import FeedbackStore
from actions.backend.handover_views import Desk
from actions.backend.handovers import Handovers
from actions.backend.infractions import Infractions
from actions.backend.orders import Orders
from actions.backend.outbox import Outbox
from actions.backend.overview import Overview
from actions.backend.people import People
from actions.backend.personal_data import PersonalData
from actions.backend.proposals import Proposals
from actions.backend.refusals import Refusals
from actions.backend.retention import Retention
from actions.backend.retention_settings import DEFAULT_PERIODS, Periods
from actions.backend.sweeper import Sweeper
from actions.backend.understanding import Understanding
from actions.backend.webhook_queue import WebhookQueue
from actions.backend.webhooks import Webhooks
from actions.policy import DEFAULT_LIMITS, Limits
from actions.policy.limits import CancelSilence, LateConfirmation

if TYPE_CHECKING:
    from actions.backend.settings import Settings


class Backend:
    """The database and its components. Needs a migrated database (`actions.backend.migrate.upgrade`)."""

    def __init__(
        self,
        database: Database,
        limits: Limits = DEFAULT_LIMITS,
        *,
        production: bool = False,
        real_now: Callable[[], datetime] = utc_now,
        evidence_url: str | None = None,
        carrier_hosts: Collection[str] = DEFAULT_CARRIER_HOSTS,
        desk: Desk | None = None,
        periods: Periods = DEFAULT_PERIODS,
        review_below: float = 0.0,
        order_pattern: str | None = None,
    ) -> None:
        self.database, self.limits, self.desk = database, limits, desk
        self.clock = Clock(database, production=production, real_now=real_now)
        self.events = Events(database)
        self.people = People(database)
        self.orders = Orders(database, self.clock, limits)
        self.commands = Commands(database, self.clock, limits)
        self.proposals = Proposals(database, self.clock, limits, self.commands)
        self.conversations = Conversations(database, self.clock)
        self.outbox = Outbox(database, self.clock)
        self.infractions = Infractions(database, self.clock)
        self.appeals = Appeals(database, self.clock, limits, carrier_hosts)
        self.appeal_proposals = AppealProposals(database, self.clock, limits, self.appeals)
        self.evidence = EvidenceStore(database, evidence_url)
        self.handovers = Handovers(database, self.clock)
        self.feedback = FeedbackStore(database, self.clock)
        self.personal_data = PersonalData(database)
        self.erasures = Erasures(database, self.clock, self.appeals, self.evidence)
        self.retention = Retention(database, self.clock, self.evidence, self.erasures, periods)
        self.sweeper = Sweeper(database, self.clock, limits, self.retention)
        self.understanding = Understanding(database, self.clock, review_below, order_pattern)
        self.refusals = Refusals(database, self.clock)
        self.overview = Overview(database, self.clock)
        self.webhooks = Webhooks(database, self.clock)
        self.webhook_queue = WebhookQueue(database, self.clock)

    @classmethod
    async def open(
        cls,
        database_url: str,
        *,
        limits: Limits = DEFAULT_LIMITS,
        production: bool = False,
        real_now: Callable[[], datetime] = utc_now,
        pool_size: int = 10,
        evidence_url: str | None = None,
        carrier_hosts: Collection[str] = DEFAULT_CARRIER_HOSTS,
        desk: Desk | None = None,
        periods: Periods = DEFAULT_PERIODS,
        review_below: float = 0.0,
        order_pattern: str | None = None,
    ) -> Self:
        """Open `sqlite:///…` or `postgresql://…`. Nothing is connected yet: `check` says whether it answers.

        `evidence_url`: where images are kept, `file://…` or what else fsspec knows; without it there are none.
        `desk`: whom a person can be handed over to; without it nobody. `periods`: what is kept how long;
        `review_below`: messages understood with less confidence are kept for review.
        """
        return cls(
            open_database(database_url, pool_size=pool_size),
            limits,
            production=production,
            real_now=real_now,
            evidence_url=evidence_url,
            carrier_hosts=carrier_hosts,
            desk=desk,
            periods=periods,
            review_below=review_below,
            order_pattern=order_pattern,
        )

    @classmethod
    async def from_settings(cls, settings: Settings) -> Self:
        """Open the database that the settings name, with the limits they configure."""
        hours = settings.extension_answer_hours
        limits = Limits(
            cancel_silence=cast(CancelSilence, settings.cancel_silence),
            extension_answer_window=None if hours is None else timedelta(hours=hours),
            seller_reasons=settings.seller_reasons,
            late_confirmation=cast(LateConfirmation, settings.late_confirmation),
            review_lead_days=settings.review_lead_days,
        )
        return await cls.open(
            settings.database_url,
            limits=limits,
            production=settings.production,
            evidence_url=settings.evidence_url,
            carrier_hosts=settings.carrier_hosts,
            desk=settings.desk,
            periods=settings.periods,
            review_below=settings.review_confidence,
            order_pattern=settings.order_id_pattern,
        )

    async def check(self) -> None:
        """DatabaseUnavailable when the database does not answer."""
        await self.database.read(lambda session: session.execute(text("SELECT 1")).scalar())

    async def close(self) -> None:
        """Close all connections."""
        await self.refusals.close()
        await self.understanding.close()
        await self.database.close()
