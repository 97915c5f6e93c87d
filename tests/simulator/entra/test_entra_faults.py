"""Faults on the wire of login and Graph, before and after the effect, and batches with faults of their own."""

from io import BytesIO
from typing import Any

import aiohttp
import pytest
from entra_desk import EVERYTHING, LIVE_SECRET, OLD_SECRET, SALES, SALES_OBJECT, UNKNOWN, Desk

READ = f"/applications/{SALES_OBJECT}"


async def secrets_read(desk: Desk) -> list[str]:
    """The secrets that a read shows."""
    return [one["keyId"] for one in (await desk.ask("GET", READ)).body["passwordCredentials"]]


@pytest.mark.parametrize("status", [429, 409, 503, 500, 502, 504, 401, 403])
async def test_a_refusal_before_leaves_everything_as_it_was(desk: Desk, status: int) -> None:
    """The status comes with Graph's envelope, and the next try goes through."""
    desk.fault(str(status), route="removePassword", times=1)
    reply = await desk.remove_password()
    assert (reply.status, "code" in reply.body["error"], desk.key_ids()) == (status, True, EVERYTHING)
    assert (await desk.remove_password()).status == 204


async def test_a_refusal_after_hides_a_removal_that_happened(desk: Desk) -> None:
    """The reply says 503 and the secret is gone."""
    desk.fault("503", route="removePassword", when="after")
    assert (await desk.remove_password()).status == 503
    assert OLD_SECRET not in desk.key_ids()
    assert desk.journal.entries[-1].applied


@pytest.mark.parametrize(("after", "header"), [(7, "7"), ("2.128", "2.128")])
async def test_retry_after_in_seconds(desk: Desk, after: Any, header: str) -> None:
    """Fractions occur in the documents too."""
    desk.fault("429", params={"retry_after": after}, route="list-applications")
    assert (await desk.ask("GET", "/applications")).headers["Retry-After"] == header


async def test_retry_after_as_a_date(desk: Desk) -> None:
    """The other form that HTTP allows, by the simulated clock."""
    desk.fault("429", params={"retry_after": "date:30"}, route="list-applications")
    assert (await desk.ask("GET", "/applications")).headers["Retry-After"].endswith("GMT")


@pytest.mark.parametrize(("when", "gone"), [("before", False), ("after", True)])
@pytest.mark.parametrize("kind", ["reset", "truncate"])
async def test_a_dropped_connection(desk: Desk, kind: str, when: str, gone: bool) -> None:
    """The client sees an error either way, and only the truth tells which it was."""
    desk.fault(kind, route="removePassword", when=when)
    with pytest.raises(aiohttp.ClientError):
        await desk.remove_password()
    assert (OLD_SECRET not in desk.key_ids()) is (gone or kind == "truncate")
    assert (desk.journal.entries[-1].status, desk.journal.entries[-1].fault) == (0, f"{kind} {when}")


async def test_a_truncated_read_breaks_in_the_middle(desk: Desk) -> None:
    """Headers promise more than the body holds."""
    desk.fault("truncate", route="read-application")
    with pytest.raises(aiohttp.ClientPayloadError):
        await desk.ask("GET", READ)


async def test_a_hanging_answer_is_in_the_journal_at_once(desk: Desk) -> None:
    """The client gives up; the journal already knows that nothing was answered."""
    desk.fault("hang", route="list-applications", params={"seconds": 0.2})
    with pytest.raises(aiohttp.ClientError):
        await desk.ask("GET", "/applications")
    assert desk.journal.entries[-1].status == 0


@pytest.mark.parametrize(("kind", "start"), [("html", "<!DOCTYPE html>"), ("empty", ""), ("garbage", '{"value"')])
async def test_an_answer_that_is_none(desk: Desk, kind: str, start: str) -> None:
    """Status 200 and no JSON."""
    token = await desk.token()
    desk.fault(kind, system="graph")
    async with desk.client.get(f"/v1.0{READ}", headers={"Authorization": f"Bearer {token}"}) as answer:
        text = await answer.text()
    assert (answer.status, text[: len(start)], bool(text)) == (200, start, bool(start))


async def test_a_removal_that_is_answered_and_not_done(desk: Desk) -> None:
    """204 is no proof."""
    desk.fault("noop", route="removePassword")
    assert (await desk.remove_password()).status == 204
    assert desk.key_ids() == EVERYTHING
    assert not desk.journal.entries[-1].applied


async def test_a_stale_read_shows_what_was_there(desk: Desk) -> None:
    """One read is old, the next is not: reads are not monotonic."""
    await desk.remove_password()
    desk.fault("stale", route="read-application", nth=2)
    shown = [OLD_SECRET in await secrets_read(desk) for _ in range(3)]
    assert shown == [False, True, False]


async def test_a_write_may_stay_unseen_for_some_reads(desk: Desk) -> None:
    """A fault on the write makes the following reads stale."""
    desk.fault("stale", route="removePassword", params={"reads": 2})
    await desk.remove_password()
    assert [OLD_SECRET in await secrets_read(desk) for _ in range(3)] == [True, True, False]


async def test_a_write_may_stay_unseen_for_some_time(desk: Desk) -> None:
    """By the simulated clock."""
    desk.fault("stale", route="removePassword", params={"seconds": 60})
    await desk.remove_password()
    early = await secrets_read(desk)
    desk.clock.step(61)
    assert (OLD_SECRET in early, OLD_SECRET in await secrets_read(desk)) == (True, False)


@pytest.mark.parametrize(
    ("params", "shown"),
    [
        ({"reads": 4}, [True, True, True, True, False]),
        ({"reads": 4, "pattern": "alternate"}, [True, False, True, False, False]),
        ({"seconds": 60, "pattern": "alternate"}, [True, False, True, False, True]),
    ],
)
async def test_reads_may_show_old_and_new_by_turns(desk: Desk, params: dict[str, Any], shown: list[bool]) -> None:
    """Gone in one read is no promise for the next one."""
    desk.fault("stale", route="removePassword", params=params)
    await desk.remove_password()
    assert [OLD_SECRET in await secrets_read(desk) for _ in range(5)] == shown


async def test_staleness_after_a_read_begins_with_the_next_one(desk: Desk) -> None:
    """The read itself shows the present."""
    await desk.remove_password()
    desk.fault("stale", route="read-application", when="after", times=1)
    assert [OLD_SECRET in await secrets_read(desk) for _ in range(3)] == [False, True, False]


async def test_a_refusal_after_hides_what_a_request_of_a_batch_did(desk: Desk) -> None:
    """Even a refusal of its own."""
    desk.fault("503", route="batch:removePassword", when="after", params={"retry_after": "date:5"})
    requests = [remove("a", OLD_SECRET), remove("b", UNKNOWN)]
    replies = (await desk.ask("POST", "/$batch", {"requests": requests})).body["responses"]
    assert ([one["status"] for one in replies], OLD_SECRET in desk.key_ids()) == ([503, 503], False)
    assert replies[0]["headers"]["Retry-After"].endswith("GMT")


async def test_login_has_faults_of_its_own(desk: Desk) -> None:
    """A busy login says so in its own words."""
    desk.fault("503", system="login", params={"retry_after": 1})
    status, body = await desk.login()
    assert (status, body["error"]) == (503, "temporarily_unavailable")


def remove(name: str, key_id: str, **more: Any) -> dict[str, Any]:
    """One removal for a batch."""
    headers = {"Content-Type": "application/json"}
    url = f"/applications/{SALES_OBJECT}/removePassword"
    return {"id": name, "method": "POST", "url": url, "headers": headers, "body": {"keyId": key_id}} | more


async def test_a_batch_answers_each_request_by_itself(desk: Desk) -> None:
    """Successes and refusals stand side by side in one 200."""
    read = {"id": "read", "method": "GET", "url": f"/applications/{SALES_OBJECT}?$select=id"}
    requests = [remove("a", OLD_SECRET), remove("b", UNKNOWN), read]
    reply = await desk.ask("POST", "/$batch", {"requests": requests})
    assert [(one["id"], one["status"]) for one in reply.body["responses"]] == [("a", 204), ("b", 400), ("read", 200)]
    assert reply.body["responses"][2]["body"]["id"] == SALES_OBJECT
    routes = [(entry.route, entry.status) for entry in desk.journal.entries if entry.system == "graph"]
    assert routes == [
        ("batch:removePassword", 204),
        ("batch:removePassword", 400),
        ("batch:read-application", 200),
        ("batch", 200),
    ]


async def test_a_request_in_a_batch_is_throttled_alone(desk: Desk) -> None:
    """429 inside, 200 outside."""
    desk.fault("429", route="batch:removePassword", nth=1, params={"retry_after": 3})
    requests = [remove("a", OLD_SECRET), remove("b", LIVE_SECRET)]
    first, second = (await desk.ask("POST", "/$batch", {"requests": requests})).body["responses"]
    assert (first["status"], first["headers"]["Retry-After"], second["status"]) == (429, "3", 204)
    assert OLD_SECRET in desk.key_ids()


async def test_what_depends_on_a_failure_is_not_tried(desk: Desk) -> None:
    """424, and the credential stays."""
    requests = [remove("a", UNKNOWN), remove("b", OLD_SECRET, dependsOn=["a"])]
    reply = await desk.ask("POST", "/$batch", {"requests": requests})
    assert [one["status"] for one in reply.body["responses"]] == [400, 424]
    assert desk.key_ids() == EVERYTHING


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [remove(str(n), UNKNOWN) for n in range(21)],
        [remove("same", UNKNOWN), remove("same", UNKNOWN)],
        [{"id": "no method", "url": "/applications"}],
        [remove("a", UNKNOWN, headers={})],
        [remove("a", UNKNOWN, dependsOn=["b"])],
        "all of them",
    ],
)
async def test_a_wrong_batch_is_refused_as_a_whole(desk: Desk, requests: Any) -> None:
    """No request, too many, twins, no method, no content type, an unknown predecessor."""
    reply = await desk.ask("POST", "/$batch", {"requests": requests})
    assert (reply.error[:2], desk.key_ids()) == ((400, "BadRequest"), EVERYTHING)


async def test_a_batch_needs_a_token(desk: Desk) -> None:
    """The envelope is refused before anything in it is looked at."""
    reply = await desk.ask("POST", "/$batch", {"requests": [remove("a", OLD_SECRET)]}, Authorization="Bearer stranger")
    assert (reply.error[0], desk.key_ids()) == (401, EVERYTHING)


async def test_faults_name_the_application_whichever_way_it_is_addressed(desk: Desk) -> None:
    """A rule with the app id meets the request that goes by object id."""
    desk.fault("503", object=SALES)
    assert (await desk.ask("GET", READ)).status == 503


async def test_a_body_beyond_the_limit_is_refused(desk: Desk) -> None:
    """Four mebibytes are more than any request here needs."""
    async with desk.client.post("/v1.0/$batch", data=BytesIO(b"x" * (4 * 1024 * 1024 + 1))) as answer:
        assert answer.status == 413
