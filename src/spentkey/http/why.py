"""Why there is no answer, in words: an unknown name, a closed port, a certificate that is not trusted.

The texts of such errors are not repeated: they may quote what was sent.
"""

import asyncio
import errno
import ssl
from typing import Any

import aiohttp

from spentkey.core.reason import Reason, reason_for
from spentkey.http.reasons import (
    CONNECTION_CLOSED,
    HOST_UNKNOWN,
    LONG_HEADER,
    NO_TLS,
    NOT_TRUSTED,
    OTHER_CERTIFICATE,
    PORT_CLOSED,
    TIME_OUT,
    UNREACHABLE,
)
from spentkey.settings.clouds import is_internal

NOT_KNOWN_AUTHORITY = frozenset({2, 18, 19, 20, 21, 27})
"""OpenSSL's codes for a chain that ends in no authority that is believed (x509_vfy.h)."""
NOT_REACHED = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN})


def why_no_answer(problem: BaseException) -> Reason:
    """The kind of a problem in words; of a kind that nobody thought of its name."""
    inner = getattr(problem, "inner_exception", None)  # Microsoft's library puts its own around aiohttp's
    if isinstance(inner, BaseException):
        return why_no_answer(inner)
    if isinstance(problem, aiohttp.ClientConnectorCertificateError):
        found: Any = problem  # its properties have no types
        return _of_certificate(found.certificate_error, str(found.host), int(found.port or 443))
    if isinstance(problem, aiohttp.ClientConnectorDNSError):
        return HOST_UNKNOWN(host=problem.host)
    if isinstance(problem, aiohttp.ClientConnectorSSLError):
        at: Any = problem
        return NO_TLS(host=str(at.host), port=str(at.port))
    if isinstance(problem, aiohttp.ClientConnectorError):
        return _of_connection(problem)
    if isinstance(problem, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError | ConnectionError):
        return CONNECTION_CLOSED()
    if isinstance(problem, aiohttp.ClientOSError) and problem.errno in (errno.ECONNRESET, errno.EPIPE):
        return CONNECTION_CLOSED()
    if isinstance(problem, aiohttp.ClientResponseError) and "Got more than" in str(problem):
        return LONG_HEADER()
    return TIME_OUT() if isinstance(problem, asyncio.TimeoutError) else reason_for(type(problem).__name__)


def _of_connection(problem: aiohttp.ClientConnectorError) -> Reason:
    number = problem.os_error.errno
    if number == errno.ECONNREFUSED:
        return PORT_CLOSED(host=problem.host, port=str(problem.port))
    if number in NOT_REACHED:
        return UNREACHABLE(host=problem.host)
    return reason_for(type(problem).__name__)


def _of_certificate(problem: BaseException, host: str, port: int) -> Reason:
    if isinstance(problem, ssl.SSLCertVerificationError):
        if problem.verify_code in NOT_KNOWN_AUTHORITY:
            shown = host if port == 443 else f"{host}:{port}"
            return NOT_TRUSTED(
                host=host, setting="tls.ca_file" if is_internal(f"https://{shown}") else "tls.microsoft_ca_file"
            )
        return OTHER_CERTIFICATE(host=host, why=problem.verify_message)
    return OTHER_CERTIFICATE(host=host, why=type(problem).__name__)
