"""Clients of other makers find a named instance through SQL Server Browser, each in the version of TDS that it speaks.

python-tds is in the environment of these tests; what else is there runs: FreeTDS's tsql (Debian: freetds-bin), tedious
(`npm install --prefix .venv-clients tedious@19.2.2`), jTDS (Debian: libjtds-java, and a JDK; JTDS_JAR names another jar).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from client_runs import PROGRAMS, Clients
from real_simulator import RealSimulator
from sql_worlds import own_address, sql_world
from worlds import CANARIES

ADDRESS = own_address()
PASSWORD = CANARIES["database password"]
SQL = "SELECT DocumentID, DocumentName FROM dbo.vw_PfxDocuments WHERE PasswordID = "
FOUND = [[501, "new.pfx"]]
MODULES = Path(sys.prefix) / "node_modules"
JTDS = Path(os.environ.get("JTDS_JAR", "/usr/share/java/jtds.jar"))


@dataclass(frozen=True)
class Asked:
    """One question to the database, and by what it is known who answers."""

    clients: Clients
    ca: Path
    instance: str = "PASSWORDSTATE"
    password: str = PASSWORD

    @property
    def port(self) -> int:
        """The port of the instance, for whoever asks no Browser."""
        return self.clients.sql_port


Client = Callable[[Asked], Any]
"""What a client answers: rows, or a text with its error."""


def by_python_tds(asked: Asked) -> Any:
    """TDS 7.4; the name in the certificate is not compared, which its release cannot with the pyOpenSSL of today."""
    options = {
        "dsn": rf"{ADDRESS}\{asked.instance}",
        "database": "passwordstate",
        "user": "reader",
        "password": asked.password,
        "cafile": str(asked.ca),
        "validate_host": False,
        "login_timeout": 5,
    }
    order = {"options": options, "sql": SQL + "%s", "parameters": [1301]}
    answer = asked.clients.program("use_pytds", order, asked.clients.environment("direct", asked.ca))
    return answer.get("rows") or answer["error"]


def by_tsql(version: str) -> Client:
    """FreeTDS's own tool, in that version of TDS."""

    def ask(asked: Asked) -> Any:
        settings = {"host": ADDRESS, "instance": asked.instance, "tds version": version, "encryption": "require"}
        settings |= {"ca file": asked.ca, "check certificate hostname": "no", "timeout": 5}
        file = asked.clients.folder / "freetds.conf"
        file.write_text("\n".join(["[named]", *(f"  {name} = {value}" for name, value in settings.items())]) + "\n")
        environment = asked.clients.environment("direct") | {"FREETDSCONF": str(file), "LC_ALL": "C.UTF-8"}
        command = ["tsql", "-o", "fhq", "-S", "named", "-U", "reader", "-P", asked.password, "-D", "passwordstate"]
        ended = asked.clients.command(command, environment, f"{SQL}1301\ngo\nexit\n")
        rows = [line.split("\t") for line in ended.out.splitlines() if "\t" in line]
        return [[int(number), name] for number, name in rows] or ended.out + ended.err

    return ask


def by_tedious(encrypt: Any) -> Client:
    """The client of Node.js, with TLS inside the log-in or around everything."""

    def ask(asked: Asked) -> Any:
        options = {
            "instanceName": asked.instance,
            "database": "passwordstate",
            "encrypt": encrypt,
            "serverName": "localhost",
            "trustServerCertificate": False,
            "cryptoCredentialsDetails": {"ca": asked.ca.read_text()},
            "connectTimeout": 5000,
        }
        login = {"type": "default", "options": {"userName": "reader", "password": asked.password}}
        config = {"server": ADDRESS, "authentication": login, "options": options}
        environment = asked.clients.environment("direct") | {"NODE_PATH": str(MODULES)}
        command = ["node", str(PROGRAMS / "use_tedious.cjs")]
        return asked.clients.json_of(command, {"config": config, "sql": SQL + "@entry", "entry": 1301}, environment)

    return ask


def by_jtds(asked: Asked) -> Any:
    """TDS 7.1, which it insists on; it is told to verify, by a trust store of Java."""
    store = asked.clients.folder / f"{asked.ca.parent.name}.p12"
    if not store.exists():
        made = ["keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", str(asked.ca), "-keystore", str(store)]
        subprocess.run([*made, "-storetype", "PKCS12", "-storepass", "changeit"], check=True, capture_output=True)
    trust = [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit"]
    address = f"jdbc:jtds:sqlserver://{ADDRESS}/passwordstate;instance={asked.instance};ssl=authenticate;loginTimeout=5"
    order = "\n".join([address, "reader", asked.password, SQL + "?", "1301"])
    command = ["java", *trust, "-cp", str(JTDS), str(PROGRAMS / "UseJtds.java")]
    ended = asked.clients.command(command, asked.clients.environment("direct"), order + "\n")
    rows = [line.split(" ", 1) for line in ended.out.splitlines() if not line.startswith("error")]
    return [[int(number), name] for number, name in rows] or ended.out + ended.err


def there(client: Client, name: str, *, there: bool, missing: str = "") -> Any:
    """A client, skipped with the reason where it is not installed."""
    return pytest.param(client, id=name, marks=pytest.mark.skipif(not there, reason=missing))


has_tsql = shutil.which("tsql") is not None
has_tedious = shutil.which("node") is not None and (MODULES / "tedious").is_dir()
has_jtds = shutil.which("java") is not None and JTDS.is_file()
TSQL = [
    there(by_tsql(version), f"tsql-{version}", there=has_tsql, missing="apt-get install freetds-bin")
    for version in ("7.1", "7.2", "7.3", "7.4")
]
TEDIOUS = [
    there(by_tedious(encrypt), name, there=has_tedious, missing="npm install --prefix .venv-clients tedious@19.2.2")
    for encrypt, name in ((True, "tedious"), ("strict", "tedious-strict"))
]
JAVA = there(by_jtds, "jtds", there=has_jtds, missing="apt-get install libjtds-java default-jdk-headless")
PYTHON = pytest.param(by_python_tds, id="python-tds")
clients_of_others = pytest.mark.parametrize("ask", [PYTHON, *TSQL, *TEDIOUS, JAVA])
each_client_once = pytest.mark.parametrize("ask", [PYTHON, TSQL[-1], TEDIOUS[0], JAVA])


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSimulator]:
    """A simulator whose database is a named instance on an address of its own."""
    running = RealSimulator.start(tmp_path_factory.mktemp("named"), sql_world(), "--sql-address", ADDRESS)
    yield running
    running.stop()


@pytest.fixture
def asked(named: RealSimulator, tmp_path: Path) -> Asked:
    """The usual question, before a world that nobody has touched."""
    named.reset(sql_world())
    clients = Clients(named, tmp_path)
    return Asked(clients, clients.ca)


def sql_routes(asked: Asked) -> list[tuple[str, int]]:
    """What Browser and database were asked, and what they said."""
    return [(one["route"], one["status"]) for one in asked.clients.sim.journal() if one["system"] == "sql"]


@clients_of_others
def test_the_instance_is_found_by_its_name(asked: Asked, ask: Client) -> None:
    """The Browser tells the port, and the documents come over TLS that was verified."""
    assert ask(asked) == FOUND
    routes = sql_routes(asked)
    assert (routes[0], ("login", 200) in routes, routes[-1]) == (("browser", 200), True, ("query", 200))


@clients_of_others
def test_a_wrong_password_is_refused(asked: Asked, ask: Client) -> None:
    """Error 18456, in words that each client understands."""
    answer = ask(Asked(asked.clients, asked.ca, password="guess"))
    assert "Login failed for user 'reader'" in answer
    assert ("login", 18456) in sql_routes(asked)
    assert "query" not in dict(sql_routes(asked))


@clients_of_others
def test_a_server_that_is_not_trusted_gets_no_password(asked: Asked, ask: Client, foreign_ca: Path) -> None:
    """The Browser's answer is believed as far as a port: the certificate is another matter."""
    assert isinstance(ask(Asked(asked.clients, foreign_ca)), str)
    assert {route for route, _ in sql_routes(asked)} == {"browser"}


@each_client_once
def test_an_instance_that_is_not_there_is_not_found(asked: Asked, ask: Client) -> None:
    """Silence; nobody logs in anywhere."""
    assert isinstance(ask(Asked(asked.clients, asked.ca, instance="OTHER")), str)
    assert {route for route, _ in sql_routes(asked)} <= {"browser"}
