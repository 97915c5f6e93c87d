"""Every note that Spentkey can write, one for each guard and outcome, as tests/vectors/notes keeps them.

After a change of the words, `.venv/bin/python tests/support/note_cases.py` writes the files again; read the difference.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from support_core import (
    APP_ID,
    DAY,
    KEY_ID,
    NOW,
    OTHER_KEY_ID,
    PRODUCTION,
    REQUEST_RULES,
    application,
    certificate,
    parameters,
    request,
    secret,
    snapshot,
)

from spentkey.adapters.entra.reasons import (
    ACCEPTED,
    CAUSES,
    FORBIDDEN,
    FORBIDDEN_ITSELF,
    NO_LIST_EVENT_YET,
    PROOF_REJECTED,
    REFUSED,
    SIGN_IN_AS,
    SIGN_IN_REFUSED,
    TOKEN_REFUSED,
)
from spentkey.adapters.ivanti.reasons import WRITE_REFUSED
from spentkey.core.audit_event import AuditEvent, Shows
from spentkey.core.credential import Kind
from spentkey.core.errors import Who
from spentkey.core.evidence_line import EvidenceLine
from spentkey.core.guard_reasons import named
from spentkey.core.guards import (
    g2_application,
    g2_tenant,
    g3_name,
    g4_locate,
    g4_not_a_typo,
    g5_expired,
    g6_not_protected,
    g10_lists_unchanged,
)
from spentkey.core.note_texts import WORDS
from spentkey.core.notes import NewNote, Proof, Subject, anchoring_note, closing_note, hand_over_note
from spentkey.core.outcome import (
    AlreadyGone,
    Attribution,
    CannotTell,
    Cause,
    End,
    Failed,
    Outcome,
    Refused,
    RemovalRoute,
    Removed,
    hand_over,
)
from spentkey.core.poison import ENDED_THE_PROGRAM
from spentkey.core.reason import Reason
from spentkey.core.signer_reasons import NO_PAIR
from spentkey.core.step_reasons import (
    NO_PRINCIPAL,
    NO_SIGNER,
    NO_VAULT,
    READS_DISAGREE,
    STILL_THERE,
    SURVIVOR_LOST,
    TICKET_NOT_WRITTEN,
    WITH_CERTIFICATE,
)
from spentkey.core.task import read_request
from spentkey.core.tree import TreeHead
from spentkey.http.reasons import NO_ANSWER, TIME_OUT
from spentkey.steps.awaiting import NOT_PROVEN

FOLDER = Path(__file__).parents[1] / "vectors" / "notes"
LANGUAGES = tuple(WORDS)
ABOUT = Subject(
    task="40021",
    assignment=1,
    secret_type="Secret",
    app_name="Sales",
    app_id=APP_ID,
    key_id=KEY_ID,
    tenant="production",
)
LAST = EvidenceLine("3ce2e64d-7948-4de6-b568-f8ec48529ea0", TreeHead(1234, bytes(range(32))))
CERTIFICATE = replace(ABOUT, secret_type="Certificaat")
REMOVED = Removed(Attribution.CONFIRMED, RemovalRoute.REMOVE_PASSWORD)
NO_TIME = timedelta(0)
SIGN_IN = SIGN_IN_REFUSED(
    who=SIGN_IN_AS(client=APP_ID, tenant=PRODUCTION.tenant_id), cause=CAUSES["7000215"](), number="7000215"
)


def refusals() -> dict[str, object]:
    """What the guards really answer; a guard that refuses in several ways has a case for each that people often meet."""
    held = application(secret(), secret(key_id=OTHER_KEY_ID))
    return {
        "G1-empty": read_request(parameters(SecretID=" "), REQUEST_RULES),
        "G1-unsupported": read_request(parameters(SecretType="Password"), REQUEST_RULES),
        "G2-no-application": g2_application(snapshot(None), request(), PRODUCTION),
        "G2-no-tenant": g2_tenant(request(), ()),
        "G3-name": g3_name(application(name="Billing"), request()),
        "G4-other-list": g4_locate(application(certificate()), snapshot(None), request()),
        "G4-service-principal": g4_locate(held, snapshot(held, secret()), request()),
        "G4-typing-error": g4_not_a_typo(held, Kind.SECRET, NOW, NO_TIME),
        "G5-not-expired": g5_expired(secret(end=NOW + DAY), NOW, NOW, NO_TIME),
        "G5-no-end": g5_expired(secret(end=None), NOW, NOW, NO_TIME),
        "G6-protected": g6_not_protected(secret(display_name="CWAP_AuthSecret"), held, (), frozenset()),
        "G10-changed": g10_lists_unchanged(held, snapshot(application())),
    }


def failures() -> dict[str, Outcome]:
    """One for each cause, and for each who must act."""
    return {
        "failed-no-signer": Failed(NO_SIGNER(tried=NO_VAULT()), cause=Cause.NO_SIGNER),
        "failed-sign-in": Failed(WITH_CERTIFICATE(document="sales.pfx", why=SIGN_IN), cause=Cause.SIGN_IN),
        "failed-no-principal": Failed(NO_PRINCIPAL(), cause=Cause.NO_PRINCIPAL),
        "failed-forbidden-itself": Failed(
            FORBIDDEN_ITSELF(app_id=APP_ID, what="403 Authorization_RequestDenied"), cause=Cause.FORBIDDEN_ITSELF
        ),
        "failed-ended-the-program": Failed(ENDED_THE_PROGRAM(deaths=2), cause=Cause.ENDED_THE_PROGRAM),
        "failed-forbidden": Failed(FORBIDDEN(what="403 Authorization_RequestDenied"), cause=Cause.FORBIDDEN),
        "failed-proof-rejected": Failed(PROOF_REJECTED(), cause=Cause.PROOF_REJECTED),
        "failed-rejected": Failed(REFUSED(what="400 Request_BadRequest"), cause=Cause.REJECTED),
        "failed-still-there": Failed(
            STILL_THERE(answer=ACCEPTED()),
            asked=True,
            cause=Cause.STILL_THERE,
        ),
        "failed-survivor-lost": Failed(
            SURVIVOR_LOST(lost=named(Kind.SECRET, OTHER_KEY_ID)),
            asked=True,
            cause=Cause.SURVIVOR_LOST,
        ),
        "failed-people": Failed(NO_PAIR(), Who.PEOPLE),
        "failed-operator": Failed(
            TOKEN_REFUSED(system="Microsoft Graph", what="401 InvalidAuthenticationToken"), Who.OPERATOR
        ),
        "failed-nobody": Failed(NO_ANSWER(system="Microsoft Graph", why=TIME_OUT()), Who.NOBODY),
        "cannot-tell": CannotTell(READS_DISAGREE()),
        "cannot-tell-no-event": CannotTell(
            NOT_PROVEN(why=NO_LIST_EVENT_YET(), sent="2026-03-01T12:00:00+00:00", before="0f", after="1e"),
            Cause.NO_EVENT,
        ),
    }


def _handed(outcome: Outcome, trouble: Reason | None = None) -> Callable[[str], NewNote]:
    end: End = replace(hand_over(outcome), trouble=trouble)
    certificates = (Cause.NO_SIGNER, Cause.NO_PRINCIPAL, Cause.SIGN_IN, Cause.PROOF_REJECTED, Cause.FORBIDDEN_ITSELF)
    about = CERTIFICATE if isinstance(outcome, Failed) and outcome.cause in certificates else ABOUT
    return lambda language: hand_over_note(about, end, language, REQUEST_RULES)


def cases() -> dict[str, Callable[[str], NewNote]]:
    """The notes by the names of their files; each is made in the language that is asked for."""
    made: dict[str, Callable[[str], NewNote]] = {}
    for name, outcome in {**refusals(), **failures()}.items():
        if not isinstance(outcome, Refused | Failed | CannotTell):
            raise TypeError(f"{name} is not refused")
        made[name] = _handed(outcome)
    unwritten = TICKET_NOT_WRITTEN(why=WRITE_REFUSED(system="Ivanti", what="400"))
    made["removed-not-closed"] = _handed(REMOVED, unwritten)
    made["already-gone-not-closed"] = _handed(AlreadyGone(), unwritten)
    made["removed"] = lambda language: closing_note(ABOUT, REMOVED, Proof(5), language)
    for shows in (one for one in Shows if one not in (Shows.MORE, Shows.UNREADABLE)):  # on those nothing is closed
        made[f"removed-witness-{shows}"] = _witnessed(AuditEvent(shows, "as the log says"))
    made["already-gone"] = lambda language: closing_note(ABOUT, AlreadyGone(), Proof(5), language)
    made["removed-after-close"] = lambda language: anchoring_note(ABOUT, REMOVED, language)
    return made


def _witnessed(audit_event: AuditEvent) -> Callable[[str], NewNote]:
    return lambda language: closing_note(ABOUT, REMOVED, Proof(5, audit_event), language)


def as_text(note: NewNote) -> str:
    """A note as its file shows it, with the line that stands last in each."""
    whole = note.ending_in(LAST)
    return f"Subject: {whole.subject}\n\n{whole.body}\n"


def files() -> dict[str, str]:
    """What every file must hold, by its name."""
    return {
        f"{name}.{language}.txt": as_text(made(language)) for name, made in cases().items() for language in LANGUAGES
    }


def write_again() -> None:
    """Write every file, and take away those that no case stands for."""
    FOLDER.mkdir(exist_ok=True)
    for file in FOLDER.glob("*.txt"):
        file.unlink()
    for name, text in files().items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    write_again()
