"""The folder of secrets as a kind of vault."""

from collections.abc import Sequence

from spentkey.adapters.kinds import Outside, VaultKind
from spentkey.adapters.secret_files.client import SYSTEM, SecretFilesVault
from spentkey.adapters.secret_files.settings import SecretFilesSettings
from spentkey.ports.runtime import Checker, Probe


def open_vault(settings: SecretFilesSettings, outside: Outside) -> SecretFilesVault:
    """The vault; the folder is looked at when it is used."""
    del outside
    return SecretFilesVault(settings.directory)


def check(settings: SecretFilesSettings, outside: Outside) -> Checker:
    """The check-up."""
    from spentkey.adapters.secret_files.check import SecretFilesCheck  # noqa: PLC0415  # only who checks loads it

    return SecretFilesCheck(open_vault(settings, outside), outside.titles)


def probes(vault: SecretFilesVault) -> Sequence[Probe]:
    """A look at the folder."""
    return [Probe(SYSTEM, vault.reach)]


VAULT = VaultKind(SecretFilesSettings, open_vault, open_vault, check, probes)
