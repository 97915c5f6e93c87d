"""The configuration: one TOML file and the environment, read once into a frozen object, every problem named at once.

Environment over file: `SPENTKEY_` and the path joined by `__`, lists and tables as JSON. A secret is `{ file = … }`,
`{ env = … }`, for Ivanti's key also `{ entry = … }`; a literal only in a file that nobody else may read (mode 0600).
Relative paths count from the configuration file.
"""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo

from spentkey.core.secret import Secret
from spentkey.settings.sources import Sources

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
    known = bare == "localhost" or ip_address_or_none(bare) is not None
    if not known or (":" in bare) != (bare != host) or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError("must be an address of this machine and a port, such as 127.0.0.1:8400 or [::1]:8400")
    return listen


def ip_address_or_none(text: str) -> IPv4Address | IPv6Address | None:
    """The address that a text is, or None where it is a name or nothing of the kind."""
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
