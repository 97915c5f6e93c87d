"""The custom credential types, by AWX's own injector: what comes out makes Spentkey load its settings, and hides well."""

# What it imports is only in the environment of these tests.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false

import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType
from awx_plugins.interfaces._temporary_private_credential_api import Credential
from awx_plugins.interfaces._temporary_private_inject_api import (
    ENV_BLOCKLIST,
    HIDDEN_PASSWORD_RE,
    build_safe_env,
    inject_credential,
)
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from play_runs import COLLECTIONS

from spentkey.adapters.ivanti.settings import IvantiSettings
from spentkey.adapters.passwordstate.settings import PasswordstateSettings
from spentkey.bootstrap.settings import load_settings
from spentkey.core.errors import Misconfigured
from spentkey.core.secret import Secret
from spentkey.settings.schema import Settings
from spentkey.settings.sources import VaultEntry

TYPES = sorted((COLLECTIONS / "aap" / "credential_types").glob("*.yml"))
KEYS = {
    "ivanti_api_key": "canary-ivanti-3Ab",
    "passwordstate_api_key": 'canary-"vault"-\\{{ 7 }}-4Cd',
    "passwordstate_certificates_api_key": "canary-certificates-5Ef",
    "passwordstate_documents_api_key": "canary-documents-6Gh",
}
DATABASE = {
    "database_url": "postgresql://spentkey:canary-database-8Kl@db.example.org/spentkey?sslmode=verify-full&sslrootcert=system"
}
BY_NAME_OF_THE_FILE = "SPENTKEY_ENGINE__DATABASE_URL"
"""AWX masks variables with certain words in their names. This one has none, and holds the name of a file alone."""
TENANTS = {
    "production_tenant_id": "c3c1e6bb-1ebf-4335-ad13-3419266a9781",
    "production_domain": "production.onmicrosoft.com",
    "production_entry": "Sys_Azure_AppRegs_PR",
    "onderwijs_tenant_id": "c32c6912-0c85-4d02-8d38-51da93512d64",
    "onderwijs_domain": "onderwijs.onmicrosoft.com",
    "onderwijs_entry": "Sys_Azure_OND_Admin",
}
TEXT = """
[ivanti]
url = "https://itsm.example.org/HEAT"
queue_team = "Spentkey – EntraID"
login_id = "svc-spentkey"
[passwordstate]
url = "https://vault.example.org"
[passwordstate.database]
server = "sql.example.org"
query = "SELECT DocumentID, DocumentName FROM dbo.Pfx WHERE PasswordID = ?"
[state]
directory = "/var/lib/spentkey"
"""
# What AWX asks of a custom type (awx/main/fields.py: CredentialTypeInputField, CredentialTypeInjectorField).
NAME = "^[a-zA-Z_]+[a-zA-Z0-9_]*$"
FIELD = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "label"],
    "properties": {
        "type": {"enum": ["string", "boolean"]},
        "format": {"enum": ["ssh_private_key", "url"]},
        "id": {"type": "string", "pattern": NAME, "not": {"const": "tower"}},
        "label": {"type": "string"},
        "help_text": {"type": "string"},
        "multiline": {"type": "boolean"},
        "secret": {"type": "boolean"},
    },
}
TYPE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "description", "kind", "inputs", "injectors"],
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "kind": {"enum": ["cloud", "net"]},
        "inputs": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "required": {"type": "array", "items": {"type": "string"}},
                "fields": {"type": "array", "items": FIELD},
            },
        },
        "injectors": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "file": {
                    "type": "object",
                    "additionalProperties": False,
                    "patternProperties": {r"^template(\.[a-zA-Z_]+[a-zA-Z0-9_]*)?$": {"type": "string"}},
                },
                "env": {
                    "type": "object",
                    "additionalProperties": False,
                    "patternProperties": {NAME: {"type": "string", "pattern": "^[\x00-\x7f]*$"}},
                },
            },
        },
    },
}


@dataclass
class Injected:
    """What AWX makes of credentials for one job."""

    folder: Path
    env: dict[str, Any] = field(default_factory=dict[str, Any])
    safe_env: dict[str, Any] = field(default_factory=dict[str, Any])
    arguments: list[str] = field(default_factory=list[str])

    def files(self) -> list[Path]:
        """Every file that was made."""
        return [one for one in self.folder.rglob("*") if one.is_file()]

    def settings(self) -> Settings:
        """The settings as Spentkey loads them in the container, where the folder is /runner."""
        inside = {name: value.replace("/runner", str(self.folder)) for name, value in self.env.items()}
        return load_settings(Path(inside["SPENTKEY_CONFIG"]), inside)


def loaded(path: Path) -> dict[str, Any]:
    """One credential type."""
    return yaml.safe_load(path.read_text())


def injected(folder: Path, **given: str) -> Injected:
    """The types with what a person fills in, through AWX's injector; the database's only where there is one."""
    made = Injected(folder)
    (folder / "env").mkdir()
    for path in TYPES:
        one = loaded(path)
        fields = {entry["id"] for entry in one["inputs"]["fields"]}
        inputs: dict[str, Any] = {name: value for name, value in given.items() if name in fields}
        if not inputs and path.stem == "spentkey_database":
            continue
        kind = ManagedCredentialType(
            namespace=path.stem, name=one["name"], kind=one["kind"], inputs=one["inputs"], injectors=one["injectors"]
        )
        inject_credential(kind, Credential(inputs), made.env, made.safe_env, made.arguments, str(folder))
    return made


@pytest.mark.parametrize("path", TYPES, ids=lambda path: path.stem)
def test_a_type_is_what_awx_accepts(path: Path) -> None:
    """Its schema, its rules for names and variables, and that each template names fields that are there."""
    one = loaded(path)
    jsonschema.validate(one, TYPE)
    ids = [entry["id"] for entry in one["inputs"]["fields"]]
    assert (len(set(ids)), set(one["inputs"]["required"]) - set(ids)) == (len(ids), set())
    env: dict[str, str] = one["injectors"]["env"]
    assert [name for name in env if name in ENV_BLOCKLIST or name.startswith("ANSIBLE_")] == []
    files = {name.split(".")[1]: "EXAMPLE" for name in one["injectors"].get("file", {})}
    known = dict.fromkeys(ids, "EXAMPLE") | {"tower": {"filename": files}}
    for template in [*env.values(), *one["injectors"].get("file", {}).values()]:
        ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(template).render(known)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"inputs": {"fields": [{"id": "a-b", "label": "x"}]}}, "does not match"),
        ({"injectors": {"extra_vars": {"password": "{{ x }}"}}}, "Additional properties"),
        ({"injectors": {"file": {"settings": "x"}}}, "does not match"),
        ({"kind": "ssh"}, "is not one of"),
    ],
)
def test_a_type_that_awx_would_refuse_is_seen(change: dict[str, Any], words: str) -> None:
    """Names, extra variables and files that it does not take."""
    with pytest.raises(jsonschema.ValidationError) as refused:
        jsonschema.validate(loaded(TYPES[0]) | change, TYPE)
    assert words in refused.value.message


def desk_and_vault(settings: Settings) -> tuple[IvantiSettings, PasswordstateSettings]:
    """The tables of Ivanti and of Passwordstate."""
    assert settings.desk is not None
    assert settings.vault is not None
    ivanti, vault = settings.desk.section, settings.vault.section
    assert isinstance(ivanti, IvantiSettings)
    assert isinstance(vault, PasswordstateSettings)
    return ivanti, vault


def test_the_settings_load_from_what_is_injected(tmp_path: Path) -> None:
    """File and environment together are a whole configuration, each key in its place."""
    settings = injected(tmp_path, settings=TEXT, **KEYS, **TENANTS).settings()
    ivanti, vault = desk_and_vault(settings)
    keys = (ivanti.api_key, vault.api_key, vault.certificates_api_key, vault.documents_api_key)
    assert keys == tuple(Secret(value) for value in KEYS.values())
    assert (ivanti.queue_team, vault.database.entry) == ("Spentkey – EntraID", "sys_pws_ansible_read")
    tenants = {name: (one.tenant_id, dict(one.when), one.entry) for name, one in settings.tenants.items()}
    assert tenants == {
        "production": (TENANTS["production_tenant_id"], {"Onderwijs": "No"}, "Sys_Azure_AppRegs_PR"),
        "onderwijs": (TENANTS["onderwijs_tenant_id"], {"Onderwijs": "Yes"}, "Sys_Azure_OND_Admin"),
    }


def test_what_may_be_left_empty_has_its_default(tmp_path: Path) -> None:
    """One key for all lists, and Ivanti's key in an entry of Passwordstate."""
    given = {"passwordstate_api_key": "canary-one-7Ij", "ivanti_entry": 'the "key"', "database_entry": "reader"}
    settings = injected(tmp_path, settings=TEXT, **given, **TENANTS).settings()
    ivanti, vault = desk_and_vault(settings)
    keys = (vault.api_key, vault.certificates_api_key, vault.documents_api_key)
    assert keys == (Secret("canary-one-7Ij"),) * 3
    assert (ivanti.api_key, vault.database.entry) == (VaultEntry('the "key"'), "reader")


def test_a_database_is_shared_only_where_a_credential_names_it(tmp_path: Path) -> None:
    """Without one, each job has its state directory; with one, its address comes from a file."""
    for name in ("without", "with"):
        (tmp_path / name).mkdir()
    without = injected(tmp_path / "without", settings=TEXT, **KEYS, **TENANTS).settings()
    shared = injected(tmp_path / "with", settings=TEXT, **KEYS, **TENANTS, **DATABASE).settings()
    assert without.engine.database_url is None
    assert shared.engine.database_url == Secret(DATABASE["database_url"])


def test_secrets_are_in_files_of_their_own_and_nowhere_else(tmp_path: Path) -> None:
    """Mode 0600; no value in the environment, in what AWX keeps of it, or on the command line; no extra variables."""
    made = injected(tmp_path, settings=TEXT, **KEYS, **TENANTS, **DATABASE)
    secrets = [*KEYS.values(), *DATABASE.values()]
    assert {stat.S_IMODE(one.stat().st_mode) for one in made.files()} == {0o600}
    holding = {key: [one for one in made.files() if key in one.read_text()] for key in secrets}
    assert [len(files) for files in holding.values()] == [1, 1, 1, 1, 1]
    assert [len(one.read_text()) for files in holding.values() for one in files] == [len(key) for key in secrets]
    for kept in (made.env, made.safe_env):
        assert [key for key in secrets if key in str(kept)] == []
    assert made.arguments == []


def test_fields_that_hold_secrets_are_marked_and_their_variables_masked(tmp_path: Path) -> None:
    """AWX hides a value by its field, and once more by the name of its variable; nothing else is marked."""
    marked = {one["id"] for path in TYPES for one in loaded(path)["inputs"]["fields"] if one.get("secret")}
    assert marked == {*KEYS, *DATABASE}
    made = injected(tmp_path, settings=TEXT, **KEYS, **TENANTS, **DATABASE)
    files = {name for name, value in made.env.items() if '{"file"' in value} - {BY_NAME_OF_THE_FILE}
    assert {name for name in files if HIDDEN_PASSWORD_RE.search(name) is None} == set()
    hidden = {name for name, value in build_safe_env(made.env).items() if re.fullmatch(r"\*+", str(value))}
    assert files <= hidden


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        ("ivanti_api_key", "ivanti.api_key: the secret is empty or its variable is not set"),
        ("passwordstate_api_key", "passwordstate.api_key: the secret is empty or its variable is not set"),
        ("settings", "ivanti.url: is missing"),
        ("onderwijs_tenant_id", "tenants.onderwijs.tenant_id: must be a UUID"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, left_out: str, words: str) -> None:
    """A credential that was filled in by halves is a configuration error with the setting's name."""
    given = {name: value for name, value in ({"settings": TEXT} | KEYS | TENANTS).items() if name != left_out}
    with pytest.raises(Misconfigured) as refused:
        injected(tmp_path, **given).settings()
    assert words in str(refused.value)
