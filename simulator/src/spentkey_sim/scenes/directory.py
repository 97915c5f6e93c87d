"""Unfolds the scenes' applications into tenants and certificates."""

from collections.abc import Sequence

from spentkey_sim.making import Raw
from spentkey_sim.scenes.names import Names
from spentkey_sim.scenes.scene import App, Location, Secret


def app_id(app: App, names: Names) -> str:
    """The AppID of an application."""
    return names.guid("app", app.location.name, app.name)


def key_id(app: App, label: str, names: Names) -> str:
    """The id of the credential with that label, whether the application has it or not."""
    return names.guid("credential", app.location.name, app.name, label)


def certificate_name(app: App, label: str) -> str:
    """The name under which the world makes a certificate."""
    return f"{app.slug}-{label}"


def tenant(location: Location, apps: Sequence[App], names: Names) -> Raw:
    """A tenant with its one client and those applications that are registered in it."""
    return {
        "name": location.name,
        "tenant_id": location.tenant_id,
        "domain": location.domain,
        "subscription_id": location.subscription_id,
        "when": {"Onderwijs": location.onderwijs},
        "clients": [
            {
                "app_id": client_id(location, names),
                "secret": client_secret(location, names),
                "entry": location.entry,
                "roles": ["Application.ReadWrite.All"],
            }
        ],
        "applications": [_application(app, names) for app in apps if app.registered and app.location == location],
    }


def client_id(location: Location, names: Names) -> str:
    """The AppID that the automation signs in with."""
    return names.guid("client", location.name)


def client_secret(location: Location, names: Names) -> str:
    """The secret that the automation signs in with."""
    return names.client_secret("client", location.name)


def certificates(apps: Sequence[App]) -> Raw:
    """Every certificate that the world has to make, by name."""
    return {
        certificate_name(app, one.label): {
            "subject": f"CN={app.slug}",
            "not_before": one.begin,
            "not_after": one.end,
            "key": "rsa-2048",
        }
        for app in apps
        for one in app.certificates
    }


def _application(app: App, names: Names) -> Raw:
    protected = app.token_encryption
    return {
        "app_id": app_id(app, names),
        "object_id": names.guid("object", app.location.name, app.name),
        "display_name": app.name,
        "token_encryption_key_id": None if protected is None else key_id(app, protected, names),
        "owners_only": app.owners_only,
        "passwords": [_password(app, secret, names) for secret in app.secrets],
        "certificates": [
            {"key_id": key_id(app, one.label, names), "certificate": certificate_name(app, one.label)}
            for one in app.certificates
        ],
        "service_principal": {
            "object_id": names.guid("service-principal", app.location.name, app.name),
            "passwords": [_password(app, secret, names) for secret in app.principal_secrets],
        },
    }


def _password(app: App, secret: Secret, names: Names) -> Raw:
    return {
        "key_id": key_id(app, secret.label, names),
        "display_name": secret.label,
        "hint": names.hint(app.location.name, app.name, secret.label),
        "start": secret.begin,
        "end": secret.end,
    }
