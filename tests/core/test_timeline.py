"""A removal as people read it: what each record tells, in order, and which records belong to it."""

from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from support_core import APP_ID, KEY_ID, NOW, OTHER_KEY_ID

from spentkey.core import timeline_texts
from spentkey.core.evidence import GENESIS, Facts, seal
from spentkey.core.records import Record, RecordKind
from spentkey.core.timeline import records_of_removal, timeline
from spentkey.core.timeline_texts import TimelineText

ABOUT: dict[str, Any] = {
    "task": 40021,
    "attempt": "one",
    "run": "r",
    "tenant": "production",
    "app_id": APP_ID,
    "key_id": KEY_ID,
}
INTENT: dict[str, Any] = {
    "route": "removePassword",
    "kind": "secret",
    "object_id": "o",
    "ended": "2026-06-01T12:00:00+00:00",
    "seen": "present",
    "signer": None,
    "survivors": [{"kind": "certificate", "key_id": OTHER_KEY_ID, "fingerprint": "fp2:0"}],
    "client_request_id": "c-1",
    "program": "1.0",
    "request": "10196",
    "requested_by": "j.jansen",
    "approved_by": None,
}
ANSWER = {"answer": "accepted", "detail": "204 No Content", "request_id": "m-1", "route": "removePassword"}
GONE = {"verdict": "gone", "reads": ["absent", "absent"], "route": "removePassword"}
RESULT: dict[str, Any] = {
    "kind": "secret",
    "outcome": "removed",
    "attribution": "confirmed",
    "ticket": "closed",
    "evidence": "one",
    "warnings": [],
}
KINDS = {name: one for name, one in vars(timeline_texts).items() if isinstance(one, TimelineText)}


def on_record(*wanted: tuple[str, dict[str, Any]], apart: float = 1.0) -> list[Facts]:
    """Records as they are read back, some seconds apart."""
    made: list[Facts] = []
    for seq, (what, facts) in enumerate(wanted):
        prev = str(made[-1]["hash"]) if made else GENESIS
        made.append(seal(prev, seq, NOW + timedelta(seconds=seq * apart), what, {**ABOUT, **facts}).record)
    return made


def codes(records: list[Facts]) -> list[str]:
    """The codes of all steps, in order."""
    return [step.statement.kind.code for step in timeline(records)]


def sentences(*wanted: tuple[str, dict[str, Any]]) -> list[str]:
    """What is said of these records."""
    return [step.statement.text for step in timeline(on_record(*wanted))]


def test_a_removal_is_told_from_the_request_to_the_close() -> None:
    """Who asked, what was judged, sent, answered and read, what must survive, and what the ticket says."""
    records = on_record(
        ("intent", INTENT),
        ("answer", ANSWER),
        ("verified", GONE),
        ("noting", {"subject": "Removed", "marker": "m"}),
        ("noted", {"subject": "Removed", "marker": "m", "warnings": []}),
        ("closing", RESULT),
        ("closed", {"warnings": []}),
        ("result", RESULT),
    )
    assert codes(records) == [
        *("asked", "request", "requested-by", "approver-not-shown", "judged", "survivors", "sent"),
        *("answer-accepted", "request-id", "read-gone", "noting", "noted", "closing", "closed"),
        *("result", "confirmed"),
    ]


def test_each_step_has_its_record_its_time_and_the_gap_before_it() -> None:
    """The gap stands at the first step of each record but the first one."""
    steps = timeline(on_record(("answer", ANSWER), ("answer", ANSWER), apart=2.5))
    assert [(one.seq, one.at, one.after_s) for one in steps] == [
        (0, NOW, None),
        (0, NOW, None),
        (0, NOW, None),
        (1, NOW + timedelta(seconds=2.5), 2.5),
        (1, NOW + timedelta(seconds=2.5), None),
    ]


def test_a_clock_that_was_set_back_shows_as_a_gap_below_zero() -> None:
    """The records say what the clock said; nothing is straightened."""
    assert [one.after_s for one in timeline(on_record(("noted", {}), ("closed", {}), apart=-3))][-1] == -3


def test_the_words_hold_what_the_record_holds() -> None:
    """Ids, days and words, so that nobody has to open the record."""
    told = sentences(("intent", INTENT))
    assert told[0] == f"The task 40021 asks to remove the secret {KEY_ID} from the application {APP_ID}."
    assert told[2] == "The login that asked is j.jansen."
    assert "had ended 30 days before" in told[4]
    assert f"certificate {OTHER_KEY_ID}" in told[5]
    assert "c-1" in told[6]


def test_a_step_as_json_has_code_parameters_and_text() -> None:
    """For programs, and for who shows it in another language."""
    shown = timeline(on_record(("verified", GONE)))[-1].as_json()
    assert shown == {
        "seq": 0,
        "at": NOW.isoformat(),
        "after_s": None,
        "code": "read-gone",
        "parameters": {"reads": ["absent", "absent"]},
        "text": "Reads agree that it is gone and that every other credential is unchanged: absent, absent.",
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"survivors": []}, "no-survivors"),
        ({"ended": None}, "judged-without-end"),
        ({"signer": OTHER_KEY_ID}, "signer"),
        ({"requested_by": None}, "requester-not-shown"),
        ({"approved_by": "p.peters"}, "approved-by"),
    ],
)
def test_what_an_intent_lacks_or_has_besides_is_said(changes: dict[str, Any], code: str) -> None:
    """Nobody has to guess from what is missing."""
    assert code in codes(on_record(("intent", {**INTENT, **changes})))


def test_an_intent_of_an_older_version_says_nothing_of_who_asked() -> None:
    """It did not look, so that nothing is claimed of the desk; its version is not known either."""
    older = {name: value for name, value in INTENT.items() if name not in ("request", "requested_by", "approved_by")}
    records = on_record(("intent", {**older, "program": None}))
    assert {"request", "requested-by", "requester-not-shown", "approver-not-shown"} & set(codes(records)) == set()
    assert "0.2.0 or older" in timeline(records)[-1].statement.text


def test_a_removal_that_was_sent_twice_is_asked_and_judged_once() -> None:
    """The repeat is a step of its own."""
    found = codes(on_record(("intent", INTENT), ("answer", {**ANSWER, "answer": "lost"}), ("intent", INTENT)))
    assert (found.count("judged"), found.count("sent"), found[-1]) == (1, 1, "sent-again")


@pytest.mark.parametrize(
    ("what", "facts", "code"),
    [
        ("answer", {**ANSWER, "answer": "lost", "request_id": None}, "answer-lost"),
        ("answer", {**ANSWER, "answer": "not-present", "request_id": None}, "answer-not-present"),
        ("answer", {**ANSWER, "answer": "forbidden", "request_id": None}, "answer-refused"),
        ("answer", {**ANSWER, "answer": "proof-rejected", "request_id": None}, "answer-refused"),
        ("answer", {**ANSWER, "answer": "not-done", "request_id": None}, "answer-not-done"),
        ("verified", {**GONE, "verdict": "still-there"}, "read-still-there"),
        ("verified", {**GONE, "verdict": "cannot-tell"}, "read-cannot-tell"),
        ("verified", {**GONE, "verdict": "survivor-lost"}, "read-survivor-lost"),
        ("witness", {"shows": "ours", "detail": "x", "event": None}, "event-ours"),
        ("witness", {"shows": "more", "detail": "x", "event": None}, "event-more"),
        ("witness", {"shows": "others", "detail": "x", "event": "e"}, "event-id"),
        ("witness", {"shows": "not-yet", "detail": "x", "event": None}, "event-none"),
        ("awaiting-event", {"until": "2026-07-01T14:00:00+00:00"}, "awaiting-event"),
        ("survivor-lost", {"lost": [], "route": None}, "all-stopped"),
        ("survivor-lost", {"lost": [], "route": "patch"}, "stopped"),
        ("stop-narrowed", {"detail": "x"}, "stop-narrowed"),
        ("noted", {"subject": "s", "warnings": ["cut"]}, "warning"),
        ("closed", {"found": "the task shows it", "warnings": []}, "closed-found"),
        ("reassigning", {"team": "Operations"}, "reassigning"),
        ("handed-over", {"team": "Operations", "warnings": []}, "handed-over"),
        ("handed-over", {"team": "Operations", "found": "the task shows it"}, "handed-over-found"),
        ("not-reported", {"problem": "Ivanti answered 500"}, "not-reported"),
        ("result", {**RESULT, "attribution": "presumed"}, "presumed"),
        ("step-result", {**RESULT, "task": 0, "attribution": None}, "step-result-without-task"),
        ("step-result", {**RESULT, "attribution": None}, "step-result"),
        ("result", {**RESULT, "reason": "the note was cut", "attribution": None}, "result"),
    ],
)
def test_each_end_of_a_step_has_words_of_its_own(what: str, facts: dict[str, Any], code: str) -> None:
    """The last step of the record says it."""
    assert codes(on_record((what, facts)))[-1] == code


def test_a_refusal_names_its_guard_and_its_reason_once() -> None:
    """In the hand-over; the result after it only says what became of the task."""
    refused = {**RESULT, "outcome": "refused", "guard": "G5", "ticket": "handed-off", "attribution": None}
    told = sentences(
        ("handing-over", {**refused, "said": "it has not expired", "reason": "it has not expired", "trouble": None}),
        ("result", {**refused, "reason": "it has not expired"}),
    )
    assert told[1:] == [
        "Guard G5 refused it: it has not expired.",
        "Spentkey put on record that it hands the task over to people.",
        "The try ended as `refused`; the task is handed-off.",
    ]


def test_a_try_that_left_the_task_open_says_why() -> None:
    """The reason stands before the result."""
    ended = {**RESULT, "outcome": "failed", "ticket": "open", "attribution": None, "reason": "Graph is away"}
    assert sentences(("result", ended))[1:] == [
        "It came to `failed`: Graph is away.",
        "The try ended as `failed`; the task is open.",
    ]


def test_a_request_that_cannot_be_read_names_only_the_task() -> None:
    """Nothing is made up."""
    (step, *_) = timeline(on_record(("handing-over", {"app_id": None, "key_id": None, "outcome": "refused"})))
    assert step.statement.text == "The task 40021 asks for something, and what it is cannot be read."


def test_a_removal_without_a_task_says_so() -> None:
    """It was asked for by a playbook."""
    (step, *_) = timeline(on_record(("intent", {**INTENT, "task": 0, "request": None})))
    assert step.statement.kind.code == "asked-without-task"
    assert "requester-not-shown" not in codes(on_record(("intent", {**INTENT, "task": 0, "requested_by": None})))


def test_a_crash_shows_as_a_try_without_a_result() -> None:
    """What came after it is the next try's."""
    after = {"attempt": "two"}
    records = on_record(("intent", INTENT), ("verified", {**GONE, **after}), ("result", {**RESULT, **after}))
    assert [code for code in codes(records) if code in ("interrupted", "another-try")] == ["interrupted"]


def test_a_try_after_one_that_ended_is_another_try() -> None:
    """Nothing was interrupted."""
    again = {"attempt": "two"}
    records = on_record(("result", {**RESULT, "ticket": "open"}), ("result", {**RESULT, **again}))
    assert [code for code in codes(records) if code in ("interrupted", "another-try")] == ["another-try"]


def test_a_kind_of_a_later_version_is_shown_by_its_name() -> None:
    """Rather than left out."""
    assert sentences(("scanned", {}))[-1] == "A record of the kind scanned was written."


def test_every_kind_that_belongs_to_a_task_has_words() -> None:
    """A kind that is added to the evidence of a task must be told here; `other` is for later versions."""
    of_no_task = {"paused", "resumed", "torn-line-cut", "took-over", "gap", "heartbeat", "exported", "restored"}
    of_no_task |= {"new-key", "scanned", "opening", "opened"}
    untold = {
        shape.what.value
        for shape in Record.__subclasses__()
        if "what" in vars(shape) and codes(on_record((shape.what.value, {})))[-1] == "other"
    }
    assert untold - of_no_task == set()


@pytest.mark.parametrize("what", sorted(RecordKind))
def test_a_record_without_any_field_breaks_nothing(what: RecordKind) -> None:
    """What is missing is not worth a fault: the record is shown all the same."""
    bare: dict[str, Any] = dict.fromkeys(("attempt", "tenant", "app_id", "key_id"))
    assert timeline(on_record((what.value, bare), (what.value, bare)))


def test_codes_are_unique_and_never_change() -> None:
    """Programs go by them."""
    found = [one.code for one in KINDS.values()]
    assert len(set(found)) == len(found) == 57


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_sentence_without_its_parameter_is_no_statement(name: str) -> None:
    """A step is whole, or is not made."""
    kind = KINDS[name]
    needed = dict.fromkeys(kind.parameter_names, "x")
    assert kind(**needed).text.endswith(".")
    for one in needed:
        with pytest.raises(KeyError):
            kind(**{other: "x" for other in needed if other != one})


def test_an_assignment_ends_with_the_try_that_handed_it_over() -> None:
    """The next one is another removal, though the task is the same."""
    wanted = [
        ("handing-over", {"attempt": "one"}),
        ("handed-over", {"attempt": "one"}),
        ("result", {"attempt": "one"}),
        ("intent", {**INTENT, "attempt": "two"}),
        ("result", {"attempt": "two"}),
    ]
    records = on_record(*wanted)
    assert records_of_removal(records, "one") == records[:3]
    assert records_of_removal(records, "two") == records_of_removal(records) == records[3:]


def test_an_earlier_try_is_shown_up_to_its_own_end() -> None:
    """With the tries before it, which it goes on from."""
    wanted = [("intent", {"attempt": "one"}), ("result", {"attempt": "two"}), ("result", {"attempt": "three"})]
    records = on_record(*wanted)
    assert [len(records_of_removal(records, one)) for one in ("one", "two", "three")] == [1, 2, 3]


def test_what_was_found_out_later_belongs_to_the_removal() -> None:
    """A record of the task that no try wrote, such as a stop that was narrowed."""
    records = on_record(
        ("result", {}), ("stop-narrowed", {"attempt": None, "detail": "x"}), ("result", {"attempt": "b"})
    )
    assert records_of_removal(records, "one") == records[:2]


@pytest.mark.parametrize("attempt", ["two", "", None])
def test_a_try_that_is_not_there_has_no_records(attempt: str | None) -> None:
    """Nor has a task of which nothing is on record."""
    assert list(records_of_removal(on_record(("result", {})) if attempt is not None else [], attempt)) == []


def test_no_statement_names_a_field_that_no_record_has() -> None:
    """A guard for the builder: what it reads is what the shapes write."""
    known = {one.name.rstrip("_") for shape in Record.__subclasses__() for one in fields(shape)}
    assert {"requested_by", "approved_by", "request", "survivors", "verdict", "shows", "reads"} <= known
