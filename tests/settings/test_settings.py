"""The configuration: every default, every problem at once, and nothing secret in what it says."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from support_settings import GONE, KEYS, ivanti, load, passwordstate, problems, write

from spentkey.adapters.ivanti.register import rules
from spentkey.bootstrap.settings import load_settings, needs_desk, reference_of, titles_of
from spentkey.core.credential import Kind
from spentkey.core.errors import Misconfigured
from spentkey.core.rules import (
    SECRET_TYPES,
    DeskRules,
    Limits,
    ParameterNames,
    RequestRules,
    Rules,
    TenantRules,
    VerifyRules,
)
from spentkey.core.secret import Secret
from spentkey.settings.rules import rules_of, state_directory
from spentkey.settings.schema import Chosen, Settings
from spentkey.settings.sources import VaultEntry, read_sources

CANARY = "canary-8Yt"
TENANT = "tenants.production"


def setting(found: Settings, path: str) -> object:
    """The value of a setting, by dotted path."""
    table, _, rest = path.partition(".")
    whole: dict[str, Any] = {"ivanti": lambda: ivanti(found), "passwordstate": lambda: passwordstate(found)}
    value: Any = whole[table]() if table in whole else getattr(found, table)
    for part in rest.split(".") if rest else ():
        value = value["production"] if part == "production" else getattr(value, part)
    return value


def all_paths(section: BaseModel, before: str) -> list[str]:
    """Every setting's dotted path, that of the one tenant included."""
    paths: list[str] = []
    for name in type(section).model_fields:
        value = getattr(section, name)
        if name == "tenants":
            paths += all_paths(section.tenants["production"], f"{TENANT}.")  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
        elif isinstance(value, Chosen):
            paths += all_paths(value.section, f"{value.name}.")
        elif isinstance(value, BaseModel):
            paths += all_paths(value, f"{before}{name}.")
        else:
            paths.append(f"{before}{name}")
    return paths


DEFAULTS: dict[str, object] = {
    "ivanti.escalation_team": "Systeemsoftware",
    "ivanti.status.open": ("Logged", "Assigned", "Accepted"),
    "ivanti.status.completed": "Completed",
    "ivanti.status.handed_off": "Logged",
    "ivanti.fields.minutes": "ActualEffort",
    "ivanti.fields.resolution": "",
    "ivanti.minutes": 1,
    "ivanti.language": "en",
    "ivanti.close_fields": {},
    "ivanti.hand_over_fields": {},
    "ivanti.team_members": "",
    "ivanti.owner": "login",
    "ivanti.parent_category": "ServiceReq",
    "ivanti.note_category": "Status Update",
    "ivanti.note_parent_category": "Task.Assignment",
    "ivanti.anchor_note": False,
    "ivanti.open": None,
    "ivanti.longest_note": 0,
    "ivanti.parameters.app_display_name": "AppDisplayName",
    "ivanti.parameters.app_id": "AppID",
    "ivanti.parameters.secret_id": "SecretID",
    "ivanti.parameters.secret_type": "SecretType",
    "ivanti.secret_types": {"Secret": Kind.SECRET, "Certificaat": Kind.CERTIFICATE, "Cert": Kind.CERTIFICATE},
    "passwordstate.certificates_api_key": None,
    "passwordstate.documents_api_key": None,
    "passwordstate.credentials_list": 8620,
    "passwordstate.certificates_list": 6691,
    "passwordstate.pki_entry": "sys_srvaapwin_pki",
    "passwordstate.certificate_match": ("appid", "title"),
    "passwordstate.database.port": None,
    "passwordstate.database.encrypt": "yes",
    "passwordstate.database.host_name_in_certificate": None,
    "passwordstate.database.server_certificate": None,
    "passwordstate.database.multi_subnet_failover": False,
    "passwordstate.database.application_intent": "ReadOnly",
    "passwordstate.database.database": "passwordstate",
    "passwordstate.database.entry": "sys_pws_ansible_read",
    "passwordstate.database.auth": "sql",
    "passwordstate.database.query": "",
    f"{TENANT}.authority": "https://login.microsoftonline.com",
    f"{TENANT}.graph_url": "https://graph.microsoft.com",
    f"{TENANT}.subscription_id": None,
    f"{TENANT}.client_id": None,
    f"{TENANT}.client_secret": None,
    f"{TENANT}.certificate": None,
    f"{TENANT}.certificate_password": None,
    f"{TENANT}.federated_token_file": None,
    f"{TENANT}.managed_identity": False,
    f"{TENANT}.when": {},
    "policy.grace_days": 0,
    "policy.verify_reads": 5,
    "policy.verify_interval_s": 5,
    "policy.verify_timeout_s": 900,
    "policy.write_spacing_s": 5,
    "policy.certificate_fallback": "hand-off",
    "policy.canary": True,
    "policy.max_removals_per_run": 25,
    "policy.max_removals_per_app": 5,
    "policy.max_removals_per_hour": 100,
    "policy.max_handovers_per_hour": 20,
    "policy.max_attempts": 5,
    "policy.protected": (),
    "policy.window": (),
    "policy.freeze": (),
    "engine.private_network": False,
    "engine.database_url": None,
    "engine.owner_url": None,
    "engine.concurrency": 16,
    "engine.poll_s": 30,
    "engine.take_over_s": 30,
    "service.listen": "127.0.0.1:8400",
    "service.webhook_secret": None,
    "service.login": {},
    "service.tls": None,
    "service.hosts": (),
    "service.behind_proxy": False,
    "service.max_per_address": 64,
    "service.log_format": None,
    "service.log_level": "info",
    "notify": None,
    "state.directory": None,
    "evidence.origin": None,
    "evidence.signing_key": None,
    "evidence.checkpoint_every": timedelta(hours=1),
    "evidence.timestamp_url": None,
    "evidence.timestamp_ca": None,
    "scan.within_days": 30,
    "scan.use": True,
    "scan.principals": True,
    "scan.open_no_signer": False,
    "scan.max_per_run": 25,
    "scan.max_per_day": 100,
    "scan.reopen_after_days": 30,
    "scan.keep_days": 400,
    "scan.team_from": "",
    "scan.teams": {},
    "tls.ca_file": None,
    "tls.microsoft_ca_file": None,
}


@pytest.mark.parametrize("path", DEFAULTS)
def test_each_default_is_the_contracts(tmp_path: Path, path: str) -> None:
    """A configuration that says only what it must."""
    changes = {path: GONE} if path in ("passwordstate.database.query", f"{TENANT}.when") else {}
    assert setting(load(tmp_path, changes), path) == DEFAULTS[path]


def test_every_setting_has_a_default_or_is_required(tmp_path: Path) -> None:
    """No setting is missing from the two lists of this file."""
    (sections, listed) = (load(tmp_path), {*DEFAULTS, *REQUIRED})
    paths = [path for path in all_paths(sections, "") if not any(known.startswith(f"{path}.") for known in listed)]
    assert sorted(set(paths) - listed) == []


REQUIRED = [
    "ivanti.url",
    "ivanti.api_key",
    "ivanti.queue_team",
    "ivanti.login_id",
    "passwordstate.url",
    "passwordstate.api_key",
    "passwordstate.database",
    "passwordstate.database.server",
    "tenants",
    f"{TENANT}.tenant_id",
    f"{TENANT}.domain",
    f"{TENANT}.entry",
]


@pytest.mark.parametrize("path", REQUIRED)
def test_a_missing_setting_is_named(tmp_path: Path, path: str) -> None:
    """One line each."""
    (line,) = problems(tmp_path, {path: GONE})
    assert line.partition(";")[0] == f"{path}: is missing"


CLIENT = "7d1b4a5e-1d1f-4c3a-9a53-2f4f5a6b7c8d"


def test_a_tenant_signs_in_without_a_vault(tmp_path: Path) -> None:
    """By a client id and a secret from a file or a variable; the secret shows nowhere."""
    ways = {
        f"{TENANT}.entry": GONE,
        f"{TENANT}.client_id": CLIENT.upper(),
        f"{TENANT}.client_secret": {"env": "SECRET"},
    }
    found = load(tmp_path, ways, SECRET=CANARY).tenants["production"]
    assert (found.entry, found.client_id) == (None, CLIENT)
    assert found.client_secret == Secret(CANARY)
    assert CANARY not in repr(found)


IN_FILE = {"file": "own.pfx"}


@pytest.mark.parametrize(
    "ways",
    [
        {"client_id": CLIENT, "certificate": IN_FILE},
        {"client_id": CLIENT, "certificate": IN_FILE, "certificate_password": {"env": "SECRET"}},
        {"client_id": CLIENT, "certificate": {"entry": "Spentkey certificate"}},
        {"client_id": CLIENT, "federated_token_file": "/var/run/secrets/tokens/token"},
        {"managed_identity": True},
        {"managed_identity": True, "client_id": CLIENT},
    ],
)
def test_a_tenant_signs_in_without_a_secret(tmp_path: Path, ways: dict[str, object]) -> None:
    """By each way that needs none."""
    changes = {f"{TENANT}.{name}": value for name, value in ({"entry": GONE} | ways).items()}
    found = load(tmp_path, changes, SECRET=CANARY).tenants["production"]
    given = {name for name in ways if getattr(found, name) not in (None, False)}
    assert given == set(ways)
    assert CANARY not in repr(found)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"client_id": CLIENT, "certificate": IN_FILE, "federated_token_file": "token"},
            "certificate: stands beside federated_token_file; a tenant signs in by one of them",
        ),
        (
            {"client_id": CLIENT, "certificate": IN_FILE, "client_secret": {"env": "SECRET"}},
            "client_secret: stands beside certificate; a tenant signs in by one of them",
        ),
        (
            {"managed_identity": True, "client_id": CLIENT, "federated_token_file": "token"},
            "managed_identity: stands beside federated_token_file; a tenant signs in by one of them",
        ),
        ({"certificate": IN_FILE}, "client_id: is missing; certificate proves who it is"),
        ({"federated_token_file": "token"}, "client_id: is missing; federated_token_file proves who it is"),
        ({"managed_identity": False}, "entry: is missing; a tenant signs in by "),
        ({"managed_identity": "perhaps"}, "managed_identity: "),
        (
            {"client_id": CLIENT, "certificate": {"entry": "x", **IN_FILE}},
            "certificate.file: is missing; a certificate is an entry of the vault, or a file: one of both",
        ),
        ({"client_id": CLIENT, "certificate": {}}, "certificate.file: is missing"),
        ({"client_id": CLIENT, "certificate": {"entry": ""}}, "certificate.entry: "),
        (
            {"client_id": CLIENT, "certificate": {"path": "own.pfx", **IN_FILE}},
            "certificate.path: is not a known setting",
        ),
        ({"client_id": CLIENT, "certificate": "own.pfx"}, "certificate: must be a table"),
        (
            {"client_id": CLIENT, "certificate": {"entry": "x"}, "certificate_password": {"env": "SECRET"}},
            "certificate_password: opens certificate.file, and there is none",
        ),
        (
            {"client_id": CLIENT, "federated_token_file": "token", "certificate_password": {"env": "SECRET"}},
            "certificate_password: opens certificate.file, and there is none",
        ),
    ],
)
def test_a_wrong_mixture_is_one_line(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    """It names the setting, and repeats no secret."""
    values = {f"{TENANT}.{name}": value for name, value in ({"entry": GONE} | changes).items()}
    (line,) = problems(tmp_path, values, SECRET=CANARY)
    assert line.startswith(f"{TENANT}.{message}")
    assert CANARY not in line


def test_a_managed_identity_is_of_one_tenant(tmp_path: Path) -> None:
    """Two cannot both be right."""
    other = {"tenant_id": CLIENT, "domain": "b.example", "managed_identity": True, "when": {"Onderwijs": "b"}}
    values = {f"{TENANT}.entry": GONE, f"{TENANT}.managed_identity": True, "tenants.other": other}
    (line,) = problems(tmp_path, values)
    assert line == "tenants: production, other: a managed identity is of one tenant, so only one can sign in by it"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"client_id": CLIENT}, "entry: stands beside client_id; a tenant signs in by one of them"),
        (
            {"client_id": CLIENT, "client_secret": {"env": "SECRET"}},
            "entry: stands beside client_id and client_secret; a tenant signs in by one of them",
        ),
        (
            {"entry": GONE, "client_id": CLIENT},
            (
                "entry: is missing; a tenant signs in by entry, client_id with one of client_secret, certificate and "
                "federated_token_file, or managed_identity"
            ),
        ),
        (
            {"entry": GONE, "client_secret": {"env": "SECRET"}},
            "client_id: is missing; client_secret proves who it is",
        ),
        ({"entry": GONE, "client_id": "me", "client_secret": {"env": "SECRET"}}, "client_id: must be a UUID"),
        ({"entry": GONE, "client_id": CLIENT, "client_secret": {"entry": "x"}}, "client_secret: "),
        ({"entry": GONE, "client_id": CLIENT, "client_secret": {"env": "NOT_SET"}}, "client_secret: "),
    ],
)
def test_a_tenant_signs_in_by_one_way(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    """Both, or a half of one, is one line; no secret is repeated."""
    (line,) = problems(tmp_path, {f"{TENANT}.{name}": value for name, value in changes.items()}, SECRET=CANARY)
    assert line.startswith(f"{TENANT}.{message}")
    assert CANARY not in line


@pytest.mark.parametrize(
    "path",
    ["ivanty.url", "ivanti.urll", "ivanti.status.opn", f"{TENANT}.Entry", "policy.grace", "policy.dry_run", "debug"],
)
def test_an_unknown_setting_is_named(tmp_path: Path, path: str) -> None:
    """A typing error must not go unseen; its value is not repeated."""
    found = problems(tmp_path, {path: CANARY})
    assert ": is not a known setting" in found[0]
    assert path.startswith(found[0].partition(":")[0])
    assert CANARY not in "".join(found)


def test_every_problem_is_named_in_one_go(tmp_path: Path) -> None:
    """Of the file, of secrets, and of the environment, sorted, each on its own line."""
    changes: dict[str, Any] = {
        "ivanti.url": "http://itsm.example.org",
        "ivanti.api_key": {"env": "NOT_SET"},
        "ivanti.queue_team": GONE,
        "passwordstate.api_key": {"file": "none"},
        f"{TENANT}.tenant_id": "x",
        "policy.verify_reads": 1,
    }
    assert [line.partition(":")[0] for line in problems(tmp_path, changes, SPENTKEY_FOO__BAR="1")] == [
        "ivanti.api_key",
        "ivanti.queue_team",
        "ivanti.url",
        "passwordstate.api_key",
        "policy.verify_reads",
        f"{TENANT}.tenant_id",
        "SPENTKEY_FOO__BAR",
    ]


MEANT = {
    "ivanty.url": "ivanti",
    "tenant.production.entry": "tenants",
    "ivanti.urll": "url",
    "ivanti.status.opn": "open",
    "passwordstate.database.querry": "query",
    f"{TENANT}.Entry": "entry",
    "policy.max_removals_per_hours": "max_removals_per_hour",
    "service.login.ops.rule": "role",
}


@pytest.mark.parametrize("path", MEANT)
def test_what_was_probably_meant_is_said(tmp_path: Path, path: str) -> None:
    """In a table, in a table of tables, and for the name of a table."""
    found = [line for line in problems(tmp_path, {path: CANARY}) if "is not a known setting" in line]
    assert [line.partition("; ")[2] for line in found] == [f"did you mean {MEANT[path]}?"]


@pytest.mark.parametrize("path", ["ivanti.zzz", "xyzzy", "policy.dry_run"])
def test_what_resembles_nothing_is_not_guessed(tmp_path: Path, path: str) -> None:
    """Better no hint than a wrong one."""
    assert problems(tmp_path, {path: CANARY})[0].endswith(": is not a known setting")


def test_a_problem_with_a_variable_names_the_variable(tmp_path: Path) -> None:
    """A typing error, a wrong value, and a wrong value inside a table that is JSON; the file is not blamed."""
    found = problems(
        tmp_path,
        SPENTKEY_IVANTI__URLL="x",
        SPENTKEY_POLICY__VERIFY_READS="many",
        SPENTKEY_IVANTI__STATUS='{"opn": "x"}',
    )
    assert found == [
        "SPENTKEY_IVANTI__STATUS: ivanti.status.opn: is not a known setting; did you mean open?",
        "SPENTKEY_IVANTI__URLL: ivanti.urll: is not a known setting; did you mean url?",
        "SPENTKEY_POLICY__VERIFY_READS: policy.verify_reads: must be a whole number",
    ]


PLAIN = {
    "policy.verify_reads": ("many", "must be a whole number"),
    "policy.verify_interval_s": ("soon", "must be a number"),
    "policy.max_attempts": (0, "must be at least 1"),
    "policy.grace_days": (9999, "must be at most 3650"),
    "policy.canary": ("perhaps", "must be true or false"),
    "policy.certificate_fallback": ("patch-all", "must be 'hand-off' or 'patch'"),
    "ivanti.status": ("Logged", "must be a table"),
    "ivanti.status.open": ("Logged", 'must be a list, such as ["a", "b"]'),
    "ivanti.queue_team": (7, 'must be a text in quotes, such as "x"'),
    "ivanti.url": ("http://itsm.example.org", "must begin with https, not http: keys and secrets"),
}


@pytest.mark.parametrize("path", PLAIN)
def test_a_wrong_value_is_told_in_plain_words(tmp_path: Path, path: str) -> None:
    """What it must be, in words of people, without the value."""
    value, message = PLAIN[path]
    assert [line.startswith(f"{path}: {message}") for line in problems(tmp_path, {path: value})] == [True]


def test_everything_that_an_example_leaves_open_is_named_once(tmp_path: Path) -> None:
    """All of it in one go, also what would pass as a value; an address is not called wrong besides."""
    changes = {
        "ivanti.url": "https://<host of Ivanti>/HEAT",
        "ivanti.queue_team": "<team whose tasks Spentkey takes>",
        "ivanti.api_key": {"file": "<path>"},
        "passwordstate.database.server": "<host of SQL Server>",
        "ivanti.status.open": ["<status>"],
    }
    assert problems(tmp_path, changes) == [
        "ivanti.api_key.file: is still to be filled in",
        "ivanti.queue_team: is still to be filled in",
        "ivanti.status.open: is still to be filled in",
        "ivanti.url: is still to be filled in",
        "passwordstate.database.server: is still to be filled in",
    ]


@pytest.mark.parametrize("value", ["a < b and c > d", "Team <3>", "x<y>"])
def test_a_text_with_such_signs_may_be_one(tmp_path: Path, value: str) -> None:
    """Only what begins like a place to fill in is one."""
    assert load(tmp_path, {"ivanti.queue_team": value}).desk is not None


@pytest.mark.parametrize(
    ("changes", "settings"),
    [
        (
            {"ivanti.api_key": {"env": "NO"}, "ivanti.escalation_team": "Spentkey"},
            ["ivanti.api_key", "ivanti.escalation_team"],
        ),
        (
            {"service.webhook_secret": {"file": "no"}, "service.listen": "0.0.0.0:1"},
            ["service.listen", "service.webhook_secret"],
        ),
        (
            {"engine.database_url": {"env": "NO"}, "policy.verify_timeout_s": 24},
            ["engine.database_url", "policy.verify_timeout_s"],
        ),
    ],
)
def test_a_secret_that_cannot_be_read_hides_nothing(
    tmp_path: Path, changes: dict[str, Any], settings: list[str]
) -> None:
    """What contradicts another setting is named in the same go, and the secret once."""
    assert [line.partition(":")[0] for line in problems(tmp_path, changes)] == settings


def test_each_line_names_the_file(tmp_path: Path) -> None:
    """Where to look."""
    file = write(tmp_path, {"ivanti.url": 7, "policy.max_attempts": 0})
    with pytest.raises(Misconfigured) as refused:
        load_settings(file, KEYS)
    lines = str(refused.value).splitlines()
    assert [line.startswith(f"{file}: ") for line in lines] == [True, True]


WRONG: list[tuple[str, object]] = [
    ("ivanti.queue_team", ""),
    ("ivanti.queue_team", "  "),
    ("ivanti.login_id", 7),
    ("ivanti.status.open", []),
    ("ivanti.status.open", "Logged"),
    ("ivanti.minutes", -1),
    ("ivanti.minutes", 1441),
    ("ivanti.minutes", "one"),
    ("ivanti.language", "de"),
    ("ivanti.fields.minutes", "a b"),
    ("ivanti.close_fields", {"Status": "Closed"}),
    ("ivanti.longest_note", 999),
    ("ivanti.longest_note", -1),
    ("ivanti.close_fields", {"ActualEffort": 5}),
    ("ivanti.hand_over_fields", {"ownerteam": "x"}),
    ("ivanti.owner", "nobody"),
    ("ivanti.parent_category", ""),
    ("ivanti.fields.resolution", "x'y"),
    ("passwordstate.credentials_list", 0),
    ("passwordstate.certificate_match", []),
    ("passwordstate.certificate_match", ["name"]),
    ("passwordstate.database.port", 0),
    ("passwordstate.database.port", 65536),
    ("passwordstate.database.auth", "windows"),
    (f"{TENANT}.tenant_id", "contoso.onmicrosoft.com"),
    (f"{TENANT}.subscription_id", "x"),
    (f"{TENANT}.when", "Onderwijs"),
    (f"{TENANT}.when", {"Onderwijs": True}),
    ("ivanti.parameters.app_id", ""),
    ("ivanti.parameters.app_id", ["AppID"]),
    ("ivanti.parameters", "AppID"),
    ("ivanti.secret_types", {}),
    ("ivanti.secret_types", ["Secret"]),
    ("ivanti.secret_types", {"Secret": "password"}),
    ("ivanti.secret_types", {"Secret": "secret", "SECRET": "certificate"}),
    (f"{TENANT}.when", {"Onderwijs": ""}),
    ("policy.grace_days", -1),
    ("policy.grace_days", 1.5),
    ("policy.verify_reads", 1),
    ("policy.verify_interval_s", 0),
    ("policy.verify_interval_s", float("nan")),
    ("policy.verify_timeout_s", float("inf")),
    ("policy.write_spacing_s", -1),
    ("policy.certificate_fallback", "patch-all"),
    ("policy.max_removals_per_run", 0),
    ("policy.max_attempts", 0),
    ("policy.window", "Mon-Fri 08:00-16:00"),
    ("policy.window", ["Mon-Fri 08:00-16:00 Europe/Brussel"]),
    ("policy.window", ["Mon-Fri 08:00-16:00", "Mon-Fry 08:00-16:00"]),
    ("policy.window", ["Mon-Fri"]),
    ("policy.window", [""]),
    ("policy.window", [7]),
    ("policy.freeze", ["2026-12-24/2027-01-03 Mars/Olympus"]),
    ("policy.freeze", ["2027-01-03/2026-12-24"]),
    ("policy.freeze", ["Christmas"]),
    ("policy.protected", "x"),
    ("policy.protected", ["Billing"]),
    ("policy.protected", ["name:"]),
    ("policy.protected", ["Name:Billing-*"]),
    ("policy.protected", ["c3c1e6bb-1ebf-4335-ad13-3419266a978"]),
    ("engine.concurrency", 0),
    ("engine.concurrency", 257),
    ("engine.poll_s", 0),
    ("engine.poll_s", 3601),
    ("engine.take_over_s", 1),
    ("engine.take_over_s", "soon"),
    ("tls.ca_file", 7),
    ("tls.ca_file", "~nobody-of-that-name/ca.pem"),
]


@pytest.mark.parametrize(("path", "value"), WRONG)
def test_a_value_out_of_bounds_is_one_line_about_that_setting(tmp_path: Path, path: str, value: object) -> None:
    """Bounds, kinds and spellings; a protected entry of no known form protects nothing and is refused."""
    found = problems(tmp_path, {path: value})
    assert found
    assert all(re.match(rf"{re.escape(path)}(\.\w+)?: ", line) for line in found), found


@pytest.mark.parametrize(
    ("path", "value", "read"),
    [
        ("ivanti.url", "https://itsm.example.org/HEAT/", "https://itsm.example.org/HEAT"),
        ("ivanti.url", "https://itsm.example.org/HEAT/api", "https://itsm.example.org/HEAT"),
        ("ivanti.url", "https://127.0.0.1:8443/HEAT", "https://127.0.0.1:8443/HEAT"),
        ("ivanti.queue_team", " Spentkey ", "Spentkey"),
        ("ivanti.language", "nl", "nl"),
        ("ivanti.minutes", 0, 0),
        (f"{TENANT}.tenant_id", " C3C1E6BB-1EBF-4335-AD13-3419266A9781 ", "c3c1e6bb-1ebf-4335-ad13-3419266a9781"),
        ("policy.verify_reads", 2, 2),
        ("policy.protected", ["C3C1E6BB-1EBF-4335-AD13-3419266A9781", "name:Bill*"], None),
        ("policy.window", [" Mon-Fri 08:00-16:00 Europe/Brussels "], ("Mon-Fri 08:00-16:00 Europe/Brussels",)),
        ("policy.freeze", ["2026-12-24/2027-01-03 UTC", "2027-05-01"], None),
        ("passwordstate.certificate_match", ["title"], ("title",)),
    ],
)
def test_values_are_read_in_their_canonical_form(tmp_path: Path, path: str, value: object, read: object) -> None:
    """Trimmed, without a last slash, ids in lower case."""
    expected = tuple(value) if read is None and isinstance(value, list) else read  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    assert setting(load(tmp_path, {path: value}), path) == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://itsm.example.org",
        "http://127.0.0.1:8080",
        "itsm.example.org",
        "ftp://itsm.example.org",
        "https://",
        "https:///path",
        "https://user@itsm.example.org",
        f"https://user:{CANARY}@itsm.example.org",
        f"https://:{CANARY}@itsm.example.org",
        "https://itsm.example.org?x=1",
        "https://itsm.example.org/#x",
        "https://itsm.example.org/?",
        "https://itsm.example.org:99999",
        "https://itsm.example.org:port",
        "https://[::1",
        "https://itsm.example.org/a b",
        "https://itsm.example.org\\@evil.example.org",
        "https://itsm.example.org\n",
        "",
        7,
    ],
)
@pytest.mark.parametrize("path", ["ivanti.url", "passwordstate.url", f"{TENANT}.graph_url"])
def test_an_address_that_is_not_plain_https_is_refused(tmp_path: Path, path: str, url: object) -> None:
    """Also loopback without TLS, and addresses with a password in them, which is not repeated."""
    found = problems(tmp_path, {path: url})
    assert [line.partition(":")[0] for line in found] == [path]
    assert CANARY not in found[0]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"ivanti.escalation_team": "Spentkey"},
            "ivanti.escalation_team: must differ from queue_team, or a hand-over would come straight back",
        ),
        (
            {"ivanti.escalation_team": " spentKEY "},
            "ivanti.escalation_team: must differ from queue_team, or a hand-over would come straight back",
        ),
        (
            {"ivanti.queue_team": "Systeemsoftware"},
            "ivanti.escalation_team: must differ from queue_team, or a hand-over would come straight back",
        ),
        (
            {"ivanti.status.open": ["Logged", "Completed"]},
            "ivanti.status.completed: must not be one of status.open",
        ),
        (
            {"policy.window": ["Mon-Fri 08:00-16:00 Europe/Brussel"]},
            "policy.window.0: 'Europe/Brussel' is no time zone such as Europe/Brussels or UTC",
        ),
        (
            {"policy.freeze": ["2026-12-24/2027-01-03 Europe"]},
            "policy.freeze.0: 'Europe' is no time zone such as Europe/Brussels or UTC",
        ),
        (
            {"policy.window": ["Mon-Fri"]},
            (
                "policy.window.0: 'Mon-Fri' is no window such as Mon-Fri 08:00-16:00 Europe/Brussels "
                "(whole days: 00:00-24:00; no zone: UTC)"
            ),
        ),
        (
            {"policy.verify_timeout_s": 24},
            "policy.verify_timeout_s: is too short for verify_reads reads, verify_interval_s apart",
        ),
        (
            {f"{TENANT}.when": {"Onderwijs": "No", "onderwijs": "Yes"}},
            f"{TENANT}.when: names a parameter twice",
        ),
        (
            {f"{TENANT}.when": {"Onderwijs": "No", "Onderwijs\u200b": "Yes"}},
            f"{TENANT}.when: names a parameter twice",
        ),
        (
            {"ivanti.parameters.secret_id": "AppID"},
            "ivanti.parameters.secret_id: is the name of another parameter too",
        ),
        (
            {"ivanti.parameters.secret_type": " appdisplayname "},
            "ivanti.parameters.secret_type: is the name of another parameter too",
        ),
        (
            {"ivanti.secret_types": {"Secret": "secret", "secret": "secret"}},
            'ivanti.secret_types: must have each word once, such as { Secret = "secret", Cert = "certificate" }',
        ),
        (
            {f"{TENANT}.graph_url": "https://graph.microsoft.us"},
            f"{TENANT}.graph_url: authority and graph_url must be of one known cloud, or both loopback",
        ),
        (
            {f"{TENANT}.authority": "https://127.0.0.1:1"},
            f"{TENANT}.graph_url: authority and graph_url must be of one known cloud, or both loopback",
        ),
    ],
)
def test_settings_that_contradict_one_another_are_refused(
    tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    """Each is sound by itself."""
    assert problems(tmp_path, changes) == [expected]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        "SELECT a FROM b WHERE c = ? AND d = ?",
        "DELETE FROM b WHERE c = ?",
        "SELECT a FROM b WHERE c = ?; DELETE FROM b",
        "EXEC p ?",
    ],
)
def test_a_query_that_is_not_one_select_with_one_parameter_is_refused(tmp_path: Path, query: str) -> None:
    """The database is only read."""
    expected = "passwordstate.database.query: must be a single SELECT with exactly one ?, the PasswordID"
    assert problems(tmp_path, {"passwordstate.database.query": query}) == [expected]


@pytest.mark.parametrize("query", ["select a from b where c = ?", "  SELECT a\nFROM b WHERE c = ? ; "])
def test_a_query_may_be_written_in_any_case_and_over_lines(tmp_path: Path, query: str) -> None:
    """With its last semicolon."""
    assert problems(tmp_path, {"passwordstate.database.query": query}) == []


def test_two_loopback_addresses_make_a_tenant_of_a_simulator(tmp_path: Path) -> None:
    """Over TLS too."""
    pair = {f"{TENANT}.authority": "https://127.0.0.1:1", f"{TENANT}.graph_url": "https://localhost:2"}
    assert problems(tmp_path, pair) == []


def test_the_environment_lies_over_the_file(tmp_path: Path) -> None:
    """Numbers, lists, a tenant's entry in capitals, and a secret."""
    found = load(
        tmp_path,
        SPENTKEY_POLICY__GRACE_DAYS="7",
        SPENTKEY_POLICY__PROTECTED='["name:Bill*"]',
        SPENTKEY_IVANTI__STATUS__OPEN='["New"]',
        SPENTKEY_TENANTS__PRODUCTION__ENTRY="Other",
        SPENTKEY_IVANTI__API_KEY=CANARY,
    )
    read = [setting(found, path) for path in ("policy.grace_days", "policy.protected", "ivanti.status.open")]
    assert read == [7, ("name:Bill*",), ("New",)]
    assert (found.tenants["production"].entry, list(found.tenants)) == ("Other", ["production"])
    assert ivanti(found).api_key == Secret(CANARY)


def test_a_literal_secret_is_taken_only_from_a_file_of_mode_0600(tmp_path: Path) -> None:
    """From one that others may read it is refused, and not repeated."""
    literal = {"ivanti.api_key": CANARY}
    assert ivanti(load_settings(write(tmp_path, literal), KEYS)).api_key == Secret(CANARY)
    with pytest.raises(Misconfigured, match="a literal secret needs a file of mode 0600") as refused:
        load_settings(write(tmp_path, literal, mode=0o644), KEYS)
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("path", ["passwordstate.certificates_api_key", "passwordstate.documents_api_key"])
def test_the_vaults_other_keys_are_secrets_too(tmp_path: Path, path: str) -> None:
    """Each in every form but an entry, which only Ivanti's key may be: the vault cannot hold its own key."""
    assert setting(load(tmp_path, {path: {"env": "OTHER"}}, OTHER=CANARY), path) == Secret(CANARY)
    expected = f"{path}: {{ entry = … }} is only for the key of a service desk"
    assert problems(tmp_path, {path: {"entry": "x"}}) == [expected]


def test_ivantis_key_may_be_an_entry_of_the_vault(tmp_path: Path) -> None:
    """Its title, to be looked up later."""
    found = load(tmp_path, {"ivanti.api_key": {"entry": "Sys_Ivanti"}})
    assert ivanti(found).api_key == VaultEntry("Sys_Ivanti")
    assert titles_of(found) == {f"{TENANT}.entry": "Sys_Azure_AppRegs_PR", "ivanti.api_key": "Sys_Ivanti"}


def test_no_secret_shows_in_the_settings_or_in_any_problem(tmp_path: Path) -> None:
    """Neither when it loads nor when something else is wrong."""
    (tmp_path / "key").write_text(CANARY)
    (tmp_path / "key").chmod(0o600)
    changes: dict[str, Any] = {"ivanti.api_key": {"file": "key"}, "passwordstate.api_key": CANARY}
    assert CANARY not in repr(load(tmp_path, changes))
    message = problems(tmp_path, {**changes, "ivanti.url": 7, "passwordstate.url": [CANARY], "policy": CANARY})
    assert len(message) == 3
    assert CANARY not in "".join(message)


def test_nothing_behind_a_problem_holds_a_secret(tmp_path: Path) -> None:
    """Neither an exception that came before it nor what pydantic itself would print of the same values."""
    changes: dict[str, Any] = {"passwordstate.api_key": CANARY, "passwordstate.database": CANARY, "ivanti.minutes": -1}
    file = write(tmp_path, {**changes, "service.login": {"a": {"role": "viewer", "key": CANARY}}})
    with pytest.raises(Misconfigured) as refused:
        load_settings(file, KEYS)
    assert (refused.value.__cause__, refused.value.__context__) == (None, None)
    sources = read_sources(file, KEYS)
    with pytest.raises(ValidationError) as raw:
        Settings.model_validate(sources.values, context={"sources": sources})
    for text in (str(raw.value), repr(raw.value), repr(raw.value.errors(include_input=False)), str(refused.value)):
        assert "service.login.a.key" in text or "'key'" in text
        assert CANARY not in text


def test_a_literal_secret_in_json_of_the_environment_is_taken(tmp_path: Path) -> None:
    """Whoever may read the file cannot read the environment; the same literal in that file is refused."""
    login = {"role": "viewer", "key": "k" * 32}
    open_to_all = write(tmp_path, mode=0o644)
    found = load_settings(open_to_all, {**KEYS, "SPENTKEY_SERVICE__LOGIN__OPS": json.dumps(login)})
    assert found.service.login["ops"].key == Secret("k" * 32)
    with pytest.raises(Misconfigured, match=r"service\.login\.ops\.key: a literal secret needs a file of mode 0600"):
        load_settings(write(tmp_path, {"service.login": {"ops": login}}, mode=0o644), KEYS)


def test_relative_paths_count_from_the_configuration_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not from where the command is run; a tilde is the home directory."""
    monkeypatch.setenv("HOME", "/home/somebody")
    found = load(
        tmp_path, {"tls.ca_file": "ca/house.pem", "tls.microsoft_ca_file": "/etc/x.pem", "state.directory": "~/s"}
    )
    paths = [found.tls.ca_file, found.tls.microsoft_ca_file, found.state.directory]
    assert paths == [tmp_path / "ca/house.pem", Path("/etc/x.pem"), Path("/home/somebody/s")]


def test_the_state_directory_is_the_configured_one_or_beside_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever uses the same file uses the same state, whatever account's home or variables."""
    monkeypatch.setenv("HOME", "/home/somebody")
    for environment in ({"XDG_STATE_HOME": "/x"}, {"XDG_STATE_HOME": ""}, dict[str, str]()):
        assert state_directory(load(tmp_path, {"state.directory": "s"}), environment) == tmp_path / "s"
        assert state_directory(load(tmp_path), environment) == tmp_path / "state"


@pytest.mark.parametrize("store", ["spentkey.db", "evidence.jsonl"])
@pytest.mark.parametrize("by_home", [True, False])
def test_evidence_in_the_place_of_0_1_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str, by_home: bool
) -> None:
    """Where there is none beside the file both are named, and which lines to write."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    former = tmp_path / ("home/.local/state/spentkey" if by_home else "x/spentkey")
    environment = {} if by_home else {"XDG_STATE_HOME": str(tmp_path / "x")}
    former.mkdir(parents=True)
    (former / store).touch()
    with pytest.raises(Misconfigured) as refused:
        state_directory(load(tmp_path), environment)
    assert str(former) in str(refused.value)
    assert f"there is no evidence in {tmp_path / 'state'}" in str(refused.value)
    assert state_directory(load(tmp_path, {"state.directory": str(former)}), environment) == former


SAME: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "the same": ({"Onderwijs": "No"}, {"Onderwijs": "No"}, "a and b have the same `when`"),
    "in another case": ({"Onderwijs": "No"}, {"ONDERWIJS": "nO"}, "a and b have the same `when`"),
    "with blanks around it": ({"Onderwijs": "No"}, {"Onderwijs": " No\u00a0"}, "a and b have the same `when`"),
    "one that asks for more": ({"R": "1"}, {"R": "1", "S": "2"}, "the `when` of b holds all of that of a"),
    "one that asks for less": ({"R": "1", "S": "2"}, {"R": "1"}, "the `when` of a holds all of that of b"),
}


@pytest.mark.parametrize("scenario", SAME)
def test_tenants_that_the_same_task_would_mean_are_refused(tmp_path: Path, scenario: str) -> None:
    """At load, by their names: every one of their tasks would be handed over (guard G2)."""
    first, second, message = SAME[scenario]
    sound = {"tenant_id": "c3c1e6bb-1ebf-4335-ad13-3419266a9781", "domain": "example.org", "entry": "x"}
    found = problems(tmp_path, {"tenants": {"a": {**sound, "when": first}, "b": {**sound, "when": second}}})
    assert [line.startswith(f"tenants: {message}") for line in found] == [True]


@pytest.mark.parametrize("second", [{"Onderwijs": "Yes"}, {"Region": "No"}, {"Onderwijs": "Yes", "Region": "North"}])
def test_tenants_that_a_task_can_tell_apart_are_taken(tmp_path: Path, second: dict[str, str]) -> None:
    """By the value, or by another parameter."""
    sound = {"tenant_id": "c3c1e6bb-1ebf-4335-ad13-3419266a9781", "domain": "example.org", "entry": "x"}
    tenants = {"a": {**sound, "when": {"Onderwijs": "No"}}, "b": {**sound, "when": second}}
    assert problems(tmp_path, {"tenants": tenants}) == []


def test_evidence_beside_the_file_wins(tmp_path: Path) -> None:
    """What lies in the former place then belongs to another installation."""
    for folder in (tmp_path / "x" / "spentkey", tmp_path / "state"):
        folder.mkdir(parents=True)
        (folder / "spentkey.db").touch()
    assert state_directory(load(tmp_path), {"XDG_STATE_HOME": str(tmp_path / "x")}) == tmp_path / "state"


def test_the_settings_are_frozen(tmp_path: Path) -> None:
    """Nothing changes the rules under way."""
    with pytest.raises(ValueError, match="frozen"):
        load(tmp_path).policy.grace_days = 9  # pyright: ignore[reportAttributeAccessIssue]


def test_the_rules_are_what_the_settings_say(tmp_path: Path) -> None:
    """The part of the configuration that decisions depend on, and nothing else."""
    found = load(tmp_path, {"policy.grace_days": 3, "ivanti.language": "fr", "policy.protected": ["name:x"]})
    assert rules_of(found, rules(ivanti(found))) == Rules(
        desk=DeskRules(language="fr", note_on_close=True, numbers=True),
        request=RequestRules(ParameterNames(), SECRET_TYPES, ("Onderwijs",)),
        tenants=(TenantRules("production", "c3c1e6bb-1ebf-4335-ad13-3419266a9781", {"Onderwijs": "No"}),),
        verify=VerifyRules(5, 5, 900),
        grace=timedelta(days=3),
        max_attempts=5,
        limits=Limits(per_run=25, per_app=5, per_hour=100, hand_overs_per_hour=20),
        protected=("name:x",),
    )


def test_names_and_words_of_the_request_reach_the_rules(tmp_path: Path) -> None:
    """Those of the desk, and each name of a `when` once, whatever tenants call it."""
    changes: dict[str, Any] = {
        "ivanti.parameters": {"app_id": "Client ID", "secret_type": "Soort"},
        "ivanti.secret_types": {"Geheim": "secret"},
        "ivanti.fields.resolution": "CloseText",
        f"{TENANT}.when": {"Stad": "Gent", "Omgeving": "Test"},
        "tenants.other": {**OTHER, "when": {"STAD": "Brugge"}},
    }
    found = load(tmp_path, changes)
    desk = rules(ivanti(found))
    names = ParameterNames("AppDisplayName", "Client ID", "SecretID", "Soort")
    assert (desk.names, desk.secret_types, desk.note_on_close) == (names, {"Geheim": Kind.SECRET}, False)
    request = rules_of(found, desk).request
    assert (request.names, request.secret_types) == (desk.names, desk.secret_types)
    assert [name.casefold() for name in request.when] == ["stad", "omgeving"]


OTHER: dict[str, Any] = {
    "tenant_id": "c32c6912-0c85-4d02-8d38-51da93512d64",
    "domain": "example.com",
    "entry": "Sys_Other",
}


@pytest.mark.parametrize("when", [{"Comment": "x"}, {"Omgeving": "Test", "Stad": "Gent"}, {"AppID": "x"}])
def test_any_parameter_may_choose_a_tenant(tmp_path: Path, when: dict[str, str]) -> None:
    """Its name is the request offering's own."""
    assert load(tmp_path, {f"{TENANT}.when": when}).tenants["production"].when == when


def test_the_only_tenant_needs_no_when(tmp_path: Path) -> None:
    """Then no parameter chooses, and none is read for it."""
    found = load(tmp_path, {f"{TENANT}.when": GONE})
    assert rules_of(found, DeskRules()).request.when == ()


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [(GONE, {}, "production, other"), (GONE, {"Onderwijs": "Yes"}, "production"), ({"Onderwijs": "No"}, {}, "other")],
)
def test_several_tenants_each_need_a_when(tmp_path: Path, first: object, second: dict[str, str], named: str) -> None:
    """Else a task could mean any of them; those without are named."""
    changes = {f"{TENANT}.when": first, "tenants.other": {**OTHER, "when": second}}
    expected = f"tenants: {named} has no `when`, which may be left out only where there is one tenant"
    assert problems(tmp_path, changes) == [expected]


def test_a_configuration_names_one_desk_and_at_most_one_vault(tmp_path: Path) -> None:
    """By their tables."""
    found = load(tmp_path)
    assert found.desk is not None
    assert found.vault is not None
    assert (found.desk.name, found.vault.name) == ("ivanti", "passwordstate")
    chosen, kind = needs_desk(found)
    assert isinstance(chosen.section, kind.settings)


NO_VAULT: dict[str, Any] = {
    "passwordstate": GONE,
    f"{TENANT}.entry": GONE,
    f"{TENANT}.client_id": "7d1b4a5e-1d1f-4c3a-9a53-2f4f5a6b7c8d",
    f"{TENANT}.client_secret": {"env": "IVANTI_KEY"},
}


def test_a_vault_may_be_left_out(tmp_path: Path) -> None:
    """Where no setting names an entry of one."""
    found = load(tmp_path, NO_VAULT)
    assert (found.vault, titles_of(found)) == (None, {})


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"passwordstate": GONE}, [f"{TENANT}.entry"]),
        ({**NO_VAULT, "ivanti.api_key": {"entry": "Sys_Ivanti"}}, ["ivanti.api_key"]),
        ({"passwordstate": GONE, "ivanti.api_key": {"entry": "x"}}, ["ivanti.api_key", f"{TENANT}.entry"]),
    ],
)
def test_an_entry_without_a_vault_is_named(tmp_path: Path, changes: dict[str, Any], named: list[str]) -> None:
    """Each setting that needs one, in its own line."""
    expected = [f"{name}: names an entry, and no vault is configured" for name in named]
    assert problems(tmp_path, changes) == expected


def test_a_configuration_without_a_desk_loads_and_works_on_nothing(tmp_path: Path) -> None:
    """Some commands need none; the others say which tables name one."""
    found = load(tmp_path, {"ivanti": GONE})
    assert found.desk is None
    with pytest.raises(Misconfigured, match=r"^no service desk is configured; .*\[ivanti\].* names one$"):
        needs_desk(found)
    with pytest.raises(Misconfigured, match="no service desk is configured"):
        reference_of(found, "40021")


@pytest.mark.parametrize(("text", "ref"), [("40021", "40021"), ("1", "1")])
def test_a_task_is_named_as_its_desk_writes_it(tmp_path: Path, text: str, ref: str) -> None:
    """Ivanti's are numbers."""
    assert reference_of(load(tmp_path), text) == ref


@pytest.mark.parametrize("text", ["0", "007", "", "SCTASK0010001", "1 2", "-1", "x" * 99])
def test_a_text_that_is_no_task_of_the_desk_is_refused(tmp_path: Path, text: str) -> None:
    """With one that is, before anything is asked."""
    with pytest.raises(Misconfigured, match=r"is not a task of \[ivanti\], such as 40021$"):
        reference_of(load(tmp_path), text)


SECOND = {"files": {"directory": "requests"}, "secrets": {"directory": "secrets"}}


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("files", "files, ivanti: there can be one service desk; leave the others out"),
        ("secrets", "passwordstate, secrets: there can be one vault; leave the others out"),
    ],
)
def test_two_desks_or_two_vaults_are_refused(tmp_path: Path, table: str, problem: str) -> None:
    """Which one was meant is not guessed."""
    assert problems(tmp_path, {table: SECOND[table]}) == [problem]


def test_two_desks_hide_no_other_problem(tmp_path: Path) -> None:
    """Both tables are read all the same."""
    found = problems(tmp_path, {"files": {"folder": CANARY}, "ivanti.url": 7})
    assert [one.partition(":")[0] for one in found] == [
        "files, ivanti",
        "files.directory",
        "files.folder",
        "ivanti.url",
    ]
    assert CANARY not in "".join(found)


@pytest.mark.parametrize("table", ["servicenow", "Ivanti", "keepass", "spentkey.adapters", "..files"])
def test_a_table_that_nothing_installed_knows_is_refused(tmp_path: Path, table: str) -> None:
    """It is a typing error, or a package is missing; what stands in it is not repeated."""
    (tmp_path / "spentkey.toml").write_text(
        write(tmp_path).read_text("utf-8") + f'"{table}" = {{ key = "{CANARY}" }}\n'
    )
    with pytest.raises(Misconfigured, match=re.escape(f"{table}: is not a known setting")) as refused:
        load_settings(tmp_path / "spentkey.toml", KEYS)
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("name", ["desk", "vault"])
@pytest.mark.parametrize("value", [{"name": "ivanti"}, "ivanti", 7])
def test_a_desk_is_not_named_in_any_other_way(tmp_path: Path, name: str, value: object) -> None:
    """Its own table is the way."""
    assert problems(tmp_path, {name: value}) == [f"{name}: is not a known setting"]


@pytest.mark.parametrize("value", ["x", 7, [], True])
@pytest.mark.parametrize("table", ["ivanti", "passwordstate"])
def test_a_desk_or_a_vault_is_a_table(tmp_path: Path, table: str, value: object) -> None:
    """Anything else in its place is one line."""
    assert f"{table}: must be a table" in problems(tmp_path, {table: value})


def test_each_limit_reaches_the_rules(tmp_path: Path) -> None:
    """Each of the four settings sets its own number, and no other."""
    changes = {"per_run": 2, "per_app": 3, "per_hour": 4}
    found = load(
        tmp_path,
        {f"policy.max_removals_{name}": number for name, number in changes.items()}
        | {"policy.max_handovers_per_hour": 6},
    )
    assert rules_of(found, DeskRules()).limits == Limits(per_run=2, per_app=3, per_hour=4, hand_overs_per_hour=6)


NAME = st.sampled_from(
    [
        "ivanti",
        "passwordstate",
        "tenants",
        "policy",
        "url",
        "api_key",
        "status",
        "open",
        "database",
        "tls",
        "ca_file",
        "x",
    ]
)
VALUE = st.recursive(
    st.booleans()
    | st.integers(-10, 10**6)
    | st.text(max_size=12)
    | st.sampled_from(["~x", "https://[", "name:", "\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=4),
    max_leaves=12,
)
ODD = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def settings_or_problem(file: Path, environment: dict[str, str]) -> Settings | str:
    """What the loader makes of it; anything but these two escapes and fails the test."""
    try:
        return load_settings(file, environment)
    except Misconfigured as problem:
        return str(problem)


@ODD
@given(st.dictionaries(NAME, VALUE, max_size=4), st.dictionaries(NAME, st.text(max_size=8), max_size=2))
def test_any_table_gives_settings_or_named_problems(
    tmp_path: Path, changes: dict[str, Any], environment: dict[str, str]
) -> None:
    """Well-formed TOML with anything in it, and variables with anything in them."""
    overlay = {f"SPENTKEY_{name.upper()}__X": value for name, value in environment.items()}
    found = settings_or_problem(write(tmp_path, changes), {**KEYS, **overlay})
    assert isinstance(found, Settings) or found.strip()


@ODD
@given(st.binary(max_size=80) | st.text(alphabet='[]{}="\n.,abc019-:T\\', max_size=60).map(str.encode))
def test_any_bytes_give_settings_or_a_problem(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in the file."""
    file = tmp_path / "garbage.toml"
    file.write_bytes(content)
    assert isinstance(settings_or_problem(file, KEYS), str)


def test_the_address_of_the_database_is_a_secret(tmp_path: Path) -> None:
    """It may hold a password: from a file it comes whole, and it shows nowhere."""
    (tmp_path / "url").write_text("postgresql://spentkey:a-password-7Qx@db.example.org/spentkey?sslmode=verify-full\n")
    (tmp_path / "url").chmod(0o600)
    settings = load(tmp_path, {"engine.database_url": {"file": "url"}})
    assert settings.engine.database_url == Secret(
        "postgresql://spentkey:a-password-7Qx@db.example.org/spentkey?sslmode=verify-full"
    )
    assert "a-password-7Qx" not in repr(settings)
    assert load(tmp_path).engine.database_url is None


@pytest.mark.parametrize("url", ["mysql://db/canary", "canary", "postgres://db/canary", " postgresql://db/canary"])
def test_another_kind_of_database_is_refused(tmp_path: Path, url: str) -> None:
    """With a line that does not repeat the address."""
    assert problems(tmp_path, {"engine.database_url": {"env": "DB"}}, DB=url) == [
        "engine.database_url: must be an address such as postgresql://user:password@host/spentkey"
    ]
