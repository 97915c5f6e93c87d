"""Sockets for the loopback interface: one port, on IPv4 and on IPv6 where there is any, so that `localhost` is right."""

import contextlib
import socket

_TRIES = 20


class PortError(OSError):
    """A port that cannot be had; the text is one line."""


def bind(port: int) -> list[socket.socket]:
    """Sockets for this port, or for a free one when it is 0. A port that somebody has on IPv6 alone is not taken."""
    for _ in range(_TRIES):
        first = _bound(socket.AF_INET, "127.0.0.1", port)
        number = int(first.getsockname()[1])
        if not _has_ipv6():
            return [first]
        try:
            return [first, _bound(socket.AF_INET6, "::1", number)]
        except PortError:
            first.close()
            if port:
                raise
    raise PortError("no free port on both 127.0.0.1 and ::1")


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        made.bind((host, port))
        made.listen(128)
    except OSError as why:
        made.close()
        raise PortError(f"port {port} on {host}: {why.strerror}") from None
    made.setblocking(False)
    return made


def _has_ipv6() -> bool:
    if not socket.has_ipv6:
        return False
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        probe.bind(("::1", 0))
        return True
    return False
