"""Any set of request parameters: what requesters write, from harmless to hostile, made by a seed.

A set starts from one that means an expired credential, or a trap: the ids of live credentials, of the service
principal, of other applications, of the automation. Then some of its parameters are spelt otherwise, replaced, left
out or given again. `meant` says by itself, from the world alone, which credential a set means, if any.
"""

import itertools
import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from invariants import seen
from worlds import (
    ABSENT,
    APP,
    AUTOMATION,
    EXPIRED_CERT,
    EXPIRED_SECRET,
    LIVE_CERT,
    LIVE_SECRET,
    OTHER_APP,
    sales,
    world,
)

Set = list[tuple[str, Any]]
NAMES = ("AppDisplayName", "AppID", "SecretID", "SecretType", "Onderwijs")
NAME = 'Caf\u00e9 "Sales" & <b>'
OTHER_EXPIRED, OTHER_LIVE = "66666666-6666-4666-8666-666666666666", "66666666-6666-4666-8666-777777777777"
ON_PRINCIPAL = "77777777-7777-4777-8777-777777777777"
AUTOMATIONS_OWN = "88888888-8888-4888-8888-888888888888"
PRINCIPAL = "2b2b2b2b-2222-4222-8222-999999999999"


_HELD = {OTHER_APP: (OTHER_EXPIRED, OTHER_LIVE), AUTOMATION: (AUTOMATIONS_OWN,)}


@dataclass(frozen=True)
class Target:
    """A credential that may be removed, and the only values that mean it."""

    app_id: str
    key_id: str
    name: str
    types: tuple[str, ...]


TARGETS = (
    Target(APP, EXPIRED_SECRET, NAME, ("secret",)),
    Target(APP, EXPIRED_CERT, NAME, ("certificaat", "cert")),
    Target(OTHER_APP, OTHER_EXPIRED, "Other", ("secret",)),
)
KEYS = (
    *(EXPIRED_SECRET, EXPIRED_CERT, LIVE_SECRET, LIVE_CERT),
    *(OTHER_EXPIRED, OTHER_LIVE, ON_PRINCIPAL, AUTOMATIONS_OWN, ABSENT),
)


def request_world() -> dict[str, Any]:
    """Two applications with expired and live credentials, a service principal, and the automation's own application."""
    made = world()
    old = {"display_name": "old", "start": "-400d", "end": "-30d"}
    principal = {"object_id": PRINCIPAL, "passwords": [{"key_id": ON_PRINCIPAL, **old}]}
    live = {"key_id": OTHER_LIVE, "display_name": "new", "start": "-40d", "end": "+300d"}
    made["tenants"][0]["applications"] = [
        sales(display_name=NAME, service_principal=principal),
        _application(OTHER_APP, "Other", [{"key_id": OTHER_EXPIRED, **old}, live]),
        _application(AUTOMATION, "Automation", [{"key_id": AUTOMATIONS_OWN, **old}]),
    ]
    return made


def _application(app_id: str, name: str, passwords: list[dict[str, Any]]) -> dict[str, Any]:
    return {"app_id": app_id, "object_id": f"2b{app_id[2:]}", "display_name": name, "passwords": passwords}


def meant(message: Set) -> Target | None:
    """The credential that a set means in its canonical reading; None for every set with a doubt in it."""
    read = _canonical(message)
    return next((one for one in TARGETS if read == (one.app_id, one.key_id, len(one.types) == 1)), None)


def already_gone(message: Set) -> bool:
    """Whether a set means, beyond doubt, a certificate of an application that has none at all."""
    read = _canonical(message)
    if read is None:
        return False
    app_id, key_id, is_secret = read
    return not is_secret and app_id in (OTHER_APP, AUTOMATION) and key_id not in _HELD[app_id]


def _canonical(message: Set) -> tuple[str, str, bool] | None:
    """AppID, key id and whether it is a secret, for a set without a doubt in it."""
    values: dict[str, Any] = {}
    for name, value in message:
        known = seen(name).casefold()
        if known in values:
            return None
        if known in {one.casefold() for one in NAMES}:
            values[known] = value
    if len(values) < len(NAMES) or not all(isinstance(value, str) for value in values.values()):
        return None
    trimmed: dict[str, str] = {name: seen(value) for name, value in values.items()}
    lower = {name: value.lower() for name, value in trimmed.items()}
    wanted = {APP: NAME, OTHER_APP: "Other", AUTOMATION: "Automation"}.get(lower["appid"])
    named = unicodedata.normalize("NFC", trimmed["appdisplayname"].casefold())
    kind = {"secret": True, "certificaat": False, "cert": False}.get(lower["secrettype"])
    canonical = re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", lower["secretid"])
    if wanted is None or named != wanted.casefold() or kind is None or not canonical or lower["onderwijs"] != "no":
        return None
    return lower["appid"], lower["secretid"], kind


def every_single_change() -> Iterator[Set]:
    """The sound sets, and each spelling of each name and value and each foreign value as the only change."""
    yield from (_sound(one) for one in TARGETS)
    for place, spelt in itertools.product(range(len(NAMES)), _SPELLINGS):
        message = _sound(TARGETS[place % 2])
        message[place] = (message[place][0], spelt(message[place][1]))
        yield message
    for key_id, kind in itertools.product(KEYS, ("Secret", "Cert")):
        message = _sound(TARGETS[0])
        message[2:4] = [("SecretID", key_id), ("SecretType", kind)]
        yield message
    for place, again in itertools.product(range(len(NAMES)), (str.upper, "{} ".format)):
        message = _sound(TARGETS[0])
        yield [*message, (again(message[place][0]), message[place][1])]
    for number, spelt in enumerate(_SPELLINGS):
        message = _sound(TARGETS[0])
        name, value = message[number % len(NAMES)]
        message[number % len(NAMES)] = (spelt(name), value)
        yield message
    for place, never in itertools.product(range(len(NAMES)), _NEVER):
        message = _sound(TARGETS[(place + 1) % 2])
        message[place] = (message[place][0], never)
        yield message


def any_set(rng: random.Random) -> Set:
    """One set of parameters."""
    message = _start(rng)
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        rng.choice(_CHANGES)(rng, message)
    if rng.random() < 0.3:
        rng.shuffle(message)
    return message


def _sound(one: Target) -> Set:
    return list(zip(NAMES, [one.name, one.app_id, one.key_id, one.types[-1].title(), "No"], strict=True))


def _start(rng: random.Random) -> Set:
    message = _sound(rng.choice(TARGETS))
    if rng.random() < 0.25:
        message[2] = ("SecretID", rng.choice(KEYS))
        message[3] = ("SecretType", rng.choice(["Secret", "Certificaat"]))
    if rng.random() < 0.1:
        app_id = rng.choice([AUTOMATION, OTHER_APP, APP, ABSENT])
        message[0] = ("AppDisplayName", {AUTOMATION: "Automation", OTHER_APP: "Other"}.get(app_id, NAME))
        message[1] = ("AppID", app_id)
    return message


def _spell_value(rng: random.Random, message: Set) -> None:
    """A value in another spelling: some are legal, some only look so."""
    place = rng.randrange(len(message)) if message else None
    if place is not None and isinstance(message[place][1], str):
        name, value = message[place]
        message[place] = (name, rng.choice(_SPELLINGS)(value))


def _spell_name(rng: random.Random, message: Set) -> None:
    """A name in another spelling."""
    if message:
        place = rng.randrange(len(message))
        message[place] = (rng.choice(_SPELLINGS)(message[place][0]), message[place][1])


def _replace(rng: random.Random, message: Set) -> None:
    """A value that was never one."""
    if message:
        place = rng.randrange(len(message))
        message[place] = (message[place][0], rng.choice(_NEVER))


def _leave_out(rng: random.Random, message: Set) -> None:
    if message:
        message.pop(rng.randrange(len(message)))


def _read_again(rng: random.Random, message: Set) -> None:
    """The same name once more, in any spelling, with the same value or another."""
    if message:
        name, value = rng.choice(message)
        spelt = rng.choice([name, name.lower(), name.upper(), f" {name}\t", f"{name}x", _lookalike(name)])
        message.insert(rng.randint(0, len(message)), (spelt, rng.choice([value, None, "", *KEYS[:3]])))


def _more(rng: random.Random, message: Set) -> None:
    """Parameters of others, which do not count."""
    message.append((rng.choice(["Remarks", "", " ", "SecretIDs", "Task", "$filter"]), rng.choice(_NEVER)))


def _lookalike(text: str) -> str:
    """Cyrillic letters for Latin ones."""
    return text.translate(str.maketrans("aceopAEOPc", "\u0430\u0441\u0435\u043e\u0440\u0410\u0415\u041e\u0420\u0441"))


def _wide(text: str) -> str:
    """Full-width forms, which NFKC would merge."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _last_digit(text: str) -> str:
    """Another key id, one digit off."""
    return text[:-1] + ("0" if text[-1:] != "0" else "1")


_CHANGES: tuple[Callable[[random.Random, Set], None], ...] = (
    *(_spell_value,) * 4,
    *(_replace,) * 4,
    _spell_name,
    _leave_out,
    _read_again,
    _more,
)
_SPELLINGS: tuple[Callable[[str], str], ...] = (
    str.upper,
    str.lower,
    str.title,
    lambda text: f"  {text}\t",
    lambda text: f"{text}\n",
    lambda text: f"\u00a0{text}\u2003",
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: unicodedata.normalize("NFKD", text),
    lambda text: "{" + text + "}",
    lambda text: f"urn:uuid:{text}",
    lambda text: text.replace("-", ""),
    lambda text: text.replace("-", "\u2010"),
    lambda text: f"\u202e{text}",
    lambda text: f"{text[:9]}\u200b{text[9:]}",
    lambda text: f"{text}\u200d",
    lambda text: f"\ufeff{text}",
    lambda text: f"{text}\0",
    lambda text: f"{text[:4]}\x1b[2J{text[4:]}",
    lambda text: f"{text}\r\nX-Other: 1",
    lambda text: f"{text}' or AppID ne '",
    lambda text: f"{text}') or (1 eq 1",
    lambda text: f"'{text}'",
    lambda text: f'"{text}"',
    lambda text: f"{text},{ABSENT}",
    lambda text: f"{text}/../{LIVE_SECRET}",
    lambda text: f"../../{text}",
    lambda text: f"{text}?$select=id#",
    lambda text: f"<b>{text}</b>",
    lambda text: f"{text}\u0301",
    _lookalike,
    _wide,
    _last_digit,
    lambda text: text[:-1],
    lambda text: text * 2,
)
_NEVER: tuple[Any, ...] = (
    None,
    "",
    "   ",
    "*",
    "%",
    "null",
    "None",
    "undefined",
    "true",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "' or 1 eq 1 or '",
    "x' and startswith(AppID,'",
    "$filter=AppID eq null",
    "%27%20or%201%20eq%201",
    "'; DROP TABLE Documents; --",
    "../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "file:///etc/passwd",
    "https://example.org/?q=",
    "<script>alert(1)</script>",
    "</td><img src=x onerror=alert(1)>",
    "[spentkey task=40021 assignment=1 done key=x reason=removed]",
    "${jndi:ldap://127.0.0.1/a}",
    "{{7*7}}",
    "\u202e\u2066\u200b\u200f",
    "\0\x01\x02\x7f\x9b31m",
    "\u2028\u2029",
    "A" * 1_000_000,
    "\u0301" * 5_000,
    "3" * 36,
    0,
    1,
    -1,
    33333333,
    1.5,
    1e308,
    True,
    False,
    [],
    [EXPIRED_SECRET],
    {},
    {"value": EXPIRED_SECRET},
    {"$ne": None},
    *KEYS,
    APP,
    OTHER_APP,
    AUTOMATION,
    PRINCIPAL,
)
