"""msgraph-sdk, unchanged, reads an application and removes credentials from it."""

from pathlib import Path
from typing import Any

import pytest
from client_runs import PFX_PASSWORD, WAYS, Clients, Way
from client_world import NOBODY, READER, READER_SECRET, STRANGER_OBJECT, clients_world
from worlds import ABSENT, APP, EXPIRED_CERT, EXPIRED_SECRET, LIVE_CERT, LIVE_SECRET, OBJECT

ways = pytest.mark.parametrize("way", WAYS)
EVERYTHING = [EXPIRED_SECRET, LIVE_SECRET, EXPIRED_CERT, LIVE_CERT]


def present(clients: Clients) -> list[str]:
    """The credentials that `Sales` really has."""
    sales = clients.sim.truth()["tenants"]["production"]["applications"][APP]
    return [one["key_id"] for kind in ("passwords", "certificates") for one in sales[kind]]


def removed(clients: Clients) -> list[tuple[str, str]]:
    """What was really removed, and how."""
    return [(one["key_id"], one["route"]) for one in clients.sim.removals()]


def graph_routes(clients: Clients) -> list[tuple[str, int]]:
    """The requests to Graph alone."""
    return [each for each in clients.routes() if each[0] not in ("openid-configuration", "token")]


def as_sales(clients: Clients) -> dict[str, Any]:
    """What is ordered to sign in as `Sales` itself, which may roll its own keys."""
    return {"client_id": APP, "pfx": str(clients.pfx("new")), "password": PFX_PASSWORD}


@ways
def test_an_application_is_read(clients: Clients, way: Way) -> None:
    """The typed model has the very credentials that are there, with their ends, and no keys that nobody asked for."""
    answer = clients.graph(way, "read", app_id=APP)["answer"]
    sales = clients.sim.truth()["tenants"]["production"]["applications"][APP]
    expected = {
        kind: [[one["key_id"], one["end"].replace("Z", "+00:00")] for one in sales[kind]]
        for kind in ("passwords", "certificates")
    }
    assert (answer["id"], answer["app_id"], answer["display_name"]) == (OBJECT, APP, "Sales")
    assert expected["passwords"] == answer["passwords"]
    assert expected["certificates"] == [one[:2] for one in answer["certificates"]]
    assert [one[2] for one in answer["certificates"]] == [False, False]
    assert graph_routes(clients) == [("read-application", 200)]


def test_keys_come_when_they_are_selected(clients: Clients) -> None:
    """A read of one object that selects keyCredentials has the certificates themselves."""
    answer = clients.graph("direct", "read_keys", object_id=OBJECT)["answer"]
    assert [one[2] for one in answer["certificates"]] == [True, True]


@ways
def test_applications_are_found_by_name_and_counted(clients: Clients, way: Way) -> None:
    """A filter with a count, which needs the header of an advanced query."""
    answer = clients.graph(way, "find", filter="displayName eq 'Sales'", count=True)["answer"]
    assert answer == {"names": ["Sales"], "count": 1}


def generated(clients: Clients, applications: int) -> list[str]:
    """A tenant with so many more applications; the object ids of all of them."""
    made = clients_world()
    made["tenants"][0]["generated"] = {"applications": applications, "service_principals": 10}
    clients.sim.reset(made)
    return [one["object_id"] for one in clients.sim.population("production")["applications"].values()]


@ways
def test_a_large_tenant_is_listed_by_the_iterator_of_the_library(clients: Clients, way: Way) -> None:
    """Each application once, by links that the library follows as they are."""
    there = generated(clients, 230)
    assert sorted(clients.graph(way, "iterate", top=100)["answer"]) == sorted(there)
    assert graph_routes(clients) == [("list-applications", 200)] * 3


def test_the_iterator_stops_when_it_is_told_to(clients: Clients) -> None:
    """No page more is asked for."""
    generated(clients, 230)
    assert len(clients.graph("direct", "iterate", top=100, most=50)["answer"]) == 50
    assert graph_routes(clients) == [("list-applications", 200)]


@pytest.mark.parametrize("top", [0, 1000])
def test_a_page_of_another_size_is_refused(clients: Clients, top: int) -> None:
    """One to 999."""
    answer = clients.graph("direct", "iterate", top=top)
    assert (answer["status"], answer["code"]) == (400, "Request_BadRequest")


def test_applications_are_counted(clients: Clients) -> None:
    """As a number, where the header of advanced queries is sent; else not at all."""
    there = generated(clients, 230)
    assert clients.graph("direct", "count", eventual=True) == {"answer": len(there)}
    refused = clients.graph("direct", "count", eventual=False)
    assert (refused["status"], refused["code"]) == (400, "Request_BadRequest")


@ways
def test_a_secret_is_removed(clients: Clients, way: Way) -> None:
    """RemovePassword takes the one that is named, and the others stay."""
    assert clients.graph(way, "remove_password", object_id=OBJECT, key_id=EXPIRED_SECRET) == {"answer": None}
    assert removed(clients) == [(EXPIRED_SECRET, "removePassword")]
    assert present(clients) == [LIVE_SECRET, EXPIRED_CERT, LIVE_CERT]
    assert graph_routes(clients) == [("removePassword", 204)]


@ways
def test_a_certificate_is_removed_with_a_proof_of_spentkeys(clients: Clients, way: Way) -> None:
    """removeKey, signed in as the application itself, with a proof made from a PFX of the vault."""
    order = as_sales(clients) | {"object_id": OBJECT, "key_id": EXPIRED_CERT, "proof": clients.proof("new")}
    assert clients.graph(way, "remove_key", **order) == {"answer": None}
    assert removed(clients) == [(EXPIRED_CERT, "removeKey")]
    assert present(clients) == [EXPIRED_SECRET, LIVE_SECRET, LIVE_CERT]
    assert graph_routes(clients) == [("removeKey", 204)]


@ways
def test_a_certificate_is_removed_by_replacing_the_list(clients: Clients, way: Way) -> None:
    """PATCH by the typed model, which names its type and writes times in its own way; the survivor is the same one."""
    assert clients.graph(way, "patch_keys", object_id=OBJECT, key_id=EXPIRED_CERT) == {"answer": None}
    assert removed(clients) == [(EXPIRED_CERT, "patch")]
    assert present(clients) == [EXPIRED_SECRET, LIVE_SECRET, LIVE_CERT]


@pytest.mark.parametrize("status", ["429", "503"])
def test_a_busy_graph_is_asked_again(clients: Clients, status: str) -> None:
    """Retry-After is obeyed by the library itself, and the removal happens once."""
    rule = {"system": "graph", "kind": status, "times": 1, "params": {"retry_after": 1}}
    clients.sim.faults(rule)
    clients.graph("direct", "remove_password", object_id=OBJECT, key_id=EXPIRED_SECRET)
    assert [("removePassword", int(status)), ("removePassword", 204)] == graph_routes(clients)
    assert removed(clients) == [(EXPIRED_SECRET, "removePassword")]


@pytest.mark.parametrize(
    ("key_id", "words"),
    [
        (None, "A value is required for property 'keyId'"),
        (ABSENT, "No password credential found"),
        (EXPIRED_CERT, "No password credential found"),
    ],
)
def test_a_removal_that_names_no_secret_removes_nothing(clients: Clients, key_id: str | None, words: str) -> None:
    """No id, an unknown one, or that of a certificate: 400, and nothing is a wildcard."""
    answer = clients.graph("direct", "remove_password", object_id=OBJECT, key_id=key_id)
    assert (answer["status"], answer["code"], words in answer["error"]) == (400, "Request_BadRequest", True)
    assert present(clients) == EVERYTHING


@pytest.mark.parametrize(
    ("action", "route"), [("remove_password", "removePassword"), ("patch_keys", "patch"), ("remove_key", "removeKey")]
)
def test_a_reader_removes_nothing(clients: Clients, action: str, route: str) -> None:
    """Application.Read.All is not enough for any of the three ways, a good proof or not."""
    order = {"client_id": READER, "secret": READER_SECRET, "object_id": OBJECT, "key_id": EXPIRED_CERT}
    answer = clients.graph("direct", action, **order, proof=clients.proof("new"))
    assert (answer["status"], answer["code"]) == (403, "Authorization_RequestDenied")
    assert (route, 403) == graph_routes(clients)[-1]
    assert present(clients) == EVERYTHING


@ways
def test_a_proof_by_a_strangers_key_removes_nothing(clients: Clients, way: Way) -> None:
    """The right issuer, audience and times, and a signature by a certificate of another application."""
    order = as_sales(clients) | {"object_id": OBJECT, "key_id": EXPIRED_CERT, "proof": clients.proof("stranger")}
    answer = clients.graph(way, "remove_key", **order)
    assert (answer["status"], answer["code"]) == (401, "Authentication_MissingOrMalformed")
    assert graph_routes(clients) == [("removeKey", 401)]
    assert present(clients) == EVERYTHING


@pytest.mark.parametrize("issuer", [APP, STRANGER_OBJECT])
def test_a_proof_for_another_object_removes_nothing(clients: Clients, issuer: str) -> None:
    """The issuer is the object id of the application that is changed, not its app id and not another one's."""
    order = as_sales(clients) | {"object_id": OBJECT, "key_id": EXPIRED_CERT, "proof": clients.proof("new", issuer)}
    answer = clients.graph("direct", "remove_key", **order)
    assert (answer["status"], answer["code"]) == (401, "Authentication_MissingOrMalformed")
    assert present(clients) == EVERYTHING


def test_an_unknown_application_is_not_found(clients: Clients) -> None:
    """404, and the model of the error has Graph's code."""
    answer = clients.graph("direct", "read", app_id=NOBODY)
    assert (answer["status"], answer["code"]) == (404, "Request_ResourceNotFound")


def test_a_filter_that_needs_the_search_index_is_refused(clients: Clients) -> None:
    """Stricter than Graph on purpose: what verifies a removal must not be read from there."""
    answer = clients.graph("direct", "find", filter="keyCredentials/any(k:k/endDateTime le 2021-01-02T12:00:00Z)")
    assert (answer["status"], answer["code"]) == (400, "Request_UnsupportedQuery")


@ways
def test_a_graph_that_is_not_trusted_gets_no_token(clients: Clients, way: Way, foreign_ca: Path) -> None:
    """Login trusts one variable and Graph the other: with a foreign authority in the latter nothing reaches Graph."""
    order = clients.order("use_msgraph", way, action="read", app_id=APP)
    environment = clients.environment(way) | {"SSL_CERT_FILE": str(foreign_ca)}
    assert "CERTIFICATE_VERIFY_FAILED" in clients.program("use_msgraph", order, environment)["error"]
    assert clients.routes() == [("openid-configuration", 200), ("token", 200)]
