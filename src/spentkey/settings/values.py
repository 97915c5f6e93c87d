"""The kinds of values that settings have: how each is checked, and how a secret is read where it stands.

A secret is `{ file = … }`, `{ env = … }`, for the key of a service desk also `{ entry = … }`; a literal only from the environment, or
from a file that only its owner may read (mode 0600). It is read while it is validated, from the `Sources` that are pydantic's
validation context.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Annotated, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, StringConstraints, ValidationInfo

from spentkey.core.checkpoint import is_name
from spentkey.core.credential import Kind
from spentkey.core.secret import Secret
from spentkey.core.windows import read_freeze, read_window
from spentkey.settings.database_address import checked_address
from spentkey.settings.sources import SecretProblem, Sources, VaultEntry, read_secret

SHORTEST_KEY = 32
"""Fewest characters of a key that opens the service; such keys are made, not thought up."""
LONGEST_ORIGIN = 200
"""Most characters of the log's own name."""
UUID_PATTERN = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


def _https(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and parts.hostname and parts.port != 0
    except ValueError:  # a port out of range, or brackets around no IPv6 address
        parts, usable = None, False
    if not usable or parts is None or "@" in parts.netloc or not url.isprintable() or set(url) & set("?# \\"):
        if parts is not None and parts.scheme == "http":
            raise ValueError("must begin with https, not http: keys and secrets would cross the network in the clear")
        raise ValueError("must be an address such as https://itsm.example.org, without user, query or fragment")
    return url.rstrip("/").removesuffix("/api")


def _whole_https(url: str) -> str:
    _https(url)
    return url


def _signed_answers(url: str) -> str:
    _https(re.sub(r"^http:", "https:", url, flags=re.IGNORECASE))
    return url


def _protected(entry: str) -> str:
    pattern = entry.removeprefix("name:").strip()
    if not (pattern if entry.startswith("name:") else re.fullmatch(UUID_PATTERN, entry)):
        raise ValueError("must be an AppID, or name: and a pattern such as name:Billing-*")
    return entry


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name in the IANA database; raises ValueError, in words, for a name that is not there."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError for a folder of zones, such as Europe
        raise ValueError(f"{name!r} is no time zone such as Europe/Brussels or UTC") from None


def _window(text: str) -> str:
    return read_window(text, zone_of).text


def _freeze(text: str) -> str:
    return read_freeze(text, zone_of).text


def _duration(given: object) -> object:
    found = re.fullmatch(r"([1-9][0-9]{0,6})(s|m|h|d)", given.strip()) if isinstance(given, str) else None
    if not found:
        raise ValueError('must be a number and a unit, such as "30m", "1h" or "7d"')
    return timedelta(seconds=int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]])


def _origin(name: str) -> str:
    if not is_name(name) or len(name) > LONGEST_ORIGIN:
        raise ValueError(f"must be a name without blanks and plus signs, of at most {LONGEST_ORIGIN} characters")
    return name


def _words_once(words: Mapping[str, Kind]) -> Mapping[str, Kind]:
    if len({word.casefold() for word in words}) < max(1, len(words)):
        raise ValueError('must have each word once, such as { Secret = "secret", Cert = "certificate" }')
    return words


def _sources(info: ValidationInfo) -> Sources:
    return cast("Mapping[str, Sources]", info.context)["sources"]


def _at_path(path: Path, info: ValidationInfo) -> Path:
    try:
        return (_sources(info).folder / path.expanduser()).absolute()
    except RuntimeError:
        raise ValueError("begins with ~ and no such user is known") from None


def _judged(path: Path, info: ValidationInfo, *, secret: bool) -> Path:
    """Refuse a file that others may write, or as a secret read; whether it is there shows when it is used."""
    modes = _sources(info).modes
    try:
        seen = path.stat()
    except (OSError, ValueError):
        return path
    if modes is not None and (problem := modes.why_not(path, seen, secret=secret)):
        raise ValueError(f"the file {path} {problem}")
    return path


def _trusted(path: Path, info: ValidationInfo) -> Path:
    return _judged(path, info, secret=False)


def _private_key(path: Path, info: ValidationInfo) -> Path:
    return _judged(path, info, secret=True)


def _remarked(path: Path, info: ValidationInfo) -> Path:
    """A secret that is judged whenever it is read: what is let pass all the same is said now, and nothing is refused."""
    with suppress(ValueError):
        _judged(path, info, secret=True)
    return path


def _host_and_port(listen: str) -> str:
    host, _, port = listen.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    known = bare == "localhost" or ip_address_or_none(bare) is not None
    if not known or (":" in bare) != (bare != host) or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError("must be an address of this machine and a port, such as 127.0.0.1:8400 or [::1]:8400")
    return listen


def _host_name(name: str) -> str:
    lower = name.strip().lower().removesuffix(".")
    known = re.fullmatch(r"[a-z0-9]([a-z0-9_-]{0,62}\.?)*", lower, re.ASCII) and len(lower) <= 253
    if ip_address_or_none(lower) is None and not known:
        raise ValueError("must be a name without port such as spentkey.example.org, or an address")
    return lower


def ip_address_or_none(text: str) -> IPv4Address | IPv6Address | None:
    """The address that a text is, or None where it is a name or nothing of the kind."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def _select(query: str) -> str:
    bare = query.strip()
    single = bare.count("?") == 1 and bare.lower().startswith("select") and ";" not in bare.rstrip("; ")
    if bare and not single:
        raise ValueError("must be a single SELECT with exactly one ?, the PasswordID")
    return query


def _secret_or_entry(given: object, info: ValidationInfo) -> Secret | VaultEntry:
    return read_secret(given, _sources(info))


def _secret(given: object, info: ValidationInfo) -> Secret:
    secret = _secret_or_entry(given, info)
    if isinstance(secret, VaultEntry):
        raise SecretProblem("{ entry = … } is only for the key of a service desk")
    return secret


def _long_enough(key: Secret) -> Secret:
    if len(key.reveal()) < SHORTEST_KEY:
        raise ValueError(f"must have at least {SHORTEST_KEY} characters: openssl rand -hex 32 makes one")
    return key


def _postgresql(url: Secret, info: ValidationInfo) -> Secret:
    private = bool(info.data.get("private_network"))
    checked_address(url.reveal(), _sources(info).environment, private_network=private)
    return url


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Url = Annotated[str, AfterValidator(_https)]
WholeUrl = Annotated[str, AfterValidator(_whole_https)]
"""An address that is used as it stands."""
PlainUrl = Annotated[str, AfterValidator(_signed_answers)]
"""The same, which may begin with http: for a system that is shown nothing secret, and whose answers are signed."""
Uuid = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=UUID_PATTERN)]
FilePath = Annotated[Path, AfterValidator(_at_path)]
TrustedPath = Annotated[FilePath, AfterValidator(_trusted)]
"""A file that is believed, such as one of authorities: nobody else may write it."""
KeyPath = Annotated[FilePath, AfterValidator(_private_key)]
"""A file with a private key: nobody else may write it, and not everybody read it."""
RemarkedPath = Annotated[FilePath, AfterValidator(_remarked)]
"""A secret of one tenant: it is refused when that tenant is signed in to, and stops no other."""
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
FieldNameOrNone = Annotated[str, StringConstraints(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")]
LoginName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
"""A time such as `1h`: a whole number of seconds, minutes, hours or days."""
Origin = Annotated[Text, AfterValidator(_origin)]
"""The log's own name, as notes write names (c2sp.org/signed-note)."""
SecretTypes = Annotated[Mapping[Text, Kind], AfterValidator(_words_once)]
ProtectedEntry = Annotated[Text, AfterValidator(_protected)]
WindowText = Annotated[str, AfterValidator(_window)]
FreezeText = Annotated[str, AfterValidator(_freeze)]
HostName = Annotated[str, AfterValidator(_host_name)]
HostAndPort = Annotated[str, AfterValidator(_host_and_port)]
SelectQuery = Annotated[str, AfterValidator(_select)]
SecretValue = Annotated[Secret, BeforeValidator(_secret)]
SecretOrEntry = Annotated[Secret | VaultEntry, BeforeValidator(_secret_or_entry)]
ServiceKey = Annotated[SecretValue, AfterValidator(_long_enough)]
PostgresUrl = Annotated[SecretValue, AfterValidator(_postgresql)]
