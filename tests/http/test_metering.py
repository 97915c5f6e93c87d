"""How a path is named without its objects, and that nobody counts where nobody asked."""

import pytest

from spentkey.http.metering import route_of
from spentkey.ports.read_only import UNMEASURED

SOME_ID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
ROUTES = {
    "/api/odata/businessobject/Task__Assignments": "/api/odata/businessobject/Task__Assignments",
    "/api/odata/businessobject/Task__Assignments('1559785A16935DB6')": (
        "/api/odata/businessobject/Task__Assignments('{id}')"
    ),
    f"/v1.0/applications/{SOME_ID}/removeKey": "/v1.0/applications/{id}/removeKey",
    f"/v1.0/applications/{SOME_ID.upper()}": "/v1.0/applications/{id}",
    "/v1.0/$batch": "/v1.0/$batch",
    "/api/searchpasswords/8620": "/api/searchpasswords/{id}",
    "/api/passwords/6691/": "/api/passwords/{id}/",
    "/api/document/password/501": "/api/document/password/{id}",
    "/api/rest/Template/0123456789ABCDEF0123456789abcdef/_All_": "/api/rest/Template/{id}/_All_",
    "/api/rest/ServiceRequest/new": "/api/rest/ServiceRequest/new",
    "/api/": "/api/",
    "/v1.0/applications?$skiptoken=RFNwdAIAAQ": "/v1.0/applications",
    f"/v1.0/applications/{SOME_ID}/owners?$skiptoken=/12/": "/v1.0/applications/{id}/owners",
}


@pytest.mark.parametrize("path", ROUTES)
def test_a_route_names_no_object(path: str) -> None:
    """The method and what is constant; versions stay, since they are no ids. The link of a page has a token behind `?`."""
    assert route_of("GET", path) == f"GET {ROUTES[path]}"


@pytest.mark.parametrize("path", ["/api/x8620", "/v1.0/8620x", f"/{SOME_ID[:-1]}"])
def test_what_only_looks_like_an_id_stays(path: str) -> None:
    """A number inside a word, and a UUID that is none."""
    assert route_of("PATCH", path) == f"PATCH {path}"


def test_nobody_counts_where_nobody_asked() -> None:
    """The meter of commands that people watch: it takes everything and keeps nothing."""
    with UNMEASURED.call("Ivanti", "GET /") as call:
        call.status = "200"
    UNMEASURED.throttled("Ivanti")
    with UNMEASURED.call("Ivanti", "GET /") as another:
        assert another.status == "none"
