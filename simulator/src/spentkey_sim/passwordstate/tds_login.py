"""The opening of a conversation: PRELOGIN options, the LOGIN7 message, and whether the log-in is right."""

import hmac
import struct
from dataclasses import dataclass

from spentkey_sim.model import Database
from spentkey_sim.passwordstate.tds_tokens import SqlError

OPTION_ENCRYPTION, OPTION_FEDERATED = 1, 6
ENCRYPT_ON, ENCRYPT_NOT_SUPPORTED, ENCRYPT_REQUIRED = 1, 2, 3
NO_MORE_OPTIONS = 0xFF
SHORTEST_LOGIN = 72
TDS_8 = 0x08
NEWEST_OF = {TDS_8: 0x08000000, 0x71: 0x71000001, 0x72: 0x72090002, 0x73: 0x730B0003, 0x74: 0x74000004}
"""Each version of TDS by its first byte ([MS-TDS] 2.2.7.14)."""


@dataclass(frozen=True)
class TdsLogin:
    """The fields of a LOGIN7 message that decide anything."""

    user: str
    password: str
    database: str
    packet_size: int
    features: bool
    version: int
    read_only: bool


def read_options(body: bytes) -> dict[int, bytes]:
    """The options of a PRELOGIN message ([MS-TDS] 2.2.6.5)."""
    options: dict[int, bytes] = {}
    at = 0
    while at < len(body) and body[at] != NO_MORE_OPTIONS:
        if at + 5 > len(body):
            raise EOFError("a PRELOGIN message that ends too early")
        start, length = struct.unpack_from(">HH", body, at + 1)
        options[body[at]] = body[start : start + length]
        at += 5
    return options


def prelogin_answer(encryption: int, *, federated: bool) -> bytes:
    """The server's half of PRELOGIN: version, encryption, instance, thread, MARS off."""
    options = [(0, b"\x10\0\x10\0\0\0"), (OPTION_ENCRYPTION, bytes([encryption])), (2, b"\0"), (3, b""), (4, b"\0")]
    if federated:
        options.append((OPTION_FEDERATED, b"\0"))
    head, data = b"", b""
    start = 5 * len(options) + 1
    for kind, value in options:
        head += struct.pack(">BHH", kind, start + len(data), len(value))
        data += value
    return head + bytes([NO_MORE_OPTIONS]) + data


def read_login(body: bytes) -> TdsLogin:
    """The LOGIN7 message ([MS-TDS] 2.2.6.4); the password's nibbles are swapped and xored."""

    def field_at(location: int) -> bytes:
        start, length = struct.unpack_from("<HH", body, location)
        return body[start : start + 2 * length]

    if len(body) < 72:
        raise EOFError("a LOGIN7 message that ends too early")
    scrambled = bytes(byte ^ 0xA5 for byte in field_at(44))
    return TdsLogin(
        user=field_at(40).decode("utf-16-le"),
        password=bytes(byte >> 4 | (byte & 0x0F) << 4 for byte in scrambled).decode("utf-16-le", "replace"),
        database=field_at(68).decode("utf-16-le"),
        packet_size=struct.unpack_from("<I", body, 8)[0],
        features=bool(body[27] & 0x10),
        version=_version(struct.unpack_from("<I", body, 4)[0]),
        read_only=bool(body[26] & 0x20),
    )


def _version(asked: int) -> int:
    """The version that both speak: the client's, or the newest of TDS 7 for one that is newer."""
    if asked >> 24 in NEWEST_OF:
        return min(asked, NEWEST_OF[asked >> 24])
    if asked >> 24 < min(NEWEST_OF.keys() - {TDS_8}):
        raise EOFError("a version before TDS 7.1, which current servers do not speak")
    return NEWEST_OF[max(NEWEST_OF)]


def login_problem(database: Database, login: TdsLogin) -> SqlError | None:
    """What is wrong with a log-in: the password (18456) or the database it names (4060)."""
    # LEDGER: P-17 - refused log-ins
    known = login.user.casefold() == database.login.casefold()
    right = hmac.compare_digest(login.password.encode(), database.password.encode())
    if not (known and right):
        return SqlError(18456, f"Login failed for user '{login.user}'.", 14)
    if login.database.casefold() not in ("", "master", database.name.casefold()):
        text = f'Cannot open database "{login.database}" requested by the login. The login failed.'
        return SqlError(4060, text, 11)
    return _intent_problem(database, login)


def _intent_problem(database: Database, login: TdsLogin) -> SqlError | None:
    # LEDGER: P-33 - a replica that takes one intent alone
    if not login.database or database.intent == ("read-only" if login.read_only else "read-write"):
        return None
    known = {
        "read-only": SqlError(
            978,
            f"The target database ('{database.name}') is in an availability group and is currently accessible for "
            "connections when the application intent is set to read only. For more information about application "
            "intent, see SQL Server Books Online.",
            14,
        ),
        "read-write": SqlError(
            979,
            f"The target database ('{database.name}') is in an availability group and currently does not allow read "
            "only connections. For more information about application intent, see SQL Server Books Online.",
            14,
        ),
    }
    return known.get(database.intent)
