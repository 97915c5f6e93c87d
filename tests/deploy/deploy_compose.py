"""The Compose file: how it is read, and what is wrong with one."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

Table = Mapping[str, Any]
SECRET_WORDS = ("KEY", "PASSWORD", "SECRET", "TOKEN", "DATABASE_URL")
BOUNDS = ("mem_limit", "memswap_limit", "cpus", "pids_limit", "stop_grace_period")
WAYS_OUT = ("privileged", "network_mode", "pid", "ipc", "userns_mode", "cap_add", "devices", "env_file")


def read_compose(text: str) -> Table:
    """The document, its anchors resolved."""
    return cast("Table", yaml.safe_load(text))


def compose_problems(document: Table) -> list[str]:
    """What keeps the services from being bounded, and the secrets from being files."""
    problems = [
        f"{name}: {message}" for name, one in document["services"].items() for message in _service_problems(one)
    ]
    for name, secret in document.get("secrets", {}).items():
        if set(secret) != {"file"}:
            problems.append(f"the secret {name} is not a file")
    known = set(document.get("secrets", {}))
    for name, one in document["services"].items():
        problems += [f"{name}: no secret {secret}" for secret in one.get("secrets", []) if secret not in known]
    return problems + list(_network_problems(document))


def _service_problems(service: Table) -> Iterator[str]:
    yield from (f"has no {bound}" for bound in BOUNDS if bound not in service)
    yield from (f"has {way}" for way in WAYS_OUT if way in service)
    if service.get("read_only") is not True:
        yield "may write to its own files"
    if service.get("cap_drop") != ["ALL"]:
        yield "keeps capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield "may gain privileges"
    if str(service.get("user", "0")).partition(":")[0] in ("0", "root"):
        yield "runs as root"
    if "test" not in service.get("healthcheck", {}):
        yield "is not asked whether it lives"
    if service.get("ulimits", {}).get("core") != 0:
        yield "may leave a core file"
    yield from _openings(service)


def _openings(service: Table) -> Iterator[str]:
    """Secrets in variables, ports for everybody, and the engine's own socket."""
    for name, value in service.get("environment", {}).items():
        points_at_one = str(value).startswith('{"file": "/run/secrets/')
        if any(word in name for word in SECRET_WORDS) and not name.endswith("_FILE") and not points_at_one:
            yield f"has a secret in the variable {name}"
    for port in service.get("ports", []):
        if not str(port).startswith("127.0.0.1:"):
            yield f"opens {port} to everybody"
    for mount in service.get("volumes", []):
        table = cast("Table", mount) if isinstance(mount, dict) else {"source": str(mount).partition(":")[0]}
        if str(table["source"]).endswith("docker.sock"):
            yield "may command the engine"
        if table.get("type") == "bind" and table.get("read_only") is not True:
            yield f"may write to {table['source']}"


def _network_problems(document: Table) -> Iterator[str]:
    networks = cast("Mapping[str, Table | None]", document.get("networks", {}))
    for name in document["services"].get("database", {}).get("networks", ["default"]):
        if (networks.get(name) or {}).get("internal") is not True:
            yield f"the database is in the network {name}, which leads out"


def secrets_of(folder: Path, document: Table) -> dict[str, Path]:
    """Where each secret's file is to be, by its name."""
    return {name: folder / secret["file"] for name, secret in document["secrets"].items()}
