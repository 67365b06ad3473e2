"""The words that types of appeals are made of, and which combinations of them mean which type."""

# ruff: noqa: E501 - a row of a table is easier to read on one line

from __future__ import annotations

from dataclasses import dataclass

#: Idea -> words in lower case with umlauts spelled out; a star stands for any ending, and, in front, for any beginning.
IDEAS: dict[str, str] = {
    "rate": "rate raten quote quoten *rate *quote rates",
    "fulfil": "erfuellung erfuellungs* *erfuellung erfuellt* ausgefuehrt* ausfuehrung* abwicklung* abgewickelt* "
    "fulfilment fulfillment fulfilled fulfiled fulfilments fulfillments fulfiling",
    "unfulfilled": "unfulfilled unerfuellt* nichterfuellung* nichtausfuehrung* unausgefuehrt* unfulfillment",
    "valid": "gueltig* valid",
    "tracking": "tracking trackings trackingrate* trackingquote* trackingdaten trackinginfo* sendungsverfolgung* paketverfolgung*",
    "tracking number": "sendungsnummer* sendungscode* sendungsdaten paketnummer* trackingnummer* trackingnr trackingnumber* trackingcode*",
    "speed": "geschwindigkeit* *geschwindigkeit schnelligkeit* *schnelligkeit speed sped tempo",
    "confirmed": "bestaetigt* bestaetigung* confirmed confirmation",
    "refund": "erstattung* rueckerstattung* refund* erstattet* rueckerstattet* rueckzahlung* reimbursement*",
    "misleading": "irrefuehrend* misleading mislead* taeuschend* taeuschung* gefaelscht* falsch* fake deceptive false deceiving untrue "
    "inaccurate bogus",
    "listing": "angebot angebots angebote angeboten listing* inserat* produktbeschreibung* artikelbeschreibung* angebotsseite*",
    "listing change": "angebotsaenderung* listingaenderung*",
    "change": "aenderung* geaendert* veraendert* veraenderung* abgeaendert* change changes changed changing alteration altered "
    "modification modified modifying edit edited",
    "material": "wesentlich* erheblich* material substantial significant",
    "cancellation": "stornierung* stornos storno stornierte stornierten stornierter storniertes cancellation* cancelation* "
    "cancelled canceled",
    "cancellation infraction": "stornierungsverstoss* stornoverstoss* stornierungsstrafe* stornostrafe*",
    "order": "bestellung* auftrag* order orders auftraege*",
    "not": "nicht not never nie noed ned non",
    "late": "verspaetet* verspaetung* spaet spaete* late delayed zu-spaet verzoegert* belated lateness",
    "prohibited": "verboten* prohibited banned forbidden unerlaubt* unzulaessig* illegal* untersagt*",
    "product": "produkt* ware waren artikel* item items product products goods warenverbot",
    "intellectual": "geistig* intellectual",
    "property": "eigentum* property",
    "ip": "ip marke marken markenrecht* markenverletzung* markenrechtsverletzung* trademark* copyright* urheberrecht* patent* "
    "plagiat* counterfeit* schutzrecht* ip-verletzung markenverstoss* markenpiraterie iprechte",
    "repeat": "wiederholt* repeat repeated repeatedly repeats mehrfach* mehrmalig* repeating recurring wiederholungs*",
    "sent": "geliefert* versendet* verschickt* versand* lieferung* delivery shipped shipping shipment delivered dispatch dispatched",
    "infraction": "verstoss* verstoesse* infraction* violation* strafe strafen penalty penalties verletzung* infringement* "
    "infringment* sanktion*",
    # Looks like one of these and is none: never taken for a misspelling.
    "none": "stornier storniere stornieren storniert stornierst cancel cancelling canceling ausfuehren marketplace marketing markt maerkte "
    "erstellt erstellen erfahren erwartet produzieren unterlagen patient original ordentlich ordnung",
    "vtr": "vtr",
    "cfs": "cfs",
}

#: Words that show that an appeal is spoken of, and not the resolution centre or the kitchen.
ABOUT_APPEALS = (
    "anfecht* angefocht* fechte* widerspr* widerspruch* wiederspr* einspruch* appeal* infraction* violation* penalt* verstoss* "
    "verstoesse* strafe* bestraf* contest* kennzahl* metric* sanktion* infringement* abgelehnt* rejected denied disput* frist* deadline* limit"
)


@dataclass(frozen=True, slots=True)
class Combination:
    """Ideas that together, within ``reach`` words, mean the first of ``types``, or any of them where there are several.

    ``about_appeals``: only in a message that speaks of appeals, or, if ``brief_too``, that says hardly anything else.
    """

    ideas: tuple[str, ...]
    types: tuple[str, ...]
    reach: int = 4
    about_appeals: bool = False
    brief_too: bool = True


_IP = ("ip_infringement",)
_REPEAT = ("repeat_ip_infringement",)
_CANCELLED = ("order_cancellation", "fulfilment_rate")
_LATE = ("late_confirmed_fulfilment", "confirmed_fulfilment_speed")
_TRACKING = ("misleading_tracking", "valid_tracking_rate")

#: In this order: the first that fits takes its words.
COMBINATIONS = (
    Combination(("repeat", "intellectual", "property"), _REPEAT, 6),
    Combination(("repeat", "ip"), _REPEAT, 5),
    Combination(("intellectual", "property"), _IP, 3),
    Combination(("ip", "infraction"), _IP, 3),
    Combination(("ip",), _IP),
    Combination(("material", "listing change"), ("material_listing_change",), 3),
    Combination(("listing change",), ("material_listing_change",)),
    Combination(("material", "change", "listing"), ("material_listing_change",), 6),
    Combination(("change", "listing"), ("material_listing_change",), 4),
    Combination(("material", "change"), ("material_listing_change",), 3),
    Combination(("misleading", "listing"), ("misleading_listing",), 3),
    Combination(("misleading", "tracking"), ("misleading_tracking",), 3),
    Combination(("valid", "tracking", "rate"), ("valid_tracking_rate",), 5),
    Combination(("valid", "tracking"), ("valid_tracking_rate",), 3),
    Combination(("tracking", "rate"), ("valid_tracking_rate",), 3),
    Combination(("vtr",), ("valid_tracking_rate",)),
    Combination(("prohibited", "product"), ("prohibited_product",), 4),
    Combination(("prohibited",), ("prohibited_product",), about_appeals=True),
    Combination(("speed", "confirmed", "fulfil"), ("confirmed_fulfilment_speed",), 6),
    Combination(("speed", "fulfil"), ("confirmed_fulfilment_speed",), 5),
    Combination(("cfs",), ("confirmed_fulfilment_speed",)),
    Combination(("fulfil", "rate"), ("fulfilment_rate",), 3),
    Combination(("late", "confirmed", "fulfil"), ("late_confirmed_fulfilment",), 6),
    Combination(("late", "fulfil"), ("late_confirmed_fulfilment",), 4),
    Combination(("late", "confirmed"), ("late_confirmed_fulfilment",), 3, about_appeals=True),
    Combination(("unfulfilled", "order"), ("unfulfilled_order",), 3),
    Combination(("unfulfilled",), ("unfulfilled_order",)),
    Combination(("not", "fulfil", "order"), ("unfulfilled_order",), 5),
    Combination(("not", "fulfil"), ("unfulfilled_order",), 2),
    Combination(("cancellation infraction",), _CANCELLED),
    Combination(("cancellation", "order"), ("order_cancellation",), 3, about_appeals=True),
    Combination(("cancellation", "infraction"), _CANCELLED, 4, about_appeals=True),
    Combination(("refund",), ("refund",), about_appeals=True),
    Combination(("speed",), ("confirmed_fulfilment_speed",), about_appeals=True),
    Combination(("late", "sent"), _LATE, 3, about_appeals=True, brief_too=False),
    Combination(("late", "infraction"), _LATE, 4, about_appeals=True),
    Combination(("tracking", "infraction"), _TRACKING, 3, about_appeals=True),
    Combination(("tracking",), _TRACKING, about_appeals=True, brief_too=False),
    Combination(("tracking number",), _TRACKING, about_appeals=True, brief_too=False),
)
