"""Which sign-in and Graph addresses belong together."""

import pytest

from spentkey.settings.clouds import CLOUDS, belongs_together, is_internal, is_loopback

PUBLIC, PUBLIC_GRAPH = "https://login.microsoftonline.com", "https://graph.microsoft.com"
LOOPBACK = ["https://127.0.0.1:8443", "https://localhost", "https://[::1]:9", "https://127.8.8.8/base"]


@pytest.mark.parametrize(
    ("authority", "graph"),
    [
        (PUBLIC, PUBLIC_GRAPH),
        ("https://login.microsoftonline.us", "https://graph.microsoft.us"),
        ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
        ("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
        ("https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
        ("https://127.0.0.1:1", "https://localhost:2"),
    ],
)
def test_the_pairs_of_one_cloud_belong_together(authority: str, graph: str) -> None:
    """And any two addresses of this machine."""
    assert belongs_together(authority, graph)


@pytest.mark.parametrize(
    ("authority", "graph"),
    [
        (PUBLIC, "https://graph.microsoft.us"),
        ("https://login.microsoftonline.us", PUBLIC_GRAPH),
        ("https://login.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
        (PUBLIC, "https://127.0.0.1"),
        ("https://127.0.0.1", PUBLIC_GRAPH),
        (PUBLIC, "https://graph.microsoft.com.example.org"),
        (PUBLIC, "https://graph.microsoft.com/v1.0"),
        (PUBLIC, "https://graph.microsoft.com:8443"),
        ("https://login.example.org", PUBLIC_GRAPH),
        ("https://proxy.example.org", "https://proxy.example.org"),
    ],
)
def test_anything_else_does_not(authority: str, graph: str) -> None:
    """A secret or a token of one cloud is never sent to another, nor to anybody in between."""
    assert not belongs_together(authority, graph)


@pytest.mark.parametrize("url", LOOPBACK)
def test_addresses_of_this_machine_are_loopback(url: str) -> None:
    """By number or by the one name."""
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.1",
        "https://127.0.0.1.example.org",
        "https://localhost.example.org",
        "https://example.org/127.0.0.1",
        "https://0.0.0.0",
        "https://2130706433",
        "https://127.1",
        "https://[::2]",
        "https://",
        "",
    ],
)
def test_other_addresses_are_not(url: str) -> None:
    """However much they look like it."""
    assert not is_loopback(url)


@pytest.mark.parametrize("url", [PUBLIC, PUBLIC_GRAPH + "/", *CLOUDS])
def test_microsofts_addresses_are_not_the_houses(url: str) -> None:
    """They are checked against the public authorities."""
    assert not is_internal(url)


@pytest.mark.parametrize("url", [*LOOPBACK, "https://itsm.example.org", PUBLIC + ".example.org"])
def test_all_others_are_the_houses(url: str) -> None:
    """They are checked against the house's own authority."""
    assert is_internal(url)
