"""Fixtures for the vault and its database: a certificate, and servers that run for one test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from vault_support import Equipment

from spentkey_sim import tls
from spentkey_sim.passwordstate.tds import TdsServer


@pytest.fixture
def equipment() -> Equipment:
    """A fresh world, clock, journal and faults."""
    return Equipment()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate authority, and a server certificate of it with its key: (ca.pem, server.pem)."""
    made, folder = tls.make(), tmp_path_factory.mktemp("tls")
    (folder / "ca.pem").write_bytes(made.ca)
    (folder / "server.pem").write_bytes(made.server)
    return folder / "ca.pem", folder / "server.pem"


@pytest.fixture
def database(equipment: Equipment, certificate: tuple[Path, Path]) -> Iterator[int]:
    """The SQL listener, running; its port."""
    server = TdsServer(equipment.holder, equipment.journal, equipment.faults, equipment.clock, certificate[1])
    yield server.start()
    server.stop()
