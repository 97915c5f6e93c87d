"""Reads the configuration: the file, the environment and the secrets that they name; every problem at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from spentkey.core.errors import Misconfigured
from spentkey.core.secret import Secret
from spentkey.core.task import PARAMETER_NAMES
from spentkey.settings.clouds import belongs_together
from spentkey.settings.schema import UUID_PATTERN, Service, Settings, Tenant, ip_address_or_none
from spentkey.settings.sources import SecretProblem, Sources, read_secret, read_sources


def load_settings(file: Path, environment: Mapping[str, str]) -> Settings:
    """Read the configuration; raises `Misconfigured` with one line for each problem."""
    sources = read_sources(file, environment)
    problems: list[str] = _resolve_secrets(sources)
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(sources.values, context={"sources": sources})
    except ValidationError as problem:
        problems += [_in_words(dict(error)) for error in problem.errors(include_input=False, include_url=False)]
    if settings is not None:
        problems += list(_contradictions(settings))
    if problems or settings is None:
        raise Misconfigured("\n".join(f"{file}: {problem}" for problem in sorted(set(problems))))
    return settings


SECRETS = (
    "ivanti.api_key",
    "passwordstate.api_key",
    "passwordstate.certificates_api_key",
    "passwordstate.documents_api_key",
    "engine.database_url",
    "service.webhook_secret",
    "service.login.NAME.key",
)


def _secrets(values: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Every secret setting that is given: its path, the table that it stands in, and its name there."""
    for pattern in SECRETS:
        *folders, name = pattern.split(".")
        tables: list[tuple[str, Any]] = [("", values)]
        for folder in folders:
            tables = [(f"{path}{one}.", table[one]) for path, table in tables for one in _matching(table, folder)]
        for path, table in tables:
            if isinstance(table, dict) and name in table:
                yield f"{path}{name}", cast("dict[str, Any]", table), name


def _matching(table: Any, folder: str) -> list[str]:
    names = list(cast("dict[str, Any]", table)) if isinstance(table, dict) else []
    return names if folder == "NAME" else [name for name in names if name == folder]


def _resolve_secrets(sources: Sources) -> list[str]:
    """Put a `Secret` in the place of each secret setting, and say which cannot be read."""
    problems: list[str] = []
    for where, table, name in _secrets(sources.values):
        try:
            secret = read_secret(table[name], where, sources)
            if isinstance(secret, str) and where != "ivanti.api_key":
                raise SecretProblem("{ entry = … } is only for ivanti.api_key")
            table[name] = secret
        except SecretProblem as problem:
            problems.append(f"{where}: {problem}")
            table[name] = Secret("unreadable" * 4)  # long enough, so that only the real problem is named
    return problems


def _in_words(error: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    words = {"missing": "is missing", "extra_forbidden": "is not a known setting"}
    message = words.get(error["type"], str(error["msg"]).removeprefix("Value error, "))
    if error["type"] == "string_pattern_mismatch" and UUID_PATTERN in message:
        message = "must be a UUID such as c3c1e6bb-1ebf-4335-ad13-3419266a9781"
    return f"{where}: {message}"


def _contradictions(settings: Settings) -> list[str]:
    ivanti, policy, problems = settings.ivanti, settings.policy, list[str]()
    if ivanti.escalation_team.casefold() == ivanti.queue_team.casefold():
        problems.append("ivanti.escalation_team: must differ from queue_team, or a hand-over would come straight back")
    if ivanti.status.completed in ivanti.status.open:
        problems.append("ivanti.status.completed: must not be one of status.open")
    if policy.verify_timeout_s < policy.verify_reads * policy.verify_interval_s:
        problems.append("policy.verify_timeout_s: is too short for verify_reads reads, verify_interval_s apart")
    query = settings.passwordstate.database.query.strip()
    single = query.count("?") == 1 and query.lower().startswith("select") and ";" not in query.rstrip("; ")
    if query and not single:
        problems.append("passwordstate.database.query: must be a single SELECT with exactly one ?, the PasswordID")
    database = settings.engine.database
    if database is not None and not database.reveal().startswith("postgresql://"):
        problems.append("engine.database_url: must be an address such as postgresql://user:password@host/spentkey")
    problems += _service_contradictions(settings.service)
    for name, tenant in settings.tenants.items():
        problems += [f"tenants.{name}.{message}" for message in _tenant_contradictions(tenant)]
    return problems


def _service_contradictions(service: Service) -> list[str]:
    address, problems = ip_address_or_none(service.host), list[str]()
    loopback = service.host == "localhost" or (address is not None and address.is_loopback)
    if not loopback and service.tls is None and not service.behind_proxy:
        problems.append(
            "service.listen: keys would cross the network in the clear: set service.tls, or behind_proxy = true where a "
            "proxy in front of it speaks TLS"
        )
    keys = [login.key.reveal() for login in service.login.values()]
    if len(set(keys)) < len(keys):
        problems.append("service.login: two logins have the same key, so that nobody could tell who asked")
    return problems


def _tenant_contradictions(tenant: Tenant) -> list[str]:
    problems: list[str] = []
    known = {name.casefold() for name in PARAMETER_NAMES}
    unknown = [name for name in tenant.when if name.casefold() not in known]
    if unknown:
        problems.append(f"when: {', '.join(unknown)} is none of the parameters {', '.join(PARAMETER_NAMES)}")
    if not belongs_together(tenant.authority, tenant.graph_url):
        problems.append("graph_url: authority and graph_url must be of one known cloud, or both loopback")
    return problems
