"""Graph's JSON: applications with their credentials, times, and batches, whatever they hold."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from json_soup import CALM, VALUES, records, refusal_of, response, responses

from spentkey.adapters.entra.batch import batch_of_two, read_batch
from spentkey.adapters.entra.wire import error_of, read_application, read_moment, refused_before_effect
from spentkey.core.credential import Kind, Target
from spentkey.core.errors import AccessRefused, Outage
from spentkey.core.reason import Reason
from spentkey.http.client import Response
from spentkey.http.retry import Retryable

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ID = "11111111-1111-4111-8111-111111111111"
SECRET: dict[str, Any] = {"keyId": ID.upper(), "displayName": "x", "endDateTime": "2020-01-01T00:00:00.1234567Z"}
KEY: dict[str, Any] = {**SECRET, "type": "AsymmetricX509Cert", "usage": "Verify", "key": "AAEC"}
APPLICATION: dict[str, Any] = {
    "id": ID,
    "appId": ID.upper(),
    "displayName": "Sales",
    "passwordCredentials": [SECRET],
    "keyCredentials": [KEY],
    "tokenEncryptionKeyId": ID.upper(),
}


def test_an_application_is_read_with_both_lists_and_canonical_ids() -> None:
    """Ids are lower case whatever Graph's case, and the raw entry is kept for comparison."""
    read = application()
    assert (read.object_id, read.app_id, read.token_encryption_key_id) == (ID, ID, ID)
    assert [(one.kind, one.key_id, one.key) for one in read.credentials] == [
        (Kind.SECRET, ID, None),
        (Kind.CERTIFICATE, ID, b"\x00\x01\x02"),
    ]


def application(**changes: Any) -> Target:
    """That application, some of it changed; `...` leaves a part out."""
    read = read_application({name: value for name, value in {**APPLICATION, **changes}.items() if value is not ...})
    assert isinstance(read, Target)
    return read


def test_a_survivor_is_the_same_whether_its_key_is_shown_or_not() -> None:
    """What is kept as it was read differs; the order of fields does not matter to either."""
    turned, without, other = dict(reversed(KEY.items())), {**KEY, "key": None}, {**KEY, "usage": "Sign"}
    one, two, three, four = (application(keyCredentials=[key]).certificates[0] for key in (KEY, turned, without, other))
    assert one.fingerprint == two.fingerprint == three.fingerprint != four.fingerprint
    assert (one.raw == two.raw, one.raw == three.raw) == (True, False)


@pytest.mark.parametrize("value", [..., None, {}, "none"])
@pytest.mark.parametrize("name", ["passwordCredentials", "keyCredentials"])
def test_an_application_without_a_list_is_an_outage(name: str, value: Any) -> None:
    """A list that is missing is not an empty list."""
    with pytest.raises(Outage, match=name):
        application(**{name: value})


@pytest.mark.parametrize("value", [..., None, 5, "../me", "", ID + "\n"])
@pytest.mark.parametrize("name", ["id", "appId"])
def test_an_application_without_a_usable_id_cannot_be_read(name: str, value: Any) -> None:
    """That is a fault of this object, which people must see; the answer as such is one."""
    changed = {key: one for key, one in {**APPLICATION, name: value}.items() if one is not ...}
    reason = read_application(changed)
    assert isinstance(reason, Reason)
    assert f"usable {name}," in reason


def test_an_encryption_key_that_cannot_be_read_may_be_any() -> None:
    """Guard G6 protects it, so it must be known."""
    assert isinstance(read_application({**APPLICATION, "tokenEncryptionKeyId": 5}), Reason)
    assert application(tokenEncryptionKeyId=...).token_encryption_key_id is None


@pytest.mark.parametrize("value", [..., None, 5, ["Sales"]])
def test_a_name_that_cannot_be_read_is_empty(value: Any) -> None:
    """Guard G3 says so."""
    assert application(displayName=value).name == ""


@pytest.mark.parametrize("told", ["#microsoft.graph.application", "microsoft.graph.Application", None])
def test_an_application_is_an_application(told: str | None) -> None:
    """With or without the name of its type."""
    assert application(**{"@odata.type": told}).other_kind is None


@pytest.mark.parametrize(
    ("told", "kind"),
    [("#microsoft.graph.agentIdentityBlueprint", "agentIdentityBlueprint"), ("", ""), (5, "5"), ("#x.", "x.")],
)
def test_an_object_of_another_type_is_told_by_its_name(told: Any, kind: str) -> None:
    """Also where that is no name."""
    assert application(**{"@odata.type": told}).other_kind == kind


@pytest.mark.parametrize("odd", [5, None, "x", [], {}, {**SECRET, "keyId": None}, {**SECRET, "keyId": "x"}])
@pytest.mark.parametrize("name", ["passwordCredentials", "keyCredentials"])
def test_an_entry_without_a_key_id_is_set_aside_and_named(name: str, odd: Any) -> None:
    """The others are read."""
    read = application(**{name: [KEY, odd, KEY]})
    assert [one.where for one in read.unreadable] == [f"{name}[1]"]
    assert len([one for one in read.credentials if one.kind is read.unreadable[0].kind]) == 2


@pytest.mark.parametrize("value", [None, 5, [], {}, True])
@pytest.mark.parametrize(
    "name", ["hint", "type", "usage", "customKeyIdentifier", "displayName", "startDateTime", "key"]
)
def test_odd_fields_that_are_not_needed_do_not_matter(name: str, value: Any) -> None:
    """The entry is read without them, and its fingerprint knows what stood there."""
    read = application(keyCredentials=[{**KEY, name: value}])
    assert (len(read.certificates), read.unreadable) == (1, ())


@pytest.mark.parametrize("key", ["", "not base64!", "AAE", "ÄÖ"])
def test_a_key_that_is_no_base64_is_no_key(key: str) -> None:
    """It then simply matches no document."""
    (certificate,) = application(keyCredentials=[{**KEY, "key": key}]).certificates
    assert certificate.key is None


@pytest.mark.parametrize(
    "value",
    [None, "", "someday", "2020-01-01", "2020-01-01T00:00:00", "0000-01-01T00:00:00Z", 1577836800, ["2020"], True],
)
def test_a_moment_without_zone_or_sense_is_none(value: Any) -> None:
    """Nothing is guessed: no zone is not UTC."""
    assert read_moment(value) is None


def test_a_moment_keeps_its_zone() -> None:
    """An offset is as good as Z."""
    assert read_moment("2020-01-01T02:00:00+02:00") == datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("date", ["", "x", "Mon, 01 Jan 2020", "Mon, 01 Jan 2020 00:00:00 -0000", "1" * 400])
def test_a_date_that_cannot_be_read_is_none(date: str) -> None:
    """`-0000` says that the zone is not known."""
    assert Response(200, {"Date": date}, b"").time() is None
    assert Response(200, {}, b"").time() is None


@given(st.text(max_size=60))
@CALM
def test_any_date_is_a_moment_with_a_zone_or_none(date: str) -> None:
    """There is no other exception."""
    moment = Response(200, {"Date": date}, b"").time()
    assert moment is None or moment.tzinfo is not None


@given(records(APPLICATION), records(KEY))
@CALM
def test_any_application_is_read_or_an_outage(record: dict[str, Any], key: dict[str, Any]) -> None:
    """Whatever stands in it, there is no other exception, and every id that is read is a UUID."""
    for changed in (record, {**APPLICATION, "keyCredentials": [key], "passwordCredentials": [key]}):
        read, refusal = refusal_of(lambda changed=changed: read_application(changed))
        credentials = read.credentials if isinstance(read, Target) else ()
        assert "\n" not in (refusal or "")
        assert all(len(one.key_id) == 36 for one in credentials)
        assert all(one.expired(NOW, NOW - NOW) in (True, False) for one in credentials)


def part(name: str, **changes: Any) -> dict[str, Any]:
    """One answer of a batch."""
    body = APPLICATION if name == "application" else {**APPLICATION, "appId": ID}
    return {"id": name, "status": 200, "headers": {}, "body": body, **changes}


def refusal(code: str) -> dict[str, Any]:
    """Graph's error envelope."""
    return {"error": {"code": code, "message": "no"}}


def batch(*parts: Any) -> Response:
    """The answer to a batch."""
    return response({"responses": list(parts)}, Date="Thu, 01 Jan 2026 00:00:00 GMT")


def test_a_batch_asks_for_exactly_two_reads() -> None:
    """Application and service principal, each by AppID; nothing is selected, which would count in a limit of its own."""
    requests = batch_of_two(ID)["requests"]
    assert [request["method"] for request in requests] == ["GET", "GET"]
    assert [request["url"] for request in requests] == [
        f"/{of}(appId='{ID}')" for of in ("applications", "servicePrincipals")
    ]


def test_a_batch_shows_both_in_any_order() -> None:
    """Graph answers the parts in an order of its own."""
    snapshot = read_batch(batch(part("principal"), part("application")), NOW)
    assert snapshot.application is not None
    assert snapshot.principal is not None
    assert snapshot.directory_time == NOW


def test_a_404_part_is_nothing_there() -> None:
    """An application may have no service principal."""
    nothing = part("principal", status=404, body=refusal("Request_ResourceNotFound"))
    assert read_batch(batch(part("application"), nothing), NOW).principal is None


@pytest.mark.parametrize("body", [None, {}, "x", {"error": []}, {"error": {"code": "Directory_ObjectNotFound"}}])
@pytest.mark.parametrize("name", ["application", "principal"])
def test_a_404_that_does_not_say_so_is_not_an_absence(name: str, body: Any) -> None:
    """The directory could not look, or somebody in between answered: it is asked again."""
    other = "principal" if name == "application" else "application"
    with pytest.raises(Retryable, match="404"):
        read_batch(batch(part(other), part(name, status=404, body=body)), NOW)


@pytest.mark.parametrize("status", [400, 403, 409, 500])
def test_a_part_at_odds_with_a_write_is_asked_again(status: int) -> None:
    """The code says it, whatever the status."""
    busy = part("application", status=status, body=refusal("Directory_ConcurrencyViolation"))
    with pytest.raises(Retryable):
        read_batch(batch(busy, part("principal")), NOW)


def test_a_token_that_is_not_taken_is_no_missing_permission() -> None:
    """The code says which of the two it is."""
    refused = part("application", status=401, body=refusal("InvalidAuthenticationToken"))
    with pytest.raises(AccessRefused, match="fresh access token"):
        read_batch(batch(refused, part("principal")), NOW)


ANSWERS = {
    (429, "", "json"): True,
    (429, "", "html"): True,
    (409, "Directory_ConcurrencyViolation", "json"): True,
    (400, "Directory_ConcurrencyViolation", "json"): True,
    (500, "Directory_ConcurrencyViolation", "json"): True,
    (503, "ServiceUnavailable", "json"): True,
    (503, "", "html"): False,
    (503, "", "json"): False,
    (409, "AnotherCode", "json"): False,
    (409, "", "html"): False,
    (400, "Request_BadRequest", "json"): False,
    (500, "Service_InternalServerError", "json"): False,
    (502, "", "html"): False,
    (200, "Directory_ConcurrencyViolation", "json"): False,
}


@pytest.mark.parametrize(("status", "code", "kind"), ANSWERS)
def test_only_graphs_own_word_says_that_nothing_was_done(status: int, code: str, kind: str) -> None:
    """A gateway's page says nothing of what the system behind it did, so a write is not blindly repeated."""
    body = json.dumps(refusal(code)).encode() if kind == "json" else b"<html>Directory_ConcurrencyViolation</html>"
    assert (
        refused_before_effect(Response(status, {"Content-Type": f"text/{kind}"}, body)) is ANSWERS[status, code, kind]
    )


@pytest.mark.parametrize(
    ("status", "error"), [(429, Retryable), (500, Retryable), (503, Retryable), (401, AccessRefused)]
)
@pytest.mark.parametrize("name", ["application", "principal"])
def test_each_part_has_a_status_of_its_own(name: str, status: int, error: type[Exception]) -> None:
    """A throttled part is tried again, a refused one is the operator's business; neither counts as absent."""
    other = "principal" if name == "application" else "application"
    with pytest.raises(error):
        read_batch(batch(part(other), part(name, status=status)), NOW)


@pytest.mark.parametrize("headers", [None, [], "x", {"Retry-After": None}, {"Retry-After": [5]}, {"Retry-After": {}}])
def test_odd_headers_of_a_throttled_part_do_not_matter(headers: Any) -> None:
    """It is tried again all the same."""
    with pytest.raises(Retryable) as raised:
        read_batch(batch(part("application", status=429, headers=headers), part("principal")), NOW)
    assert raised.value.wait_s is None


def test_a_throttled_part_is_waited_for_as_it_asks() -> None:
    """Retry-After of the part counts."""
    with pytest.raises(Retryable) as raised:
        read_batch(batch(part("application", status=429, headers={"Retry-After": "7"}), part("principal")), NOW)
    assert raised.value.wait_s == 7


@given(records(part("application")) | VALUES, VALUES)
@CALM
def test_any_batch_is_read_or_refused_plainly(one: Any, other: Any) -> None:
    """Whatever a batch holds, there is no other exception, and a missing part is never an absent application."""
    for answer in (batch(one, part("principal")), batch(one, other), response(other)):
        snapshot, refusal = refusal_of(lambda answer=answer: read_batch(answer, NOW))
        assert "\n" not in (refusal or "")
        found = refusal is None and (snapshot.application is not None or snapshot.fault is not None)
        assert refusal is not None or found or one.get("status") == 404


@given(responses())
@CALM
def test_any_answer_has_an_error_in_words_or_none(answer: Response) -> None:
    """The code and message of whatever came."""
    assert all(isinstance(text, str) for text in error_of(answer))
