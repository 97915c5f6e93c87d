"""What a SQL Server says: tokens, and rows of typed columns.

Layouts are those of [MS-TDS] 2.2.5 and 2.2.7 (learn.microsoft.com/openspecs/windows_protocols/ms-tds).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SERVER_NAME = "SPENTKEY-SIM"
COLLATION = b"\x09\x04\xd0\x00\x34"  # Latin1_General_CI_AS, the collation of most installations

DONE, DONE_IN_PROC, DONE_PROC = 0xFD, 0xFF, 0xFE
MORE, ERROR_BIT, COUNT, ATTENTION_SEEN = 0x01, 0x02, 0x10, 0x20
SELECT_COMMAND = 0xC1
OLD = 0x71
"""The first byte of TDS 7.1; later ones are 7.2, 7.3, 7.4, and 8.0, which is 08."""
ENV_DATABASE, ENV_LANGUAGE, ENV_PACKET_SIZE, ENV_COLLATION = 1, 2, 4, 7
ENV_BEGIN, ENV_COMMIT, ENV_ROLLBACK = 8, 9, 10


@dataclass
class SqlError(Exception):
    """An error as SQL Server numbers it."""

    number: int
    text: str
    severity: int = 16
    state: int = 1


@dataclass(frozen=True)
class Column:
    """A column of an answer; `kind` is int, bigint, float, nvarchar or nvarchar(max)."""

    name: str
    kind: str


def utf16(text: str) -> bytes:
    """Text as TDS carries it."""
    return text.encode("utf-16-le")


def short_text(text: str) -> bytes:
    """B_VARCHAR: a length byte, then the characters."""
    return bytes([len(text)]) + utf16(text)


def long_text(text: str) -> bytes:
    """US_VARCHAR: a two byte length, then the characters."""
    return struct.pack("<H", len(text)) + utf16(text)


def done(status: int = 0, rows: int = 0, token: int = DONE, *, old: bool = False) -> bytes:
    """The end of a statement, with the number of rows where it had any. `old`: as TDS 7.1 has it, here and below."""
    command = SELECT_COMMAND if status & COUNT else 0
    return struct.pack("<BHHI" if old else "<BHHQ", token, status, command, rows)


def change(kind: int, new: bytes, old: bytes = b"\0") -> bytes:
    """ENVCHANGE: something about the session is different now."""
    body = bytes([kind]) + new + old
    return b"\xe3" + struct.pack("<H", len(body)) + body


def error(problem: SqlError, *, old: bool = False) -> bytes:
    """The ERROR token for `problem`."""
    body = struct.pack("<IBB", problem.number, problem.state, problem.severity)
    body += long_text(problem.text) + short_text(SERVER_NAME) + short_text("") + struct.pack("<H" if old else "<I", 1)
    return b"\xaa" + struct.pack("<H", len(body)) + body


def login_acknowledged(database: str, packet_size: int | None, version: int, *, features: bool) -> bytes:
    """The answer to a good log-in: database, collation, language, packet size, and the client's version of TDS."""
    # LEDGER: P-34 - the version that both speak
    acknowledged = b"\x01" + struct.pack(">I", version) + short_text("Microsoft SQL Server") + b"\x10\0\x03\xe8"
    out = change(ENV_DATABASE, short_text(database), short_text("master"))
    out += change(ENV_COLLATION, bytes([len(COLLATION)]) + COLLATION)
    out += change(ENV_LANGUAGE, short_text("us_english"))
    out += b"\xad" + struct.pack("<H", len(acknowledged)) + acknowledged
    if packet_size is not None:
        out += change(ENV_PACKET_SIZE, short_text(str(packet_size)), short_text("4096"))
    if features:
        out += b"\xae\xff"
    return out + done(old=is_old(version))


def is_old(version: int) -> bool:
    """Whether that version of TDS is 7.1, whose messages have no headers and shorter numbers."""
    return version >> 24 == OLD


def result_set(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any]],
    token: int = DONE,
    *,
    more: bool = False,
    old: bool = False,
) -> bytes:
    """Column descriptions, rows, and the end of the statement."""
    out = bytearray(b"\x81" + struct.pack("<H", len(columns)))
    for column in columns:
        out += struct.pack("<HH" if old else "<IH", 0, 9) + _type_info(column.kind, old=old) + short_text(column.name)
    for row in rows:
        out += b"\xd1"
        for column, value in zip(columns, row, strict=True):
            out += _value(column.kind, value, old=old)
    return bytes(out) + done(COUNT | (MORE if more else 0), len(rows), token, old=old)


def procedure_end(handle: int | None, *, old: bool = False) -> bytes:
    """The end of a procedure call: its status, the prepared handle if it made one."""
    out = b"\x79" + struct.pack("<i", 0)
    if handle is not None:
        out += b"\xac" + struct.pack("<H", 0) + short_text("") + b"\x01" + struct.pack("<HH" if old else "<IH", 0, 0)
        out += b"\x26\x04\x04" + struct.pack("<i", handle)
    return out + done(token=DONE_PROC, old=old)


def _type_info(kind: str, *, old: bool) -> bytes:
    match kind:
        case "int":
            return b"\x26\x04"
        case "bigint":
            return b"\x26\x08"
        case "float":
            return b"\x6d\x08"
        case "nvarchar(max)" if old:
            return b"\x63" + struct.pack("<i", 2**31 - 2) + COLLATION + long_text("")
        case "nvarchar(max)":
            return b"\xe7\xff\xff" + COLLATION
        case _:
            return b"\xe7" + struct.pack("<H", 8000) + COLLATION


def _value(kind: str, value: Any, *, old: bool) -> bytes:
    if value is None:
        return {"nvarchar": b"\xff\xff", "nvarchar(max)": b"\0" if old else b"\xff" * 8}.get(kind, b"\0")
    match kind:
        case "int":
            return b"\x04" + struct.pack("<i", value)
        case "bigint":
            return b"\x08" + struct.pack("<q", value)
        case "float":
            return b"\x08" + struct.pack("<d", value)
        case "nvarchar(max)" if old:
            return b"\x10" + bytes(24) + struct.pack("<i", 2 * len(str(value))) + utf16(str(value))
        case "nvarchar(max)":
            return _chunked(utf16(str(value)))
        case _:
            text = utf16(str(value))
            return struct.pack("<H", len(text)) + text


def _chunked(data: bytes) -> bytes:
    """PLP: the total length, one chunk, and a chunk of nothing."""
    if not data:
        return struct.pack("<QI", 0, 0)
    return struct.pack("<QI", len(data), len(data)) + data + b"\0\0\0\0"
