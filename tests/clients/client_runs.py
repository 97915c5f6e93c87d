"""Runs clients of other makers as programs of their own, and knows the two ways that lead them to the simulator.

`direct` gives a client the simulator's own address. `proxy` gives it nothing but the two variables that people set
behind a company's proxy, HTTPS_PROXY and a file of certificate authorities, and the client asks for Microsoft's names.
"""

import asyncio
import base64
import json
import os
import ssl
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from client_world import DOCUMENTS
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs12
from real_simulator import QuickClock, RealSimulator
from worlds import APP, AUTOMATION, CANARIES, OBJECT, TENANT

from spentkey.adapters.entra.assertions import proof_of_possession

Way = Literal["direct", "proxy"]
WAYS: tuple[Way, ...] = ("direct", "proxy")
PROGRAMS = Path(__file__).with_name("programs")
LOGIN, GRAPH = "https://login.microsoftonline.com", "https://graph.microsoft.com"
PFX_PASSWORD = CANARIES["pfx password"]
AUTOMATION_SECRET = CANARIES["automation secret"]


@dataclass(frozen=True)
class Answer:
    """What a program that is no library's said: its exit code and what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Clients:
    """Starts clients against one simulator. What is written for them goes to `folder`, which is also their home."""

    sim: RealSimulator
    folder: Path

    @property
    def ca(self) -> Path:
        """The authority that signed the simulator's certificate."""
        return self.sim.config.parent / "ca.pem"

    @property
    def here(self) -> str:
        """The simulator's own address, for login and Graph alike."""
        return self.sim.printed["entra"]

    @property
    def sql_port(self) -> int:
        """The port of the database."""
        return int(self.sim.printed["sql"].rpartition(",")[2])

    def login_url(self, way: Way) -> str:
        """The authority as a client of this way knows it."""
        return LOGIN if way == "proxy" else self.here

    def graph_url(self, way: Way) -> str:
        """Graph as a client of this way knows it."""
        return GRAPH if way == "proxy" else self.here

    def pfx(self, name: str) -> Path:
        """A PFX as the vault gives it out, saved as a file."""
        vault = tomllib.loads(self.sim.config.read_text())["passwordstate"]
        key = (self.sim.config.parent / vault["api_key"]["file"]).read_text()
        url = f"{vault['url']}/api/document/password/{DOCUMENTS[name]}"
        request = urllib.request.Request(url, headers={"APIKey": key})  # noqa: S310
        saved = self.folder / f"{name}.pfx"
        with urllib.request.urlopen(request, context=self._context()) as response:  # noqa: S310
            saved.write_bytes(response.read())
        return saved

    def proof(self, certificate: str, object_id: str = OBJECT) -> str:
        """The proof of possession that Spentkey makes from a PFX of the vault."""
        key, public = opened(self.pfx(certificate))
        return asyncio.run(proof_of_possession(key, public, object_id, QuickClock().now()))

    def graph_says(self, token: str, path: str = f"/v1.0/applications(appId='{APP}')") -> int:
        """The status that Graph has for that token."""
        request = urllib.request.Request(self.here + path, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
        try:
            with urllib.request.urlopen(request, context=self._context()) as response:  # noqa: S310
                return response.status
        except urllib.error.HTTPError as refusal:
            refusal.close()
            return refusal.code

    def environment(self, way: Way, ca: Path | None = None) -> dict[str, str]:
        """All that a client finds in its environment; nothing is inherited but where programs and libraries are."""
        trusted = str(ca or self.ca)
        made = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        made |= {"HOME": str(self.folder), "NO_PROXY": ""}
        made |= {"REQUESTS_CA_BUNDLE": trusted, "SSL_CERT_FILE": trusted}
        return made | ({"HTTPS_PROXY": self.sim.printed["proxy"].removeprefix("proxy ")} if way == "proxy" else {})

    def program(self, name: str, order: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
        """Run one of the programs; the order goes by its input, as it holds secrets."""
        command = [sys.executable, str(PROGRAMS / f"{name}.py")]
        ended = self.command(command, environment, json.dumps(order))
        assert (ended.code, ended.out.startswith("{")) == (0, True), ended.out + ended.err
        return json.loads(ended.out)

    def json_of(self, command: list[str], order: Mapping[str, Any], environment: Mapping[str, str]) -> Any:
        """What a program that is no Python prints for that order: its rows, or the text of its error."""
        ended = self.command(command, environment, json.dumps(order))
        assert (ended.code, ended.out.startswith("{")) == (0, True), ended.out + ended.err
        answer = json.loads(ended.out)
        return answer["rows"] if "rows" in answer else str(answer["error"])

    def command(self, command: list[str], environment: Mapping[str, str], given: str = "") -> Answer:
        """Run any command with that environment and nothing else."""
        ended = subprocess.run(
            command, input=given, env=dict(environment), capture_output=True, text=True, check=False, timeout=60
        )
        return Answer(ended.returncode, ended.stdout, ended.stderr)

    def order(self, client: str, way: Way, **order: Any) -> dict[str, Any]:
        """What a library is told, by default to sign in as the automation with its secret."""
        tenant = order.pop("tenant", TENANT)
        made: dict[str, Any] = {"tenant": tenant, "client_id": AUTOMATION, "scope": f"{self.graph_url(way)}/.default"}
        made["options"] = _options(client, way, self.login_url(way), tenant)
        if "pfx" not in order:
            made["secret"] = AUTOMATION_SECRET
        if client == "use_msgraph" and way == "direct":
            made["graph_url"] = self.here
        return made | order

    def sign_in(self, client: str, way: Way, ca: Path | None = None, **order: Any) -> dict[str, Any]:
        """Sign in with one of the libraries."""
        return self.program(client, self.order(client, way, **order), self.environment(way, ca))

    def graph(self, way: Way, action: str, **order: Any) -> dict[str, Any]:
        """Let msgraph-sdk do one thing."""
        return self.sign_in("use_msgraph", way, action=action, **order)

    def routes(self) -> list[tuple[str, int]]:
        """Route and status of every request to login and Graph, in order."""
        entries = self.sim.journal()
        return [(each["route"], each["status"]) for each in entries if each["system"] in ("login", "graph")]

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca))


def _options(client: str, way: Way, authority: str, tenant: str) -> dict[str, Any]:
    """What must be said in code to reach an authority that is not Microsoft's; through the proxy that is nothing."""
    if client == "use_msal":
        direct: dict[str, Any] = {"instance_discovery": False} if way == "direct" else {}
        return {"authority": f"{authority}/{tenant}"} | direct
    return {"authority": authority, "disable_instance_discovery": True} if way == "direct" else {}


def opened(pfx: Path) -> tuple[RSAPrivateKey, x509.Certificate]:
    """Key and certificate of a PFX of the vault."""
    key, certificate, _ = pkcs12.load_key_and_certificates(pfx.read_bytes(), PFX_PASSWORD.encode())
    assert isinstance(key, RSAPrivateKey)
    assert certificate is not None
    return key, certificate


def claims(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
