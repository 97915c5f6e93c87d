"""Where the link of a page may lead: to another page of the same list, which was not read yet, and nowhere else."""

import pytest

from spentkey.adapters.entra.links import Links
from spentkey.ports.directory_lists import ListBroken

BASE = "https://graph.example"
LIST = "/v1.0/applications"


def follow(*links: str, base: str = BASE) -> str:
    """What the last of these links leads to, after those before it."""
    followed = Links(base, LIST)
    return [followed.follow(link, page) for page, link in enumerate(links, 1)][-1]


@pytest.mark.parametrize(
    "query", ["$skiptoken=RFNwd-0_x", "%24skiptoken=a%2Fb%3D&$top=999", "$skiptoken=a+b%20c", "a=1&a=1;b", "x"]
)
def test_a_link_is_followed_verbatim(query: str) -> None:
    """What Graph encoded stays encoded as it was, and what it did not stays plain."""
    assert follow(f"{BASE}{LIST}?{query}") == f"{LIST}?{query}"


@pytest.mark.parametrize(
    ("base", "link"),
    [
        ("https://graph.example", "https://graph.example:443"),
        ("https://graph.example:443", "https://GRAPH.example"),
        ("https://graph.example/", "https://graph.example"),
        ("https://127.0.0.1:8443", "https://127.0.0.1:8443"),
    ],
)
def test_the_same_host_may_be_spelled_in_another_way(base: str, link: str) -> None:
    """The port that the scheme has anyway, and capitals."""
    assert follow(f"{link}{LIST}?$skiptoken=1", base=base) == f"{LIST}?$skiptoken=1"


def test_many_pages_lead_on() -> None:
    """Each of them to another one."""
    assert follow(*(f"{BASE}{LIST}?$skiptoken={one}" for one in range(300))) == f"{LIST}?$skiptoken=299"


ELSEWHERE = {
    "another host": "https://graph.example.net/v1.0/applications?$skiptoken=1",
    "a host that begins the same": "https://graph.example@evil.example/v1.0/applications?$skiptoken=1",
    "a user": "https://me@graph.example/v1.0/applications?$skiptoken=1",
    "another port": "https://graph.example:8443/v1.0/applications?$skiptoken=1",
    "a port that is none": "https://graph.example:99999/v1.0/applications?$skiptoken=1",
    "without TLS": "http://graph.example/v1.0/applications?$skiptoken=1",
    "another scheme": "file:///v1.0/applications?$skiptoken=1",
    "no host": "/v1.0/applications?$skiptoken=1",
    "no scheme": "//graph.example/v1.0/applications?$skiptoken=1",
    "another list": "https://graph.example/v1.0/servicePrincipals?$skiptoken=1",
    "another version": "https://graph.example/beta/applications?$skiptoken=1",
    "a part of the list": "https://graph.example/v1.0/applications/delta?$skiptoken=1",
    "a way round": "https://graph.example/v1.0/x/../applications?$skiptoken=1",
    "no query": "https://graph.example/v1.0/applications",
    "an empty query": "https://graph.example/v1.0/applications?",
    "a fragment": "https://graph.example/v1.0/applications?$skiptoken=1#2",
    "a blank": "https://graph.example/v1.0/applications?$skiptoken=1 2",
    "a new line": "https://graph.example/v1.0/applications?$skiptoken=1\r\nHost: evil",
    "letters beyond ASCII": "https://graph.example/v1.0/applications?$skiptoken=é",
    "half a bracket": "https://[graph.example/v1.0/applications?$skiptoken=1",
    "nothing": "",
}


@pytest.mark.parametrize("link", ELSEWHERE)
def test_a_link_that_leads_elsewhere_is_not_followed(link: str) -> None:
    """Our token would go with it."""
    with pytest.raises(ListBroken, match=r"after page 1 of .* the link leads to another host or another"):
        follow(ELSEWHERE[link])


@pytest.mark.parametrize("between", [0, 1, 2, 100])
def test_a_link_to_a_page_that_was_read_is_a_circle(between: int) -> None:
    """At once, or after others."""
    links = [f"{BASE}{LIST}?$skiptoken={one}" for one in range(between + 1)]
    with pytest.raises(ListBroken, match=f"after page {between + 2} of .* leads back"):
        follow(*links, links[0])


def test_a_circle_is_one_however_the_host_is_spelled() -> None:
    """The page is the same."""
    with pytest.raises(ListBroken, match="leads back"):
        follow(f"{BASE}{LIST}?$skiptoken=1", f"https://GRAPH.example:443{LIST}?$skiptoken=1")
