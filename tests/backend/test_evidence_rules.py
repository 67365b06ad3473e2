"""Which links are evidence, and what a tracking number looks like."""

from __future__ import annotations

import pytest

from actions.backend import EvidenceRefused
from actions.backend.evidence_rules import DEFAULT_CARRIER_HOSTS, check_link
from actions.backend.tracking_numbers import is_doubtful

pytestmark = pytest.mark.unit


def judged(url: str, hosts: tuple[str, ...] = DEFAULT_CARRIER_HOSTS) -> str | bool:
    """The code of the refusal, else whether a carrier's list has it."""
    try:
        return check_link(url, hosts).carrier_listed
    except EvidenceRefused as refused:
        return refused.code


@pytest.mark.rule("W-12")
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.dhl.de/track?piececode=JD1", True),
        ("  https://dhl.de/x ", True),
        ("https://DHL.DE./x", True),
        ("https://tracking.dpd.de:443/parcel", True),
        ("www.ups.com/track?num=1Z", True),
        ("nachverfolgung.post.ch/1", True),
        ("https://shop.example-haendler.de/tracking", False),
        # A carrier's name somewhere else in the link is not its host.
        ("https://dhl.de.tracking-info.com/x", False),
        ("https://notdhl.de/x", False),
        ("https://tracking.com/dhl.de", False),
        ("https://tracking.com/?u=https://dhl.de", False),
        ("https://tracking.com#@dhl.de", False),
        ("https://dhl.de@tracking.com/x", "link_invalid"),
        ("https://dhl.de:pw@tracking.com/x", "link_invalid"),
        ("https://tracking.com\\@dhl.de/", "link_invalid"),
        ("https://dhl.de\u2044x.tracking.com/", False),
        ("https://dhl\u3002de/x", True),
        ("https://dh\u0456.de/x", False),
        ("https://www.dhl.de:8443/x", "link_invalid"),
        ("http://www.dhl.de/x", "link_not_https"),
        ("ftp://www.dhl.de/x", "link_not_https"),
        ("javascript:alert(1)//dhl.de", "link_not_https"),
        ("data:text/html,dhl.de", "link_not_https"),
        ("file:///etc/passwd", "link_not_https"),
        ("//dhl.de/x", "link_invalid"),
        ("https://localhost/x", "link_not_public"),
        ("https://intranet/x", "link_not_public"),
        ("https://tracking.internal/x", "link_not_public"),
        ("https://printer.local/x", "link_not_public"),
        ("https://127.0.0.1/x", "link_not_public"),
        ("https://10.1.2.3/x", "link_not_public"),
        ("https://8.8.8.8/x", "link_not_public"),
        ("https://2130706433/x", "link_not_public"),
        ("https://0x7f000001/x", "link_not_public"),
        ("https://0x7f.1/x", "link_not_public"),
        ("https://0177.0.0.1/x", "link_not_public"),
        ("https://\uff11\uff12\uff17.0.0.1/x", "link_not_public"),
        ("https://[::1]/x", "link_not_public"),
        ("https://[::ffff:10.0.0.1]/x", "link_not_public"),
        ("https://[::1/x", "link_invalid"),
        ("https:///x", "link_invalid"),
        ("https://a..dhl.de/x", "link_invalid"),
        ("https://-dhl.dhl.de/x", "link_invalid"),
        ("https://dhl.de:port/x", "link_invalid"),
        ("https://dhl.de/a b", "link_invalid"),
        ("https://dhl.de/\u202egpj.x", "link_invalid"),
        ("https://dhl.de/a\nb", "link_invalid"),
        ('https://dhl.de/"><script>', "link_invalid"),
        ("https://dhl.de/" + "a" * 2000, "link_invalid"),
        ("https://" + "a" * 64 + ".de", "link_invalid"),
        ("", "link_invalid"),
        ("gestern", "link_not_public"),
    ],
)
def test_links(url: str, expected: str | bool) -> None:
    assert judged(url) == expected


def test_what_is_kept_is_unambiguous() -> None:
    assert check_link("HTTPS://WWW.DHL.de./Track?a=B#c", DEFAULT_CARRIER_HOSTS).url == "https://www.dhl.de/Track?a=B#c"
    assert check_link("bücher.de/x", ()).url == "https://xn--bcher-kva.de/x"
    assert check_link("dhl.de/x", ()).url == "https://dhl.de/x"


def test_the_list_is_the_marketplaces() -> None:
    assert judged("https://dhl.de/x", ("bote.de",)) is False
    assert judged("https://www.bote.de/x", ("BOTE.de",)) is True


def test_the_list_itself_is_sound() -> None:
    assert len(set(DEFAULT_CARRIER_HOSTS)) == len(DEFAULT_CARRIER_HOSTS)
    for host in DEFAULT_CARRIER_HOSTS:
        assert check_link(f"https://{host}/", DEFAULT_CARRIER_HOSTS).url == f"https://{host}/"


@pytest.mark.parametrize(
    ("number", "doubtful"),
    [
        ("RR123456785DE", False),
        ("rr 123 456 785 de", False),
        ("RR123456784DE", True),
        ("1Z999AA10123456784", False),
        ("1Z999AA10123456785", True),
        ("JD014600006281230704", False),
        ("00106141412345678908", False),
        ("00106141412345678907", True),
        ("LP00123456789012", False),
        ("XY-1", True),
        ("", True),
        ("\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0661\u0662\u0663\u0664\u0665", True),
        ("RR\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0665DE", True),
        ("11111111111111", True),
    ],
)
def test_tracking_numbers_are_doubted_by_their_form(number: str, doubtful: bool) -> None:
    assert is_doubtful(number) is doubtful
