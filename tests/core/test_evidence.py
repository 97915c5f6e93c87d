"""Evidence: a chain in which any change is found, and what a later run learns from it."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import APP_ID, KEY_ID, NOW, OTHER_APP_ID, OTHER_KEY_ID

from spentkey.core.evidence import GENESIS, Sealed, canonical, follows, seal
from spentkey.core.history import NOTHING_DONE, History, change_of, history, removals_among
from spentkey.ports.directory import Answer

FACTS: list[dict[str, Any]] = [
    {"task": 1, "app_name": "Caf\u00e9", "n": 1.5},
    {"task": 2, "list": [1, {"b": None, "a": True}]},
    {},
]


def chain(facts: list[dict[str, Any]]) -> list[Sealed]:
    """The records of these facts, one after the other."""
    sealed: list[Sealed] = []
    for number, one in enumerate(facts):
        prev = sealed[-1].hash if sealed else GENESIS
        sealed.append(seal(prev, number, NOW + timedelta(seconds=number), "step", one))
    return sealed


def holds(lines: list[str]) -> bool:
    """Whether the lines are a whole chain."""
    prev = GENESIS
    for number, record_line in enumerate(lines):
        found = follows(record_line, prev, number)
        if found is None:
            return False
        prev = found.hash
    return True


def test_a_record_is_one_line_of_canonical_json() -> None:
    """Keys sorted, no spaces, letters as they are, with version, number, time and both hashes."""
    (first, *_) = chain(FACTS)
    written = json.loads(first.record_line)
    assert first.record_line == canonical(written)
    assert "\n" not in first.record_line
    assert '"app_name":"Caf\u00e9"' in first.record_line
    assert (written["v"], written["seq"], written["at"], written["what"], written["prev"], written["hash"]) == (
        1,
        0,
        "2026-07-01T12:00:00+00:00",
        "step",
        GENESIS,
        first.hash,
    )


def test_the_hash_of_a_record_can_be_computed_by_anyone() -> None:
    """A fixed record has this SHA-256, computed apart from this code, over the line without `hash`."""
    sealed = seal(GENESIS, 0, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "intent", {"task": 7})
    unsealed = '{"at":"2026-01-02T03:04:05+00:00","prev":"' + "0" * 64 + '","seq":0,"task":7,"v":1,"what":"intent"}'
    assert sealed.record_line.replace(f'"hash":"{sealed.hash}",', "") == unsealed
    assert sealed.hash == "cb32cfb003f04824fa8626c87985e36b66dd6b356c7271a34ae9162e607e1e3e"


def test_each_record_continues_the_one_before() -> None:
    """The whole chain verifies."""
    assert holds([one.record_line for one in chain(FACTS)])


@pytest.mark.parametrize("order", [[1, 0, 2], [0, 2], [1, 2], [0, 0, 1], [0, 1, 1], [0, 2, 1]])
def test_records_that_are_missing_repeated_or_moved_are_found(order: list[int]) -> None:
    """Each record is whole, and the chain is not."""
    lines = [one.record_line for one in chain(FACTS)]
    assert not holds([lines[number] for number in order])


def test_a_record_of_another_chain_is_found() -> None:
    """Sealed correctly, after another beginning."""
    stranger = seal("f" * 64, 1, NOW, "step", {})
    assert follows(stranger.record_line, chain(FACTS)[0].hash, 1) is None


@pytest.mark.parametrize(
    "record_line",
    [
        "",
        "{}",
        "[]",
        "null",
        "7",
        '"x"',
        "{",
        "not json",
        "[" * 100_000,
        '{"a":NaN}',
        '{"a":"\\ud800"}',
        "{}" * 2,
        "9" * 5000,
    ],
)
def test_what_is_no_record_is_none(record_line: str) -> None:
    """Whatever stands there, it is told apart and raises nothing."""
    assert follows(record_line, GENESIS, 0) is None


@given(st.data())
def test_a_change_of_any_one_byte_is_found(data: st.DataObject) -> None:
    """Wherever it is, whatever it is changed to."""
    lines = [one.record_line for one in chain(FACTS)]
    number = data.draw(st.integers(0, len(lines) - 1))
    before = lines[number].encode()
    place = data.draw(st.integers(0, len(before) - 1))
    changed = bytearray(before)
    changed[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != before[place]))
    try:
        lines[number] = changed.decode("utf-8")
    except UnicodeDecodeError:
        return  # not a text any more: the file's reader refuses it
    assert not holds(lines)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (",", ", "),
        ("Caf\u00e9", "Caf\\u00e9"),
        ("1.5", "1.50"),
        ("1.5", "15e-1"),
        ('"task":1', '"task":9,"task":1'),
        ("}", "} "),
        ("}", "}\r"),
    ],
)
def test_another_spelling_of_the_same_record_is_found(before: str, after: str) -> None:
    """Spaces, escapes, other numerals and names given twice would hide a change from some readers."""
    (first, *_) = chain(FACTS)
    spelled = first.record_line.replace(before, after, 1)
    assert spelled != first.record_line
    assert follows(spelled, GENESIS, 0) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(max_size=6).filter(lambda name: name != "hash"), JSON, max_size=4), max_size=4))
def test_any_facts_make_a_chain_that_verifies(facts: list[dict[str, Any]]) -> None:
    """Also facts named as the record's own keys, which win."""
    sealed = chain(facts)
    assert holds([one.record_line for one in sealed])
    assert [json.loads(one.record_line)["seq"] for one in sealed] == list(range(len(facts)))


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\ud83d\ude00", "\x00\n\u2028"])
def test_texts_that_utf8_cannot_hold_are_kept_all_the_same(text: str) -> None:
    """A requester's broken text must not stop the record of its refusal."""
    sealed = seal(GENESIS, 0, NOW, "result", {"app_name": text})
    assert follows(sealed.record_line.encode("utf-8").decode("utf-8"), GENESIS, 0) == sealed


@pytest.mark.parametrize("fact", [float("nan"), float("inf"), b"bytes", object()])
def test_facts_that_json_cannot_hold_are_refused(fact: object) -> None:
    """Rather than written in a way that nobody can check."""
    with pytest.raises((ValueError, TypeError)):
        seal(GENESIS, 0, NOW, "step", {"fact": fact})


def test_a_fact_cannot_pass_for_the_records_own_number_or_time() -> None:
    """The record's own keys win."""
    sealed = seal(GENESIS, 4, NOW, "step", {"seq": 9, "prev": "x", "what": "other", "at": "never", "v": 0})
    written = json.loads(sealed.record_line)
    assert (written["seq"], written["prev"], written["what"], written["v"]) == (4, GENESIS, "step", 1)


def test_the_time_keeps_its_zone() -> None:
    """ISO 8601 with an offset, whatever clock is passed in."""
    sealed = seal(GENESIS, 0, NOW.astimezone(timezone(timedelta(hours=2))), "step", {})
    assert datetime.fromisoformat(json.loads(sealed.record_line)["at"]) == NOW


def record(what: str, **facts: Any) -> dict[str, Any]:
    """A record about task 1 and the asked credential."""
    return {"task": 1, "what": what, "app_id": APP_ID, "key_id": KEY_ID, **facts}


def past(*records: dict[str, Any]) -> History:
    """The history of task 1."""
    return history(records, 1)


def test_only_the_records_of_the_task_count() -> None:
    """Others' records, and records of no task, are left out."""
    mine = record("intent")
    assert history([mine, record("intent", task=2), {"what": "torn-line-cut"}], 1).records == (mine,)


def test_a_task_without_records_is_not_known() -> None:
    """And everything about it says no."""
    empty = past()
    assert not empty.known
    message = (empty.assignment, empty.closed, empty.reassigning, empty.handing_over, empty.begun_change)
    assert message == (1, None, None, None, None)
    assert (empty.open_attempts, empty.lost({"a"}), empty.sendings(APP_ID, KEY_ID)) == (0, False, [])
    assert past(record("result")).known


def test_the_latest_intent_about_exactly_this_credential_is_found() -> None:
    """Of two, the later one."""
    first, second = record("intent", n=1), record("intent", n=2)
    assert past(first, second).intended(APP_ID, KEY_ID) == second


@pytest.mark.parametrize(("app_id", "key_id"), [(OTHER_APP_ID, KEY_ID), (APP_ID, OTHER_KEY_ID)])
def test_an_intent_about_something_else_does_not_count(app_id: str, key_id: str) -> None:
    """Neither another key id of that application nor that key id on another one."""
    assert past(record("intent")).intended(app_id, key_id) is None
    assert not past(record("answer", answer="accepted")).confirmed(app_id, key_id)


AT = NOW.isoformat()
REFUSALS = ["forbidden", "proof-rejected", "rejected", "not-done"]


@pytest.mark.parametrize("answer", REFUSALS)
def test_an_intent_that_was_refused_for_sure_is_none(answer: str) -> None:
    """It removed nothing, so whatever is gone was somebody else's doing."""
    refused = past(
        record("intent", client_request_id="a", at=AT), record("answer", answer=answer, client_request_id="a")
    )
    assert refused.intended(APP_ID, KEY_ID) is None
    assert refused.sendings(APP_ID, KEY_ID) == []
    assert removals_among(refused.records, APP_ID) == {}


@pytest.mark.parametrize("answer", ["accepted", "lost", "not-present", None])
def test_an_intent_with_any_other_answer_may_have_taken(answer: str | None) -> None:
    """Or without one, after a crash."""
    answers = [record("answer", answer=answer, client_request_id="a")] if answer else []
    intent = record("intent", client_request_id="a", at=AT)
    assert past(intent, *answers).intended(APP_ID, KEY_ID) == intent
    assert removals_among([intent, *answers], APP_ID) == {KEY_ID: [1]}


def test_a_refusal_of_one_intent_says_nothing_of_another() -> None:
    """In whichever order: the one whose reply was lost may have taken."""
    lost, refused = record("intent", client_request_id="a", at=AT), record("intent", client_request_id="b", at=AT)
    answers = [record("answer", answer="lost", client_request_id="a")]
    answers.append(record("answer", answer="forbidden", client_request_id="b"))
    for records in ([lost, refused, *answers], [refused, answers[1], lost, answers[0]]):
        assert past(*records).intended(APP_ID, KEY_ID) == lost


def test_a_refusal_without_an_id_refuses_nothing() -> None:
    """Nobody knows which intent it answers."""
    intent = record("intent")
    assert past(intent, record("answer", answer="forbidden")).intended(APP_ID, KEY_ID) == intent


def test_a_refused_repeat_takes_no_confirmation_away() -> None:
    """Graph's 204 to the first one stands."""
    assert past(record("answer", answer="accepted"), record("answer", answer="forbidden")).confirmed(APP_ID, KEY_ID)


def test_every_refusal_is_an_answer() -> None:
    """The words are those of the port."""
    assert {Answer(word) for word in NOTHING_DONE} == {Answer(word) for word in REFUSALS}


def test_removals_of_another_application_are_not_among_them() -> None:
    """Key ids are told by application."""
    assert removals_among([record("intent", app_id=OTHER_APP_ID)], APP_ID) == {}


def test_an_answer_204_confirms() -> None:
    """Graph's own word to us."""
    assert past(record("intent"), record("answer", answer="accepted")).confirmed(APP_ID, KEY_ID)


def test_a_repeat_that_finds_nothing_takes_no_confirmation_away() -> None:
    """Old reads may show again what a 204 took; the second removal is then answered by not-present."""
    answers = [record("answer", answer=answer) for answer in ("accepted", "not-present")]
    assert past(record("intent"), *answers).confirmed(APP_ID, KEY_ID)


@pytest.mark.parametrize("responses", [[], ["lost"], ["not-present"], ["forbidden"], ["accepted", "lost"]])
def test_any_other_latest_answer_does_not_confirm(responses: list[str]) -> None:
    """The latest answer counts."""
    records = [record("answer", answer=answer) for answer in responses]
    assert not past(record("intent"), *records).confirmed(APP_ID, KEY_ID)


def test_the_assignment_counts_completed_hand_overs() -> None:
    """A task that came back is a new assignment; one that is only being handed over is not."""
    over = record("handed-over")
    assert [past(*[over] * times).assignment for times in (0, 1, 3)] == [1, 2, 4]
    assert past(record("reassigning")).assignment == 1


@pytest.mark.parametrize("what", ["closing", "result"])
def test_a_close_that_was_begun_or_done_gives_its_result(what: str) -> None:
    """So that a rerun can say it again."""
    closed = record(what, ticket="closed")
    assert past(record("intent"), closed).closed == closed


@pytest.mark.parametrize("other", [record("result", ticket="open"), record("closed"), record("closing", ticket="open")])
def test_anything_else_is_no_close(other: dict[str, Any]) -> None:
    """A result that left the task open is none."""
    assert past(other).closed is None


@pytest.mark.parametrize("what", ["closing", "result"])
def test_a_close_before_a_hand_over_is_no_close(what: str) -> None:
    """It never took, or the task was given back since: what people did with it is not ours to tell."""
    closed = record(what, ticket="closed")
    assert past(closed, record("handed-over")).closed is None
    assert past(record("handed-over"), closed).closed == closed
    assert past(closed, record("handed-over"), record("result", ticket="handed-off")).closed is None
    assert past(closed, record("reassigning")).closed == closed


@pytest.mark.parametrize("task", ["1", 2, 0, "", "SCTASK1"])
def test_a_task_is_known_by_its_own_reference_alone(task: int | str) -> None:
    """A number and the text of it are two: a desk writes its references in one way."""
    assert not history([record("intent")], task).known


def test_a_task_whose_reference_is_a_text_has_its_own_history() -> None:
    """The reference of another desk."""
    mine = record("intent", task="SCTASK0010001")
    assert history([record("intent"), mine], "SCTASK0010001").records == (mine,)


@pytest.mark.parametrize(
    ("steps", "under_way"),
    [
        (["reassigning"], True),
        (["reassigning", "handed-over"], False),
        (["reassigning", "handed-over", "reassigning"], True),
        (["noting"], False),
    ],
)
def test_a_hand_over_is_under_way_until_its_end_is_on_record(steps: list[str], under_way: bool) -> None:
    """A crash may have come between."""
    records = [record(step) for step in steps]
    assert (past(*records).reassigning is not None) is under_way


OVER = record("handed-over")
CLOSE, MOVE = {"status": "Completed", "minutes": "3"}, {"status": "Logged", "minutes": "2", "team": "A", "from": "1"}


@pytest.mark.parametrize(
    ("records", "change"),
    [
        ([record("closing", change=CLOSE)], CLOSE),
        ([record("reassigning", change=MOVE)], MOVE),
        ([record("reassigning", change=MOVE), record("closing", change=CLOSE)], CLOSE),
        ([record("reassigning", change=MOVE), OVER, record("closing", change=CLOSE)], CLOSE),
        ([record("closing", change={}, minutes="9")], {}),
    ],
)
def test_an_unfinished_write_keeps_what_it_set_out_to_write(
    records: list[dict[str, Any]], change: dict[str, str]
) -> None:
    """So that a rerun does not book its minutes twice; what stands beside the change is for readers."""
    assert past(*records).begun_change == change


@pytest.mark.parametrize(
    "records",
    [
        [],
        [record("noting"), record("handing-over"), record("result", minutes="4", change=CLOSE)],
        [record("reassigning", change=MOVE), OVER],
        [record("closing", change=CLOSE), OVER],
        [record("closing", minutes="13"), record("reassigning", minutes="2"), OVER],
    ],
)
def test_no_write_is_unfinished_where_none_was_begun_or_a_hand_over_ended_it(records: list[dict[str, Any]]) -> None:
    """The next assignment begins with what it reads."""
    assert past(*records).begun_change is None


@pytest.mark.parametrize(
    ("records", "change"),
    [
        ([record("closing", minutes="13")], {"minutes": "13"}),
        ([record("reassigning", minutes="2", team="A")], {"minutes": "2", "team": "A"}),
        (
            [record("reassigning", **{"minutes": "2", "team": "A", "from": "1", "ticket": "open"})],
            {"minutes": "2", "team": "A", "from": "1"},
        ),
        ([record("reassigning", minutes="2"), record("closing", minutes="3")], {"minutes": "3"}),
        ([record("reassigning", minutes="2"), OVER, record("closing", minutes="9")], {"minutes": "9"}),
        ([record("closing")], {}),
    ],
)
def test_a_write_that_version_0_1_began_is_read_too(records: list[dict[str, Any]], change: dict[str, str]) -> None:
    """It has the parts of the change beside its other fields, and nothing else of the record is one of them."""
    assert past(*records).begun_change == change


@pytest.mark.parametrize("odd", [None, "6", 6, ["minutes"], True])
def test_a_change_of_another_kind_is_no_change(odd: object) -> None:
    """Then the parts beside it count, where there are any."""
    assert change_of(record("closing", change=odd, minutes="6")) == {"minutes": "6"}
    assert change_of(record("closing", change=odd)) == {}


@pytest.mark.parametrize(
    ("records", "count"),
    [
        ([record("result", ticket="open")] * 4, 4),
        ([record("result", ticket="open", outage=True), record("result", ticket="open", outage=False)], 1),
        ([record("result", ticket="closed"), record("result", ticket="handed-off")], 0),
        ([record("result", ticket="open"), record("handed-over"), record("result", ticket="open")], 1),
    ],
)
def test_tries_are_counted_without_outages_and_anew_after_a_hand_over(
    records: list[dict[str, Any]], count: int
) -> None:
    """Only tries that left the task open for no outage."""
    assert past(*records).open_attempts == count
