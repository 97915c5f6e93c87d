"""curl, and the seed's script for the two tokens: the whole way that a shell script goes, and where it ends."""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from client_runs import AUTOMATION_SECRET, GRAPH, LOGIN, PFX_PASSWORD, WAYS, Answer, Clients, Way
from client_world import NOBODY
from worlds import APP, AUTOMATION, EXPIRED_CERT, EXPIRED_SECRET, LIVE_CERT, LIVE_SECRET, OBJECT, TENANT

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
ways = pytest.mark.parametrize("way", WAYS)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCRIPT = Path(sys.executable).with_name("generate_jwt_token.py")
HTTP_REFUSED, PROXY_REFUSED, NOT_TRUSTED = 22, 56, 60
EVERYTHING = [EXPIRED_SECRET, LIVE_SECRET, EXPIRED_CERT, LIVE_CERT]


@dataclass(frozen=True)
class Shell:
    """curl and the script, on one of the two ways. Secrets go by the standard input, as in a careful shell script."""

    clients: Clients
    way: Way
    ca: Path | None = None

    def curl(self, url: str, *lines: str) -> Answer:
        """One request; `lines` are those of a configuration file of curl's."""
        config = "\n".join([f'url = "{url}"', *lines]) + "\n"
        options = ["curl", "--silent", "--show-error", "--fail-with-body", "--config", "-"]
        return self.clients.command(options, self.clients.environment(self.way, self.ca), config)

    def token(self, client_id: str = AUTOMATION, **form: str) -> Answer:
        """Ask for a token."""
        fields = {"client_id": client_id, "grant_type": "client_credentials", **form}
        fields.setdefault("scope", f"{self.clients.graph_url(self.way)}/.default")
        lines = [f'data-urlencode = "{name}={value}"' for name, value in fields.items()]
        return self.curl(f"{self.clients.login_url(self.way)}/{TENANT}/oauth2/v2.0/token", *lines)

    def signed_in(self, client_id: str = AUTOMATION, **form: str) -> str:
        """The token itself."""
        answer = self.token(client_id, **(form or {"client_secret": AUTOMATION_SECRET}))
        assert answer.code == 0, answer.out + answer.err
        return json.loads(answer.out)["access_token"]

    def graph(self, path: str, token: str, body: dict[str, Any] | None = None) -> Answer:
        """One request to Graph: a POST where there is a body."""
        lines = [f'header = "Authorization: Bearer {token}"'] if token else []
        if body is not None:
            quoted = json.dumps(json.dumps(body))
            lines += [f"data = {quoted}", 'header = "Content-Type: application/json"']
        return self.curl(f"{self.clients.graph_url(self.way)}/v1.0{path}", *lines)

    def jwt(self, kind: str, certificate: str, authority: str = "") -> Answer:
        """What the seed's script prints."""
        given = {"TOKEN_TYPE": kind, "PFX_PATH": str(self.clients.pfx(certificate)), "PFX_PASSWORD": PFX_PASSWORD}
        given |= {"TENANT_ID": TENANT, "CLIENT_ID": APP, "SUB_ID": OBJECT, "ISS_ID": OBJECT}
        given["AUTHORITY"] = authority or self.clients.login_url(self.way)
        return self.clients.command([str(SCRIPT)], self.clients.environment(self.way) | given)

    def assertion(self, certificate: str, authority: str = "") -> dict[str, str]:
        """The fields of the form that prove who signs in."""
        printed = self.jwt("client_assertion", certificate, authority)
        assert printed.code == 0, printed.err
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": printed.out.strip()}


@pytest.fixture
def direct(clients: Clients) -> Shell:
    """Curl at the simulator's own address."""
    return Shell(clients, "direct")


def present(clients: Clients) -> list[str]:
    """The credentials that `Sales` really has."""
    sales = clients.sim.truth()["tenants"]["production"]["applications"][APP]
    return [one["key_id"] for kind in ("passwords", "certificates") for one in sales[kind]]


def code_of(answer: Answer) -> str:
    """The code of Graph's error, or the number of login's."""
    body = json.loads(answer.out)
    return body["error"]["code"] if isinstance(body["error"], dict) else f"AADSTS{body['error_codes'][0]}"


@ways
def test_a_secret_is_removed_with_three_requests(clients: Clients, way: Way) -> None:
    """Token, read, removePassword; curl's own exit codes say that each went well."""
    shell = Shell(clients, way)
    token = shell.signed_in()
    read = shell.graph(f"/applications(appId='{APP}')", token)
    assert (read.code, json.loads(read.out)["id"]) == (0, OBJECT)
    ended = shell.graph(f"/applications/{OBJECT}/removePassword", token, {"keyId": EXPIRED_SECRET})
    assert Answer(0, "", "") == ended
    assert clients.routes() == [("token", 200), ("read-application", 200), ("removePassword", 204)]
    assert present(clients) == [LIVE_SECRET, EXPIRED_CERT, LIVE_CERT]


@ways
def test_a_certificate_is_removed_with_the_tokens_of_the_seeds_script(clients: Clients, way: Way) -> None:
    """generate_jwt_token.py makes the client assertion and the proof, curl sends them."""
    shell = Shell(clients, way)
    token = shell.signed_in(APP, **shell.assertion("new"))
    proof = shell.jwt("pop", "new").out.strip()
    ended = shell.graph(f"/applications/{OBJECT}/removeKey", token, {"keyId": EXPIRED_CERT, "proof": proof})
    assert Answer(0, "", "") == ended
    assert clients.routes() == [("token", 200), ("removeKey", 204)]
    assert present(clients) == [EXPIRED_SECRET, LIVE_SECRET, LIVE_CERT]


def test_every_answer_is_plain_http_1_1(direct: Shell) -> None:
    """Curl offers HTTP/2, and gets what the simulator speaks."""
    answer = direct.curl(f"{direct.clients.here}/{TENANT}/v2.0/.well-known/openid-configuration", "include")
    assert answer.out.splitlines()[0] == "HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    ("client_id", "form", "number"),
    [
        (AUTOMATION, {"client_secret": "guess"}, "AADSTS7000215"),
        (NOBODY, {"client_secret": "guess"}, "AADSTS700016"),
        (AUTOMATION, {"scope": "nothing"}, "AADSTS70011"),
        (AUTOMATION, {"grant_type": "password"}, "AADSTS70003"),
        (AUTOMATION, {}, "AADSTS7000218"),
    ],
)
def test_a_form_that_is_wrong_is_refused(direct: Shell, client_id: str, form: dict[str, str], number: str) -> None:
    """Curl fails, and the body says why."""
    answer = direct.token(client_id, **form)
    assert (HTTP_REFUSED, number) == (answer.code, code_of(answer))


@ways
def test_the_certificate_of_another_application_is_refused(clients: Clients, way: Way) -> None:
    """AADSTS700027: a stranger's certificate does not speak for `Sales`."""
    shell = Shell(clients, way)
    answer = shell.token(APP, **shell.assertion("stranger"))
    assert (answer.code, code_of(answer)) == (HTTP_REFUSED, "AADSTS700027")


@pytest.mark.parametrize("kind", ["client_assertion", "pop"])
def test_the_script_signs_nothing_with_an_expired_certificate(direct: Shell, kind: str) -> None:
    """It says so before anybody is asked."""
    printed = direct.jwt(kind, "old")
    assert (printed.code, printed.out, "not valid now" in printed.err) == (2, "", True)


@pytest.mark.parametrize("authority", [LOGIN, "https://login.microsoftonline.us"])
def test_an_assertion_for_another_authority_is_refused(direct: Shell, authority: str) -> None:
    """AADSTS700023: who it was made for is part of what was signed."""
    answer = direct.token(APP, **direct.assertion("new", authority))
    assert (answer.code, code_of(answer)) == (HTTP_REFUSED, "AADSTS700023")


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("removePassword", {}, "Request_BadRequest"),
        ("removePassword", {"keyId": ""}, "Request_BadRequest"),
        ("removePassword", {"keyId": "*"}, "Request_BadRequest"),
        ("removePassword", {"keyId": EXPIRED_SECRET, "all": True}, "Request_BadRequest"),
        ("removeKey", {"keyId": EXPIRED_CERT}, "Authorization_RequestDenied"),
        ("removeKey", {"keyId": EXPIRED_CERT, "proof": "a.b.c"}, "Authentication_MissingOrMalformed"),
    ],
)
def test_a_removal_that_is_not_exact_removes_nothing(
    direct: Shell, action: str, body: dict[str, Any], code: str
) -> None:
    """A missing id is no wildcard, and a missing proof no proof."""
    answer = direct.graph(f"/applications/{OBJECT}/{action}", direct.signed_in(), body)
    assert (HTTP_REFUSED, code) == (answer.code, code_of(answer))
    assert present(direct.clients) == EVERYTHING


def test_a_proof_by_a_strangers_key_removes_nothing(direct: Shell) -> None:
    """Made with the seed's script from the stranger's PFX, for the right object."""
    token = direct.signed_in(APP, **direct.assertion("new"))
    body = {"keyId": EXPIRED_CERT, "proof": direct.jwt("pop", "stranger").out.strip()}
    answer = direct.graph(f"/applications/{OBJECT}/removeKey", token, body)
    assert (answer.code, code_of(answer)) == (HTTP_REFUSED, "Authentication_MissingOrMalformed")
    assert present(direct.clients) == EVERYTHING


@ways
@pytest.mark.parametrize("token", ["", "made-up"])
def test_without_a_token_of_this_login_nothing_is_read(clients: Clients, way: Way, token: str) -> None:
    """401 InvalidAuthenticationToken."""
    answer = Shell(clients, way).graph(f"/applications/{OBJECT}", token)
    assert (answer.code, code_of(answer)) == (HTTP_REFUSED, "InvalidAuthenticationToken")


@ways
def test_a_server_that_is_not_trusted_is_told_nothing(clients: Clients, way: Way, foreign_ca: Path) -> None:
    """Curl verifies end to end, also through the proxy."""
    assert Shell(clients, way, foreign_ca).token(client_secret=AUTOMATION_SECRET).code == NOT_TRUSTED
    assert clients.routes() == []


@pytest.mark.parametrize("url", ["https://example.org/", "https://management.azure.com/", f"{GRAPH}:8443/v1.0/"])
def test_the_proxy_leads_nowhere_else(clients: Clients, url: str) -> None:
    """Two names on one port, and 403 for everything else."""
    answer = Shell(clients, "proxy").curl(url)
    assert (answer.code, "403" in answer.err) == (PROXY_REFUSED, True)
    assert clients.routes() == []
