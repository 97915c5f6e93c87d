"""Reads the Entra part of a world: tenants, their clients, applications and credentials."""

import base64
from typing import Any

from cryptography import x509

from spentkey_sim.clock import wire_time
from spentkey_sim.entra.population import Generated, Shares
from spentkey_sim.making import Making, Raw, WorldError
from spentkey_sim.model import (
    Application,
    CertificateSpec,
    Client,
    EntraOptions,
    FederatedCredential,
    KeyCredential,
    ManagedIdentity,
    PasswordCredential,
    ServicePrincipal,
    Tenant,
)

Specs = dict[str, CertificateSpec]
CREATED = "2021-03-01T08:00:00Z"
"""When an application was made of which a world does not say it."""


def certificates(raw: dict[str, Raw], making: Making) -> Specs:
    """The certificates that are to be made, by name."""
    return {name: _spec(name, spec, making) for name, spec in raw.items()}


def _spec(name: str, raw: Raw, making: Making) -> CertificateSpec:
    where = f"certificates.{name}"
    if "der" in raw:
        return _given(raw["der"], where)
    begin = making.moment(raw.get("not_before", "-30d"), f"{where}.not_before").replace(microsecond=0)
    end = making.moment(raw.get("not_after", "+1y"), f"{where}.not_after").replace(microsecond=0)
    if end <= begin:
        raise WorldError(f"{where}: not_after is not later than not_before")
    subject = raw.get("subject", f"CN={name}")
    if not subject.startswith("CN=") or not 3 < len(subject) <= 67:
        raise WorldError(f"{where}.subject: {subject!r} is not CN= with 1 to 64 characters")
    return CertificateSpec(subject, begin, end, raw.get("key", "rsa-2048"))


def _given(encoded: str, where: str) -> CertificateSpec:
    """A certificate that the world brings along."""
    try:
        der = base64.b64decode(encoded, validate=True)
        given = x509.load_der_x509_certificate(der)
    except ValueError:
        raise WorldError(f"{where}.der: not a certificate in base64") from None
    return CertificateSpec(f"CN={where}", given.not_valid_before_utc, given.not_valid_after_utc, "rsa-2048", der)


def options(raw: Raw) -> EntraOptions:
    """The choices where Microsoft's documents leave room."""
    return EntraOptions(
        proof_iss=raw.get("proof_iss", "object-id"),
        write_spacing_s=raw.get("write_spacing_s", 0),
        page_size=raw.get("page_size", 100),
        audit_delay_s=raw.get("audit_delay_s", 900),
        size=raw.get("size", "L"),
        keys_quota=raw.get("keys_quota", "together"),
        long_times=raw.get("long_times", False),
        page_token_s=raw.get("page_token_s", 0),
        count_lag=raw.get("count_lag", 0),
        use_report=raw.get("use_report", "end-date-time"),
    )


def tenants(raw: list[Raw], specs: Specs, making: Making) -> list[Tenant]:
    """Every tenant, in order."""
    made = [_tenant(tenant, specs, making) for tenant in raw]
    for key in ("name", "tenant_id", "domain"):
        _distinct([getattr(tenant, key) for tenant in made], f"tenants: two have the same {key}")
    return made


def _distinct(values: list[str], complaint: str) -> None:
    if len({value.lower() for value in values}) != len(values):
        raise WorldError(complaint)


def _tenant(raw: Raw, specs: Specs, making: Making) -> Tenant:
    name: str = raw["name"]
    made = Tenant(
        name=name,
        tenant_id=raw.get("tenant_id", making.guid("tenant", name)).lower(),
        domain=raw.get("domain", f"{name}.onmicrosoft.com").lower(),
        subscription_id=raw.get("subscription_id", making.guid("subscription", name)),
        when=dict(raw.get("when", {})),
        clients=[_client(name, n, client, making) for n, client in enumerate(raw.get("clients", [{}]))],
        applications=[application(name, n, app, specs, making) for n, app in enumerate(raw.get("applications", []))],
        foreign=[_foreign(name, n, one, specs, making) for n, one in enumerate(raw.get("service_principals", []))],
        managed_identities=[_managed(one) for one in raw.get("managed_identities", [])],
    )
    made.population = _population(made, raw["generated"], making) if "generated" in raw else None
    _distinct([app.app_id for app in made.applications], f"tenants.{name}: two applications have the same app_id")
    _distinct([app.object_id for app in made.applications], f"tenants.{name}: two applications have one object_id")
    _distinct([client.app_id for client in made.clients], f"tenants.{name}: two clients have the same app_id")
    return made


def _client(tenant: str, n: int, raw: Raw, making: Making) -> Client:
    return Client(
        app_id=raw.get("app_id", making.guid("client", tenant, n)).lower(),
        secret=raw.get("secret", making.token("client", tenant, n)),
        entry=raw.get("entry", f"sys_{tenant}" if n == 0 else f"sys_{tenant}_{n}"),
        roles=tuple(raw.get("roles", ["Application.ReadWrite.All"])),
        end=making.moment(raw["end"], f"tenants.{tenant}.clients[{n}].end") if raw.get("end") else None,
    )


def _managed(raw: Raw) -> ManagedIdentity:
    roles = tuple(raw.get("roles", ["Application.ReadWrite.All"]))
    return ManagedIdentity(raw["client_id"].lower(), raw["header"], roles)


def _federated(raw: Raw) -> FederatedCredential:
    return FederatedCredential(raw["issuer"], raw["subject"], raw.get("audience", "api://AzureADTokenExchange"))


def _population(tenant: Tenant, raw: Raw, making: Making) -> Generated:
    """The part of the tenant that is made of a seed."""
    seed = f"{raw.get('seed', making.seed)}/{tenant.tenant_id}"
    count: int = raw.get("applications", 0)
    principals: int = raw.get("service_principals", count)
    return Generated(seed, tenant.tenant_id, making.now, count, principals, Shares.of(raw))


def _foreign(tenant: str, n: int, raw: Raw, specs: Specs, making: Making) -> Application:
    """A service principal whose application is registered elsewhere, or nowhere."""
    names = ("foreign", tenant, n)
    return Application(
        app_id=raw.get("app_id", making.guid("app", *names)).lower(),
        display_name=raw.get("display_name", f"Other {n + 1}"),
        service_principal=_service_principal(names, raw, specs, making),
    )


def application(tenant: str, n: int, raw: Raw, specs: Specs, making: Making) -> Application:
    """The application that stands at number `n` in a tenant."""
    names = ("application", tenant, n)
    return Application(
        app_id=raw.get("app_id", making.guid("app", *names)).lower(),
        object_id=raw.get("object_id", making.guid("object", *names)).lower(),
        display_name=raw.get("display_name", f"App {n + 1}"),
        token_encryption_key_id=raw.get("token_encryption_key_id"),
        sign_in_audience=raw.get("sign_in_audience", "AzureADMyOrg"),
        owners=list(raw.get("owners", [])),
        owners_only=raw.get("owners_only", False),
        soft_deleted=raw.get("soft_deleted", False),
        shows=dict(raw.get("shows", {})),
        omits=tuple(raw.get("omits", ())),
        created=making.wire(raw.get("created")) or CREATED,
        notes=raw.get("notes"),
        tags=list(raw.get("tags", [])),
        service_management_reference=raw.get("service_management_reference"),
        federated=[_federated(one) for one in raw.get("federated", [])],
        service_principal=_service_principal(names, raw.get("service_principal", {}), specs, making),
        **_credentials(names, raw, specs, making),
    )


def _service_principal(
    names: tuple[object, ...], raw: Raw | None, specs: Specs, making: Making
) -> ServicePrincipal | None:
    if raw is None:
        return None
    return ServicePrincipal(
        object_id=raw.get("object_id", making.guid("service-principal", *names)).lower(),
        app_roles=list(raw.get("app_roles", [])),
        type=raw.get("type", "Application"),
        owner_tenant=raw.get("owner_tenant"),
        signs_on_by=raw.get("signs_on_by"),
        shows=dict(raw.get("shows", {})),
        omits=tuple(raw.get("omits", ())),
        owners=list(raw.get("owners", [])),
        **_credentials(("service-principal", *names), raw, specs, making),
    )


def _credentials(names: tuple[object, ...], raw: Raw, specs: Specs, making: Making) -> dict[str, Any]:
    return {
        "passwords": [password((*names, n), one, making) for n, one in enumerate(raw.get("passwords", []))],
        "certificates": [
            certificate((*names, n), one, specs, making) for n, one in enumerate(raw.get("certificates", []))
        ],
    }


def password(names: tuple[object, ...], raw: Raw, making: Making) -> PasswordCredential:
    """A client secret."""
    return PasswordCredential(
        key_id=raw.get("key_id", making.guid("password", *names)),
        display_name=raw.get("display_name"),
        hint=raw.get("hint", making.token("hint", *names)[:3]),
        start=making.wire(raw.get("start", "-400d")),
        end=making.wire(raw.get("end", "+1y")),
        custom_key_identifier=raw.get("custom_key_identifier"),
        shows=dict(raw.get("shows", {})),
        last_used=making.wire(raw.get("last_used")),
    )


def certificate(names: tuple[object, ...], raw: Raw, specs: Specs, making: Making) -> KeyCredential:
    """A certificate."""
    name: str | None = raw.get("certificate")
    spec = specs.get(name) if name is not None else None
    if name is not None and spec is None:
        raise WorldError(f"certificates: there is none of the name {name!r} that an application has")
    start, end = raw.get("start"), raw.get("end")
    return KeyCredential(
        key_id=raw.get("key_id", making.guid("certificate", *names)),
        display_name=raw.get("display_name", spec.subject if spec else None),
        certificate=name,
        type=raw.get("type", "AsymmetricX509Cert"),
        usage=raw.get("usage", "Verify"),
        start=wire_time(spec.not_before) if start is None and spec else making.wire(start),
        end=wire_time(spec.not_after) if end is None and spec else making.wire(end),
        sign_in_from=making.wire(raw.get("sign_in_from")),
        proof_from=making.wire(raw.get("proof_from")),
        shows=dict(raw.get("shows", {})),
        last_used=making.wire(raw.get("last_used")),
    )
