"""The clouds whose sign-in and Graph addresses belong together; anything else must be loopback.

learn.microsoft.com/graph/deployments lists the pairs.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

CLOUDS = {
    "https://login.microsoftonline.com": {"https://graph.microsoft.com"},
    "https://login.microsoftonline.us": {"https://graph.microsoft.us", "https://dod-graph.microsoft.us"},
    "https://login.chinacloudapi.cn": {"https://microsoftgraph.chinacloudapi.cn"},
    "https://login.partner.microsoftonline.cn": {"https://microsoftgraph.chinacloudapi.cn"},
}


def is_loopback(url: str) -> bool:
    """Whether the address never leaves this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def belongs_together(authority: str, graph_url: str) -> bool:
    """Whether both addresses are of one known cloud, or both loopback (a simulator)."""
    if is_loopback(authority) and is_loopback(graph_url):
        return True
    return graph_url in CLOUDS.get(authority, set())


def is_internal(url: str) -> bool:
    """Whether the address is internal (the organisation's own systems, or loopback) rather than Microsoft's."""
    microsoft = {*CLOUDS, *(graph for graphs in CLOUDS.values() for graph in graphs)}
    return url.rstrip("/") not in microsoft
