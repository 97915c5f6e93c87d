"""Which certificate authorities are trusted, and which proxy is used. No setting turns verification off."""

import os
import ssl
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from spentkey.core.errors import Misconfigured


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """A TLS context that trusts only `ca_file`, or the machine's own store when there is none.

    Variables such as SSL_CERT_FILE are ignored: the environment must not decide whom to trust.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is None:
        _believe_machine_store(context)
        return context
    try:
        content = ca_file.read_bytes()
        if content.startswith(BOM_UTF8):
            context.load_verify_locations(cadata=content.removeprefix(BOM_UTF8).decode("ascii"))
        else:
            context.load_verify_locations(cafile=ca_file)
    except (OSError, ValueError) as problem:
        shown = _what_instead_of_pem(ca_file) or str(problem)
        raise Misconfigured(f"tls: the CA file {ca_file} cannot be used ({shown})") from None
    return context


def _what_instead_of_pem(file: Path) -> str:
    """What people give in place of certificates in PEM, and how it is made one; empty where that is not known."""
    try:
        content = file.read_bytes()
    except (OSError, ValueError):
        return ""
    if not content.strip():
        return "it is empty"
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "it is UTF-16 text; save it as UTF-8 or ASCII"
    if content.startswith(b"0"):
        return (
            f"it is DER, and PEM is needed: openssl x509 -inform der -in {file} -out ca.pem, or, for a .p7b, "
            f"openssl pkcs7 -inform der -print_certs -in {file} -out ca.pem"
        )
    if b"BEGIN PKCS7" in content:
        return f"it is PKCS #7, and certificates are needed: openssl pkcs7 -print_certs -in {file} -out ca.pem"
    if b"PRIVATE KEY" in content and b"BEGIN CERTIFICATE" not in content:
        return "it holds a private key and no certificate"
    if b"-----BEGIN " not in content:
        return "it holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----"
    return ""


def machine_store() -> tuple[Path | None, Path | None]:
    """The file and folder of certificate authorities that OpenSSL was built with."""
    paths = ssl.get_default_verify_paths()
    file, folder = Path(paths.openssl_cafile), Path(paths.openssl_capath)
    return (file if file.is_file() else None), (folder if folder.is_dir() else None)


def _believe_machine_store(context: ssl.SSLContext) -> None:
    file, folder = machine_store()
    if file is not None or folder is not None:
        context.load_verify_locations(cafile=file, capath=folder)


def proxy_for(url: str) -> str | None:
    """The proxy that HTTPS_PROXY names for `url`, unless NO_PROXY lists its host.

    Raises `Misconfigured` for a proxy that cannot be used, and for an entry of NO_PROXY that cannot be honoured.
    """
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    if proxy is None:
        return None
    _check_proxy(proxy, parts.scheme)
    host = parts.hostname or ""
    bypassed = proxy_bypass(parts.netloc) or proxy_bypass(host)
    return None if _is_listed(host) or bypassed else proxy


def _check_proxy(proxy: str, scheme: str) -> None:
    """The value is not repeated: it may hold a password."""
    try:
        parts = urlsplit(proxy)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        name = next((name for name in os.environ if name.lower() == f"{scheme}_proxy"), f"{scheme}_proxy".upper())
        raise Misconfigured(
            f"{name}: must be an address with its scheme, such as http://proxy.example.org:3128; only http:// and https:// "
            "proxies can be used"
        )


def _is_listed(host: str) -> bool:
    """Whether NO_PROXY has a network of this address, or a wildcard for this name; both are common, and urllib knows none."""
    for name, entry in _no_proxy_entries():
        if "/" in entry:
            if _in_network(host, entry, name):
                return True
        elif "*" in entry and entry != "*":
            if not entry.startswith("*.") or "*" in entry[1:]:
                raise _not_honoured(name, entry)
            if host.lower().endswith(entry[1:].lower()):
                return True
    return False


def _no_proxy_entries() -> list[tuple[str, str]]:
    name = next((one for one in ("no_proxy", "NO_PROXY") if os.environ.get(one)), "NO_PROXY")
    return [(name, entry.strip()) for entry in os.environ.get(name, "").split(",") if entry.strip()]


def _in_network(host: str, entry: str, name: str) -> bool:
    try:
        network = ip_network(entry, strict=False)
    except ValueError:
        raise _not_honoured(name, entry) from None
    try:
        return ip_address(host) in network
    except ValueError:
        return False  # a name: which address it has is not asked


def _not_honoured(name: str, entry: str) -> Misconfigured:
    return Misconfigured(
        f"{name}: the entry {entry!r} cannot be honoured; name hosts, domains (.example.org, *.example.org) or networks "
        "(10.0.0.0/8)"
    )
