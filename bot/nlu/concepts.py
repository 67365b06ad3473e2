# ruff: noqa: E501 - a row of a table is easier to read on one line
"""The ideas of this domain and the words for them in both languages.

A sentence is also read as the sequence of its ideas ("ich will die Anfrage nicht zurückziehen" -> i want request not
withdraw), so that what was learned of one word, or of one language, holds for the others.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: Idea -> words as `bot.nlu.text.folded` writes them; a star stands for any ending or, in front, for any beginning.
CONCEPTS: dict[str, str] = {
    "cancel": "storn* stonier* cancel* cancle* abbrech* abbruch* brech brich aufloes* aufheb* aufgehoben auflösung rueckgaengig annullier* terminat* kuendig* abblas* platzen absag* storno* call scrap axe kill",
    "force": "zwang* einseitig* unilateral* forc* eigenmaechtig* eigenhaendig* override",
    "withdraw": "zurueckzieh* zurueckgezog* zurueckziehung zurueckzunehmen zurueckzuziehen zuruecknehm* zurueckgenommen ruecknahme rueckzug zurueck zruck zrugg withdraw* withdrew retract* rescind* revoke* takeback pull drop* undo remove delete loesch* rausnehm* raus back",
    "appeal": "widerspr* wiederspr* widersprech* einspruch* einsprueche anfecht* anzufecht* angefocht* fecht* fechte aafecht* appeal* apeal* contest* beschwerde* berufung*",
    "dispute": "streit* disput* dispute* fall faelle faellen case cases konflikt* klaerung*",
    "request": "anfrage* antrag* gesuch* request* bitte* wunsch* ersuchen anliegen aafrag*",
    "update": "update* stand status staus news neuigkeit* neues fortschritt* progress zwischenstand* lebenszeichen",
    "extension": "verlaenger* verlenger* aufschub extension* extend* extra verschieb* verschob* postpon* nach-hinten laenger longer spaeter later mehr more delay* push",
    "deadline": "frist* deadline* zeitlimit* limit window stunden hours tage days kalendertage werktage verjaehr* expire* verfaell* ablauf* laeuft zeit time bis-wann",
    "seller": "verkaeufer* verchaeufer* haendler* freelancer* seller* merchant* designer* uebersetzer* handwerker* grafiker* texter* dienstleister* anbieter* fotograf* photographer* translator* tischler* plumber* lektor*",
    "customer": "kunde* kundin* kaeufer* besteller* auftraggeber* customer* client* buyer* purchaser*",
    "other": "er sie ihn ihm ihr ihnen he she him her they them der-andere gegenseite gegenpartei partner other side typ guy",
    "support": "support* kundendienst* kundenservice* kundensupport* service hotline* helpdesk plattform* platform",
    "human": "mensch* human* person* mitarbeiter* agent* berater* real echt* jemand* somebody someone",
    "agree": "zustimm* zugestimmt stimm* einverstand* einverstaendnis* akzept* annehm* angenommen nehm* nimm genehmig* accept* agree* approv* consent* permission erlaub* ja yes ok okay passt recht einwillig*",
    "refuse": "ablehn* lehn* abgelehnt* verweiger* declin* reject* refus* deny denied abweis* weis* zurueckweis* nein no nope dagegen veto oppose* object*",
    "not": "nicht kein* nie niemals ned net noed nid nix nichts not don't dont doesn't didn't won't can't cannot isn't never without ohne none nothing nobody niemand weder",
    "late": "ueberfaellig* verspaet* verzug spaet late overdue drueber versaeumt* verpasst* missed behind faellig due vorbei um abgelaufen past",
    "where": "wo where wohin woher welche* which",
    "when": "wann when wan ab-wann",
    "how": "wie how",
    "long": "lang* lange long much viel*",
    "who": "wer wen wem who whom",
    "why": "warum wieso weshalb why",
    "what": "was what",
    "whether": "ob if whether falls wenn angenommen suppose gesetzt what-if",
    "may": "kann koennen koennt* darf duerf* can could may allowed possible moeglich* geht berechtigt entitled eligible zulaessig anfechtbar* appealable",
    "must": "muss muessen must have-to required need-to noetig",
    "want": "moecht* will wollen wuensch* want* wanna would like wish* wuerde gern* mag",
    "need": "brauch* benoetig* need* require*",
    "tell": "sag* sagt richt* mitteil* mitzuteilen teil* bescheid inform* tell* told let know weiterleit* ausricht* schreib* write pass forward antworte notify",
    "ask": "frag* ask* erkundig* nachfrag* nachhak* nudge inquire enquire wissen",
    "answer": "antwort* beantwort* reagier* reaktion* answer* repl* respond* response* meldet melden schweig* silent silence ignorier* ignor*",
    "show": "zeig* anzeig* auflist* list* uebersicht* show* display overview aufstellung* view sehen welche gibt",
    "see": "sieht seht gseht sehen einseh* sichtbar* see* visible lesen liest mitles* erfaehrt erfahren mitbekomm* bekommt kriegt kopie* copy copies cc vertraulich* oeffentlich* public* private* confidential* learn find-out",
    "infraction": "verstoss* verstoess* straf* bestraf* infraction* penalt* penali* violation* sanktion* kennzahl* vergehen",
    "decided": "entschieden entscheid* decision* decided outcome* ergebnis* resultat* ausgang geprueft pruefung* review* bearbeitet gewonnen won win verloren lost",
    "click": "klick* click* knopf button* menue* menu dashboard* schritt* step* anleitung* guide instructions formular* form navigat* reiter tab drueck*",
    "center": "loesungscenter* loesungszentrum* loesigscenter resolution center centre",
    "order": "auftrag* auftraeg* bestellung* order* xorderx oder gig job",
    "case": "xcasex",
    "link": "xlinkx xparcelx",
    "file": "einreich* eingereicht* reich einleg* eingelegt* leg* lege erheb* file* filed submit* submission lodge* raise* stell* starten start mach* mache",
    "delivered": "liefer* geliefert* deliver* versand* verschickt* ship* paket* parcel* sendung*",
    "refund": "erstatt* rueckerstatt* refund* geld money rueckzahl*",
    "change": "aender* geaender* change* korrig* correct* statt instead sondern meinte meant falsch* wrong* vertippt* typo verwechsel* mixed doch actually irrtum* mistake* versehen*",
    "done": "fertig* done finished erledigt* ready bereit abgeschlossen",
    "stop": "stop* abbruch egal vergiss forget nevermind lass* leave quit exit schluss aufhoer* hoer genug enough",
    "thanks": "dank* thank* thx merci cheers",
    "hello": "hallo* hello* hi hey moin* servus gruess* gruez* morning evening morgen abend tag",
    "bye": "tschues* bye* ciao wiedersehen goodbye cya later bis-bald",
    "bot": "bot robot* roboter* maschine* machine ki ai computer* programm* program automat*",
    "language": "deutsch* englisch* english german sprache* language*",
    "date": "montag dienstag mittwoch donnerstag freitag samstag sonntag monday tuesday wednesday thursday friday saturday sunday januar februar maerz april mai juni juli august september oktober november dezember january february march may june july october december uebermorgen tomorrow woche* week* monat* month* termin* date* datum",
    "i": "ich i i'm i'd i'll i've mein* my mir mich me wir we our uns unser*",
    "you": "du dir dich euch ihr you your sie ihnen ihre*",
    "report": "meld* report* beleidig* insult* droht threat* betrug* betrueg* fraud* scam* belaestig* harass*",
}  # fmt: skip

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+|[?!]")
_PATTERNS = {
    idea: re.compile("|".join(re.escape(w).replace(r"\*", ".*") for w in words.split()))
    for idea, words in CONCEPTS.items()
}


@lru_cache(maxsize=32768)
def _concepts_of(word: str) -> tuple[str, ...]:
    return tuple(idea for idea, pattern in _PATTERNS.items() if pattern.fullmatch(word))


def concepts(folded_text: str) -> str:
    """The ideas of a folded sentence in their order, the words between them left out; for word n-grams."""
    found: list[str] = []
    for word in _WORD.findall(folded_text):
        ideas = (word,) if word in "?!" else ("0",) if word.isdigit() else _concepts_of(word)
        found += [idea for idea in ideas[:2] if not found or found[-1] != idea]
    return " ".join(found)
