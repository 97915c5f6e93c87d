"""The folder as a kind of service desk."""

from collections.abc import Sequence

from spentkey.adapters.files.client import SYSTEM, FilesDesk
from spentkey.adapters.files.request_file import REFERENCE
from spentkey.adapters.files.settings import FilesSettings
from spentkey.adapters.kinds import DeskKind, Outside
from spentkey.core.rules import DeskRules
from spentkey.ports.runtime import Checker, Probe


def reference(text: str) -> str | None:
    """The name of a file without its ending."""
    return text if REFERENCE.fullmatch(text) else None


def rules(settings: FilesSettings) -> DeskRules:
    """What the steps need to know."""
    return DeskRules(secret_types=settings.secret_types, language=settings.language)


async def open_desk(settings: FilesSettings, outside: Outside) -> FilesDesk:
    """The desk; the folder is looked at when it is used."""
    return FilesDesk(settings.directory, settings.approve, outside.connections.clock)


def check(settings: FilesSettings, outside: Outside) -> Checker:
    """The check-up."""
    from spentkey.adapters.files.check import FilesCheck  # noqa: PLC0415  # only who checks loads it

    return FilesCheck(FilesDesk(settings.directory, settings.approve, outside.connections.clock))


def probes(desk: FilesDesk) -> Sequence[Probe]:
    """A look at the folder."""
    return [Probe(SYSTEM, desk.reach)]


def whose(settings: FilesSettings) -> str:
    """Those that were approved, where that is asked for."""
    return f"{'that are approved ' if settings.approve else ''}in the folder {settings.directory} (files.directory)"


DESK = DeskKind(FilesSettings, reference, "sales-2026-07", rules, open_desk, check, probes, whose=whose)
