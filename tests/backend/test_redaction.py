"""What is left of a message that is kept for review."""

from __future__ import annotations

import pytest

from actions.backend.redaction import redact

pytestmark = pytest.mark.unit

NAMES = ("Anna-Lena Grün", "Kai Berger", "kai@berger.example")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Wo bleibt FO-48213?", "Wo bleibt <order>?"),
        ("wo bleibt fo 48213 und #WO1234", "wo bleibt <order> und <order>"),
        ("Einspruch gegen V-1 und vs-20311", "Einspruch gegen <infraction> und <infraction>"),
        ("Mein Fall D-4QK7ZJ2MXB6TWA5R", "Mein Fall <case>"),
        ("Sendung JD014600006281230704 hängt", "Sendung <tracking> hängt"),
        ("1Z999AA10123456784 kommt nicht", "<tracking> kommt nicht"),
        ("Rechnung 2026/4711-A und ART4711", "Rechnung <tracking> und <order>"),
        ("schreib an mia.sommer@web.de oder max (at) web.de", "schreib an <email> oder <email>"),
        ("siehe https://www.dhl.de/x?piececode=1 und dhl.de/p/2", "siehe <url> und <url>"),
        ("auf Insta @mia_sommer", "auf Insta <name>"),
        ("Ruf an: +49 (0)170 123 45 67, oder 0170/1234567", "Ruf an: <phone>, oder <phone>"),
        ("IBAN DE89 3704 0044 0532 0130 00 bitte", "IBAN <iban> bitte"),
        ("Kundennummer 99182", "Kundennummer <number>"),
        ("Kai hat nicht geliefert, Bergers Laden", "<name> hat nicht geliefert, <name> Laden"),
        ("ich bin anna-lena grün", "ich bin <name>"),
        ("Herr Dr. Sommer aus Haus 7", "Herr Dr. <name> aus Haus 7"),
        ("Ich heiße Mia Sommer und warte", "Ich heiße <name> und warte"),
        ("Bitte stornieren. Viele Grüße, Mia", "Bitte stornieren. Viele Grüße, <name>"),
        ("My name is Jane Doe, where is it", "My name is <name>, where is it"),
        ("bis 14.12.2026 oder 2026-12-14 oder 14.12. 18:00", "bis 14.12.2026 oder 2026-12-14 oder 14.12. 18:00"),
        ("in KW 49, in 10 Tagen, um 18:30, iPhone 12", "in KW 49, in 10 Tagen, um 18:30, iPhone 12"),
        ("seit 2026 48 h 250 Euro", "seit 2026 48 h 250 Euro"),
        ("die anna\nund   der rest", "die <name> und der rest"),
    ],
)
def test_personal_data_become_placeholders_and_the_rest_stays(written: str, kept: str) -> None:
    assert redact(written, NAMES) == kept


def test_a_marketplaces_own_numbers() -> None:
    assert redact("Wo ist 77.abc.9?", (), r"\d{2}\.[A-Z]{3}\.\d") == "Wo ist <order>?"


def test_long_messages_are_cut() -> None:
    assert len(redact("wort " * 1000)) <= 500
