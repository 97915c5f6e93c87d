"""azure-identity and msal, unchanged, sign in to the simulator: at its own address, and by Microsoft's names."""

from pathlib import Path
from typing import Any

import pytest
from client_runs import PFX_PASSWORD, WAYS, Clients, Way, claims
from client_world import LAPSED, LAPSED_SECRET, NOBODY
from worlds import APP, AUTOMATION, TENANT

LIBRARIES = ("use_azure_identity", "use_azure_identity_aio", "use_msal")
CHAIN = {"send_certificate_chain": True}
CERTIFICATES = [
    ("use_azure_identity", "pfx"),
    ("use_azure_identity", "chain"),
    ("use_azure_identity_aio", "pfx"),
    ("use_msal", "pfx"),
    ("use_msal", "chain"),
    ("use_msal", "thumbprint"),
]
ways = pytest.mark.parametrize("way", WAYS)
libraries = pytest.mark.parametrize("program", LIBRARIES)


def asked(program: str, *statuses: int) -> list[tuple[str, int]]:
    """The requests of a first sign-in: the asynchronous library does not look up where the token endpoint is."""
    first = [] if program == "use_azure_identity_aio" else [("openid-configuration", 200)]
    return first + [("token", status) for status in statuses]


def by_certificate(clients: Clients, name: str, form: str = "pfx") -> dict[str, Any]:
    """What is ordered to sign in as `Sales` with a certificate of the vault."""
    return {"client_id": APP, "pfx": str(clients.pfx(name)), "password": PFX_PASSWORD, "form": form}


def signed_in(clients: Clients, answer: dict[str, Any]) -> tuple[str, str, int]:
    """Whose token came back, of which tenant, and what Graph has for it."""
    assert "token" in answer, answer
    message = claims(answer["token"])
    return message["appid"], message["tid"], clients.graph_says(answer["token"])


@ways
@libraries
def test_a_secret_signs_in(clients: Clients, program: str, way: Way) -> None:
    """The token is the automation's, it is made for the Graph of that way, and Graph takes it."""
    answer = clients.sign_in(program, way)
    assert asked(program, 200) == clients.routes()
    assert signed_in(clients, answer) == (AUTOMATION, TENANT, 200)
    assert clients.graph_url(way) == claims(answer["token"])["aud"]


@ways
@pytest.mark.parametrize(("program", "form"), CERTIFICATES)
def test_a_certificate_signs_in(clients: Clients, program: str, form: str, way: Way) -> None:
    """PS256 or RS256, SHA-1 or SHA-256, with and without the chain: each form signs `Sales` in."""
    order = by_certificate(clients, "new", form)
    if program == "use_azure_identity" and form == "chain":
        order["options"] = {**CHAIN, **direct_options(clients, way)}
    assert signed_in(clients, clients.sign_in(program, way, **order)) == (APP, TENANT, 200)
    assert asked(program, 200) == clients.routes()[:-1]


def direct_options(clients: Clients, way: Way) -> dict[str, Any]:
    """What azure-identity must be told to go straight to the simulator."""
    return {"authority": clients.here, "disable_instance_discovery": True} if way == "direct" else {}


def test_the_second_token_comes_from_the_library_itself(clients: Clients) -> None:
    """expires_in is believed: msal asks once for two tokens."""
    answer = clients.sign_in("use_msal", "proxy", times=2)
    assert answer["source"] == "cache"
    assert asked("use_msal", 200) == clients.routes()


@pytest.mark.parametrize("program", ["use_azure_identity", "use_azure_identity_aio"])
def test_a_busy_login_is_asked_again(clients: Clients, program: str) -> None:
    """503 with Retry-After is ridden out by the library itself."""
    clients.sim.faults({"system": "login", "route": "token", "kind": "503", "times": 1, "params": {"retry_after": 1}})
    assert signed_in(clients, clients.sign_in(program, "direct")) == (AUTOMATION, TENANT, 200)
    assert asked(program, 503, 200) == clients.routes()[:-1]


@libraries
def test_a_wrong_secret_is_refused(clients: Clients, program: str) -> None:
    """AADSTS7000215 reaches the caller."""
    assert "AADSTS7000215" in clients.sign_in(program, "direct", secret="guess")["error"]
    assert asked(program, 401) == clients.routes()


@pytest.mark.parametrize("program", ["use_azure_identity", "use_msal"])
def test_after_a_refusal_the_names_of_the_cloud_are_looked_up(clients: Clients, program: str) -> None:
    """By Microsoft's names the synchronous libraries then ask for the other names of the authority, and get them."""
    assert "AADSTS7000215" in clients.sign_in(program, "proxy", secret="guess")["error"]
    assert [*asked(program, 401), ("instance-discovery", 200)] == clients.routes()


@libraries
def test_a_lapsed_secret_is_refused(clients: Clients, program: str) -> None:
    """AADSTS7000222: it is the right secret, past its end."""
    answer = clients.sign_in(program, "direct", client_id=LAPSED, secret=LAPSED_SECRET)
    assert "AADSTS7000222" in answer["error"]
    assert asked(program, 401) == clients.routes()


@libraries
def test_an_unknown_application_is_refused(clients: Clients, program: str) -> None:
    """AADSTS700016, and 400 rather than 401."""
    assert "AADSTS700016" in clients.sign_in(program, "direct", client_id=NOBODY)["error"]
    assert asked(program, 400) == clients.routes()


@ways
@pytest.mark.parametrize(
    ("program", "words", "route"),
    [
        ("use_azure_identity", "Unable to get authority configuration", "openid-configuration"),
        ("use_azure_identity_aio", "AADSTS90002", "token"),
        ("use_msal", "Unable to get authority configuration", "openid-configuration"),
    ],
)
def test_an_unknown_tenant_is_refused(clients: Clients, program: str, words: str, route: str, way: Way) -> None:
    """Whoever looks for the endpoints first stops there, the others learn it from the token endpoint."""
    assert words in clients.sign_in(program, way, tenant=NOBODY)["error"]
    assert [(route, 400)] == clients.routes()


@pytest.mark.parametrize(("program", "form"), CERTIFICATES)
def test_an_expired_certificate_is_refused(clients: Clients, program: str, form: str) -> None:
    """No library looks at the dates, so the server has to: AADSTS700027, the key used is expired."""
    error = clients.sign_in(program, "direct", **by_certificate(clients, "old", form))["error"]
    assert ("AADSTS700027" in error, "The key used is expired" in error) == (True, True)
    assert asked(program, 401) == clients.routes()


@libraries
def test_the_certificate_of_another_application_is_refused(clients: Clients, program: str) -> None:
    """AADSTS700027, the key was not found: a stranger's certificate does not speak for `Sales`."""
    error = clients.sign_in(program, "direct", **by_certificate(clients, "stranger"))["error"]
    assert ("AADSTS700027" in error, "The key was not found" in error) == (True, True)
    assert asked(program, 401) == clients.routes()


@ways
@libraries
def test_a_client_that_trusts_another_authority_says_nothing(
    clients: Clients, program: str, way: Way, foreign_ca: Path
) -> None:
    """Certificates are verified end to end, also through the proxy: no request arrives."""
    assert "CERTIFICATE_VERIFY_FAILED" in clients.sign_in(program, way, foreign_ca)["error"]
    assert clients.routes() == []


@pytest.mark.parametrize(
    ("program", "words"), [("use_azure_identity", "is not well-known"), ("use_msal", "invalid_instance")]
)
def test_an_authority_that_microsoft_does_not_know_is_not_believed(clients: Clients, program: str, words: str) -> None:
    """Unless it is told otherwise, a library asks login.microsoftonline.com whether this address is one of its own."""
    suffix = f"/{TENANT}" if program == "use_msal" else ""
    answer = clients.sign_in(program, "proxy", options={"authority": clients.here + suffix})
    assert words in answer["error"]
    assert clients.routes() == [("instance-discovery", 400)]


@libraries
def test_a_scope_of_somebody_else_is_refused(clients: Clients, program: str) -> None:
    """AADSTS500011: there is no such resource here, and a token for another one is not given out."""
    assert "AADSTS500011" in clients.sign_in(program, "direct", scope="https://vault.azure.net/.default")["error"]
    assert asked(program, 400) == clients.routes()
