"""`spentkey init`: asks for what a first configuration needs, and writes one that `spentkey check` accepts."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import click
from pydantic.fields import FieldInfo

from spentkey.bootstrap.registry import desk_kind, desk_names, vault_kind, vault_names
from spentkey.bootstrap.settings import load_settings
from spentkey.cli.first_files import made_by_us, put_secret, to_toml
from spentkey.cli.show import print_json
from spentkey.core.errors import Misconfigured
from spentkey.core.secret import Secret
from spentkey.settings.section import Section
from spentkey.settings.values import UUID_PATTERN

NO_VAULT = "none"
TENANT = "production"
"""What the first tenant is called in the configuration; whoever has several names them as they like."""
ENTRA = "the app registration that removes credentials, in Entra ID"


@dataclass(frozen=True)
class Given:
    """What was given on the command line; None where it is asked for."""

    desk: str | None
    vault: str | None
    tenant_id: str | None
    domain: str | None
    client_id: str | None
    client_secret_file: Path | None
    directory: Path | None
    secrets: Path | None
    state: Path | None
    ask: bool
    """Whether somebody is there to answer."""


def write_first(config: Path, given: Given, *, as_json: bool) -> int:
    """Write the configuration; gives the exit code."""
    config = config.absolute()
    if config.exists():
        raise Misconfigured(f"{config}: is there already, and is left as it is; name another one with --config")
    missing: list[str] = []
    tables = _tables(config.parent, given, missing)
    if missing:
        raise Misconfigured("\n".join(f"{name}: is missing" for name in missing))
    _check_texts(tables)
    made = _made(config, tables)
    if as_json:
        print_json({"config": str(config), "made": [str(path) for path in made]})
        return 0
    for path in made:
        click.echo(f"made {path}")
    click.echo(f"next: spentkey check --config {config}")
    return 0


def _tables(folder: Path, given: Given, missing: list[str]) -> dict[str, dict[str, Any]]:
    def need(option: str, value: str | None, question: str, default: str | None = None, check: str = "") -> str:
        return _needed(given, missing, option, value, question, default, check)

    desks = ", ".join(desk_names())
    desk = need("--desk", given.desk, f"Service desk ({desks}; files is a folder)", "files")
    if desk and desk_kind(desk) is None:
        raise Misconfigured(f"--desk: {desk} is none of {desks}")
    vault = need("--vault", given.vault, f"Vault ({', '.join(vault_names())}; secrets is a folder; or none)", NO_VAULT)
    if vault not in ("", NO_VAULT) and vault_kind(vault) is None:
        raise Misconfigured(f"--vault: {vault} is no vault; secrets is a folder, {NO_VAULT} is none")
    tables: dict[str, dict[str, Any]] = {}
    if desk:
        tables[desk] = _adapter(folder, given, missing, desk, desk_kind, str(given.directory or "requests"))
    if vault not in ("", NO_VAULT):
        tables[vault] = _adapter(folder, given, missing, vault, vault_kind, str(given.secrets or "secrets"))
    tables[f"tenants.{TENANT}"] = {
        "tenant_id": need("--tenant-id", given.tenant_id, "Tenant id of Entra ID", check=UUID_PATTERN),
        "domain": need("--domain", given.domain, "Domain of the tenant, such as example.onmicrosoft.com"),
        "client_id": need("--client-id", given.client_id, f"Client id of {ENTRA}", check=UUID_PATTERN),
        "client_secret": _secret(
            folder, given, missing, "--client-secret-file", given.client_secret_file, f"Client secret of {ENTRA}"
        ),
    }
    tables["state"] = {"directory": str(given.state or "state")}
    return tables


def _needed(  # one question with all its parts
    given: Given, missing: list[str], option: str, value: str | None, question: str, default: str | None, check: str
) -> str:
    """What was given, else the answer; where nobody answers, the default, else the option is named."""
    if value is not None:
        return value.strip()
    if not given.ask:
        if default is None:
            missing.append(option)
        return default or ""
    while True:
        answer = str(click.prompt(question, default=default, err=True)).strip()
        if not check or re.fullmatch(check, answer):
            return answer
        click.echo("  this must be a UUID such as c3c1e6bb-1ebf-4335-ad13-3419266a9781", err=True)


def _secret(  # one question with all its parts
    folder: Path, given: Given, missing: list[str], option: str, file: Path | None, question: str
) -> dict[str, str]:
    """Where the secret is: in the file that was named, or in one that is made of the answer."""
    if file is not None:
        path = file.absolute()
        if not path.is_file():
            raise Misconfigured(f"{option}: the file {path} cannot be read")
        return {"file": _beside(folder, path)}
    if not given.ask:
        missing.append(option)
        return {"file": ""}
    value = Secret(click.prompt(question, hide_input=True, err=True))
    name = re.sub(r"[^a-z0-9_]+", "_", option.strip("-").removesuffix("-file").lower())
    return {"file": _beside(folder, put_secret(folder / "secrets" / name, value))}


def _adapter(  # one table with all its parts
    folder: Path, given: Given, missing: list[str], name: str, kind_of: Callable[[str], Any], directory: str
) -> dict[str, Any]:
    """The settings of a desk or vault that have no default."""
    table: dict[str, Any] = {}
    for setting, field in _required(kind_of(name).settings):
        path = f"{name}.{setting}"
        if setting == "directory":
            table[setting] = directory
        elif _is_secret(field):
            _put(table, setting, _secret(folder, given, missing, path, None, path))
        else:
            _put(table, setting, _needed(given, missing, path, None, path, None, ""))
    return table


def _required(model: type[Section], before: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if field.is_required() and isinstance(inner, type) and issubclass(inner, Section):
            yield from _required(inner, f"{before}{name}.")
        elif field.is_required() or (before and name == "query"):  # work needs it, and only `check` does without
            yield f"{before}{name}", field


def _is_secret(field: FieldInfo) -> bool:
    return Secret in (field.annotation, *get_args(field.annotation))


def _put(table: dict[str, Any], setting: str, value: Any) -> None:
    *outer, name = setting.split(".")
    for part in outer:
        table = table.setdefault(part, {})
    table[name] = value


def _check_texts(tables: Mapping[str, Mapping[str, Any]]) -> None:
    tenant = tables[f"tenants.{TENANT}"]
    for option, name in (("--tenant-id", "tenant_id"), ("--client-id", "client_id")):
        if not re.fullmatch(UUID_PATTERN, str(tenant[name])):
            raise Misconfigured(f"{option}: must be a UUID such as c3c1e6bb-1ebf-4335-ad13-3419266a9781")


def _made(config: Path, tables: dict[str, dict[str, Any]]) -> list[Path]:
    """The folders that the tables name, and the file; a configuration that cannot be read is not left behind."""
    folders = [config.parent / str(table["directory"]) for table in tables.values() if "directory" in table]
    made = made_by_us([config.parent, *folders])
    beside = config.with_name(f".{config.name}.{os.getpid()}")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            stream.write(to_toml(tables))
        try:
            load_settings(beside, {})
        except Misconfigured as problem:
            raise Misconfigured(str(problem).replace(str(beside), str(config))) from None
        os.link(beside, config)  # never over a file that came meanwhile
    except FileExistsError:
        raise Misconfigured(f"{config}: is there already, and is left as it is") from None
    finally:
        beside.unlink(missing_ok=True)
    return [*made, config]


def _beside(folder: Path, path: Path) -> str:
    """A path as the configuration names it: from its own folder, where the file lies in it."""
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
