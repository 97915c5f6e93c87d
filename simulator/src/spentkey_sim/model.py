"""The world in memory: what each simulated system holds. Plain dataclasses that rules and tests may change."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from spentkey_sim.hints import Hints


@dataclass(frozen=True)
class CertificateSpec:
    """A certificate to be made: `spentkey_sim.material` turns it into keys, DER and PFX bytes.

    With `der` the certificate is that one, whose private key only the makers of a world have.
    """

    subject: str
    not_before: datetime
    not_after: datetime
    key: str
    der: bytes | None = None


@dataclass
class PasswordCredential:
    """A client secret as Graph lists it. `start` and `end` are texts, so that a world may hold hostile ones."""

    key_id: str
    display_name: str | None
    hint: str | None
    start: str | None
    end: str | None
    custom_key_identifier: str | None = None
    shows: dict[str, Any] = field(default_factory=dict[str, Any])
    """What reads show in place of the real properties."""
    last_used: str | None = None
    """When somebody last signed in with it, as the report of uses tells; None: nobody on record."""


@dataclass
class KeyCredential:
    """A certificate as Graph lists it. `certificate` names an entry of the world's certificates, or is None."""

    key_id: str
    display_name: str | None
    certificate: str | None
    type: str
    usage: str
    start: str | None
    end: str | None
    sign_in_from: str | None = None
    """From when sign-in knows it; None: at once."""
    proof_from: str | None = None
    """From when a proof that it signed is taken; None: at once."""
    shows: dict[str, Any] = field(default_factory=dict[str, Any])
    """What reads show in place of the real properties."""
    last_used: str | None = None
    """When somebody last signed in with it, as the report of uses tells; None: nobody on record."""
    der: bytes | None = None
    """The certificate itself, where the world does not name it: nobody has its key."""


@dataclass
class Credentials:
    """The two credential lists that applications and service principals have alike."""

    passwords: list[PasswordCredential] = field(default_factory=list[PasswordCredential])
    certificates: list[KeyCredential] = field(default_factory=list[KeyCredential])


@dataclass
class ServicePrincipal(Credentials):
    """The service principal of an application in its own tenant."""

    object_id: str = ""
    app_roles: list[str] = field(default_factory=list[str])
    before: Credentials | None = None
    last_write: datetime | None = None
    type: str = "Application"
    owner_tenant: str | None = None
    """The tenant where its application is registered; None: this one."""
    signs_on_by: str | None = None
    """The way of single sign-on: saml, oidc, password; None: not set."""
    shows: dict[str, Any] = field(default_factory=dict[str, Any])
    """What reads show in place of the real properties, or beside them."""
    omits: tuple[str, ...] = ()
    """What reads leave out."""
    owners: list[str] = field(default_factory=list[str])
    """The user names of the people who own it."""


@dataclass(frozen=True)
class FederatedCredential:
    """Whose tokens an application signs in with: who issues them, for whom, and for which audience."""

    issuer: str
    subject: str
    audience: str


@dataclass(frozen=True)
class ManagedIdentity:
    """An identity that the platform keeps: `header` is what proves that a request comes from this machine."""

    client_id: str
    header: str
    roles: tuple[str, ...]


@dataclass
class Application(Credentials):
    """An app registration. `before` is how its lists stood ahead of the latest write; stale reads show that."""

    app_id: str = ""
    object_id: str = ""
    display_name: str = ""
    token_encryption_key_id: str | None = None
    sign_in_audience: str = "AzureADMyOrg"
    shows: dict[str, Any] = field(default_factory=dict[str, Any])
    """What reads show in place of the real properties, or beside them."""
    omits: tuple[str, ...] = ()
    """What reads leave out."""
    owners: list[str] = field(default_factory=list[str])
    """The user names of the people who own it."""
    owners_only: bool = False
    soft_deleted: bool = False
    deleted_at: datetime | None = None
    """When it was deleted; None for one that was deleted before the world began."""
    service_principal: ServicePrincipal | None = None
    federated: list[FederatedCredential] = field(default_factory=list[FederatedCredential])
    before: Credentials | None = None
    last_write: datetime | None = None
    created: str = "2021-03-01T08:00:00Z"
    notes: str | None = None
    tags: list[str] = field(default_factory=list[str])
    service_management_reference: str | None = None
    disabled: bool | None = None


@dataclass(frozen=True)
class Client:
    """Somebody who may log in with a secret. `entry` is the title in the vault that holds it, `end` its expiry."""

    app_id: str
    secret: str
    entry: str
    roles: tuple[str, ...]
    end: datetime | None


@dataclass(frozen=True)
class Removal:
    """A credential that was removed, as `GET /truth` tells it. `by` is the app id of the caller, or None for a person."""

    app_id: str
    key_id: str
    kind: str
    route: str
    at: str
    client_request_id: str | None
    expired: bool
    by: str | None = None


@dataclass(frozen=True)
class AuditEvent:
    """An event of the directory audit log: its number, when it happened, the object it is about, and what is shown."""

    number: int
    at: datetime
    target: str
    body: dict[str, Any]


class Population(Protocol):
    """Applications and service principals that are made when they are asked for, beside those that a world lists.

    A position is where one stands in the list of its collection. What was found is held from then on, and may change.
    """

    applications: int
    principals: int

    def application(self, at: int) -> Application:
        """The application at this position."""
        ...

    def holder(self, at: int) -> Application:
        """The application, registered here or elsewhere, whose service principal is at this position."""
        ...

    def find(self, by: str, value: str) -> Application | None:
        """The application of that object id or app id."""
        ...

    def find_holder(self, value: str) -> Application | None:
        """The application whose service principal has that object id or app id."""
        ...

    def candidates(self, collection: str, name: str, wanted: str, first: int) -> Iterable[int]:
        """The positions from one on whose object may have that id, or a display name that begins like that."""
        ...

    def held(self) -> Iterable[Application]:
        """The applications of this tenant that were found so far, and so may have changed."""
        ...

    def unchanged(self, collection: str, first: int, end: int) -> bool:
        """Whether none of those from one position up to another was found."""
        ...


@dataclass
class Tenant:
    """One Entra ID tenant."""

    name: str
    tenant_id: str
    domain: str
    subscription_id: str
    when: dict[str, str]
    clients: list[Client]
    applications: list[Application]
    managed_identities: list[ManagedIdentity] = field(default_factory=list[ManagedIdentity])
    removals: list[Removal] = field(default_factory=list[Removal])
    audit: list[AuditEvent] = field(default_factory=list[AuditEvent])
    foreign: list[Application] = field(default_factory=list[Application])
    """What is registered elsewhere, or nowhere, and has a service principal here."""
    population: Population | None = None
    hints: Hints = field(default_factory=Hints, repr=False, compare=False)


@dataclass(frozen=True)
class EntraOptions:
    """Where the documents leave room: see the schema for what each means."""

    proof_iss: str
    write_spacing_s: float
    page_size: int
    audit_delay_s: float = 900
    size: str = "L"
    keys_quota: str = "together"
    long_times: bool = False
    page_token_s: float = 0
    count_lag: int = 0
    use_report: str = "end-date-time"


@dataclass(frozen=True)
class ApiKey:
    """A Passwordstate API key: the lists that it may see, and whether it may download documents."""

    key: str
    lists: tuple[int, ...]
    documents: bool


AUTOMATIC_CERTIFICATE = "SSL_Self_Signed_Fallback"
"""What SQL Server calls the certificate that it makes at each start where it was given none."""


@dataclass(frozen=True)
class Database:
    """The SQL Server database of Passwordstate and the one login that may read the view.

    `certificate` names one of the world's, or SQL Server's automatic one; empty: the simulator's own. `encryption` is
    both, tds7 or strict; `intent` (of log-ins that are taken) any, read-only or read-write.
    """

    name: str
    login: str
    password: str
    instance: str = "PASSWORDSTATE"
    certificate: str = ""
    encryption: str = "both"
    intent: str = "any"


@dataclass
class Entry:
    """A password entry. `list` is the PasswordListID; `fields` are the GenericFields and whatever else it carries."""

    id: int
    list: int
    title: str
    username: str
    password: str
    description: str
    notes: str
    fields: dict[str, str]


@dataclass(frozen=True)
class PfxContent:
    """A document that is a PFX made from one of the world's certificates."""

    certificate: str
    password: str


@dataclass
class Document:
    """A document in the vault. `owner` is the PasswordID when `store` is "password"."""

    id: int
    store: str
    owner: int
    name: str
    content: PfxContent | bytes
    content_type: str | None


@dataclass
class Passwordstate:
    """The vault. `empty_search` is the status of a search without a hit: "404" or "200"."""

    build: str
    empty_search: str
    api_keys: list[ApiKey]
    database: Database
    entries: list[Entry]
    documents: list[Document]


@dataclass
class ServiceRequest:
    """An Ivanti service request and its parameters, in their order; a name may stand there twice."""

    rec_id: str
    number: int
    parameters: list[tuple[str, str | None]]
    created_by: str = "WorkflowEngine"


@dataclass(frozen=True)
class TaskWrite:
    """One write to a task, as it was applied."""

    at: str
    fields: dict[str, Any]


@dataclass
class Task:
    """An Ivanti task (Task#Assignment). `parent` is the number of its service request; `fields` are the extra ones."""

    rec_id: str
    number: int
    subject: str
    details: str
    status: str
    owner: str
    owner_team: str
    parent: int | None
    parent_category: str
    minutes: float
    read_only: bool
    created: datetime
    modified: datetime
    modified_by: str
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    writes: list[TaskWrite] = field(default_factory=list[TaskWrite])


@dataclass
class Note:
    """A journal note. `parent` is the RecId of the record that it hangs on."""

    rec_id: str
    parent: str
    parent_category: str
    category: str
    subject: str
    body: str
    created: datetime
    created_by: str
    fields: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class Behaviour:
    """What a tenant of Ivanti makes of what is written to it; see the schema for what each means."""

    minutes: str
    owner_shown: str
    owner_must_be_member: bool
    members: list[str]
    moves_on: dict[str, str]
    required_to_close: str
    prompt_to_close: bool
    empty_owner: str
    note_cut: int
    note_category: str
    words: str


@dataclass
class Ivanti:
    """The Ivanti tenant: its configuration and its records."""

    base: str
    api_key: str
    login_id: str
    teams: list[str]
    statuses: list[str]
    final_statuses: list[str]
    task_fields: list[str]
    owner_required_to_close: bool
    empty: str
    minutes_as: str
    notes_on_closed: str
    behaviour: Behaviour
    requests: list[ServiceRequest]
    tasks: list[Task]
    notes: list[Note]


@dataclass
class World:
    """Everything. `expect` is passed through to `GET /truth`; `memory` is for what a system keeps while it runs."""

    seed: int
    tenants: list[Tenant]
    certificates: dict[str, CertificateSpec]
    entra: EntraOptions
    passwordstate: Passwordstate
    ivanti: Ivanti
    expect: dict[str, Any]
    memory: dict[str, Any] = field(default_factory=dict[str, Any])
    hints: Hints = field(default_factory=Hints, repr=False, compare=False)


class Holder:
    """Holds the present world, so that a reset may put another in its place while every port stays open."""

    def __init__(self, world: World) -> None:
        self.world = world
