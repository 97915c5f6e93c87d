"""Starts `spentkey-sim` as its own process, and asks its control port what is true."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import aiohttp

from spentkey.bootstrap.settings import load_settings
from spentkey.core.errors import Misconfigured, Outage
from spentkey.demo import DESKS
from spentkey.settings.clouds import is_loopback
from spentkey.settings.schema import Settings

START_SECONDS = 30
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Simulator:
    """A running simulator: the configuration that points at it, and its control port."""

    config: Path
    control: str
    seed: int

    async def truth(self) -> dict[str, Any]:
        """What is really there now (`GET /truth`)."""
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=START_SECONDS)) as session,
            session.get(f"{self.control}/truth") as response,
        ):
            return cast("dict[str, Any]", await response.json())


@asynccontextmanager
async def simulator(
    folder: Path, seed: int, environment: Mapping[str, str], desk: str = DESKS[0]
) -> AsyncGenerator[Simulator]:
    """Start the simulator with the seeded world, and stop it at the end, whatever happens.

    With the desk `files` its tasks and secrets are in two folders beside the configuration.
    """
    config = folder / "spentkey.toml"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "spentkey_sim.cli", "serve", "--calm"),
        *("--seed", str(seed), "--config-out", str(config), "--desk", desk),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={name: environment[name] for name in _KEPT if name in environment},
    )
    try:
        yield Simulator(config, await _control_address(process), seed)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


async def _control_address(process: asyncio.subprocess.Process) -> str:
    """Read what the simulator prints until it is ready."""
    message: dict[str, str] = {}
    assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018  # both are pipes
    try:
        async with asyncio.timeout(START_SECONDS):
            while line := (await process.stdout.readline()).decode().strip():
                if line == "ready":
                    return message["control"]
                name, _, value = line.partition(" ")
                message[name] = value
            problem = (await process.stderr.read()).decode(errors="replace").strip()
    except TimeoutError:
        raise Outage("the simulator did not start in time") from None
    last = problem.splitlines()[-1] if problem else "it said nothing"
    hint = "; install the package spentkey-sim beside spentkey" if "No module named" in problem else ""
    raise Misconfigured(f"the simulator did not start: {last}{hint}")


def _addresses(values: Mapping[str, Any]) -> Iterator[str]:
    """Every address in a table: what begins like one, and each server."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _addresses(cast("Mapping[str, Any]", value))
        elif isinstance(value, str) and (value.startswith("https://") or name == "server"):
            yield value if value.startswith("https://") else f"https://{value}"


def loopback_settings(config: Path) -> Settings:
    """The configuration that the simulator wrote, and only that; an address that leaves this machine is refused."""
    settings = load_settings(config, {})
    sections = [one.section for one in (settings.desk, settings.vault) if one is not None]
    addresses = [address for section in sections for address in _addresses(section.model_dump())]
    addresses += [url for tenant in settings.tenants.values() for url in (tenant.authority, tenant.graph_url)]
    away = [address for address in addresses if not is_loopback(address)]
    if away:
        raise Misconfigured(f"the demonstration only talks to this machine, not to {', '.join(away)}")
    return settings
