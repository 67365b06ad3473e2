"""Settings of what goes beyond the assistant: the support desk, and where the privacy notice is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from actions.backend.handover_views import Desk
from actions.backend.setting_fields import SettingsError, number, setting

LONGEST_NAME = 60


def name(text: str) -> str:
    """How people are told whom they talk to."""
    if len(text) > LONGEST_NAME or not text.isprintable() or "{" in text:
        raise ValueError(f"must be a name of {LONGEST_NAME} characters at most")
    return text


def https(text: str) -> str:
    """An address that a browser may be sent to."""
    parts = urlsplit(text)
    if parts.scheme != "https" or not parts.hostname or parts.username or not text.isprintable() or " " in text:
        raise ValueError("must be an https:// address")
    return text


@dataclass(frozen=True, kw_only=True)
class DeskSettings:
    """What `Settings` inherits. Without a name there is no desk, and nobody is handed over."""

    desk_name: str | None = setting(
        "LOTSE_DESK_NAME", "How the support desk is called that people can be handed over to", None, name, "no desk"
    )
    desk_key: str = setting(
        "LOTSE_DESK_KEY",
        "Key of the desk: opens /v1/handovers and nothing else",
        "",
        str,
        "only the operator key",
        secret=True,
    )
    desk_silence_minutes: int = setting(
        "LOTSE_DESK_SILENCE_MINUTES", "Minutes without a sign of the desk until the assistant resumes", 30, number
    )
    privacy_url: str | None = setting("LOTSE_PRIVACY_URL", "Your privacy notice (https)", None, https)

    @property
    def desk(self) -> Desk | None:
        """The desk, if there is one."""
        return Desk(self.desk_name, timedelta(minutes=self.desk_silence_minutes)) if self.desk_name else None


def check_desk(settings: DeskSettings, operator_key: str) -> None:
    """A key of the desk that is also the operator's would open everything. Raises `SettingsError`."""
    if settings.desk_key and settings.desk_key == operator_key:
        raise SettingsError("LOTSE_DESK_KEY: must differ from LOTSE_OPERATOR_KEY, which opens much more")
