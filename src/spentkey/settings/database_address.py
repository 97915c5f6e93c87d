"""What the address of the database must say: which servers, and that nobody can stand in for one of them.

The address is read here as libpq reads it, without loading the driver, which is an extra.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote

SCHEME = "postgresql://"
VARIABLES = ("PGSERVICE", "PGHOSTADDR", "PGOPTIONS", "PGPASSFILE")
"""Variables of libpq that lead elsewhere, or change what a session does, beside an address that does not say so."""
VERIFIED = "verify-full"


@dataclass(frozen=True)
class DatabaseAddress:
    """The parts of an address that decide who answers."""

    hosts: tuple[str, ...]
    """Names, IP addresses, or folders of sockets; an empty one is libpq's own socket."""
    sslmode: str
    service: bool
    """Whether it names a service, whose file may say anything."""

    @property
    def stays_here(self) -> bool:
        """Whether nothing of it leaves this machine."""
        return all(_is_here(host) for host in self.hosts)


def read_address(url: str) -> DatabaseAddress:
    """Take an address apart; raises ValueError, without quoting it, for what is none."""
    if not url.startswith(SCHEME):
        raise ValueError("must be an address such as postgresql://user:password@host/spentkey")
    rest = url.removeprefix(SCHEME)
    login, at, network = rest.partition("@")
    where, _, query = (network if at and "/" not in login else rest).partition("?")  # a password may hold a ?
    said = dict(_pair(one) for one in query.split("&") if one)  # of two the last one holds
    named = ",".join(_host(one) for one in where.partition("/")[0].split(","))
    hosts = said.get("hostaddr") or said.get("host") or named
    sslmode = "require" if said.get("ssl") == "true" and "sslmode" not in said else said.get("sslmode", "")
    return DatabaseAddress(tuple(hosts.split(",")), sslmode, "service" in said)


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return unquote(name), unquote(value)


def _host(text: str) -> str:
    """A host without its port; an IPv6 address stands in brackets."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return unquote(text.partition(":")[0])


def _is_here(host: str) -> bool:
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def checked_address(url: str, environment: Mapping[str, str], *, private_network: bool) -> None:
    """Raise ValueError, in words, where somebody else than the server could answer, or a variable would decide who does."""
    address = read_address(url)
    given = [name for name in VARIABLES if environment.get(name)]
    if given:
        names = " and ".join(given)
        raise ValueError(f"{names} of the environment would count beside this address; unset it and say it here")
    if address.service:
        raise ValueError("names a service; name the host, the user and the database themselves")
    if not address.stays_here and address.sslmode != VERIFIED and not private_network:
        raise ValueError(
            f"must have sslmode={VERIFIED} and sslrootcert, for the server is on another machine; or set "
            "engine.private_network = true where nobody else is on the network between them"
        )
