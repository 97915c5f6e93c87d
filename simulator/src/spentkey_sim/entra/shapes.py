"""Applications and service principals as Graph writes them.

Shapes: learn.microsoft.com/graph/api/resources/application, .../keycredential, .../passwordcredential.
"""

import base64
import hashlib
import re
import uuid
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from spentkey_sim import material
from spentkey_sim.model import Application, Credentials, KeyCredential, PasswordCredential, ServicePrincipal, World

JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
"""The type of every answer with a body."""
_TIMES = frozenset({"startDateTime", "endDateTime"})
_SHORT = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z$")


def application(world: World, app: Application, shown: Credentials, *, with_keys: bool) -> dict[str, Any]:
    """An application with every property that this simulator knows. LEDGER: E-65, a world may have it show odd ones."""
    return {
        "id": app.object_id,
        "deletedDateTime": None,
        "appId": app.app_id,
        "createdByAppId": None,
        "createdDateTime": app.created,
        "description": None,
        "disabledByMicrosoftStatus": None,
        "displayName": app.display_name,
        "identifierUris": [],
        "isDisabled": app.disabled,
        "notes": app.notes,
        "publisherDomain": None,
        "serviceManagementReference": app.service_management_reference,
        "signInAudience": app.sign_in_audience,
        "tags": app.tags,
        "tokenEncryptionKeyId": app.token_encryption_key_id,
        "requiredResourceAccess": [],
        **_lists(world, shown, with_keys=with_keys),
        **app.shows,
    }


def service_principal(
    world: World, tenant_id: str, app: Application, principal: ServicePrincipal, shown: Credentials, *, with_keys: bool
) -> dict[str, Any]:
    """A service principal with every property that this simulator knows. LEDGER: E-79, its kind and whose it is."""
    return {
        "id": principal.object_id,
        "deletedDateTime": None,
        "accountEnabled": True,
        "appDisplayName": app.display_name,
        "appId": app.app_id,
        "appOwnerOrganizationId": principal.owner_tenant or tenant_id,
        "disabledByMicrosoftStatus": None,
        "displayName": app.display_name,
        "isDisabled": None,
        "notes": None,
        "notificationEmailAddresses": [],
        "preferredSingleSignOnMode": principal.signs_on_by,
        "preferredTokenSigningKeyThumbprint": None,
        "servicePrincipalNames": [app.app_id],
        "servicePrincipalType": principal.type,
        "signInAudience": app.sign_in_audience,
        "tags": [],
        "tokenEncryptionKeyId": None,
        **_lists(world, shown, with_keys=with_keys),
        **principal.shows,
    }


def owner(name: str, *, named: bool) -> dict[str, Any]:
    """A user who owns an object. LEDGER: E-85, whoever may not read users sees the id alone."""
    known: dict[str, Any] = {
        "displayName": name,
        "mail": name if "@" in name else None,
        "userPrincipalName": name,
        "accountEnabled": True,
    }
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        **{field: value if named else None for field, value in known.items()},
    }


def _lists(world: World, shown: Credentials, *, with_keys: bool) -> dict[str, Any]:
    keys = [key_credential(world, one, with_key=with_keys) for one in shown.certificates]
    passwords = [_password(one) for one in shown.passwords]
    if world.entra.long_times and not with_keys:
        keys, passwords = [_long(one) for one in keys], [_long(one) for one in passwords]
    return {"keyCredentials": keys, "passwordCredentials": passwords}


def _long(entry: dict[str, Any]) -> dict[str, Any]:
    """LEDGER: E-67, a time of whole seconds with seven decimals."""
    return {
        name: _SHORT.sub(r"\1.0000000Z", value) if name in _TIMES and value else value for name, value in entry.items()
    }


def key_credential(world: World, one: KeyCredential, *, with_key: bool) -> dict[str, Any]:
    """A certificate. LEDGER: E-36, E-37, its key only on request, its thumbprint in upper-case hexadecimal digits."""
    return {
        "customKeyIdentifier": thumbprint(world, one),
        "displayName": one.display_name,
        "endDateTime": one.end,
        "key": encoded(world, one) if with_key else None,
        "keyId": one.key_id,
        "startDateTime": one.start,
        "type": one.type,
        "usage": one.usage,
        **one.shows,
    }


def thumbprint(world: World, one: KeyCredential) -> str | None:
    """SHA-1 of the certificate, which is what the portal shows too."""
    if one.der is not None:
        return hashlib.sha1(one.der).hexdigest().upper()
    if one.certificate is None:
        return None
    certificate = material.certificate(world, one.certificate)
    return certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - an identifier, fixed by Graph


def encoded(world: World, one: KeyCredential) -> str | None:
    """The certificate in base64, or None when nobody has it."""
    if one.der is not None:
        return base64.b64encode(one.der).decode()
    if one.certificate is None:
        return None
    return base64.b64encode(material.certificate(world, one.certificate).public_bytes(Encoding.DER)).decode()


def _password(one: PasswordCredential) -> dict[str, Any]:
    return {
        "customKeyIdentifier": one.custom_key_identifier,
        "displayName": one.display_name,
        "endDateTime": one.end,
        "hint": one.hint,
        "keyId": one.key_id,
        "secretText": None,
        "startDateTime": one.start,
        **one.shows,
    }
