"""The suites for a vault, and for a key that never leaves one."""

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from spentkey.core.errors import AccessRefused
from spentkey.core.pfx import Unusable, open_pfx
from spentkey.ports.vault import SigningKey, Vault
from spentkey.testing.running import with_rig


@dataclass(frozen=True)
class VaultRig:
    """A vault, and what is in it."""

    vault: Vault
    title: str
    """Of an entry."""
    username: str
    password: str
    unknown_title: str
    app_id: str
    """Of an application with at least one PFX file that a password at hand opens."""
    display_name: str
    bare_app_id: str
    """Of an application with nothing."""


class VaultContract(ABC):
    """What every vault does."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[VaultRig]:
        """A vault with these things in it."""

    def test_an_entry_has_a_user_name_and_a_password(self) -> None:
        """The one with that title."""

        async def do(rig: VaultRig) -> None:
            login = await rig.vault.login(rig.title)
            assert (login.username, login.password.reveal()) == (rig.username, rig.password)

        with_rig(self.rig(), do)

    def test_a_password_is_never_shown(self) -> None:
        """Neither by printing nor in a message."""

        async def do(rig: VaultRig) -> None:
            login = await rig.vault.login(rig.title)
            assert rig.password not in f"{login!r} {login}"

        with_rig(self.rig(), do)

    def test_an_entry_that_is_not_there_is_refused_by_name(self) -> None:
        """The operator must act, so the title stands in the message."""

        async def do(rig: VaultRig) -> None:
            with pytest.raises(AccessRefused) as refused:
                await rig.vault.login(rig.unknown_title)
            assert rig.unknown_title in str(refused.value)
            assert rig.password not in str(refused.value)

        with_rig(self.rig(), do)

    @pytest.mark.parametrize("title", ["", "../secrets", "a/b", "a\nb", "*", "' OR 1=1"])
    def test_a_title_is_nothing_but_a_title(self, title: str) -> None:
        """It is no path, no pattern and no query."""

        async def do(rig: VaultRig) -> None:
            with pytest.raises(AccessRefused):
                await rig.vault.login(title)

        with_rig(self.rig(), do)

    def test_a_signing_file_is_opened_by_a_password_at_hand(self) -> None:
        """At least one of those of the application."""

        async def do(rig: VaultRig) -> None:
            opened = 0
            async for file in rig.vault.signing_files(rig.app_id, rig.display_name):
                assert file.name
                content = await file.read()
                async for password in file.passwords():
                    opened += not isinstance(open_pfx(file.name, content, [password]), Unusable)
            assert opened

        with_rig(self.rig(), do)

    @pytest.mark.parametrize("title", ["", "../secrets", "a/b", "a\nb", "*", "' OR 1=1"])
    def test_the_files_of_a_title_are_of_that_title_alone(self, title: str) -> None:
        """A title that is none, or is of nothing, gives no file: whoever signed in with another's would be another."""

        async def do(rig: VaultRig) -> None:
            for one in (title, rig.unknown_title):
                with pytest.raises(AccessRefused):
                    _ = [file.name async for file in rig.vault.files_of(one)]

        with_rig(self.rig(), do)

    def test_an_application_without_anything_has_no_files_and_no_keys(self) -> None:
        """And the vault says so in words."""

        async def do(rig: VaultRig) -> None:
            files = [one async for one in rig.vault.signing_files(rig.bare_app_id, "Nothing")]
            keys = [one async for one in rig.vault.signing_keys(rig.bare_app_id, "Nothing")]
            assert (files, keys) == ([], [])
            assert await rig.vault.none_found(rig.bare_app_id, "Nothing")

        with_rig(self.rig(), do)

    def test_the_time_of_the_vault_has_a_zone(self) -> None:
        """Where it has a clock at all."""

        async def do(rig: VaultRig) -> None:
            shown = await rig.vault.time()
            assert shown is None or shown.utcoffset() is not None

        with_rig(self.rig(), do)

    def test_files_come_in_the_same_order_each_time(self) -> None:
        """So that a reason names them alike."""

        async def do(rig: VaultRig) -> None:
            seen = [[one.name async for one in rig.vault.signing_files(rig.app_id, rig.display_name)] for _ in range(2)]
            assert seen[0] == seen[1]

        with_rig(self.rig(), do)


class SigningKeyContract(ABC):
    """What every key does that never leaves its vault."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[SigningKey]:
        """A key."""

    @pytest.mark.parametrize("data", [b"", b"a.b", b"x" * 100_000])
    def test_a_signature_verifies_by_the_certificate(self, data: bytes) -> None:
        """RSASSA-PKCS1-v1_5 with SHA-256, whatever is signed."""

        async def do(key: SigningKey) -> None:
            _verify(key, await key.sign(data), data)

        with_rig(self.rig(), do)

    def test_a_signature_is_of_what_was_given(self) -> None:
        """And of nothing else."""

        async def do(key: SigningKey) -> None:
            with pytest.raises(InvalidSignature):
                _verify(key, await key.sign(b"a.b"), b"a.c")

        with_rig(self.rig(), do)

    def test_a_key_has_a_name_and_shows_nothing_private(self) -> None:
        """Its name stands in reasons and notes."""

        async def do(key: SigningKey) -> None:
            assert key.name
            assert "PRIVATE" not in repr(key)

        with_rig(self.rig(), do)


def _verify(key: SigningKey, signature: bytes, data: bytes) -> None:
    public = key.certificate.public_key()
    assert isinstance(public, RSAPublicKey)
    public.verify(signature, data, PKCS1v15(), hashes.SHA256())
