"""Applications that no client expects, as reads show them: what a list must survive, and name."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from spentkey_sim.clock import wire_time
from spentkey_sim.model import Application, PasswordCredential

MANY = 5000
_CONTROL = "\x00\x1b[31mred\r\n\u202eAB\u2028"


def make_odd(app: Application, which: int, now: datetime) -> None:
    """LEDGER: E-65, change what reads show of it, by a number."""
    ODDITIES[which % len(ODDITIES)](app, now)


def _shows(**changes: object) -> Callable[[Application, datetime], None]:
    def change(app: Application, now: datetime) -> None:
        del now
        app.shows.update(changes)

    return change


def _omits(*names: str) -> Callable[[Application, datetime], None]:
    def change(app: Application, now: datetime) -> None:
        del now
        app.omits = names

    return change


def _upper_id(app: Application, now: datetime) -> None:
    del now
    app.shows["id"] = app.object_id.upper()


def _control_characters(app: Application, now: datetime) -> None:
    del now
    app.shows["displayName"] = _CONTROL + app.display_name


def _secret(app: Application, now: datetime, **shows: object) -> None:
    """One more lapsed secret, which reads show in their own way."""
    key_id = f"{app.object_id[:24]}{'0dd':0>12}"
    start, end = wire_time(now - timedelta(days=400)), wire_time(now - timedelta(days=35))
    app.passwords.append(PasswordCredential(key_id, "odd", "odd", start, end, shows=dict(shows)))


def _odd_secret(**shows: object) -> Callable[[Application, datetime], None]:
    return lambda app, now: _secret(app, now, **shows)


def _many(app: Application, now: datetime) -> None:
    """As many secrets as no screen can show."""
    _secret(app, now)
    one = app.passwords[-1]
    more = [replace(one, key_id=f"{one.key_id[:24]}{n:012x}") for n in range(MANY - len(app.passwords))]
    app.passwords.extend(more)


ODDITIES: tuple[Callable[[Application, datetime], None], ...] = (
    _shows(passwordCredentials=None),
    _shows(keyCredentials=None),
    _shows(passwordCredentials="none"),
    _shows(keyCredentials={"value": []}),
    _shows(passwordCredentials=[None]),
    _shows(displayName=None),
    _shows(appId=None),
    _shows(createdDateTime="yesterday"),
    _shows(tags=None, notes=5),
    _omits("id"),
    _omits("passwordCredentials"),
    _upper_id,
    _control_characters,
    _odd_secret(endDateTime="10000-01-01T00:00:00Z"),
    _odd_secret(endDateTime=None),
    _odd_secret(endDateTime="0001-01-01T00:00:00Z"),
    _odd_secret(keyId=None),
    _odd_secret(keyId="not an id", displayName=7),
    _many,
)
"""Every kind of it. What reads show of a secret or a list stands in for what is really there."""
