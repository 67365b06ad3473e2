"""Settings of the events that are sent to the marketplace."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from actions.backend.edge_settings import Network, networks
from actions.backend.setting_fields import setting

LONGEST_SOURCE = 200


def source(text: str) -> str:
    """A URI reference, as CloudEvents wants it."""
    urlsplit(text)
    if len(text) > LONGEST_SOURCE or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"must be a URI of {LONGEST_SOURCE} characters at most, such as https://shop.example/lotse")
    return text


@dataclass(frozen=True, kw_only=True)
class WebhookSettings:
    """What `Settings` inherits."""

    webhook_private: tuple[Network, ...] = setting(
        "LOTSE_WEBHOOK_PRIVATE",
        "Private networks events may be sent to, there also by http; comma separated",
        (),
        networks,
        "none",
    )
    webhook_source: str = setting(
        "LOTSE_WEBHOOK_SOURCE", "`source` of events that are sent: a URI that names this installation", "/lotse", source
    )
