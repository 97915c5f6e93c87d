"""The configuration: one TOML file and the environment, read once into a frozen object, every problem named at once.

Environment over file: `SPENTKEY_` and the path joined by `__`, lists and tables as JSON. A secret is `{ file = … }`,
`{ env = … }`, for Ivanti's key also `{ entry = … }`; a literal only in a file that nobody else may read (mode 0600).
Relative paths count from the configuration file.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, ValidationInfo

from spentkey.config.clouds import belongs_together
from spentkey.config.sources import SecretProblem, Sources, read_secret, read_sources
from spentkey.core.errors import Misconfigured
from spentkey.core.rules import DeskRules, Limits, Rules, TenantRules, VerifyRules
from spentkey.core.secret import Secret
from spentkey.core.task import PARAMETER_NAMES

SHORTEST_KEY = 32
"""Fewest characters of a key that opens the service; such keys are made, not thought up."""
UUID_PATTERN = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


def _https(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and parts.hostname and parts.port != 0
    except ValueError:  # a port out of range, or brackets around no IPv6 address
        parts, usable = None, False
    if not usable or parts is None or "@" in parts.netloc or not url.isprintable() or set(url) & set("?# \\"):
        raise ValueError("must be an address such as https://itsm.example.org, without user, query or fragment")
    return url.rstrip("/").removesuffix("/api")


def _protected(entry: str) -> str:
    pattern = entry.removeprefix("name:").strip()
    if not (pattern if entry.startswith("name:") else re.fullmatch(UUID_PATTERN, entry)):
        raise ValueError("must be an AppID, or name: and a pattern such as name:Billing-*")
    return entry


def _at_path(path: Path, info: ValidationInfo) -> Path:
    sources = cast("dict[str, Sources]", info.context)["sources"]
    try:
        return (sources.folder / path.expanduser()).absolute()
    except RuntimeError:
        raise ValueError("begins with ~ and no such user is known") from None


def _host_and_port(listen: str) -> str:
    host, _, port = listen.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    known = bare == "localhost" or _address(bare) is not None
    if not known or (":" in bare) != (bare != host) or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError("must be an address of this machine and a port, such as 127.0.0.1:8400 or [::1]:8400")
    return listen


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _long_enough(key: Any) -> Any:
    if not isinstance(key, Secret):
        raise ValueError("is missing")  # noqa: TRY004  # pydantic takes a ValueError as a problem of the setting
    if len(key.reveal()) < SHORTEST_KEY:
        raise ValueError(f"must have at least {SHORTEST_KEY} characters: openssl rand -hex 32 makes one")
    return key


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Url = Annotated[str, AfterValidator(_https)]
Uuid = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=UUID_PATTERN)]
FilePath = Annotated[Path, AfterValidator(_at_path)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
LoginName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
FieldNameOrNone = Annotated[str, StringConstraints(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")]


class Section(BaseModel):
    """A table of settings: frozen, and unknown names in it are errors, because a typing error must not go unseen."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)


class Status(Section):
    """The values of a task's `Status` at this installation."""

    open: tuple[Text, ...] = Field(default=("Logged", "Assigned", "Accepted"), min_length=1)
    completed: Text = "Completed"
    handed_off: Text = "Logged"


class TaskFields(Section):
    """The names of fields that differ between installations; an empty `resolution` means a note instead."""

    minutes: FieldName = "ActualEffort"
    resolution: FieldNameOrNone = ""


class Ivanti(Section):
    """The service desk."""

    url: Url
    api_key: Any
    queue_team: Text
    escalation_team: Text = "Systeemsoftware"
    login_id: Text
    status: Status = Status()
    fields: TaskFields = TaskFields()
    minutes: int = Field(default=1, ge=0, le=1440)
    language: Literal["en", "nl", "fr"] = "en"
    note_category: Text = "Status Update"
    note_parent_category: Text = "Task.Assignment"


class PasswordstateDatabase(Section):
    """Passwordstate's SQL Server database, for finding documents."""

    server: Text
    port: int = Field(default=1433, ge=1, le=65535)
    database: Text = "passwordstate"
    entry: Text = "sys_pws_ansible_read"
    auth: Literal["sql"] = "sql"
    query: str = ""


class Passwordstate(Section):
    """The vault."""

    url: Url
    api_key: Any
    certificates_api_key: Any = None
    documents_api_key: Any = None
    credentials_list: int = Field(default=8620, ge=1)
    certificates_list: int = Field(default=6691, ge=1)
    pki_entry: Text = "sys_srvaapwin_pki"
    certificate_match: tuple[Literal["appid", "title"], ...] = Field(default=("appid", "title"), min_length=1)
    database: PasswordstateDatabase


class Tenant(Section):
    """One Entra ID tenant, and which tasks mean it."""

    tenant_id: Uuid
    domain: Text
    subscription_id: Uuid | None = None
    entry: Text
    when: Mapping[Text, Text] = Field(min_length=1)
    authority: Url = "https://login.microsoftonline.com"
    graph_url: Url = "https://graph.microsoft.com"


class Policy(Section):
    """Grace, verification and limits; times are in seconds unless the name says days."""

    grace_days: int = Field(default=0, ge=0, le=3650)
    verify_reads: int = Field(default=5, ge=2, le=100)
    verify_interval_s: float = Field(default=5, gt=0, le=3600)
    verify_timeout_s: float = Field(default=900, gt=0, le=86400)
    write_spacing_s: float = Field(default=5, ge=0, le=3600)
    certificate_fallback: Literal["hand-off", "patch"] = "hand-off"
    max_removals_per_run: int = Field(default=25, ge=1)
    max_removals_per_app: int = Field(default=5, ge=1)
    max_removals_per_hour: int = Field(default=100, ge=1)
    max_handovers_per_hour: int = Field(default=20, ge=1)
    max_attempts: int = Field(default=5, ge=1)
    protected: tuple[Annotated[Text, AfterValidator(_protected)], ...] = ()


class Engine(Section):
    """How many tasks are worked on at once in each tenant, how often the queue is read, and what machines share."""

    database_url: Any = None
    concurrency: int = Field(default=16, ge=1, le=256)
    poll_s: float = Field(default=30, ge=0.1, le=3600)
    take_over_s: float = Field(default=30, ge=2, le=3600)

    @property
    def database(self) -> Secret | None:
        """Where the database is that several machines share; None on one machine."""
        return self.database_url if isinstance(self.database_url, Secret) else None


class Login(Section):
    """Somebody who may ask the service, by name and key."""

    role: Literal["viewer", "operator"]
    key: Annotated[Any, AfterValidator(_long_enough)]


class ServiceTls(Section):
    """The certificate that the service shows, with its chain, and the private key to it; both PEM."""

    certificate: FilePath
    key: FilePath


class Service(Section):
    """`spentkey serve`: where it listens, who may ask, and how it logs."""

    listen: Annotated[str, AfterValidator(_host_and_port)] = "127.0.0.1:8400"
    webhook_secret: Annotated[Any, AfterValidator(_long_enough)] = None
    login: Mapping[LoginName, Login] = Field(default={})
    tls: ServiceTls | None = None
    behind_proxy: bool = False
    log_format: Literal["json", "console"] | None = None
    log_level: Literal["debug", "info", "warning"] = "info"

    @property
    def host(self) -> str:
        """The address to listen on."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port to listen on; 0 is any free one."""
        return int(self.listen.rpartition(":")[2])


class State(Section):
    """Where evidence, locks and counters are kept; nothing secret is."""

    directory: FilePath | None = None


class Tls(Section):
    """Certificate authorities: `ca_file` for everything but Microsoft, `microsoft_ca_file` for an inspecting proxy."""

    ca_file: FilePath | None = None
    microsoft_ca_file: FilePath | None = None


class Settings(Section):
    """The whole configuration."""

    ivanti: Ivanti
    passwordstate: Passwordstate
    tenants: Mapping[Text, Tenant] = Field(min_length=1)
    policy: Policy = Policy()
    engine: Engine = Engine()
    service: Service = Service()
    state: State = State()
    tls: Tls = Tls()


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
    said = words.get(error["type"], str(error["msg"]).removeprefix("Value error, "))
    if error["type"] == "string_pattern_mismatch" and UUID_PATTERN in said:
        said = "must be a UUID such as c3c1e6bb-1ebf-4335-ad13-3419266a9781"
    return f"{where}: {said}"


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
        problems += [f"tenants.{name}.{said}" for said in _tenant_contradictions(tenant)]
    return problems


def _service_contradictions(service: Service) -> list[str]:
    address, problems = _address(service.host), list[str]()
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


def state_directory(settings: Settings, environment: Mapping[str, str]) -> Path:
    """The configured directory, else `spentkey` in XDG_STATE_HOME, else `~/.local/state/spentkey`."""
    if settings.state.directory is not None:
        return settings.state.directory
    home = environment.get("XDG_STATE_HOME")
    return (Path(home) if home else Path.home() / ".local" / "state") / "spentkey"


def rules_of(settings: Settings) -> Rules:
    """The part of the settings that decisions depend on."""
    ivanti, policy = settings.ivanti, settings.policy
    return Rules(
        desk=DeskRules(
            queue_team=ivanti.queue_team,
            escalation_team=ivanti.escalation_team,
            login_id=ivanti.login_id,
            open_statuses=ivanti.status.open,
            completed=ivanti.status.completed,
            handed_off=ivanti.status.handed_off,
            minutes=ivanti.minutes,
            resolution_field=ivanti.fields.resolution,
            language=ivanti.language,
        ),
        tenants=tuple(TenantRules(name, one.tenant_id, dict(one.when)) for name, one in settings.tenants.items()),
        verify=VerifyRules(policy.verify_reads, policy.verify_interval_s, policy.verify_timeout_s),
        grace=timedelta(days=policy.grace_days),
        max_attempts=policy.max_attempts,
        limits=Limits(
            per_run=policy.max_removals_per_run,
            per_app=policy.max_removals_per_app,
            per_hour=policy.max_removals_per_hour,
            hand_overs_per_hour=policy.max_handovers_per_hour,
        ),
        patch_allowed=policy.certificate_fallback == "patch",
        protected=policy.protected,
    )
