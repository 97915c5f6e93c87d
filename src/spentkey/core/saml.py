"""Signing groups: the credentials of one SAML signing certificate, which belong together and are never taken apart.

A self-signed token-signing certificate is kept as three entries: a `Sign` key, a `Verify` key, and a password that
protects the private key. All three share `customKeyIdentifier`; the password and the `Sign` key also share `keyId`
(learn.microsoft.com/graph/api/serviceprincipal-addtokensigningcertificate). Removing one of them alone breaks the
group, whichever it is.
"""

import base64
import binascii
import re

from spentkey.core.credential import Credential, Target

_HEX_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}", re.ASCII)


def signing_group(holder: Target, key_id: str) -> tuple[Credential, ...]:
    """The entries that belong together with `key_id` because one of them signs; empty when none of them does."""
    if not any(one.usage == "Sign" for one in holder.entries):
        return ()
    named = holder.holding(key_id)
    thumbprints = {thumbprint for one in named if (thumbprint := _thumbprint(one)) is not None}
    group = tuple(one for one in holder.entries if one in named or _thumbprint(one) in thumbprints)
    return group if any(one.usage == "Sign" for one in group) else ()


def _thumbprint(credential: Credential) -> bytes | None:
    """`customKeyIdentifier` in one form: Graph shows a thumbprint as 40 hexadecimal digits, or as base64 of its bytes."""
    text = credential.custom_key_identifier
    if not text:
        return None
    if _HEX_THUMBPRINT.fullmatch(text):
        return bytes.fromhex(text)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode("utf-8", "surrogatepass")
