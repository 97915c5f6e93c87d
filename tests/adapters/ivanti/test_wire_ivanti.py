"""Ivanti's JSON: filters, the encodings of an empty collection, and records of odd types."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from json_soup import CALM, VALUES, records, refusal_of, response, responses

from spentkey.adapters.ivanti.wire import (
    IvantiTask,
    check,
    filter_by,
    read_minutes,
    read_number,
    read_parameter,
    read_task,
    rec_id,
    record_of,
    rows_of,
)
from spentkey.core.errors import DeskRefused, Misconfigured, OddData, Outage
from spentkey.http.client import Response

REC_ID = "0123456789ABCDEF0123456789ABCDEF"
ROW: dict[str, Any] = {
    "RecId": REC_ID,
    "AssignmentID": 40021,
    "Subject": "Remove",
    "Status": "Logged",
    "Owner": None,
    "OwnerTeam": "Spentkey",
    "ReadOnly": False,
    "ParentLink_RecID": REC_ID,
    "ParentLink_Category": "ServiceReq",
    "ActualEffort": None,
    "CloseText": None,
}


def test_a_filter_joins_equalities_with_and() -> None:
    """Texts are quoted, numbers stand bare, in the order in which they were given."""
    assert filter_by(OwnerTeam="Spentkey", AssignmentID=5) == "OwnerTeam eq 'Spentkey' and AssignmentID eq 5"


@pytest.mark.parametrize(
    ("text", "quoted"), [("O'Neill", "'O''Neill'"), ("''", "''''''"), ("' or 1 eq 1 or '", "''' or 1 eq 1 or '''")]
)
def test_quotes_in_a_filter_are_doubled(text: str, quoted: str) -> None:
    """A text cannot end itself."""
    assert f"Status eq {quoted}" == filter_by(Status=text)


@given(st.text())
@CALM
def test_a_text_can_never_leave_its_quotes(text: str) -> None:
    """Between the outer quotes every quote has its twin, so the text is read back whole."""
    literal = filter_by(Status=text).removeprefix("Status eq ")
    inner = literal[1:-1]
    assert (literal[0], literal[-1]) == ("'", "'")
    assert "'" not in inner.replace("''", "")
    assert text == inner.replace("''", "'")


@pytest.mark.parametrize(
    "empty",
    [
        Response(200, {}, b""),
        Response(200, {}, b" \r\n"),
        Response(204, {}, b""),
        response({"value": []}),
        response({"value": "No instances found."}),
    ],
)
def test_every_encoding_of_nothing_is_no_rows(empty: Response) -> None:
    """An empty body, 204, an empty list, or a sentence in its place."""
    assert rows_of(empty) == []


@pytest.mark.parametrize("value", [None, 3, "x", [], [ROW], {}, {"value": None}, {"value": "Some."}])
def test_a_collection_that_is_no_list_of_records_is_an_outage(value: Any) -> None:
    """Nothing is guessed from another shape."""
    with pytest.raises(Outage, match="Ivanti answered a collection"):
        rows_of(response(value))


@pytest.mark.parametrize("odd", [None, 1, "x", [ROW]])
def test_what_is_no_record_in_a_list_does_not_hide_the_others(odd: Any) -> None:
    """It counts as one without any field, which is then named as unreadable."""
    assert rows_of(response({"value": [odd, ROW]})) == [{}, ROW]


def test_a_page_in_place_of_a_collection_is_an_outage() -> None:
    """A log-in page comes with status 200."""
    with pytest.raises(Outage, match="HTML page"):
        rows_of(Response(200, {"Content-Type": "text/html"}, b"<html>"))


def test_an_unknown_key_is_no_record() -> None:
    """Ivanti says 400 `Invalid key` where others say 404."""
    assert record_of(Response(400, {}, b'{"code":"ISM_4000","message":["Invalid key"]}')) is None


def test_a_record_that_is_a_list_is_an_outage() -> None:
    """One record is one object."""
    with pytest.raises(Outage):
        record_of(response([ROW]))


def test_a_refused_key_says_which_setting_to_check() -> None:
    """401 means the key and nothing else."""
    with pytest.raises(DeskRefused, match=r"ivanti\.api_key"):
        check(response({"code": "ISM_4001"}, 401))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (response({"code": "ISM_4000", "message": ["Role X does not have rights"]}, 400), "400 ISM_4000: Role X does"),
        (response({"code": "ISM_5000", "message": ["at Saas.Session key=hunter2"]}, 500), "500 ISM_5000"),
        (Response(404, {}, b"<html>"), "ivanti.url"),
        (Response(503, {}, b"key=hunter2"), "503"),
    ],
)
def test_an_error_is_told_without_session_internals(answer: Response, words: str) -> None:
    """The code, and for a broken rule its text; bodies of other errors may hold anything."""
    with pytest.raises(Outage) as raised:
        check(answer)
    assert words in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "value", ["", "x", "G" + REC_ID[1:], REC_ID + "0", REC_ID[:-1], f"{REC_ID}\n", 5, None, [REC_ID]]
)
def test_only_thirty_two_hexadecimal_digits_are_a_rec_id(value: Any) -> None:
    """Anything else never reaches a path or a filter."""
    with pytest.raises(OddData, match="RecId"):
        rec_id(value)


@pytest.mark.parametrize(("value", "number"), [(5, 5), ("40021", 40021), ("007", 7)])
def test_a_number_may_be_written_as_digits(value: Any, number: int) -> None:
    """AssignmentID is a number in one installation and a text in another."""
    assert number == read_number(value)


@pytest.mark.parametrize("value", [True, 5.0, "5.0", "", "-5", "٤٢", "²", "9" * 20, "9" * 5000, None, [5]])
def test_what_is_no_number_is_unreadable(value: Any) -> None:
    """Digits of other scripts, fractions and truths are no AssignmentID."""
    with pytest.raises(OddData, match="AssignmentID"):
        read_number(value)


@pytest.mark.parametrize(
    ("value", "minutes"), [(None, "0"), ("", "0"), (3, "3"), (2.5, "2.5"), ("1.0000", "1"), ("0012", "12")]
)
def test_minutes_come_in_every_form(value: Any, minutes: str) -> None:
    """Nothing, a number, or a decimal in a text."""
    assert Decimal(minutes) == read_minutes(value)


@pytest.mark.parametrize(
    "value", ["x", "NaN", "sNaN", "Infinity", "1e999999", "-1e10", "10E999999", True, [1], {"a": 1}]
)
def test_minutes_that_are_no_number_are_unknown(value: Any) -> None:
    """What cannot be added to is not guessed at, and stops nothing: the task is worked on without minutes."""
    assert read_minutes(value) is None


def test_minutes_of_more_digits_than_python_writes_are_unknown() -> None:
    """Written out, such an integer is a ValueError; the value is made here, because a test's name would write it too."""
    assert read_minutes(10**5000) is None


@pytest.mark.parametrize("field", ["Subject", "ReadOnly", "LastModDateTime", "LastModBy", "ActualEffort", "CloseText"])
@pytest.mark.parametrize("odd", [7, ["x"], {"a": 1}, True])
def test_a_field_that_is_not_needed_may_hold_anything(field: str, odd: Any) -> None:
    """The task is read all the same."""
    assert shown(**{field: odd}).number == ROW["AssignmentID"]


@pytest.mark.parametrize("field", ["RecId", "AssignmentID", "Status", "Owner", "OwnerTeam", "ParentLink_RecID"])
@pytest.mark.parametrize("odd", [["x"], {"a": 1}, True])
def test_a_field_that_is_needed_is_named(field: str, odd: Any) -> None:
    """It decides whose the task is, so nothing is guessed."""
    with pytest.raises(OddData, match=field):
        shown(**{field: odd})


def test_a_version_differs_after_each_write_and_names_nobody() -> None:
    """Two writes within a second differ by their authors or by what they wrote; a name does not go on record."""
    when = "2026-07-01T12:00:00Z"
    changes = [{}, {"LastModBy": "jdoe"}, {"LastModBy": "svc"}, {"OwnerTeam": "A"}, {"Owner": "jdoe"}, {"Status": "X"}]
    versions = [shown(LastModDateTime=when, **one).changed for one in changes]
    assert len(set(versions)) == len(changes)
    assert [one for one in versions if not one.startswith(f"{when} ") or "jdoe" in one] == []
    assert shown(LastModDateTime=None, LastModBy="jdoe").changed == ""


@pytest.mark.parametrize("field", ["ActualEffort", "CloseText"])
def test_a_configured_field_that_no_task_has_is_a_problem_of_the_configuration(field: str) -> None:
    """The operator is told which field."""
    with pytest.raises(Misconfigured, match=field):
        read_task({name: value for name, value in ROW.items() if name != field}, "ActualEffort", "CloseText")


@given(records(ROW))
@CALM
def test_any_record_is_a_task_or_a_plain_refusal(record: dict[str, Any]) -> None:
    """Whatever stands in a record, there is no other exception, and a task has only usable ids."""
    task, refusal = refusal_of(lambda: read_task(record, "ActualEffort", ""))
    if refusal is not None:
        assert "\n" not in refusal
        return
    assert rec_id(task.rec_id)
    assert task.minutes is None or task.minutes.is_finite()
    assert isinstance(task.service_request, str | None)


@given(responses())
@CALM
def test_any_answer_is_rows_or_a_plain_refusal(answer: Response) -> None:
    """Bytes of any kind, under any status."""
    for read in (rows_of, record_of):
        _, refusal = refusal_of(lambda read=read: read(answer))
        assert "\n" not in (refusal or "")


@given(VALUES)
@CALM
def test_the_value_of_a_parameter_is_passed_on_as_it_is(value: Any) -> None:
    """Guard G1 judges it; the wire does not."""
    assert read_parameter({"ParameterName": "SecretID", "ParameterValue": value}) == ("SecretID", value) or (
        value != value  # NaN
    )


@given(VALUES)
@CALM
def test_a_parameters_name_is_a_text_or_the_answer_is_refused(name: Any) -> None:
    """Whatever stands there."""
    found, problem = refusal_of(lambda: read_parameter({"ParameterName": name, "ParameterValue": "x"}))
    assert problem is not None or isinstance(found[0], str)


def shown(**changes: Any) -> IvantiTask:
    """The task as a read shows it."""
    return read_task({**ROW, **changes}, "ActualEffort", "CloseText")


@pytest.mark.parametrize(
    ("changes", "parent"),
    [({}, REC_ID), ({"ParentLink_Category": "Incident"}, None), ({"ParentLink_Category": None}, None)],
)
def test_only_a_service_request_is_a_parent_to_read(changes: dict[str, Any], parent: str | None) -> None:
    """A task below an incident or a change has no parameters of ours."""
    assert shown(**changes).service_request == parent
    assert shown(**changes, ParentLink_RecID=None).service_request is None
