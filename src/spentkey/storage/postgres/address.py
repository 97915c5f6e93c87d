"""What the driver is told of the server: every parameter of the connection, so that none comes from the environment.

libpq takes what an address does not say from variables such as PGSSLMODE or PGSSLROOTCERT. Whoever sets one of them for
a process would choose which server is believed. So each parameter that has such a variable is given, with libpq's own
default where the address has none. Four variables cannot be outdone like this; the configuration is refused while one
of them is set (`settings/database_address.py`).
"""

from collections.abc import Mapping

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from spentkey.core.errors import Misconfigured
from spentkey.core.secret import Secret

PATIENCE_S = 10.0
"""How long a connection is waited for; a restart of the server takes less."""
EACH_HOST_S = 3
"""How long each of several hosts is waited for: one that is dead must not keep us from the next."""
LEFT_OUT = frozenset({"service", "passfile", "hostaddr", "options"})
"""Those whose variables are refused by the configuration."""
WHERE_EMPTY_IS_WRONG = {"sslcertmode": "allow", "min_protocol_version": "3.0", "max_protocol_version": "3.0"}
"""Defaults that libpq has and does not name; it takes no empty text for them."""
WATCHED = {"keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3", "tcp_user_timeout": "60000"}
"""A network that swallows everything is noticed within a minute; whatever the URL says of these goes before."""
WATCHED_CLOSELY = {
    "keepalives_idle": "4",
    "keepalives_interval": "2",
    "keepalives_count": "2",
    "tcp_user_timeout": "8000",
    "target_session_attrs": "read-write",
}
"""Where there is another host to go to: a dead one is noticed within 8 s, and one that may not be written is passed over."""


def parameters_of(url: Secret) -> dict[str, str]:
    """Every parameter by its name; raises `Misconfigured` for what is no such URL, without quoting it."""
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(url.reveal()).items() if value is not None}
    except psycopg.ProgrammingError:
        raise Misconfigured("engine.database_url: the driver of PostgreSQL cannot read this address") from None
    if "service" in given:
        raise Misconfigured("engine.database_url: names a service; name the host, the user and the database themselves")
    several = has_several_hosts(given)
    ours = {
        "connect_timeout": str(EACH_HOST_S if several else int(PATIENCE_S)),
        "application_name": "spentkey",
        **(WATCHED_CLOSELY if several else WATCHED),
    }
    return {**_defaults(), **ours, **given}


def has_several_hosts(parameters: Mapping[str, str]) -> bool:
    """Whether there is another server to go to."""
    return any("," in parameters.get(name, "") for name in ("host", "hostaddr"))


def _defaults() -> dict[str, str]:
    """What libpq takes where neither an address nor a variable says otherwise."""
    found: dict[str, str] = {}
    for one in pq.Conninfo.get_defaults():
        name = one.keyword.decode()
        if one.envvar is not None and name not in LEFT_OUT:
            found[name] = WHERE_EMPTY_IS_WRONG.get(name, (one.compiled or b"").decode())
    return found
