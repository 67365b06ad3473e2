"""What the people who run Lotse look at. Instants are real time; nothing here names a person or quotes a text."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from actions.backend.columns import BigNumber
from actions.backend.tables import Base


class RefusalRow(Base):
    """One reason for which a command was refused. `subject_id` is the order or appeal, as the marketplace names it."""

    __tablename__ = "refusals"
    id: Mapped[int] = mapped_column(BigNumber, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    origin: Mapped[str]
    command: Mapped[str]
    rule: Mapped[str]
    code: Mapped[str]
    subject_id: Mapped[str | None]
