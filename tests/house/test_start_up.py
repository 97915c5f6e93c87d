"""Commands start quickly: each imports only what it needs."""

import json
import subprocess
import sys

import pytest

SHOW_MODULES = "import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
SHOW_CPU = "import time, {module}; print(time.process_time())"

DATABASE, LOGS = {"procrastinate", "psycopg"}, {"structlog", "spentkey.observe"}
SIGN_IN, TABLES = {"azure", "msal", "requests", "urllib3"}, {"rich"}
SERVICE = {"fastapi", "uvicorn", "prometheus_client", "structlog", "opentelemetry", "spentkey.web", "spentkey.observe"}
NEVER: dict[str, set[str]] = {
    "spentkey.cli.main": {
        "aiohttp",
        "azure",
        "cryptography",
        "pydantic",
        "rich",
        "mssql_python",
        "spentkey.bootstrap.context",
    },
    "spentkey.cli.run": {"mssql_python", "spentkey.demo", "spentkey_sim", *DATABASE, *SERVICE, *SIGN_IN, *TABLES},
    "spentkey.cli.plan": {
        "mssql_python",
        "spentkey.demo",
        "spentkey_sim",
        *SERVICE,
        *SIGN_IN,
        *TABLES,
    },
    "spentkey.cli.check": {"mssql_python", "spentkey.demo", "spentkey.story", "spentkey_sim", *SERVICE},
    "spentkey.cli.demo": {"mssql_python", "spentkey_sim", *SERVICE},
    "spentkey.cli.work": {"mssql_python", "spentkey.demo", "spentkey_sim", *DATABASE, *SERVICE - LOGS},
    "spentkey.cli.resume": {"mssql_python", "spentkey_sim", "spentkey.story", *SERVICE, *SIGN_IN, *TABLES},
    "spentkey.cli.attending": {
        "fastapi",
        "uvicorn",
        "prometheus_client",
        "opentelemetry",
        "spentkey.bootstrap.context",
    },
    "spentkey.cli.serve": {"mssql_python", "opentelemetry.sdk", "opentelemetry.exporter", "spentkey_sim"},
    "spentkey.facade": {
        "click",
        "mssql_python",
        "spentkey.cli",
        "spentkey_sim",
        *DATABASE,
        *SERVICE,
        *SIGN_IN,
        *TABLES,
    },
    "spentkey.cli.generate_jwt_token": {"mssql_python", "spentkey.bootstrap.context", "spentkey.story"},
}
YARDSTICK = "aiohttp, cryptography.x509"
"""What any such command imports; its CPU time in the same minute says how fast the machine is now."""
ROUNDS = 12
"""How often everything is started at the most; a quiet machine needs one round."""
MOST: dict[str, float] = {
    "spentkey.cli.main, spentkey.cli.run": 2.9,
    "spentkey.cli.main, spentkey.cli.run, spentkey.adapters.entra.token_request": 3.5,
    "spentkey.facade": 2.9,
}
"""How many times the yardstick imports may take. Measured (docs/adr/0017) 1.9, 2.4 and 1.9, and 2.4, 3.0 and 2.4 in the worst
of other hours: processors share their memory with whatever else runs. The number of modules says it more sharply."""
MOST_MODULES: dict[str, int] = {"spentkey.cli.main": 225, "spentkey.cli.run": 680, "spentkey.facade": 660}
"""How many modules may be loaded then, Python's own included; it is the same on any machine, but for a few."""


def output_of(program: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("module", NEVER)
def test_a_command_does_not_import_what_it_does_not_need(module: str) -> None:
    """The packages that cost time and memory stay out until they are needed."""
    loaded: list[str] = json.loads(output_of(SHOW_MODULES.format(module=module)))
    unwanted = {name for name in NEVER[module] for one in loaded if one == name or one.startswith(f"{name}.")}
    assert unwanted == set[str]()


@pytest.mark.parametrize("module", MOST_MODULES)
def test_a_command_loads_few_modules(module: str) -> None:
    """A new package, or a part that is not needed yet, shows here."""
    assert len(json.loads(output_of(SHOW_MODULES.format(module=module)))) <= MOST_MODULES[module]


@pytest.mark.long
def test_imports_stay_light() -> None:
    """CPU time beside that of two packages in the same run; of many starts the quickest counts, since others may use the machine."""
    quickest = dict.fromkeys([YARDSTICK, *MOST], float("inf"))
    for _ in range(ROUNDS):
        for program, before in quickest.items():
            quickest[program] = min(before, float(output_of(SHOW_CPU.format(module=program))))
        shares = {program: quickest[program] / quickest[YARDSTICK] for program in MOST}
        if all(shares[program] <= most for program, most in MOST.items()):
            return
    assert {program: round(share, 2) for program, share in shares.items() if share > MOST[program]} == {}  # pyright: ignore[reportPossiblyUnboundVariable]
