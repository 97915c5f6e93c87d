"""The long form: `make campaign-scan CASES=400 SEED=1`; each case scans a tenant while pages go wrong, by its seed.

Whatever goes wrong, a scan that says it is whole shows exactly what is there, and nothing is shown twice.
"""

import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1] / "support")]

from real_simulator import QuickClock, RealSimulator, Steps  # noqa: E402
from supervisor import supervise  # noqa: E402
from worlds import world  # noqa: E402

from spentkey.adapters.entra.client import EntraDirectory  # noqa: E402
from spentkey.adapters.entra.directories import EntraDirectories  # noqa: E402
from spentkey.adapters.entra.lists import EntraLists  # noqa: E402
from spentkey.adapters.pfx_child.opener import PfxInChild  # noqa: E402
from spentkey.bootstrap.context import connected_for, outside_of, vault_of  # noqa: E402
from spentkey.bootstrap.directories import directories_of  # noqa: E402
from spentkey.bootstrap.settings import load_settings  # noqa: E402
from spentkey.core.classified import ScanRules  # noqa: E402
from spentkey.core.rules import DeskRules, TenantRules  # noqa: E402
from spentkey.core.scan_result import ScanResult  # noqa: E402
from spentkey.http.rate_limit import LocalRates  # noqa: E402
from spentkey.scan.run import Scan, ScanOptions  # noqa: E402
from spentkey.settings.rules import rules_of  # noqa: E402

SILENT = ("page-lost", "page-ends", "page-short", "page-swapped")
"""What only the directory's counter can show."""
LOUD = (
    "page-same",
    "page-twice",
    "page-shuffled",
    "page-empty",
    "page-changed",
    "cut",
    "410",
    "429",
    "503",
    "html",
    "reset",
)
MOST_OBJECTS, MOST_A_PAGE = 60, 12
Shown = Counter[tuple[str, str, str]]
"""Tenant, object and key id of each credential that is shown."""


@dataclass(frozen=True)
class Verdict:
    """What became of a case; `wrong` is empty where all is as it must be."""

    became: str
    wrong: str = ""


def shown_by(result: ScanResult) -> Shown:
    """Every credential of a result."""
    return Counter(
        (one.classified.tenant, one.classified.holder.target.object_id, one.classified.credential.key_id)
        for one in result.credentials
    )


@dataclass(frozen=True)
class SmallPages:
    """Directories whose lists come in pages of that size, so that a small tenant has many."""

    whole: EntraDirectories
    size: int

    async def open(self, tenant: TenantRules) -> EntraDirectory:
        return await self.whole.open(tenant)

    async def lists(self, tenant: TenantRules) -> EntraLists:
        return replace(await self.whole.lists(tenant), page_size=self.size)


async def scanned(sim: RealSimulator, size: int) -> ScanResult:
    """A scan that shows everything, in which nobody really waits."""
    settings, clock = load_settings(sim.config, sim.environment), QuickClock()
    rules = rules_of(settings, DeskRules())
    async with connected_for(settings, clock, use_proxies=False) as connections:
        vault = vault_of(settings, outside_of(settings, connections))
        rates = LocalRates(clock), LocalRates(clock)
        directories = directories_of(settings, connections, vault, PfxInChild(), *rates)
        options = ScanOptions(ScanRules(), every=True)
        scan = Scan(SmallPages(directories, size), clock, rules, options, Steps().tell)
        return (await scan.of("case", rules.tenants, [])).result


def tenant_of(rng: random.Random) -> dict[str, Any]:
    """The small world of the tests, in which the first tenant also has so many generated objects."""
    made = world()
    made["tenants"][0]["generated"] = {
        "seed": rng.randrange(1 << 30),
        "applications": rng.randrange(1, MOST_OBJECTS),
        "service_principals": rng.randrange(1, MOST_OBJECTS),
    }
    return made


def play(seed: int, sim: RealSimulator) -> Verdict:
    """One tenant, scanned in calm and then with pages that go wrong."""
    rng = random.Random(seed)  # noqa: S311  # a replayable case
    sim.reset(tenant_of(rng))
    size = rng.randrange(2, MOST_A_PAGE)
    calm = asyncio.run(scanned(sim, size))
    if not calm.complete:
        return Verdict("", f"a calm scan is not whole: {[one.problems for one in calm.tenants]}")
    if not _all_there(calm, sim):
        return Verdict("", "a calm scan does not show what the simulator has")
    kinds = rng.sample(LOUD, 2) + rng.sample(SILENT, rng.randrange(2))
    sim.faults(
        *(
            {"system": "graph", "route": rng.choice(ROUTES), "kind": kind, "nth": rng.randrange(1, 8), **_times(kind)}
            for kind in kinds
        )
    )
    found = asyncio.run(scanned(sim, size))
    sim.faults()
    return _judged(calm, found, ", ".join(kinds))


ROUTES = ("list-applications", "list-service-principals")


def _times(kind: str) -> dict[str, Any]:
    return {"when": "before"} if kind in ("410", "429", "503", "html", "reset") else {}


def _judged(calm: ScanResult, found: ScanResult, what: str) -> Verdict:
    """By tenant: each that is called whole shows exactly what is there."""
    truth, shown = shown_by(calm), shown_by(found)
    more = shown - truth  # the parts of a signing group share a key id, so each is counted
    if more:
        return Verdict("", f"{what}: shown twice, or not there: {sorted(more)[:3]}")
    for tenant in found.tenants:
        lacking = [one for one in (truth - shown) if one[0] == tenant.tenant]
        if tenant.complete and lacking:
            return Verdict("", f"{what}: {tenant.tenant} is called whole, and {len(lacking)} are missing")
    return Verdict("whole" if found.complete else "INCOMPLETE")


def _all_there(calm: ScanResult, sim: RealSimulator) -> bool:
    """Whether the calm scan shows every application's credentials that the simulator really has."""
    applications = sim.population("production")["applications"].values()
    there = {
        str(credential["key_id"]).lower()
        for one in applications
        if not one["deleted"]
        for credential in (*one["passwords"], *one["certificates"])
    }
    return there <= {key_id for tenant, _, key_id in shown_by(calm) if tenant == "production"}


def main() -> int:
    """Play the cases and print how many held; 0 when all did."""
    cases, first = int(os.environ.get("CASES", "400")), int(os.environ.get("SEED", "1"))
    began, told, wrong = time.monotonic(), Counter[str](), 0
    with tempfile.TemporaryDirectory() as name:
        sim = RealSimulator.start(Path(name), world())
        try:
            for seed in range(first, first + cases):
                verdict = play(seed, sim)
                told[verdict.became] += not verdict.wrong
                if verdict.wrong:
                    wrong += 1
                    print(f"seed {seed}: {verdict.wrong}", flush=True)
        finally:
            sim.stop()
    for became, count in sorted(told.items()):
        print(f"{count:6} {became}")
    print(f"{cases} scans (from seed {first} on), {wrong} wrong, in {time.monotonic() - began:.0f} s")
    return int(wrong > 0)


if __name__ == "__main__":
    supervise()
    sys.exit(main())
