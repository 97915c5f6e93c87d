"""By which names the service is asked, and which pages of browsers may write: what a request says of itself is checked.

A name that is not ours is a page that points its own name at our address (DNS rebinding), or a proxy that mixes up its
sites. Names alone count, not ports: a container or a proxy maps those.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from spentkey.settings.schema import ServiceSettings
from spentkey.settings.values import ip_address_or_none

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Hosts:
    """The names and addresses that are ours, besides loopback, in lower case; `*.` at the beginning stands for one label."""

    names: frozenset[str] = frozenset()

    def has(self, host: str, local: str | None) -> bool:
        """Whether a `Host` header names us; `local` is the address that the connection came to."""
        name = name_of(host)
        if name is None:
            return False
        address = ip_address_or_none(name)
        if address is not None:
            here = ip_address_or_none(local or "")
            return address.is_loopback or address == here or str(address) in self.names
        _, dot, parent = name.partition(".")
        return name == "localhost" or name in self.names or bool(dot and f"*.{parent}" in self.names)


def name_of(host: str) -> str | None:
    """The name in `name:port`, in lower case, without brackets and the dot at the end; None where there is none."""
    try:
        parts = urlsplit("//" + host)
        _ = parts.port  # raises where it is no number
        name = (parts.hostname or "").removesuffix(".")
    except ValueError:
        return None
    plain = host.isascii() and not set(host) & set("@/\\?#%*, ")
    return name if plain and name else None


def network_of(address: str) -> str:
    """Whom an address is counted for: itself, and in IPv6 its /64, of which one machine has all."""
    found = ip_address_or_none(address.partition("%")[0])
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))


def hosts_of(service: ServiceSettings) -> Hosts:
    """The address of `listen`, the names of the certificate and `service.hosts`."""
    given = (service.host, *service.hosts)
    certificate = () if service.tls is None else names_in(service.tls.certificate)
    return Hosts(frozenset(_plain(one) for one in (*given, *certificate)))


def _plain(name: str) -> str:
    address = ip_address_or_none(name)
    return str(address) if address is not None else name.lower().removesuffix(".")


def names_in(certificate: Path) -> Iterable[str]:
    """The subject alternative names of the first certificate in a PEM file; none where it has none or cannot be read."""
    try:
        read = x509.load_pem_x509_certificate(certificate.read_bytes())
        names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return ()
    addresses = [str(one) for one in names.get_values_for_type(x509.IPAddress)]
    return (*names.get_values_for_type(x509.DNSName), *addresses)


def is_foreign(method: str, headers: Mapping[str, str], scheme: str) -> bool:
    """Whether a page of another site sends this, by what its browser says; names of headers are in lower case.

    A client that is no browser says neither. `Sec-Fetch-Site: none` is a person who typed the address.
    """
    if method in SAFE:
        return False
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return True
    return origin is not None and _authority(origin, None) != _authority(
        f"{scheme}://{headers.get('host', '')}", scheme
    )


def _authority(url: str, scheme: str | None) -> tuple[str, str, int | None] | None:
    """Scheme, name and port of an origin; None never equals what `Host` says."""
    try:
        parts = urlsplit(url)
        name, port = (parts.hostname or "").removesuffix("."), parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None
    known = parts.scheme in PORTS and name and not parts.path and not parts.query and not parts.fragment
    if not known:
        return None if scheme is None else (scheme, "", None)
    return parts.scheme, name, port
