"""Routes as metrics and traces name them: few, and without objects and tokens."""

import pytest

from spentkey.http.metering import route_of

ID = "2b2b2b2b-0000-4000-8000-00000000000A"


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v1.0/applications", "GET /v1.0/applications"),
        (f"/v1.0/applications/{ID}/owners", "GET /v1.0/applications/{id}/owners"),
        ("/tasks('7')/notes/12", "GET /tasks('{id}')/notes/{id}"),
        ("/v1.0/applications?$skiptoken=RFNwdAIAAQ", "GET /v1.0/applications"),
        (f"/v1.0/applications?$skiptoken={ID}&x=/12/", "GET /v1.0/applications"),
        ("/v1.0/applications?", "GET /v1.0/applications"),
    ],
)
def test_a_route_has_no_object_and_no_query(path: str, route: str) -> None:
    """The link of a page has a token in its query, which is another one for each page."""
    assert route_of("GET", path) == route
