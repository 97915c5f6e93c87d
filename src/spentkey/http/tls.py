"""Which certificate authorities are trusted, and which proxy is used. No setting turns verification off."""

import ssl
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
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ValueError) as problem:
        raise Misconfigured(f"tls: the CA file {ca_file} cannot be used ({problem})") from None
    return context


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
    """The proxy that HTTPS_PROXY names for `url`, unless NO_PROXY lists its host."""
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc) or proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)
