"""The addresses under which the one listener is reached: loopback, or Microsoft's names through the proxy."""

from aiohttp import web

LOGIN_HOST = "login.microsoftonline.com"
GRAPH_HOST = "graph.microsoft.com"
RESOURCE_MANAGER = frozenset({"https://management.azure.com", "https://management.core.windows.net"})
"""Azure Resource Manager by both of its names."""
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def here(request: web.Request) -> str:
    """The base of the address that the client used."""
    return f"{request.scheme}://{request.host}"


def login_bases(request: web.Request) -> frozenset[str]:
    """The authorities that mean this listener; the names of the loopback interface count as one."""
    return _bases(request, LOGIN_HOST)


def graph_bases(request: web.Request) -> frozenset[str]:
    """The Graph addresses that mean this listener."""
    return _bases(request, GRAPH_HOST)


def _bases(request: web.Request, public: str) -> frozenset[str]:
    name, _, port = request.host.rpartition(":")
    if name in _LOOPBACK:
        return frozenset(f"{request.scheme}://{each}:{port}" for each in _LOOPBACK)
    return frozenset({f"https://{public}"})
