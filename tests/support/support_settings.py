"""Configuration files for tests: a sound one as a nested table, changed by dotted paths and written as TOML."""

import copy
import json
import math
from pathlib import Path
from typing import Any, cast

from spentkey.adapters.ivanti.settings import IvantiSettings
from spentkey.adapters.passwordstate.settings import PasswordstateSettings
from spentkey.bootstrap.settings import load_settings
from spentkey.core.errors import Misconfigured
from spentkey.settings.schema import Settings

SOUND: dict[str, Any] = {
    "ivanti": {
        "url": "https://itsm.example.org/HEAT",
        "api_key": {"env": "IVANTI_KEY"},
        "queue_team": "Spentkey",
        "login_id": "svc-spentkey",
    },
    "passwordstate": {
        "url": "https://vault.example.org",
        "api_key": {"env": "VAULT_KEY"},
        "database": {"server": "sql.example.org", "query": "SELECT DocumentID, DocumentName FROM d WHERE id = ?"},
    },
    "tenants": {
        "production": {
            "tenant_id": "c3c1e6bb-1ebf-4335-ad13-3419266a9781",
            "domain": "example.org",
            "entry": "Sys_Azure_AppRegs_PR",
            "when": {"Onderwijs": "No"},
        },
    },
}
KEYS = {"IVANTI_KEY": "canary-ivanti", "VAULT_KEY": "canary-vault"}
"""The environment that the sound file needs."""
GONE = object()
"""A change that takes the setting away."""


def table(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """The sound table with some settings changed, by dotted path."""
    whole = copy.deepcopy(SOUND)
    for path, value in (changes or {}).items():
        *folders, name = path.split(".")
        inner = whole
        for folder in folders:
            inner = inner.setdefault(folder, {})
        if value is GONE:
            del inner[name]
        else:
            inner[name] = value
    return whole


def toml(value: Any) -> str:
    """A value in TOML."""
    if isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        return "{" + ", ".join(f"{json.dumps(name)} = {toml(inner)}" for name, inner in table.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(inner) for inner in cast("list[Any]", value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # nan and inf, as TOML has them
    return json.dumps(value)


def write(folder: Path, changes: dict[str, Any] | None = None, mode: int = 0o600) -> Path:
    """A configuration file with these changes."""
    file = folder / "spentkey.toml"
    file.write_text("".join(f"{name} = {toml(value)}\n" for name, value in table(changes).items()), "utf-8")
    file.chmod(mode)
    return file


def load(folder: Path, changes: dict[str, Any] | None = None, **environment: str) -> Settings:
    """Load a configuration with these changes and this environment."""
    return load_settings(write(folder, changes), {**KEYS, **environment})


def problems(folder: Path, changes: dict[str, Any] | None = None, **environment: str) -> list[str]:
    """The problems of that configuration, each without the file's name; none when it loads."""
    file = write(folder, changes)
    try:
        load_settings(file, {**KEYS, **environment})
    except Misconfigured as problem:
        return [line.removeprefix(f"{file}: ") for line in str(problem).splitlines()]
    return []


def ivanti(settings: Settings) -> IvantiSettings:
    """The table `[ivanti]`, which must be the desk's."""
    assert settings.desk is not None
    assert isinstance(settings.desk.section, IvantiSettings)
    return settings.desk.section


def passwordstate(settings: Settings) -> PasswordstateSettings:
    """The table `[passwordstate]`, which must be the vault's."""
    assert settings.vault is not None
    assert isinstance(settings.vault.section, PasswordstateSettings)
    return settings.vault.section
