"""Commands start quickly: each imports only what it needs."""

import json
import subprocess
import sys

import pytest

SHOW_MODULES = "import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
SHOW_CPU = "import time, {module}; print(time.process_time())"

DATABASE, LOGS = {"procrastinate", "psycopg"}, {"structlog", "spentkey.observe"}
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
    "spentkey.cli.run": {"mssql_python", "spentkey.demo", "spentkey_sim", *DATABASE, *SERVICE},
    "spentkey.cli.plan": {"mssql_python", "spentkey.demo", "spentkey_sim", *SERVICE},
    "spentkey.cli.check": {"mssql_python", "spentkey.demo", "spentkey.story", "spentkey_sim", *SERVICE},
    "spentkey.cli.demo": {"mssql_python", "spentkey_sim", *SERVICE},
    "spentkey.cli.work": {"mssql_python", "spentkey.demo", "spentkey_sim", *DATABASE, *SERVICE - LOGS},
    "spentkey.cli.resume": {"mssql_python", "spentkey_sim", "spentkey.story", *SERVICE},
    "spentkey.cli.attending": {
        "fastapi",
        "uvicorn",
        "prometheus_client",
        "opentelemetry",
        "spentkey.bootstrap.context",
    },
    "spentkey.cli.serve": {"mssql_python", "opentelemetry.sdk", "opentelemetry.exporter", "spentkey_sim"},
    "spentkey.cli.generate_jwt_token": {"mssql_python", "spentkey.bootstrap.context", "spentkey.story"},
}
MOST_CPU_S = 1.5
"""Imports of `run` take about 0.4 s of CPU on a quiet machine of 2024; this leaves room for a busy one."""


def output_of(program: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("module", NEVER)
def test_a_command_does_not_import_what_it_does_not_need(module: str) -> None:
    """The packages that cost time and memory stay out until they are needed."""
    loaded: list[str] = json.loads(output_of(SHOW_MODULES.format(module=module)))
    unwanted = {name for name in NEVER[module] for one in loaded if one == name or one.startswith(f"{name}.")}
    assert unwanted == set[str]()


def test_the_imports_of_a_run_take_less_than_a_second_and_a_half() -> None:
    """Of three starts the quickest counts, since others may use the machine."""
    spent = min(float(output_of(SHOW_CPU.format(module="spentkey.cli.run"))) for _ in range(3))
    assert spent < MOST_CPU_S
