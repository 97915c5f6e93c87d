"""Passwordstate's JSON: entries in every dialect, refusals, documents and what is none."""

from typing import Any

import pytest
from hypothesis import given
from json_soup import CALM, records, refusal_of, response, responses

from spentkey.adapters.passwordstate.wire import Entries, PasswordEntry, document_of, entries_of
from spentkey.core.errors import AccessRefused, Outage
from spentkey.http.client import Response

PASSWORD = "canary-of-the-wire"
ROW: dict[str, Any] = {
    "PasswordID": 1301,
    "PasswordListID": "6691",
    "Title": "Sales",
    "UserName": "sales",
    "Password": PASSWORD,
    "Description": "for Sales",
    "GenericField1": "ABCD",
    "GenericFieldInfo": [{"DisplayName": "App", "Value": "EFGH"}],
    "OTP": "123456",
}
NO_HIT = [{"errors": [{"message": "Not Found"}, {"phrase": "…"}]}]


def test_an_entry_is_read_with_its_ids_as_numbers_or_texts() -> None:
    """Builds differ in which of the two ids is a text."""
    (entry,) = entries_of(response([ROW])).readable
    assert (entry.entry_id, entry.list_id, entry.title, entry.username) == (1301, 6691, "Sales", "sales")
    assert password_of(entry) == PASSWORD


def test_names_of_fields_have_no_case() -> None:
    """`password`, `PASSWORD` and `Password` are one field."""
    (entry,) = entries_of(response([{name.upper(): value for name, value in ROW.items()}])).readable
    assert password_of(entry) == PASSWORD


def test_the_searchable_texts_hold_no_secret() -> None:
    """Passwords and one-time codes are never compared with an AppID, and never kept as text."""
    (entry,) = entries_of(response([ROW])).readable
    assert {"sales", "for sales", "abcd", "efgh", "6691"} == set(entry.texts)
    assert PASSWORD not in repr(entry)


@pytest.mark.parametrize("none", [response([]), response(NO_HIT, 404)])
def test_no_hit_is_an_empty_list_or_a_404(none: Response) -> None:
    """Both mean that there is none."""
    assert entries_of(none) == Entries()


def password_of(entry: PasswordEntry) -> str | None:
    """What logs in."""
    return entry.password.reveal() if entry.password is not None else None


ODD: dict[str, tuple[object, str]] = {
    "nothing": (None, "the entry in position 2 of the answer is no object"),
    "a number": (5, "the entry in position 2 of the answer is no object"),
    "a list": ([], "the entry in position 2 of the answer is no object"),
    "no fields": ({}, "the entry in position 2 of the answer has no usable PasswordID"),
    "no id": ({**ROW, "PasswordID": None}, "the entry in position 2 of the answer has no usable PasswordID"),
    "an id that is true": (
        {**ROW, "PasswordID": True},
        "the entry in position 2 of the answer has no usable PasswordID",
    ),
    "half an id": ({**ROW, "PasswordID": 1.5}, "the entry in position 2 of the answer has no usable PasswordID"),
    "no list": ({**ROW, "PasswordListID": ""}, "entry 1301 has no usable PasswordListID"),
    "a title that is an object": ({**ROW, "Title": {"a": 1}}, "entry 1301 has a Title that is no text"),
}


@pytest.mark.parametrize("scenario", ODD)
def test_an_entry_that_cannot_be_read_is_named_and_the_others_count(scenario: str) -> None:
    """One odd row does not stop the rest."""
    row, expected = ODD[scenario]
    found = entries_of(response([ROW, row, {**ROW, "PasswordID": 1302}]))
    assert [entry.entry_id for entry in found.readable] == [1301, 1302]
    assert found.unreadable == (expected,)


@pytest.mark.parametrize("value", [{"a": 1}, [1], [PASSWORD]])
@pytest.mark.parametrize("name", ["UserName", "Password"])
def test_a_value_that_no_entry_of_certificates_needs_spoils_none(name: str, value: object) -> None:
    """It is missed only where it logs in."""
    (entry,) = entries_of(response([{**ROW, name: value}])).readable
    assert (entry.username is None, entry.password is None) == (name == "UserName", name == "Password")


@pytest.mark.parametrize(
    "info", [{}, "", None, [None], [5], {"DisplayName": "App", "Value": 7}, [{"Value": {"a": 1}}], 1.5]
)
def test_the_generic_fields_may_be_of_any_form(info: object) -> None:
    """Builds differ in it."""
    (entry,) = entries_of(response([{**ROW, "GenericFieldInfo": info, "New": {"a": [1]}, "Newer": 1.5}])).readable
    assert "abcd" in entry.texts


def test_a_single_hit_may_come_without_a_list() -> None:
    """As one object."""
    (entry,) = entries_of(response(ROW)).readable
    assert entry.entry_id == 1301


@pytest.mark.parametrize("number", [1301, "1301", 1301.0])
def test_an_id_may_be_any_whole_number(number: object) -> None:
    """Or a text of one."""
    (entry,) = entries_of(response([{**ROW, "PasswordID": number}])).readable
    assert entry.entry_id == 1301


def errors(*texts: str) -> list[dict[str, object]]:
    """An errors body."""
    return [{"errors": [{"message": text} for text in texts]}]


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        (errors("Not Authorized", "The API key lacks the right."), AccessRefused, "missing or limited"),
        (errors("Access denied"), AccessRefused, "missing or limited"),
        (errors("An unexpected error occurred"), Outage, "an error under status 200"),
        (errors(), Outage, "an error under status 200"),
        ({"errors": "Unauthorised key canary-key"}, AccessRefused, "missing or limited"),
    ],
)
def test_an_error_under_status_200_is_no_entry(body: object, error: type[Exception], words: str) -> None:
    """Its texts are not passed on: they may quote the key."""
    with pytest.raises(error, match=words) as refused:
        entries_of(response(body))
    assert "canary" not in str(refused.value)


def test_an_error_that_says_that_there_is_none_is_none() -> None:
    """Under status 200 as under 404."""
    assert entries_of(response(NO_HIT)) == Entries()


@pytest.mark.parametrize("value", [None, {}, "x", 5])
def test_a_search_that_is_no_list_of_entries_is_an_outage(value: Any) -> None:
    """Nothing is guessed from another shape."""
    with pytest.raises(Outage, match="Passwordstate answered"):
        entries_of(response(value))


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_the_operators_business(status: int) -> None:
    """The text says what is missing, not which key was used."""
    with pytest.raises(AccessRefused, match="an API key for it is missing"):
        entries_of(response([{"errors": []}], status))


def test_a_404_page_means_that_the_address_is_wrong() -> None:
    """The vault itself answers JSON."""
    with pytest.raises(Outage, match=r"passwordstate\.url"):
        entries_of(Response(404, {"Content-Type": "text/html"}, b"<html>"))


def test_the_bytes_of_a_document_come_as_they_are() -> None:
    """Whatever the content type says."""
    assert document_of(Response(200, {"Content-Type": "application/json"}, b"\x30\x82\x00"), "a.pfx") == b"\x30\x82\x00"


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (Response(200, {"Content-Type": "text/html; charset=utf-8"}, b"\x30"), Outage, "HTML page"),
        (Response(200, {"Content-Type": "application/octet-stream"}, b"\r\n <html>"), Outage, "HTML page"),
        (response(NO_HIT, 404), AccessRefused, "does not exist"),
        (response(NO_HIT, 403), AccessRefused, "right to documents"),
        (response(NO_HIT, 400), Outage, "400"),
    ],
)
def test_what_is_no_document_is_refused(answer: Response, error: type[Exception], words: str) -> None:
    """A log-in page is an outage, a document that is not given is the operator's business."""
    with pytest.raises(error, match=words):
        document_of(answer, "a.pfx (501)")


@given(records(ROW))
@CALM
def test_any_entry_is_read_or_refused_plainly(record: dict[str, Any]) -> None:
    """Whatever stands in an entry, there is no other exception, and no refusal quotes a value."""
    found, refusal = refusal_of(lambda: entries_of(response([record])))
    if refusal is not None:
        assert PASSWORD not in refusal
        return
    assert len(found.readable) + len(found.unreadable) == 1 or "errors" in {name.lower() for name in record}
    assert PASSWORD not in "".join(found.unreadable)
    for entry in found.readable:
        assert isinstance(entry.entry_id, int)
        assert all(isinstance(text, str) for text in entry.texts)


@given(responses())
@CALM
def test_any_answer_is_entries_or_a_plain_refusal(answer: Response) -> None:
    """Bytes of any kind, under any status."""
    _, refusal = refusal_of(lambda: entries_of(answer))
    _, other = refusal_of(lambda: document_of(answer, "a.pfx"))
    assert "\n" not in (refusal or "") + (other or "")
