"""What is written to the ticket: exact texts, markers, and nothing that a requester smuggled in."""

import html
import re
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import APP_ID, KEY_ID

from spentkey.core.errors import Who
from spentkey.core.evidence_line import EvidenceLine, evidence_line_in
from spentkey.core.guard_reasons import G5_NOT_EXPIRED, PLUS_GRACE
from spentkey.core.notes import (
    LONGEST_REASON,
    NewNote,
    Proof,
    Remark,
    Subject,
    anchoring_note,
    closing_note,
    drawn_in,
    guard_of,
    hand_over_note,
    lacks_marker,
    marker,
    reason_of,
    remark_note,
    resolution,
)
from spentkey.core.outcome import (
    AlreadyGone,
    Attribution,
    CannotTell,
    Failed,
    NotOurs,
    Outcome,
    Refused,
    RemovalRoute,
    Removed,
    hand_over,
)
from spentkey.core.reason import reason_for
from spentkey.core.rules import ParameterNames, RequestRules
from spentkey.core.sanitize import plain, safe
from spentkey.core.tree import TreeHead

REMOVED = Removed(Attribution.CONFIRMED, RemovalRoute.REMOVE_KEY)
ABOUT = Subject(
    task="40021",
    assignment=1,
    secret_type="Certificaat",
    app_name="Sales",
    app_id=APP_ID,
    key_id=KEY_ID,
    tenant="production",
)
LANGUAGES = pytest.mark.parametrize("language", ["en", "nl", "fr"])


def about(**changes: Any) -> Subject:
    """The subject, some of it changed."""
    return replace(ABOUT, **changes)


def handed(outcome: Outcome, subject: Subject = ABOUT, language: str = "en") -> NewNote:
    """The note that hands over with that outcome."""
    return hand_over_note(subject, hand_over(outcome), language)


@pytest.mark.parametrize("secret_type", ["Secret", "Certificaat"])
def test_the_resolution_is_the_seeds_text_for_both_kinds(secret_type: str) -> None:
    """The same words for a certificate."""
    assert resolution(about(secret_type=secret_type), REMOVED) == "Expired secret for Sales removed"


def test_the_resolution_of_an_absent_credential_says_so() -> None:
    """Nothing was removed, and it does not claim otherwise."""
    expected = f"Credential {KEY_ID} was not present on Sales; nothing removed"
    assert resolution(ABOUT, AlreadyGone()) == expected


def test_the_resolution_is_plain_text() -> None:
    """Control characters go, markup stays as it is: the field shows no markup."""
    assert resolution(about(app_name="A&B\x00 <x>"), REMOVED) == "Expired secret for A&B <x> removed"


def test_the_closing_note_in_english() -> None:
    """The whole note."""
    assert closing_note(ABOUT, REMOVED, Proof(5), "en") == NewNote(
        "Expired credential removed",
        f"""Expired secret for Sales removed

Application: Sales {APP_ID}
Credential: {KEY_ID}
Tenant: production
How: removeKey (confirmed)
Verified by 5 agreeing reads of the directory.

[spentkey task=40021 assignment=1 done key={KEY_ID} reason=removed]""",
        "[spentkey task=40021 assignment=1 done ",
    )


def test_the_note_for_an_absent_credential_in_dutch() -> None:
    """Its own subject, and no word about how it was removed."""
    note = closing_note(ABOUT, AlreadyGone(), Proof(3), "nl")
    assert note.subject == "Credential niet aanwezig"
    assert note.body.splitlines() == [
        f"Credential {KEY_ID} was niet aanwezig op Sales; niets verwijderd",
        "",
        f"Applicatie: Sales {APP_ID}",
        f"Credential: {KEY_ID}",
        "Tenant: production",
        "Bevestigd door 3 gelijke lezingen van de directory.",
        "",
        f"[spentkey task=40021 assignment=1 done key={KEY_ID} reason=already-gone]",
    ]


def test_the_closing_note_in_french() -> None:
    """Everything but the label of the evidence and the name of Graph's action."""
    note = closing_note(ABOUT, REMOVED, Proof(5), "fr")
    lines = note.body.splitlines()
    assert (note.subject, lines[0]) == ("Identifiant expiré supprimé", "Identifiant expiré de Sales supprimé")
    assert lines[2:7] == [
        f"Application: Sales {APP_ID}",
        f"Identifiant: {KEY_ID}",
        "Tenant: production",
        "Comment: removeKey (confirmée)",
        "Vérifié par 5 lectures concordantes de l'annuaire.",
    ]


def test_a_closing_note_without_a_known_route_says_so() -> None:
    """A dash instead of a guess."""
    note = closing_note(ABOUT, Removed(Attribution.PRESUMED, None), Proof(5), "en")
    assert "How: - (presumed)" in note.body.splitlines()


def test_the_hand_over_note_in_english() -> None:
    """The whole note: the reason first, then what was done, who acts, and the details."""
    assert handed(Refused("G5", reason_for("the credential has not expired"))) == NewNote(
        "Certificaat removal failed",
        f"""the credential has not expired

Spentkey removed nothing.
If the request came too early, please file it again once the credential has expired; else check its end date.

Application: Sales {APP_ID}
Credential: {KEY_ID}
Tenant: production

[spentkey task=40021 assignment=1 handed-over key={KEY_ID} reason=G5]""",
        "[spentkey task=40021 assignment=1 handed-over ",
    )


@pytest.mark.parametrize(
    ("language", "subject", "found", "nothing", "next_step"),
    [
        (
            "nl",
            "Verwijdering van Certificaat mislukt",
            "de credential is niet vervallen: ze eindigt op 2026-05-01 plus 3 dagen respijt",
            "Spentkey heeft niets verwijderd.",
            (
                "Kwam de aanvraag te vroeg, dien ze dan opnieuw in zodra de credential vervallen is; controleer anders de "
                "einddatum."
            ),
        ),
        (
            "fr",
            "Échec de la suppression : Certificaat",
            "l'identifiant n'a pas expiré : il se termine le 2026-05-01 plus 3 jours de grâce",
            "Spentkey n'a rien supprimé.",
            (
                "Si la demande est venue trop tôt, veuillez l'introduire à nouveau une fois l'identifiant expiré ; sinon, "
                "vérifiez sa date de fin."
            ),
        ),
    ],
)
def test_a_hand_over_is_whole_in_the_language_of_the_desk(
    language: str, subject: str, found: str, nothing: str, next_step: str
) -> None:
    """Subject, reason and what to do; the marker stays, so that searches find it."""
    note = handed(Refused("G5", G5_NOT_EXPIRED(end="2026-05-01", grace=PLUS_GRACE(days=3))), language=language)
    lines = note.body.splitlines()
    assert note.subject == subject
    assert lines[:4] == [found, "", nothing, next_step]
    assert lines[-1].startswith(note.marker)


@LANGUAGES
def test_words_of_others_are_quoted_as_they_are(language: str) -> None:
    """What another system or a person said is not translated."""
    assert handed(Failed(reason_for("HTTP 418 I'm a teapot")), language=language).body.startswith(
        "HTTP 418 I'm a teapot\n"
    )


CALLED = RequestRules(ParameterNames("App", "Client", "Key", "Kind"), when=("Region", "client", "Env&"))


@pytest.mark.parametrize(
    ("guard", "language", "sentence"),
    [
        (
            "G2",
            "en",
            "Please check Client, Region and Env&amp;: the application must exist in the tenant that is meant.",
        ),
        ("G2", "nl", "Controleer Client, Region en Env&amp;: de applicatie moet bestaan in de bedoelde tenant."),
        ("G2", "fr", "Veuillez vérifier Client, Region et Env&amp; : l'application doit exister dans le tenant visé."),
        ("G3", "en", "Please find out which application is meant, correct App or Client, and file the request again."),
        ("G4", "nl", "Vergelijk Key en Kind met de credentials van de applicatie en dien een juiste aanvraag in."),
    ],
)
def test_what_to_do_next_calls_parameters_as_the_desk_does(guard: str, language: str, sentence: str) -> None:
    """No name of one site; a name that is there twice, in any case, is said once."""
    note = hand_over_note(ABOUT, hand_over(Refused(guard, reason_for("x"))), language, CALLED)
    assert note.body.splitlines()[3] == sentence


def test_where_nothing_chooses_a_tenant_only_the_application_is_named() -> None:
    """There is one tenant, and no parameter for it."""
    sentence = "Please check AppID: the application must exist in the tenant that is meant."
    assert handed(Refused("G2", reason_for("x"))).body.splitlines()[3] == sentence


@LANGUAGES
@pytest.mark.parametrize(
    "outcome",
    [
        CannotTell(reason_for("reads disagree")),
        Failed(reason_for("ANOTHER CREDENTIAL IS MISSING"), asked=True),
        REMOVED,
    ],
)
def test_no_hand_over_after_a_removal_claims_that_nothing_was_removed(language: str, outcome: Outcome) -> None:
    """Once a removal was asked for, the note says what is known of it."""
    nothing = handed(Failed(reason_for("x")), language=language).body.splitlines()[2]
    assert nothing not in handed(outcome, language=language).body
    assert nothing in handed(Refused("G1", reason_for("x")), language=language).body
    assert nothing in handed(AlreadyGone(), language=language).body


def test_a_hand_over_after_a_removal_says_that_it_took_place() -> None:
    """When only the ticket could not be closed."""
    assert "The credential has been removed" in handed(REMOVED).body
    assert handed(REMOVED).body.startswith("removed\n")


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        (Who.OPERATOR, "Please ask the people who run Spentkey to look at this."),
        (Who.NOBODY, "A system was away; please try again later or remove the credential by hand."),
        (Who.PEOPLE, "Please check the details below, correct the request or remove the credential by hand."),
    ],
)
def test_the_note_says_who_must_act(who: Who, sentence: str) -> None:
    """For each of the three."""
    assert handed(Failed(reason_for("x"), who)).body.splitlines()[3] == sentence


@pytest.mark.parametrize("secret_type", ["", "\u200b", "\x00\x1b"])
def test_without_a_secret_type_the_subject_says_credential(secret_type: str) -> None:
    """Also where nothing visible remains of it."""
    assert handed(Refused("G1", reason_for("x")), about(secret_type=secret_type)).subject == "Credential removal failed"


def test_the_subject_names_what_the_requester_wrote() -> None:
    """An unsupported type too, made safe and short."""
    assert handed(Refused("G1", reason_for("x")), about(secret_type="<b>Key")).subject == "&lt;b&gt;Key removal failed"
    long = handed(Refused("G1", reason_for("x")), about(secret_type="k" * 129)).subject
    assert long == "k" * 127 + "… removal failed"


def test_what_is_not_known_is_left_out() -> None:
    """No empty lines with a label only; the marker shows a dash."""
    note = handed(Refused("G1", reason_for("AppID is missing")), Subject(task="1", assignment=2))
    assert note.body.splitlines() == [
        "AppID is missing",
        "",
        "Spentkey removed nothing.",
        "Please correct the parameter named above and file the request again.",
        "",
        "",
        "[spentkey task=1 assignment=2 handed-over key=- reason=G1]",
    ]


def test_each_assignment_and_each_kind_of_note_has_its_own_marker() -> None:
    """A task that comes back gets a new note; one marker is never the beginning of another."""
    marks = [
        marker(about(task=task, assignment=assignment), kind)
        for task in (1, 11)
        for assignment in (1, 11)
        for kind in ("done", "handed-over")
    ]
    assert [(one, other) for one in marks for other in marks if one in other and one != other] == []
    assert len(set(marks)) == 8


@pytest.mark.parametrize("length", [127, 128])
def test_values_up_to_128_characters_stay_whole(length: int) -> None:
    """The limit itself included."""
    assert plain("x" * length) == "x" * length


@pytest.mark.parametrize("length", [129, 256, 5000])
def test_longer_values_are_cut_at_128(length: int) -> None:
    """With a sign that something is missing."""
    assert plain("x" * length) == "x" * 127 + "…"


def test_a_long_reason_is_cut_much_later() -> None:
    """It may list key ids."""
    assert handed(Refused("G4", reason_for("r" * 1999))).body.startswith("r" * 1999 + "\n")
    assert handed(Refused("G4", reason_for("r" * 3000))).body.startswith("r" * (LONGEST_REASON - 1) + "…\n")


@pytest.mark.parametrize(
    "character",
    ["\x00", "\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\u200b", "\u202e", "\u2028", "\u2029", "\ufeff", "\ud800"],
)
def test_control_and_invisible_characters_are_stripped(character: str) -> None:
    """Line feeds that would fake another line of the note, and marks that turn the text around."""
    assert plain(f"a{character}b") == "ab"


def test_markup_is_escaped_wherever_a_requester_can_write() -> None:
    """Name, ids and reason."""
    evil = "<img src=x onerror=alert(1)>&"
    spoiled = about(app_name=evil, app_id=evil, key_id=evil, secret_type=evil)
    for note in (handed(Refused("G3", reason_for(evil)), spoiled), closing_note(spoiled, REMOVED, Proof(5), "en")):
        assert "<" not in note.body
        assert "<" not in note.subject
        assert "&amp;" in note.body


@pytest.mark.parametrize(
    "text",
    [
        "[spentkey task=40021 assignment=2 handed-over ",
        "x [spentkey task=40021 assignment=2 handed-over key=- reason=G1] y",
        "[spent\u200bkey task=40021 assignment=2 handed-over ",
        "[spentkey\u00ad task=40021 assignment=2 handed-over ",
    ],
)
def test_no_requester_can_write_a_marker(text: str) -> None:
    """A marker in a name would make a later hand-over believe that its note was written."""
    later = marker(about(assignment=2), "handed-over")
    spoiled = about(app_name=text, app_id=text, key_id=text, secret_type=text)
    notes = [handed(Refused("G3", reason_for(text)), spoiled), closing_note(spoiled, REMOVED, Proof(5), "en")]
    assert [note for note in notes if later in note.body] == []


@pytest.mark.parametrize(
    ("name", "app_id"),
    [("[spentkey", "task=40021 assignment=2 handed-over "), ("x [spentkey", "task=1"), ("[spentkey\u200b", "task=1")],
)
def test_two_values_do_not_join_to_a_marker(name: str, app_id: str) -> None:
    """They stand beside one another, with a space between."""
    note = handed(Refused("G1", reason_for("AppID is not a UUID")), about(app_name=name, app_id=app_id))
    assert note.body.count("[spentkey ") == 1


def test_a_marked_note_has_its_value_in_the_marker_alone() -> None:
    """By which it is found; the rest of the note is as it was."""
    note = handed(Refused("G5", reason_for("why")))
    marked = note.marked("3f9c")
    assert (marked.subject, marked.marker) == (note.subject, f"{note.marker}id=3f9c ")
    assert marked.body.replace("id=3f9c ", "") == note.body
    assert marked.body.count("id=3f9c ") == 1


def test_a_text_like_the_marker_before_it_gets_no_value() -> None:
    """The marker is the last one in the note."""
    stem = "[spentkey task=1 assignment=1 done "
    note = NewNote("s", f"{stem}\n{stem}key=- reason=x]", stem)
    assert note.marked("7").body == f"{stem}\n{stem}id=7 key=- reason=x]"


@pytest.mark.parametrize(
    ("marker_on_record", "drawn"),
    [("[spentkey a id=3f9c ", "3f9c"), ("[spentkey a ", ""), (None, ""), ("", "")],
)
def test_the_value_on_record_is_read_from_the_marker(marker_on_record: str | None, drawn: str) -> None:
    """A marker of version 0.1 has none."""
    assert drawn_in(marker_on_record, "[spentkey a ") == drawn


@pytest.mark.parametrize(
    ("body", "lacks"),
    [
        ("the reason", True),
        ("", True),
        ("the reason\n\n[spentkey task=1 assign", True),
        ("the reason [x]\n\n[spentkey task=1 assignment=1 done id=7 key=- reason=x", True),
        ("the reason\n\n[spentkey task=1 assignment=1 done id=7 key=- reason=x]", False),
    ],
)
def test_a_cut_note_shows_no_whole_marker(body: str, lacks: bool) -> None:
    """Wherever it was cut."""
    assert lacks_marker(body) is lacks


@given(st.text())
def test_a_safe_value_is_one_short_visible_line_without_markup(text: str) -> None:
    """For any text whatever."""
    made = safe(text)
    assert len(html.unescape(made)) <= 128
    assert not re.search(r"[<>\n\r]|&(?!amp;|lt;|gt;)", made)
    assert not {unicodedata.category(character) for character in made} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_every_note_ends_with_exactly_one_marker(name: str, secret_type: str, reason: str) -> None:
    """Whatever the texts, the marker stands once, on the last line."""
    note = handed(Refused("G3", reason_for(reason)), about(app_name=name, secret_type=secret_type))
    assert note.body.count("[spentkey ") == 1
    assert note.body.splitlines()[-1].startswith(note.marker)


@pytest.mark.parametrize(
    "outcome",
    [
        Refused("G4", reason_for("why")),
        Failed(reason_for("why")),
        CannotTell(reason_for("why")),
        NotOurs(reason_for("why")),
    ],
)
def test_outcomes_that_need_a_reason_have_one(outcome: Outcome) -> None:
    """The reason of the JSON and of the note is the same."""
    assert reason_of(outcome) == "why"


@pytest.mark.parametrize("outcome", [REMOVED, AlreadyGone()])
def test_outcomes_that_went_well_have_none(outcome: Outcome) -> None:
    """Nor a guard."""
    assert (reason_of(outcome), guard_of(outcome)) == (None, None)


def test_only_a_refusal_names_a_guard() -> None:
    """A failure is nobody's rule."""
    assert (guard_of(Refused("G4", reason_for("x"))), guard_of(Failed(reason_for("G4")))) == ("G4", None)


LINE = EvidenceLine("3ce2e64d-7948-4de6-b568-f8ec48529ea0", TreeHead(1234, bytes(range(32))))
LAST = "Evidence: 3ce2e64d-7948-4de6-b568-f8ec48529ea0 · log 1234 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@LANGUAGES
def test_the_line_of_the_evidence_is_the_last_one_in_every_language(language: str) -> None:
    """In the same words, behind the marker, with nothing after it."""
    refused = Refused("G5", reason_for("x"))
    for note in (
        handed(refused, language=language),
        closing_note(ABOUT, REMOVED, Proof(5), language),
        anchoring_note(ABOUT, REMOVED, language),
        remark_note(ABOUT, Remark("subject", "body")),
    ):
        whole = note.marked("drawn").ending_in(LINE)
        *above, marker_line, last = whole.body.split("\n")
        assert (last, marker_line[:10]) == (LAST, "[spentkey ")
        assert whole.marker in marker_line
        assert not any(one.startswith("Evidence") for one in above)


@pytest.mark.parametrize("longest", [1000, 1001, 1500, 4000, 100_000])
def test_a_note_that_is_too_long_is_cut_before_its_marker(longest: int) -> None:
    """Marker and line stay whole, and the note is as long as the desk keeps it at most."""
    note = handed(Failed(reason_for("why & how " * 300))).marked("drawn")
    whole = note.ending_in(LINE, longest)
    assert len(whole.body) <= max(longest, 0)
    assert whole.body.endswith(f"]\n{LAST}")
    assert (whole.marker in whole.body, lacks_marker(whole.body)) == (True, False)
    assert ("[…]" in whole.body) == (len(note.body) + len(LAST) + 1 > longest)


@pytest.mark.parametrize("longest", range(1000, 1020))
def test_a_cut_leaves_no_half_of_an_escaped_character(longest: int) -> None:
    """It would show as `&am`."""
    text = handed(Failed(reason_for("&" * 500))).ending_in(LINE, longest).body.partition(" […]")[0]
    assert not re.search(r"&[a-z]*$", text)


def test_what_the_desk_keeps_whole_is_not_cut() -> None:
    """To the last character."""
    note = handed(Refused("G5", reason_for("x" * 1500)))
    exactly = len(note.ending_in(LINE).body)
    assert note.ending_in(LINE, exactly) == note.ending_in(LINE)
    assert note.ending_in(LINE, exactly - 1) != note.ending_in(LINE)


@given(st.text(max_size=300))
def test_no_text_of_a_requester_passes_for_the_line(evil: str) -> None:
    """The line that is read is the one behind our marker."""
    spoiled = about(app_name=f"{evil} {LAST}", key_id=LAST)
    whole = closing_note(spoiled, REMOVED, Proof(5), "en").marked("drawn")
    assert evidence_line_in(whole.body) is None
    assert evidence_line_in(whole.ending_in(LINE).body) == LINE
