"""Every vault of ours passes the suite that ships; and a key that stays where it is passes that for keys."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from real_simulator import RealSimulator
from support_core import ManualClock
from support_pfx import PASSWORD, vector
from worlds import APP, AUTOMATION, CANARIES, certificate_parameters, world

from spentkey.adapters.secret_files.client import SecretFilesVault
from spentkey.bootstrap.context import connected_for, outside_of, vault_of
from spentkey.core.pfx import Unusable, open_pfx
from spentkey.ports.vault import SigningKey
from spentkey.testing.vault import SigningKeyContract, VaultContract, VaultRig

GOOD = "modern"
TITLE, BARE = "Sys_Azure_AppRegs_PR", "66666666-6666-4666-8666-666666666666"


def rig_of(vault: object) -> VaultRig:
    """What both vaults hold."""
    secret = CANARIES["automation secret"]
    return VaultRig(vault, TITLE, AUTOMATION, secret, "Sys_Nobody", APP, "Sales", BARE)  # pyright: ignore[reportArgumentType]


class TestPasswordstate(VaultContract):
    """Over its API and a real driver for SQL Server."""

    sim: RealSimulator

    @pytest.fixture(autouse=True)
    def _simulator(self, sim: RealSimulator) -> None:
        sim.reset(world(certificate_parameters()))
        self.sim = sim

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[VaultRig]:
        settings = self.sim.settings()
        async with connected_for(settings, ManualClock(), use_proxies=False) as connections:
            yield rig_of(vault_of(settings, outside_of(settings, connections)))


class TestSecretFiles(VaultContract):
    """The folder."""

    folder: Path

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o700)
        for name, content in {
            f"{TITLE}.username": f"{AUTOMATION}\n".encode(),
            f"{TITLE}.password": f"{CANARIES['automation secret']}\n".encode(),
            f"{APP}.pfx": vector(GOOD),
            f"{APP}.pfx.password": PASSWORD.reveal().encode(),
        }.items():
            (tmp_path / name).write_bytes(content)
            (tmp_path / name).chmod(0o600)
        self.folder = tmp_path

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[VaultRig]:
        yield rig_of(SecretFilesVault(self.folder))


@dataclass(frozen=True)
class KeyOfATest:
    """A key in this process, reached as if it were not."""

    certificate: x509.Certificate
    _key: RSAPrivateKey
    name: str = "transit/sales"

    async def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, PKCS1v15(), hashes.SHA256())

    def __repr__(self) -> str:
        return f"KeyOfATest({self.name})"


class TestSigningKey(SigningKeyContract):
    """RSA with 2,048 bits."""

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[SigningKey]:
        opened = open_pfx(GOOD, vector(GOOD), [PASSWORD])
        assert not isinstance(opened, Unusable)
        key, certificate = opened
        yield KeyOfATest(certificate, key)
