"""A small world, and what a test sees of a simulator that serves it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spentkey_sim.addresses import Addresses
from spentkey_sim.serve import Simulator

WORLD: dict[str, Any] = {
    "seed": 7,
    "certificates": {"sales-2025": {"subject": "CN=sales"}, "sales-2024": {"not_before": "-90d", "not_after": "-1d"}},
    "tenants": [
        {
            "name": "production",
            "when": {"Onderwijs": "No"},
            "clients": [{"secret": "automation's secret", "entry": "Sys_Azure_AppRegs_PR"}],
            "applications": [
                {
                    "display_name": "Sales",
                    "passwords": [{"end": "-30d"}],
                    "certificates": [{"certificate": "sales-2024"}, {"certificate": "sales-2025"}],
                }
            ],
        }
    ],
    "ivanti": {"tasks": [{"number": 40021}]},
    "expect": {"40021": {"outcome": "removed", "ticket": "closed", "guard": None}},
}


@dataclass
class Served:
    """A running simulator, where it is, and the configuration that it wrote."""

    simulator: Simulator
    where: Addresses
    config: Path

    @property
    def ca(self) -> str:
        return str(self.config.parent / "ca.pem")
