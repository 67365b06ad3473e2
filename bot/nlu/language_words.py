"""Words that tell German from English: function words, and the words people use about orders, in plain lower case.

Words that both languages use (order, status, refund, so, in, was) are in neither list.
"""

from __future__ import annotations

GERMAN = frozenset(
    """
    aafrag abbrechen abend aber abgelehnt ablehnen absagen akzeptiere akzeptieren alle alles als anderen anderes
    anders anfechtbar anfechten anfechtung anfrage anfragen angebot angebotsänderung angefangen angefragt
    angenommen annehmen antrag antwort antworte antworten antwortet anzeigen anzufechten arbeit auch auf
    aufschub auftrag aus ausgeführt auskunft automatisch beantragen beantragt beenden begründung bei beide beim
    bekomme bekommen bekommt bescheid beschwerde bestellt bestellung bestellungen bestätigt bevor bin bis
    bisschen bissl bist bitte bitten bitteschön bleibt brauch brauche braucht chan da dagegen damit dank danke
    dankeschön dann darf das dass datum dauert davon dem den denn der des die dienstag diese diesen dir direkt
    disput doch donnerstag dran drauf drei du durch eben egal eh eig eigentlich eigentums ein eine einem einen
    einer einfach eingelegt einlegen einreichen einseitig einspruch einverständnis ende englisch entschieden
    entwurf er erfüllungsgeschwindigkeit erfüllungsrate erklären erledigt erst erstattung es etwas euch falls
    falsch falsche falschen fechte fehlt fertig finde frag frage fragen frau freilich freitag frist
    fristverlängerung funktioniert für ganz gar geantwortet geben gebeten gegen geht gehts geistigen geld
    gelesen geliefert gemacht genau genug gerade gern gerne gesagt geschickt gestellt gestern geworden gib gibt
    gibts gilt gits grad gruezi grund grüezi gseh gsi guet gut guten hab habe haben habt hallo halt handwerker
    hani hast hat hatte helfen het heute hier hiermit hilfe hin hoch händler hätte hör hört ich ihm ihn ihnen
    ihr ihre immer innerhalb ins irreführendes isch ist ja jawohl jemand jetzt jo kann kannst kein keine keinen
    keinesfalls kette klar komm komme kommen kommentar kommt krank kriegt kunde kunden kundin käufer können
    könnte könnten könntest lang lange lass lassen laufen leg lege lehne leider lesen letzten lieber lieferdatum
    liefern liefert lieferung liegt los länger lässt läuft löschen lösungscenter mach mache machen macht mal
    maschine mecht mehr mein meine meinem meinen meiner meines meinte melden mensch menschen menü mich mir mit
    mitenand mittwoch moin montag morgen muess muss märz möchte möchten möglich na nach nachricht namen
    natürlich ne ned nee nehm nehme nehmen nein nen neu neue neuen neuer neues nich nicht nichts nimm nix noch
    nochmal nochn nr nummer nun nur nächste nächsten nämlich nö nöd nüme ob oder offen offene offenen ohne
    ordnung paket passiert passt produkt pünktlich raus reagieren recht reicht rezept richtig rückerstattung
    rückgängig sag sagen sagt schicken schließen schnell scho schon schreib schreiben schreibt schuhe schönen
    sehen sehr sein seine seit seite selber selbst sendungsverfolgung servus sich sicher sie sieht sind sofort
    soll sondern sowas sprache sprechen spät später statt steht stelle stellen stimme stimmt storniere
    stornieren storniert stornierung stornierungsanfrage stornierungsverstoß storno strafe strafen streit
    streitfall streitfälle stunden tach tage tagen termin terminverschiebung tischler trotzdem tschüs tschüss
    tut uff um und uns unter verchäufer verkäufer verkäufers verletzung verlängern verlängerung verpasst
    verschickt verschieben versehen verspätet verspätung verstehe verstoß verstöße vertrag viel viele vielleicht
    vllt vo vom von vor voraussetzungen vorbei wann war warte warten warum weg wegen weil weit weiter weiß
    welche welchem welchen welcher welches wem wenn wer werden wesentliche weshalb wett wetter widersprechen
    widerspruch widerspruchs widersprüche wie wieder wiederspruch wieso wir wird wirklich wissen witz woche
    wochen woher wohin wollte worden wurde wurden wäre würde würden zeig zeigen zeit zieh ziehe ziehen zu zum
    zur zurück zurücknehmen zurückziehen zusammen zustimmen zustimmung zwei zämme ändern öppis über überfällig
    überhaupt übersetzung
    einverstanden genehmigt zwangsstornierung mitarbeiter sendungsnummer sendungsnr schwamm stopp tschö liste drüber
    januar februar märz juni juli oktober dezember monatsende künstliche kaputt dein deine könnt wo ner nen
    abbruch ade baba jap jawoll jup kundenservice lieferstatus niemals pfiat ruf sowieso vergelt kopie wos
    dich unser unsere euer eure
    """.split()  # noqa: SIM905
)

ENGLISH = frozenset(
    """
    able abort about accept accepted actually add address after again against ago agree agreed agreement ahead
    all allowed along already and another answer any anymore anyone anything apeal appealable appealed appealing
    approved are arrived as ask asked asking at back bad be because been before being best better between both
    bracelet but buyer by bye call came can cancel cancelation cancellation cancelled cancelling cancels cannot
    cant card cards care case centre change changed cheers click close closed come coming comment company
    conditions confirm confirmation consent contesting continue correct could count customer date day days dear
    decide decided decision decline declined delay delete deliver delivered delivery did didn didnt different do
    does doesn don done dont down draft due eligible else end enough even evening everything exactly expire
    explain extend far file filed fine finish finished first for forced forget found friday from gave german get
    gets give go going gone good goodbye got great guide guys had half happen happens happy has have haven he
    heard hello help her here hereby hers him his hiya hours how human if inform infraction infractions
    infringement instead invoice is isn isnt it its ive joke june just keep kindly know language last later
    latest leave left let lets like limit list lodge long longer look machine made make many mate matter may me
    mean meant menu message might mind mine mistake monday money month more morning move moved much must my
    myself nah necklace need needed never new news next no not nothing now number objection of off old on one
    ones only open opened options or order ordered other our out over own page pay payment pending period phone
    photos play please plumber possible prefer procedure proceed process progress pull put question raise raised
    rather re read ready real really reason received recipe refuse reject rejected remove reply report request
    requests requirements resolution respond review right rule said same saturday say says second see seller
    sellers send sent set shall she shipped shoes should show side since sir skip some someone something sounds
    speak start started state steps still stuff submit sunday take talk talking tell than thank thanks that
    thats the their them then there they thing things think this three through thursday till time to today told
    tomorrow tonight too translation tuesday two u understand undo until up ur use very violation violations
    wait waiting wanna want wanted wants way we weather wedding wednesday week weekend weeks well were what
    whats when where whether which who whom whose why with withdraw withdrawing withdrawn within without won
    wont work working works would write wrong wrote yeah yep yes yesterday yet you your yours yup
    nope godbye goodby sorry exact im ill costumer mornin sure january february march june july october december
    nevermind instructions affirmative farewell commands operator password hrs dec definitely
    """.split()  # noqa: SIM905
)

#: German words that hold a sentence together. Whoever builds a sentence with them writes German, whatever words of the
#: marketplace are English ("withdraw meinen dispute"); the other way round nobody writes. "die", "hat", "um", "den" and
#: "er" are left out, since they are English words as well ("my die cut stickers", "my hat", "um, no").
GERMAN_FRAME = frozenset(
    """
    ich du wir ihr mir dir mich dich sich uns euch ihm ihn ihnen der das dem des ein eine einen einem einer mein meine
    meinen meinem meiner dein deine sein seine unser unsere euer eure und oder aber ob dass weil wenn für auf mit von
    vom zu zum zur bei ist sind habe hab kann könnt möchte soll muss nicht kein keine bitte mal noch schon auch nur wie
    wo wann warum wer welche welcher nen ner gegen nach über
    """.split()  # noqa: SIM905
)
