"""Microsoft's clients for Node.js, unchanged, sign in to the simulator and remove a secret there.

They are in `tests/clients/node`, at the versions and hashes of its lock; `make test-clients` installs them where there is a
Node.js.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from client_runs import AUTOMATION_SECRET, Clients, claims, opened
from client_world import clients_world
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from own_sign_in import ISSUER, SUBJECT, federated_token
from worlds import ABSENT, APP, AUTOMATION, EXPIRED_SECRET, OBJECT, TENANT

FOLDER = Path(__file__).with_name("node")
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None or not (FOLDER / "node_modules").is_dir(),
    reason="there is no Node.js with the packages of tests/clients/node",
)


def run(clients: Clients, program: str, **order: Any) -> dict[str, Any]:
    """What one of the programs says; the order goes by its input, as it holds secrets."""
    here = clients.here
    made = {"tenant": TENANT, "client_id": AUTOMATION, "authority": here, "scope": f"{here}/.default"}
    given = {"secret": AUTOMATION_SECRET} if "pem" not in order and "assertion" not in order else {}
    environment = {**clients.environment("direct"), "NODE_EXTRA_CA_CERTS": str(clients.ca)}
    ended = clients.command(
        [str(NODE), str(FOLDER / f"{program}.mjs")], environment, json.dumps({**made, **given, **order})
    )
    assert (ended.code, ended.out.startswith("{")) == (0, True), ended.out + ended.err
    return json.loads(ended.out)


def pem(clients: Clients, name: str) -> str:
    """A certificate of the vault with its key, as these clients read them."""
    key, certificate = opened(clients.pfx(name))
    file = clients.folder / f"{name}.pem"
    file.touch(0o600)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return str(file)


@pytest.mark.parametrize("program", ["use_azure_identity", "use_msal_node"])
def test_a_secret_signs_in_from_node(clients: Clients, program: str) -> None:
    """The discovery document has all that these clients look for, and Graph takes the token."""
    found = run(clients, program)
    assert "token" in found, found
    assert (claims(found["token"])["appid"], clients.graph_says(found["token"])) == (AUTOMATION, 200)


def test_a_certificate_signs_in_from_node(clients: Clients) -> None:
    """As `Sales`."""
    found = run(clients, "use_azure_identity", client_id=APP, pem=pem(clients, "new"))
    assert "token" in found, found
    assert claims(found["token"])["appid"] == APP


def test_a_federated_token_signs_in_from_node(clients: Clients) -> None:
    """A client of another maker of assertions is taken as ours is."""
    made = clients_world()
    made["tenants"][0]["applications"][0]["federated"] = [{"issuer": ISSUER, "subject": SUBJECT}]
    clients.sim.reset(made)
    found = run(clients, "use_azure_identity", client_id=APP, assertion=federated_token(clients.sim))
    assert "token" in found, found
    assert claims(found["token"])["appid"] == APP


@pytest.mark.parametrize(
    ("order", "number"),
    [
        ({"secret": "guess"}, "AADSTS7000215"),
        ({"scope": "https://vault.azure.net/.default"}, "AADSTS500011"),
        ({"client_id": ABSENT}, "AADSTS700016"),
    ],
)
def test_a_refusal_reaches_node_with_its_number(clients: Clients, order: dict[str, str], number: str) -> None:
    """In the words of the library."""
    assert number in run(clients, "use_azure_identity", **order)["error"]


def test_an_old_certificate_is_refused_to_node(clients: Clients) -> None:
    """By sign-in: the library does not look at its dates."""
    assert "AADSTS700027" in run(clients, "use_azure_identity", client_id=APP, pem=pem(clients, "old"))["error"]


def test_the_graph_client_reads_and_removes(clients: Clients) -> None:
    """One secret, and just that one."""
    found = run(clients, "use_graph_client", method="GET", path=f"/applications(appId='{APP}')")
    assert found["answer"]["id"] == OBJECT, found
    path = f"/applications/{OBJECT}/removePassword"
    assert run(clients, "use_graph_client", method="POST", path=path, body={"keyId": EXPIRED_SECRET}) == {
        "answer": None
    }
    assert [one["key_id"] for one in clients.sim.removals()] == [EXPIRED_SECRET]


def test_the_graph_client_tells_what_graph_refuses(clients: Clients) -> None:
    """A secret that is not there."""
    path = f"/applications/{OBJECT}/removePassword"
    refused = run(clients, "use_graph_client", method="POST", path=path, body={"keyId": ABSENT})
    assert (refused["status"], "No password credential found" in refused["error"]) == (400, True)
