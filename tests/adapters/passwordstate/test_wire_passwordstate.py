"""Passwordstate's JSON: entries in every dialect, refusals, documents and what is none."""

from typing import Any

import pytest
from hypothesis import given
from json_soup import CALM, records, refusal_of, response, responses

from spentkey.adapters.passwordstate.wire import document_of, entries_of
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
    (entry,) = entries_of(response([ROW]))
    assert (entry.entry_id, entry.list_id, entry.title, entry.username) == (1301, 6691, "Sales", "sales")
    assert entry.password.reveal() == PASSWORD


def test_names_of_fields_have_no_case() -> None:
    """`password`, `PASSWORD` and `Password` are one field."""
    (entry,) = entries_of(response([{name.upper(): value for name, value in ROW.items()}]))
    assert entry.password.reveal() == PASSWORD


def test_the_searchable_texts_hold_no_secret() -> None:
    """Passwords and one-time codes are never compared with an AppID, and never kept as text."""
    (entry,) = entries_of(response([ROW]))
    assert {"sales", "for sales", "abcd", "efgh", "6691"} == set(entry.texts)
    assert PASSWORD not in repr(entry)


@pytest.mark.parametrize("none", [response([]), response(NO_HIT, 404)])
def test_no_hit_is_an_empty_list_or_a_404(none: Response) -> None:
    """Both mean that there is none."""
    assert entries_of(none) == []


@pytest.mark.parametrize("value", [None, {}, "x", 5, [None], [5], [[]], [{}], [{"PasswordID": 1}]])
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
    entries, refusal = refusal_of(lambda: entries_of(response([record])))
    if refusal is not None:
        assert PASSWORD not in refusal
        return
    (entry,) = entries
    assert isinstance(entry.entry_id, int)
    assert all(isinstance(text, str) for text in entry.texts)


@given(responses())
@CALM
def test_any_answer_is_entries_or_a_plain_refusal(answer: Response) -> None:
    """Bytes of any kind, under any status."""
    _, refusal = refusal_of(lambda: entries_of(answer))
    _, other = refusal_of(lambda: document_of(answer, "a.pfx"))
    assert "\n" not in (refusal or "") + (other or "")
