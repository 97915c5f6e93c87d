"""One simulator with a proxy for all clients, and their versions at the end of the run."""

import ssl
import sys
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
from client_runs import Clients
from client_versions import curl_version
from client_world import clients_world
from real_simulator import RealSimulator

from spentkey_sim import tls

PACKAGES = (
    "azure-identity",
    "msal",
    "msgraph-sdk",
    "mssql-python",
    "mssql-python-odbc",
    "mssql-python-rs",
    "pymssql",
    "python-tds",
)


@pytest.fixture(scope="session")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSimulator]:
    """The simulator in a process of its own, with a proxy."""
    running = RealSimulator.start(tmp_path_factory.mktemp("proxied"), clients_world(), "--proxy-port", "0")
    yield running
    running.stop()


@pytest.fixture
def clients(proxied: RealSimulator, tmp_path: Path) -> Clients:
    """The clients, before a world that nobody has touched."""
    proxied.reset(clients_world())
    return Clients(proxied, tmp_path)


@pytest.fixture(scope="session")
def foreign_ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority that signed nothing here."""
    file = tmp_path_factory.mktemp("foreign") / "ca.pem"
    file.write_bytes(tls.make().ca)
    return file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say at once what is missing, instead of failing once for each test."""
    if items and find_spec("msgraph") is None:
        raise pytest.UsageError("tests/clients has an environment of its own: make test-clients")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which clients have run, so that the line can be quoted."""
    if find_spec("msgraph") is None:
        return
    named = [f"{name} {version(name)}" for name in PACKAGES]
    python = ".".join(map(str, sys.version_info[:3]))
    terminalreporter.section("clients")
    terminalreporter.write_line(f"{', '.join([*named, curl_version()])}; Python {python}, {ssl.OPENSSL_VERSION}")
