"""The shapes of evidence records: what stands in a record, and what is left out of it."""

import json
from dataclasses import fields

import pytest

from spentkey.core.outcome import Failed, Refused, Result, TicketState, hand_over
from spentkey.core.reason import reason_for
from spentkey.core.records import (
    ClosedRecord,
    ClosingRecord,
    HandedOverRecord,
    HandingOverRecord,
    IntentRecord,
    ReassigningRecord,
    Record,
    RecordKind,
    ResultRecord,
    reason_facts,
)

RESULT = Result("40021", "failed", TicketState.HANDED_OFF, app_name="Billing", evidence="a")


def test_a_field_that_may_be_null_stands_in_the_record_as_null() -> None:
    """A reader finds the key of what is not known, so that nothing has to be guessed."""
    intent = IntentRecord("removePassword", "secret", "o", None, "present", None, [], "c", "1.0", None, None, None)
    assert {name: intent.facts()[name] for name in ("ended", "signer")} == {"ended": None, "signer": None}
    assert {"request", "requested_by", "approved_by"} <= set(intent.facts())
    assert "listed" not in intent.facts()


def test_a_field_of_another_case_is_left_out() -> None:
    """What a later run found has its own key; a close that was read back has none."""
    assert (
        ClosedRecord("6").facts(),
        ClosedRecord("6", found="the task shows it").facts(),
    ) == ({"minutes": "6", "warnings": ()}, {"minutes": "6", "found": "the task shows it", "warnings": ()})
    assert HandedOverRecord("Operations", found="x").facts() == {"team": "Operations", "found": "x", "warnings": ()}


def test_a_key_may_be_a_word_of_the_language() -> None:
    """`from` is written without the underscore that Python needs."""
    change = {"status": "Logged", "team": "Operations"}
    facts = ReassigningRecord(change, "Operations", "6", "5").facts()
    assert facts == {"change": change, "minutes": "6", "team": "Operations", "from": "5"}


def test_a_desk_that_books_no_minutes_has_none_on_record() -> None:
    """The change and the team are always there; a team that nobody named is null."""
    assert ReassigningRecord({"state": "6"}, None).facts() == {"change": {"state": "6"}, "team": None}
    facts = ClosingRecord(RESULT, {"state": "3"}).facts()
    assert (facts["change"], "minutes" in facts) == ({"state": "3"}, False)
    assert (ClosedRecord().facts(), HandedOverRecord("A").facts()) == ({"warnings": ()}, {"team": "A", "warnings": ()})


def test_a_result_stands_beside_the_other_fields_without_the_task() -> None:
    """The number of the task is the try's, which may be a number where the result has a text."""
    facts = ResultRecord(RESULT, outage=False).facts()
    assert ("task" in facts, "result" in facts, facts["app_name"], facts["outage"]) == (False, False, "Billing", False)
    assert set(RESULT.as_json()) - {"task"} <= set(facts)


@pytest.mark.parametrize(
    ("outcome", "who", "asked"),
    [(Failed(reason_for("no"), asked=True), "people", True), (Refused("G5", reason_for("no")), None, None)],
)
def test_a_hand_over_carries_its_reason(outcome: Failed | Refused, who: str | None, asked: bool | None) -> None:
    """Enough to write the very same note again after a crash."""
    facts = HandingOverRecord(RESULT, **reason_facts(hand_over(outcome)), assignment=2, limit="other").facts()
    assert (facts["said"], facts["who"], facts["asked"], facts["assignment"]) == ("no", who, asked, 2)
    assert facts["limit"] == "other"


def test_a_kind_is_written_as_its_text() -> None:
    """The key `what` holds the word of format 1, whatever the code calls it."""
    assert json.dumps({"what": RecordKind.AUDIT_EVENT}) == '{"what": "witness"}'


def test_no_shape_takes_a_key_of_the_chain() -> None:
    """A field named like a key of every record would hide that key."""
    names = {one.name for shape in Record.__subclasses__() for one in fields(shape)}
    assert names & {"v", "seq", "at", "what", "prev", "hash", "attempt", "run"} == set()
