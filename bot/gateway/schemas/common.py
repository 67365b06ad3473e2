"""Field types that several resources share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import available_timezones

import msgspec
from msgspec import Meta

# `$` also matches before a final line break in Python, but not in JSON Schema: this end is the same in both.
_END = r"(?![\s\S])"
ZONES = frozenset(available_timezones())
_YEAR_TO_SECOND = r"^(19[7-9][0-9]|20[0-9]{2})-[01][0-9]-[0-3][0-9][Tt][0-2][0-9]:[0-5][0-9]:[0-5][0-9]"

Instant = Annotated[
    datetime,
    Meta(
        tz=True,
        description="RFC 3339 with offset, from 1970 to 2099.",
        examples=["2026-11-23T14:00:00+01:00"],
        extra_json_schema={
            "format": "date-time",
            "pattern": _YEAR_TO_SECOND + r"(\.[0-9]{1,6})?([Zz]|[+-](0[0-9]|1[0-4]):[0-5][0-9])" + _END,
        },
    ),
]
Identifier = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9][A-Za-z0-9._~:-]{0,63}" + _END,
        description="A number or identifier as the marketplace writes it.",
        examples=["FO-1001"],
    ),
]
PersonId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        pattern=r"^[^\x00-\x1f\x7f-\x9f]+" + _END,
        description="A person as the marketplace names them; the token's `sub`.",
        examples=["demo-kunde"],
    ),
]
Title = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{0,300}" + _END, examples=["Logo für ein Café"])]
Text = Annotated[
    str, Meta(max_length=4000, pattern=r"^[^\x00]*" + _END, description="Words of a person, at most 4000 characters.")
]
Role = Literal["customer", "seller"]
Locale = Literal["de", "de-formal", "en"]
ZoneName = Annotated[
    str,
    Meta(
        description="A zone of the IANA time zone database.",
        examples=["Europe/Berlin"],
        extra_json_schema={"enum": sorted(ZONES)},
    ),
]


class Struct(msgspec.Struct, kw_only=True, omit_defaults=False):
    """Base of what the gateway answers."""


class Request(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of what the gateway reads: a name that it does not know is an error, so that a misspelt one is noticed."""

    def __post_init__(self) -> None:
        # What the schemas say about instants and zones, and msgspec does not check by itself.
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, datetime) and not 1970 <= value.year <= 2099:
                raise ValueError(f"Invalid value in `{name}`: the year must be from 1970 to 2099")
            if name == "zoneinfo" and value is not None and value not in ZONES:
                raise ValueError(f"Invalid value in `{name}`: no zone of the IANA database")


def shown(kind: type[Struct]) -> Meta:
    """Says that an object has the fields of ``kind`` and possibly more; the OpenAPI document refers to ``kind``."""
    return Meta(extra_json_schema={"$ref": f"#/components/schemas/{kind.__name__}"}, extra={"shown": kind})
