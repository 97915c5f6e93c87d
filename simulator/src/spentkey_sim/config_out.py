"""Writes a configuration that points at the simulator: a TOML file, a CA file, and one file per secret.

The configuration is renamed into place last, so whoever waits for it finds everything else there.
"""

import json
import os
import re
from pathlib import Path
from typing import Any, cast

from spentkey_sim import files_out
from spentkey_sim.addresses import HOST, Addresses
from spentkey_sim.model import Passwordstate, Tenant, World
from spentkey_sim.world_systems import CERTIFICATES_LIST, CREDENTIALS_LIST, DATABASE_ENTRY

QUERY = "SELECT DocumentID, DocumentName FROM dbo.vw_PfxDocuments WHERE PasswordID = ?"
ESCALATION_TEAM = "Systeemsoftware"
_POLICY = {"verify_reads": 3, "verify_interval_s": 0.2, "verify_timeout_s": 10, "write_spacing_s": 0.2}

Table = dict[str, Any]


def write(path: Path, world: World, where: Addresses, ca: bytes, *, files: bool = False) -> None:
    """Write everything; `path` is the configuration file, its folder is made when it is missing.

    With `files` it names a folder of requests and a folder of secrets, in place of Ivanti and Passwordstate.
    """
    folder = path.absolute().parent
    folder.mkdir(parents=True, exist_ok=True)
    secrets = folder / "secrets"
    secrets.mkdir(exist_ok=True)
    secrets.chmod(0o700)
    _replace(folder / "ca.pem", ca, 0o644)
    tables: dict[str, Table] = {
        **(_folders(folder, secrets, world) if files else _systems(world, where, secrets)),
        **{f"tenants.{_key(tenant.name)}": _tenant(tenant, where) for tenant in world.tenants},
        "policy": dict(_POLICY),
        "state": {"directory": "state"},
        "tls": {"ca_file": "ca.pem"},
    }
    _replace(path.absolute(), to_toml(tables).encode(), 0o600)


def _systems(world: World, where: Addresses, secrets: Path) -> dict[str, Table]:
    return {
        "ivanti": _ivanti(world, where, secrets),
        "passwordstate": _passwordstate(world.passwordstate, where, secrets),
        "passwordstate.database": _database(world.passwordstate, where),
    }


def _folders(folder: Path, secrets: Path, world: World) -> dict[str, Table]:
    files_out.write_requests(folder / "requests", world)
    files_out.write_secrets(secrets, world)
    return {"files": {"directory": "requests"}, "secrets": {"directory": secrets.name}}


def to_toml(tables: dict[str, Table]) -> str:
    """TOML of these tables; a nested dictionary becomes an inline table."""
    blocks = (
        "\n".join([f"[{name}]", *(f"{key} = {_value(value)}" for key, value in table.items())])
        for name, table in tables.items()
    )
    return "\n\n".join(blocks) + "\n"


def _ivanti(world: World, where: Addresses, secrets: Path) -> Table:
    return {
        "url": where.ivanti_url,
        "api_key": _secret(secrets, "ivanti_api_key", world.ivanti.api_key),
        "queue_team": world.ivanti.teams[0],
        "escalation_team": ESCALATION_TEAM,
        "login_id": world.ivanti.login_id,
    }


def _passwordstate(vault: Passwordstate, where: Addresses, secrets: Path) -> Table:
    """The first key that may see the credentials is the main one; others are named where the main one does not do."""
    table: Table = {"url": where.passwordstate_url}
    main = next((key for key in vault.api_keys if CREDENTIALS_LIST in key.lists), vault.api_keys[0])
    table["api_key"] = _secret(secrets, "passwordstate_api_key", main.key)
    certificates = next((key for key in vault.api_keys if CERTIFICATES_LIST in key.lists), main)
    documents = next((key for key in vault.api_keys if key.documents), main)
    if CERTIFICATES_LIST not in main.lists:
        table["certificates_api_key"] = _secret(secrets, "passwordstate_certificates_api_key", certificates.key)
    if not main.documents:
        table["documents_api_key"] = _secret(secrets, "passwordstate_documents_api_key", documents.key)
    return table


def _database(vault: Passwordstate, where: Addresses) -> Table:
    name = vault.database.name
    # an instance is found by its name, and what TLS vouches for is no address, which Microsoft's ODBC driver does not match
    found = {"host_name_in_certificate": HOST} if where.sql_address else {"port": where.sql}
    return {"server": where.sql_server, **found, "database": name, "entry": DATABASE_ENTRY, "query": QUERY}


def _tenant(tenant: Tenant, where: Addresses) -> Table:
    return {
        "tenant_id": tenant.tenant_id,
        "domain": tenant.domain,
        "subscription_id": tenant.subscription_id,
        "entry": tenant.clients[0].entry if tenant.clients else "",
        "when": dict(tenant.when),
        "authority": where.entra_url,
        "graph_url": where.entra_url,
    }


def _secret(folder: Path, name: str, value: str) -> Table:
    _replace(folder / name, value.encode(), 0o600)
    return {"file": f"{folder.name}/{name}"}


def _value(value: Any) -> str:
    if isinstance(value, dict):
        table = cast("Table", value)
        pairs = ", ".join(f"{_key(key)} = {_value(inner)}" for key, inner in table.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _key(name: str) -> str:
    """A key, bare where TOML allows it."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(value: str) -> str:
    """A TOML basic string, which JSON's escapes are legal in."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Write beside the file and rename, so that nobody ever reads half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        out.write(content)
    beside.replace(path)
