"""Builds the `Context` of a story from the settings. Only the files of this package know which adapters there are."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from spentkey.adapters.kinds import Outside
from spentkey.adapters.pfx_child.opener import PfxInChild
from spentkey.bootstrap.checkpoints import sign_what_was_added
from spentkey.bootstrap.directories import directories_of
from spentkey.bootstrap.registry import vault_kind
from spentkey.bootstrap.settings import needs_desk, titles_of
from spentkey.bootstrap.storage import Storage, storage_for
from spentkey.http.sessions import Connections, connected
from spentkey.ports.pfx import PfxOpener
from spentkey.ports.read_only import UNMEASURED, TellsLeftOut
from spentkey.ports.runtime import Clock, Meter, Probe, Progress
from spentkey.ports.service_desk import ServiceDesk
from spentkey.ports.vault import NoVault, Vault
from spentkey.settings.clouds import is_internal
from spentkey.settings.rules import rules_of
from spentkey.settings.schema import Settings
from spentkey.steps.context import Context
from spentkey.system import SystemClock, SystemIds


@asynccontextmanager
async def context_for(
    settings: Settings,
    progress: Progress,
    *,
    use_proxies: bool = True,
    read_only: bool = False,
    clock: Clock | None = None,
    meter: Meter = UNMEASURED,
    pfx: PfxOpener | None = None,
    signs: bool = False,
) -> AsyncGenerator[Context]:
    """Open every connection lazily and close all of them at the end; with `signs` a checkpoint is made at an orderly end."""
    clock = clock or SystemClock()
    needs_desk(settings)
    async with (
        storage_for(settings, clock, read_only=read_only, progress=progress) as storage,
        context_with(storage, settings, progress, clock, use_proxies=use_proxies, meter=meter, pfx=pfx) as context,
    ):
        yield context
        if signs and not read_only:
            await sign_what_was_added(settings, storage, clock)


@asynccontextmanager
async def context_with(
    storage: Storage,
    settings: Settings,
    progress: Progress,
    clock: Clock,
    *,
    use_proxies: bool = True,
    meter: Meter = UNMEASURED,
    pfx: PfxOpener | None = None,
) -> AsyncGenerator[Context]:
    """The same, with storage that is open already."""
    chosen, kind = needs_desk(settings)
    opener = pfx or PfxInChild()
    heard = TellsLeftOut(progress) if meter is UNMEASURED else meter
    async with connected_for(settings, clock, use_proxies=use_proxies, meter=heard) as connections:
        outside = outside_of(settings, connections)
        vault = vault_of(settings, outside)
        desk: ServiceDesk = await kind.open(chosen.section, with_vault(outside, vault))
        yield Context(
            desk=desk,
            vault=vault,
            directories=directories_of(settings, connections, vault, opener, storage.rates, storage.scarce),
            locks=storage.locks,
            evidence=storage.evidence,
            clock=clock,
            progress=progress,
            ids=SystemIds(),
            rules=rules_of(settings, kind.rules(chosen.section)),
            run=SystemIds().new(),
            pfx=opener,
        )


def connected_for(
    settings: Settings, clock: Clock, *, use_proxies: bool, meter: Meter = UNMEASURED
) -> AbstractAsyncContextManager[Connections]:
    """Sessions for every system, opened lazily."""
    files = (settings.tls.ca_file, settings.tls.microsoft_ca_file)
    return connected(*files, clock, is_internal, use_proxies=use_proxies, meter=meter)


def outside_of(settings: Settings, connections: Connections) -> Outside:
    """What an adapter may use; the vault comes to it later."""
    names = dict.fromkeys(name for tenant in settings.tenants.values() for name in tenant.when)
    return Outside(connections, settings.tls.ca_file, NoVault(), titles_of(settings), tuple(names))


def with_vault(outside: Outside, vault: Vault) -> Outside:
    """The same, for a desk."""
    return replace(outside, vault=vault)


def vault_of(settings: Settings, outside: Outside, *, to_work: bool = True) -> Vault:
    """The configured vault, or none; nothing is asked yet."""
    kind = vault_kind(settings.vault.name) if settings.vault is not None else None
    if settings.vault is None or kind is None:
        return NoVault()
    return (kind.open if to_work else kind.open_to_check)(settings.vault.section, outside)


def probes_for(settings: Settings, context: Context) -> list[Probe]:
    """What readiness looks at of the desk and the vault."""
    _, desk = needs_desk(settings)
    vault = vault_kind(settings.vault.name) if settings.vault is not None else None
    return [*desk.probes(context.desk), *(vault.probes(context.vault) if vault is not None else ())]
