"""The configuration: one TOML file and the environment, read once into a frozen object, every problem named at once.

Environment over file: `SPENTKEY_` and the path joined by `__`, lists and tables as JSON. How a value is checked, and where
a secret may come from, stands in `values.py`. Relative paths count from the configuration file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PrivateAttr, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from spentkey.core.task import folded_name, folded_value
from spentkey.settings.clouds import belongs_together
from spentkey.settings.section import Section
from spentkey.settings.values import (
    Duration,
    FilePath,
    FreezeText,
    HostAndPort,
    HostName,
    KeyPath,
    LoginName,
    Origin,
    PlainUrl,
    PostgresUrl,
    ProtectedEntry,
    RemarkedPath,
    SecretValue,
    ServiceKey,
    Text,
    TrustedPath,
    Url,
    Uuid,
    WholeUrl,
    WindowText,
    ip_address_or_none,
)


def _of_one_cloud(graph_url: str, info: ValidationInfo) -> str:
    authority = info.data.get("authority")
    if authority is not None and not belongs_together(authority, graph_url):
        raise ValueError("authority and graph_url must be of one known cloud, or both loopback")
    return graph_url


def _one_of_both(file: Path | None, info: ValidationInfo) -> Path | None:
    if "entry" in info.data and (info.data["entry"] is None) == (file is None):
        raise ValueError("is missing; a certificate is an entry of the vault, or a file: one of both")
    return file


class CertificateSettings(Section):
    """The certificate that a tenant is signed in to with: the title of an entry of the vault, or a PFX file."""

    entry: Text | None = None
    """The title of the entry whose PFX document it is; its Password opens it."""
    file: Annotated[RemarkedPath | None, AfterValidator(_one_of_both)] = Field(default=None, validate_default=True)


WITH_CLIENT_ID = ("client_secret", "certificate", "federated_token_file")
"""What signs in the client that `client_id` names."""
WAYS = "entry, client_id with one of client_secret, certificate and federated_token_file, or managed_identity"


def _one_way_to_sign_in(entry: str | None, info: ValidationInfo) -> str | None:
    given = info.data
    if not {"client_id", "certificate_password", "managed_identity", *WITH_CLIENT_ID} <= given.keys():
        return entry  # one of them is wrong, and that is said already
    proofs = [name for name in WITH_CLIENT_ID if given[name] is not None]
    ways = [*(["managed_identity"] if given["managed_identity"] else []), *proofs]
    beside = [*(["client_id"] if given["client_id"] is not None else []), *ways]
    if entry is not None and beside:
        raise ValueError(f"stands beside {' and '.join(beside)}; a tenant signs in by one of them")
    if entry is None and not ways:
        raise ValueError(f"is missing; a tenant signs in by {WAYS}")
    if len(ways) > 1:
        raise _about(ways[0], f"stands beside {' and '.join(ways[1:])}; a tenant signs in by one of them")
    if proofs and given["client_id"] is None:
        raise _about("client_id", f"is missing; {proofs[0]} proves who it is")
    certificate: CertificateSettings | None = given["certificate"]
    if given["certificate_password"] is not None and (certificate is None or certificate.file is None):
        raise _about("certificate_password", "opens certificate.file, and there is none")
    return entry


def _about(setting: str, message: str) -> PydanticCustomError:
    """A problem of a setting that shows where a later one is read."""
    return PydanticCustomError("about_another", "{message}", {"setting": setting, "message": message})


def _names_once(when: Mapping[str, str]) -> Mapping[str, str]:
    if len({folded_name(name) for name in when}) < len(when):
        raise ValueError("names a parameter twice")
    return when


class TenantSettings(Section):
    """One Entra ID tenant, how to sign in to it, and which tasks mean it."""

    tenant_id: Uuid
    domain: Text
    subscription_id: Uuid | None = None
    client_id: Uuid | None = None
    """Signs in without an entry of the vault, with one of the next four; beside `managed_identity` the one that is meant."""
    client_secret: SecretValue | None = None
    certificate: CertificateSettings | None = None
    certificate_password: SecretValue | None = None
    """Opens `certificate.file`; left out, its password is empty."""
    federated_token_file: FilePath | None = None
    """A token that a cluster or a pipeline keeps renewing in this file; it is read anew for each sign-in."""
    managed_identity: bool = False
    """Sign in as the managed identity of the machine; at most one tenant can."""
    entry: Annotated[Text | None, AfterValidator(_one_way_to_sign_in)] = Field(default=None, validate_default=True)
    when: Annotated[Mapping[Text, Text], AfterValidator(_names_once)] = Field(default={})
    """Parameter to the value that it must have; may be left out where there is one tenant."""
    authority: Url = "https://login.microsoftonline.com"
    graph_url: Annotated[Url, AfterValidator(_of_one_cloud)] = Field(
        default="https://graph.microsoft.com", validate_default=True
    )


def _long_enough_for_the_reads(timeout_s: float, info: ValidationInfo) -> float:
    reads, interval_s = info.data.get("verify_reads"), info.data.get("verify_interval_s")
    if reads is not None and interval_s is not None and timeout_s < reads * interval_s:
        raise ValueError("is too short for verify_reads reads, verify_interval_s apart")
    return timeout_s


class PolicySettings(Section):
    """Grace, verification and limits. An hour is the last 3600 s, over all runs and processes that share the evidence."""

    grace_days: int = Field(default=0, ge=0, le=3650)
    """Days after its end before a credential counts as expired; 300 s for clocks are always added."""
    verify_reads: int = Field(default=5, ge=2, le=100)
    """Reads in a row that must agree."""
    verify_interval_s: float = Field(default=5, gt=0, le=3600)
    """Seconds between two of those reads."""
    verify_timeout_s: Annotated[float, AfterValidator(_long_enough_for_the_reads)] = Field(
        default=900, gt=0, le=86400, validate_default=True
    )
    """Seconds after which verification ends without agreement."""
    write_spacing_s: float = Field(default=5, ge=0, le=3600)
    """Seconds between two tasks on one application (guard G9)."""
    certificate_fallback: Literal["hand-off", "patch"] = "hand-off"
    """What happens to a certificate without a valid signer; `patch` needs `AuditLog.Read.All` in the tenant."""
    canary: bool = True
    """Whether the first removal by this version, in a tenant and by a route, goes alone until it is proven; once a day."""
    max_removals_per_run: int = Field(default=25, ge=1)
    """Most removals that one run begins."""
    max_removals_per_app: int = Field(default=5, ge=1)
    """Most removals begun on one application in an hour."""
    max_removals_per_hour: int = Field(default=100, ge=1)
    """Most removals begun in an hour."""
    max_handovers_per_hour: int = Field(default=20, ge=1)
    """Most tasks handed over in an hour."""
    max_attempts: int = Field(default=5, ge=1)
    """Tries that leave a task open before it is handed over; a system that is away, a limit or a stop starts the count anew."""
    protected: tuple[ProtectedEntry, ...] = ()
    """What is never touched: AppIDs, and patterns of credential names (`name:GLOB`)."""
    window: tuple[WindowText, ...] = ()
    """When removals may begin (guard G8): days, times and a time zone, UTC where there is none; without any, always."""
    freeze: tuple[FreezeText, ...] = ()
    """Days on which none may begin: the first and the last one, both included, and a time zone."""


class EngineSettings(Section):
    """How many tasks are worked on at once in each tenant, how often the queue is read, and what machines share."""

    private_network: bool = False
    """Whether nobody else is on the network to the database, so that it may be reached without `sslmode=verify-full`."""
    database_url: PostgresUrl | None = None
    """The PostgreSQL that several machines share; None on one machine."""
    owner_url: PostgresUrl | None = None
    """The same database for the role that owns the tables; `spentkey database init` alone uses it."""
    concurrency: int = Field(default=16, ge=1, le=256)
    """Tasks worked on at once in each tenant, by each process; a task that only waits does not count."""
    poll_s: float = Field(default=30, ge=0.1, le=3600)
    """Seconds between two reads of the queue; delays of other tries are multiples of it."""
    take_over_s: float = Field(default=30, ge=2, le=3600)
    """Seconds without a sign of life after which a worker's tasks go to the others; only with a database."""


class LoginSettings(Section):
    """A login of the service: a name, a role and a key."""

    role: Literal["viewer", "operator", "auditor"]
    key: ServiceKey


class ServiceTlsSettings(Section):
    """The certificate that the service shows, with its chain, and the private key to it; both PEM."""

    certificate: TrustedPath
    key: KeyPath


IN_THE_CLEAR = (
    "keys would cross the network in the clear: set service.tls, or behind_proxy = true where a proxy in front of it "
    "speaks TLS"
)


def _different_keys(logins: Mapping[str, LoginSettings]) -> Mapping[str, LoginSettings]:
    keys = [login.key.reveal() for login in logins.values()]
    if len(set(keys)) < len(keys):
        raise ValueError("two logins have the same key, so that nobody could tell who asked")
    return logins


def _not_in_the_clear(behind_proxy: bool, info: ValidationInfo) -> bool:
    listen, tls = info.data.get("listen"), info.data.get("tls", "wrong by itself")
    if listen is None or tls is not None or behind_proxy or _is_loopback(_host(listen)):
        return behind_proxy
    raise _about("listen", IN_THE_CLEAR)


def _named_behind_proxy(behind_proxy: bool, info: ValidationInfo) -> bool:
    if behind_proxy and not info.data.get("hosts", ("wrong by itself",)):
        message = (
            'is missing: name what callers ask the proxy for, such as hosts = ["spentkey.example.org"]; requests to '
            "any other name are refused"
        )
        raise PydanticCustomError("about_another", "{message}", {"setting": "hosts", "message": message})
    return behind_proxy


def _is_loopback(host: str) -> bool:
    address = ip_address_or_none(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _host(listen: str) -> str:
    return listen.rpartition(":")[0].strip("[]")


class ServiceSettings(Section):
    """`spentkey serve`: where it listens, who may ask, and how it logs."""

    listen: HostAndPort = "127.0.0.1:8400"
    webhook_secret: ServiceKey | None = None
    login: Annotated[Mapping[LoginName, LoginSettings], AfterValidator(_different_keys)] = Field(default={})
    tls: ServiceTlsSettings | None = None
    hosts: tuple[HostName, ...] = ()
    """Names that it answers to, besides loopback, the address of `listen` and the names of `tls.certificate`."""
    behind_proxy: Annotated[bool, AfterValidator(_not_in_the_clear), AfterValidator(_named_behind_proxy)] = Field(
        default=False, validate_default=True
    )
    max_per_address: int = Field(default=64, ge=1, le=512)
    """Most connections of one address at once; of 512 in all. Behind a proxy the total alone counts."""
    log_format: Literal["json", "console"] | None = None
    log_level: Literal["debug", "info", "warning"] = "info"

    @property
    def host(self) -> str:
        """The address to listen on."""
        return _host(self.listen)

    @property
    def port(self) -> int:
        """The port to listen on; 0 is any free one."""
        return int(self.listen.rpartition(":")[2])


class NotifySettings(Section):
    """Where `serve` and `work` send notices of what people must know, and the secret that signs them."""

    url: WholeUrl
    secret: ServiceKey


class StateSettings(Section):
    """Where evidence, locks and counters are kept; nothing secret is."""

    directory: FilePath | None = None


class SigningKeySettings(Section):
    """Where the private key is that signs checkpoints: in a file of its own."""

    file: FilePath | None = None
    transit: Text | None = None

    @model_validator(mode="after")
    def _one(self) -> "SigningKeySettings":
        if self.transit is not None:
            raise ValueError("transit is not possible yet: keep the key in a file, { file = … }")
        if self.file is None:
            raise ValueError("must name a file: { file = … }")
        return self


class EvidenceSettings(Section):
    """How the evidence is made so that others can verify it: its name, who signs it, and who else is told of it."""

    origin: Origin | None = None
    signing_key: SigningKeySettings | None = None
    checkpoint_every: Duration = timedelta(hours=1)
    timestamp_url: PlainUrl | None = None
    timestamp_ca: TrustedPath | None = None

    @model_validator(mode="after")
    def _both(self) -> "EvidenceSettings":
        if (self.timestamp_url is None) != (self.timestamp_ca is None):
            raise ValueError("timestamp_url and timestamp_ca are needed together: whose time stamps are believed")
        return self


class ScanSettings(Section):
    """What a scan looks at, what it remembers, and how many requests it may open."""

    within_days: int = Field(default=30, ge=0, le=3650)
    use: bool = True
    principals: bool = True
    open_no_signer: bool = False
    max_per_run: int = Field(default=25, ge=0, le=10_000)
    max_per_day: int = Field(default=100, ge=0, le=10_000)
    reopen_after_days: int = Field(default=30, ge=1, le=3650)
    keep_days: int = Field(default=400, ge=1, le=36_500)
    team_from: Literal["", "serviceManagementReference", "notes"] = ""
    teams: Mapping[Text, Text] = Field(default={})


class TlsSettings(Section):
    """Certificate authorities: `ca_file` for everything but Microsoft, `microsoft_ca_file` for an inspecting proxy."""

    ca_file: TrustedPath | None = None
    microsoft_ca_file: TrustedPath | None = None


@dataclass(frozen=True)
class Chosen:
    """The table of a desk or of a vault: its name, and what stands in it."""

    name: str
    section: Section


def entries_of(tenants: Mapping[str, TenantSettings]) -> dict[str, str]:
    """The titles of the vault's entries that tenants are signed in to with, by the setting."""
    found: dict[str, str] = {}
    for name, tenant in tenants.items():
        if tenant.entry is not None:
            found[f"tenants.{name}.entry"] = tenant.entry
        if tenant.certificate is not None and tenant.certificate.entry is not None:
            found[f"tenants.{name}.certificate"] = tenant.certificate.entry
    return found


def _told_apart(tenants: Mapping[str, TenantSettings]) -> Mapping[str, TenantSettings]:
    managed = [name for name, tenant in tenants.items() if tenant.managed_identity]
    if len(managed) > 1:
        raise ValueError(f"{', '.join(managed)}: a managed identity is of one tenant, so only one can sign in by it")
    without = [name for name, tenant in tenants.items() if not tenant.when]
    if without and len(tenants) > 1:
        raise ValueError(f"{', '.join(without)} has no `when`, which may be left out only where there is one tenant")
    asked = {name: _as_compared(tenant.when) for name, tenant in tenants.items()}
    for one, other in permutations(asked, 2):
        if asked[one] == asked[other]:
            raise ValueError(f"{one} and {other} have the same `when`, so that every task of theirs means both")
        if asked[one] < asked[other]:
            raise ValueError(
                f"the `when` of {other} holds all of that of {one}, so that every task of {other} means both"
            )
    return tenants


def _as_compared(when: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((folded_name(name), folded_value(value)) for name, value in when.items())


class Settings(Section):
    """The whole configuration."""

    desk: Chosen | None = Field(default=None, exclude=True)
    """The service desk, by the one table of a desk that the file has."""
    vault: Chosen | None = Field(default=None, exclude=True)
    """The vault, by the one table of a vault that the file has."""
    tenants: Annotated[Mapping[Text, TenantSettings], AfterValidator(_told_apart)] = Field(min_length=1)
    policy: PolicySettings = PolicySettings()
    engine: EngineSettings = EngineSettings()
    service: ServiceSettings = ServiceSettings()
    notify: NotifySettings | None = None
    state: StateSettings = StateSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    scan: ScanSettings = ScanSettings()
    tls: TlsSettings = TlsSettings()
    _folder: Path = PrivateAttr(default_factory=Path)
    _remarks: tuple[str, ...] = PrivateAttr(default=())

    @property
    def folder(self) -> Path:
        """The folder of the configuration file, beside which what it leaves out has its place."""
        return self._folder

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was let pass when the configuration was read, and should be mended all the same; in words."""
        return self._remarks

    def read_from(self, folder: Path, remarks: Iterable[str]) -> "Settings":
        """The same, with where it was read and what there is to say about that."""
        made = self.model_copy()
        made._folder, made._remarks = folder, tuple(dict.fromkeys(remarks))  # noqa: SLF001  # its own
        return made
