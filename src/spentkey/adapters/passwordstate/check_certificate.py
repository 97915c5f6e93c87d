"""What `spentkey check` says about the SQL Server's certificate: what it is, and the line that mends it."""

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from spentkey.adapters.passwordstate.reasons import DATABASE_AWAY
from spentkey.adapters.passwordstate.sql_certificate import Look, NoHandshakeError, look
from spentkey.adapters.passwordstate.sql_server import Database
from spentkey.core.errors import Outage
from spentkey.core.finding import Finding, FindingState
from spentkey.core.sanitize import plain

WHAT = "certificate"
AUTOMATIC = "SSL_Self_Signed_Fallback"
"""The name of the certificate that SQL Server makes at each start where it was given none."""
EXPIRED, NOT_YET, NO_ISSUER, SELF_SIGNED, SELF_SIGNED_CHAIN, UNVERIFIED_LEAF = 10, 9, 20, 18, 19, 21
OTHER_NAME, OTHER_ADDRESS = 62, 64
"""Codes of OpenSSL (openssl/x509_vfy.h)."""
_ISSUER_CODES = (NO_ISSUER, SELF_SIGNED, SELF_SIGNED_CHAIN, UNVERIFIED_LEAF)
GIVE = (
    "let the database administrator give SQL Server a certificate with the name {name} (SQL Server Configuration Manager > "
    "SQL Server Network Configuration > Protocols > Certificate) and restart it"
)
PIN = (
    "; or save this one as passwordstate.database.server_certificate, after its SHA-256 was compared with the "
    "database administrator's"
)
_MOST_NAMES = 5


async def certificate_finding(system: str, database: Database) -> Finding:
    """Look at the certificate, as the configuration has it, and where that kind of TLS is not taken as the other."""
    strict = database.encrypt == "strict"
    try:
        return judged(system, database, await look(database, strict=strict))
    except Outage as problem:
        fix = "start SQL Server Browser and open UDP 1434, or set passwordstate.database.port"
        return Finding(system, WHAT, FindingState.FAIL, str(problem), fix)
    except NoHandshakeError:
        return await _other_kind(system, database, strict=strict)
    except (OSError, TimeoutError):
        fix = "check passwordstate.database.server and port, and the firewall between"
        return Finding(system, WHAT, FindingState.FAIL, str(DATABASE_AWAY()), fix)


async def _other_kind(system: str, database: Database, *, strict: bool) -> Finding:
    try:
        await look(database, strict=not strict)
    except (NoHandshakeError, OSError, TimeoutError, Outage):
        message = "the server offers no TLS 1.2 or later, or is no SQL Server"
        fix = "check passwordstate.database.server and port, and the server's TLS versions"
        return Finding(system, WHAT, FindingState.FAIL, message, fix)
    if strict:
        message = "the server does not take TDS 8.0, which SQL Server has from 2022 on"
        return Finding(system, WHAT, FindingState.FAIL, message, 'set passwordstate.database.encrypt = "yes"')
    message = "the server takes TDS 8.0 alone (Force Strict Encryption)"
    return Finding(system, WHAT, FindingState.FAIL, message, 'set passwordstate.database.encrypt = "strict"')


def judged(system: str, database: Database, seen: Look) -> Finding:
    """The finding for what was shown."""
    try:
        shown = x509.load_der_x509_certificate(seen.der)
        about = described(shown)
        fault = _pin_fault(database, seen) if database.pin is not None else _fault(database, seen, shown)
    except ValueError:
        message = f"it cannot be read ({seen.why or 'no certificate in DER'})"
        return Finding(system, WHAT, FindingState.FAIL, message, GIVE.format(name=database.expected_name))
    if fault is not None:
        why, fix = fault
        return Finding(system, WHAT, FindingState.FAIL, f"{why}: {about}", fix)
    if database.pin is None and _is_address(database.expected_name):
        fix = "name the server by a name of its certificate: Microsoft's ODBC driver does not match addresses"
        return Finding(system, WHAT, FindingState.WARN, about, fix)
    return Finding(system, WHAT, FindingState.OK, about)


def described(certificate: x509.Certificate) -> str:
    """Subject, names, issuer, end and SHA-256, in one line."""
    subject, issuer = (plain(one.rfc4514_string()) for one in (certificate.subject, certificate.issuer))
    names = _names(certificate)
    shown = ", ".join(plain(name) for name in names[:_MOST_NAMES]) or "none"
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    end = certificate.not_valid_after_utc.isoformat()
    return f"subject {subject}; names {shown}{more}; issuer {issuer}; ends {end}; SHA-256 {_sha256(certificate)}"


def _sha256(certificate: x509.Certificate | bytes) -> str:
    der = certificate if isinstance(certificate, bytes) else certificate.public_bytes(Encoding.DER)
    return sha256(der).hexdigest()


def _names(certificate: x509.Certificate) -> list[str]:
    """The names that a client compares: the alternative ones, or the subject's where there are none."""
    return list(_alternative_names(certificate)) or list(_common_names(certificate))


def _alternative_names(certificate: x509.Certificate) -> Iterator[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    yield from found.get_values_for_type(x509.DNSName)
    yield from (str(address) for address in found.get_values_for_type(x509.IPAddress))


def _common_names(certificate: x509.Certificate) -> Sequence[str]:
    return [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]


def _pin_fault(database: Database, seen: Look) -> tuple[str, str] | None:
    if seen.der == database.pin:
        return None
    pin = _sha256(database.pin or b"")
    why = f"it is not the one of passwordstate.database.server_certificate (SHA-256 {pin})"
    fix = "ask the database administrator whether it was replaced; compare the SHA-256 with theirs, then save it in that file"
    return why, fix


def _fault(database: Database, seen: Look, shown: x509.Certificate) -> tuple[str, str] | None:
    """Why the certificate is not believed, and the line that mends it; None where it is."""
    if not seen.code:
        return None
    name = database.expected_name
    if AUTOMATIC in _common_names(shown):
        return (
            "it is SQL Server's automatic one, made anew at each start, which nobody vouches for",
            GIVE.format(name=name),
        )
    if seen.code in (EXPIRED, NOT_YET):
        return f"it is not valid now ({seen.why})", GIVE.format(name=name)
    if seen.code in (OTHER_NAME, OTHER_ADDRESS):
        return f"it does not have the name {name}", _rename(shown, name)
    if seen.code in _ISSUER_CODES:
        issuer = plain(shown.issuer.rfc4514_string())
        fix = f"set tls.ca_file to the certificate of {issuer} in PEM"
        return "its issuer is not trusted", fix + (PIN if _pins(database) else "")
    return f"it is refused ({seen.why})", GIVE.format(name=name)


def _pins(database: Database) -> bool:
    return database.encrypt == "strict" and database.name_in_certificate is None


def _rename(shown: x509.Certificate, name: str) -> str:
    """The first name that a setting may have; a certificate says what it likes of itself."""
    names = [one for one in _names(shown) if re.fullmatch(r"[A-Za-z0-9_.-]{1,253}", one) and not _is_address(one)]
    if not names:
        return GIVE.format(name=name)
    return f'if that is the server meant, set passwordstate.database.host_name_in_certificate = "{names[0]}"'


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
