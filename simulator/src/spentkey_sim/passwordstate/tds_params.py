"""The parameters of a remote procedure call, read from the wire ([MS-TDS] 2.2.6.6 and 2.2.5.5)."""

import datetime as dt
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spentkey_sim.passwordstate.tds_tokens import SqlError

DAY_ZERO = dt.datetime(1900, 1, 1)  # noqa: DTZ001  (a SQL Server datetime has no zone)
NO_PROCEDURE_NAME = 0xFFFF
NULL_SHORT = 0xFFFF
NULL_CHUNKED = 0xFFFFFFFFFFFFFFFF
FIXED = {0x30: "<B", 0x32: "<?", 0x34: "<h", 0x38: "<i", 0x3E: "<d", 0x7F: "<q"}
WELL_KNOWN = {10: "sp_executesql", 11: "sp_prepare", 12: "sp_execute", 13: "sp_prepexec", 15: "sp_unprepare"}
BINARY = (0xA5, 0xAD)
WIDE = (0xE7, 0xEF)
NARROW = (0xA7, 0xAF)
IMAGE, TEXT, NTEXT = LARGE = (0x22, 0x23, 0x63)
NULL_LARGE = -1


@dataclass(frozen=True)
class Argument:
    """One argument as it was passed: perhaps named, always with a value."""

    name: str
    value: Any


@dataclass(frozen=True)
class ProcedureCall:
    """A procedure and its arguments."""

    procedure: str
    arguments: list[Argument]


def read_call(body: bytes, headers: int) -> ProcedureCall:
    """The call that an RPC message holds, behind its headers."""
    reader = Reader(body)
    reader.take(headers)
    length = reader.number("<H")
    if length == NO_PROCEDURE_NAME:
        code = reader.number("<H")
        procedure = WELL_KNOWN.get(code, f"procedure {code}")
    else:
        procedure = reader.take(length * 2).decode("utf-16-le").lower()
    reader.take(2)
    arguments: list[Argument] = []
    while reader.at < len(body):
        name = reader.take(2 * reader.number("<B")).decode("utf-16-le")
        reader.take(1)
        arguments.append(Argument(name, reader.value()))
    return ProcedureCall(procedure, arguments)


class Reader:
    """Walks through the bytes of a message."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes; a message that ends too early is the client's error."""
        piece = self.data[self.at : self.at + max(size, 0)]
        if len(piece) != size:
            raise SqlError(8009, "The incoming tabular data stream (TDS) protocol stream is incorrect.", 16)
        self.at += size
        return piece

    def number(self, form: str) -> int:
        """One number in the given `struct` form."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def value(self) -> Any:
        """A typed value: its TYPE_INFO, then its data."""
        kind = self.number("<B")
        if kind in FIXED:
            return struct.unpack(FIXED[kind], self.take(struct.calcsize(FIXED[kind])))[0]
        if kind in SMALL:
            self.take(1)
            data = self.take(self.number("<B"))
            return SMALL[kind](data) if data else None
        if kind in BINARY + WIDE + NARROW:
            return self._sized(kind)
        if kind in LARGE:
            return self._large(kind)
        if kind in (0x6A, 0x6C):
            return self._decimal()
        if kind == 0x1F:
            return None
        raise SqlError(8009, f"The simulator does not read parameters of type 0x{kind:02x}.", 16)

    def _sized(self, kind: int) -> Any:
        longest = self.number("<H")
        if kind not in BINARY:
            self.take(5)  # the collation
        data = self._chunked() if longest == NULL_SHORT else self._short()
        if data is None or kind in BINARY:
            return data
        return data.decode("utf-16-le" if kind in WIDE else "cp1252")

    def _short(self) -> bytes | None:
        length = self.number("<H")
        return None if length == NULL_SHORT else self.take(length)

    def _chunked(self) -> bytes | None:
        if self.number("<Q") == NULL_CHUNKED:
            return None
        data = bytearray()
        while length := self.number("<I"):
            data += self.take(length)
        return bytes(data)

    def _large(self, kind: int) -> Any:
        """What TDS before 7.2 has in place of the types of any length: four bytes of length."""
        # LEDGER: P-35 - TEXT, NTEXT and IMAGE
        self.take(4 if kind == IMAGE else 9)  # the longest, and the collation of a text
        length = self.number("<i")
        if length == NULL_LARGE:
            return None
        data = self.take(length)
        return data if kind == IMAGE else data.decode("cp1252" if kind == TEXT else "utf-16-le")

    def _decimal(self) -> float | None:
        self.take(2)
        scale = self.number("<B")
        data = self.take(self.number("<B"))
        if not data:
            return None
        return (1 if data[0] else -1) * int.from_bytes(data[1:], "little") / float(10**scale)


def _integer(data: bytes) -> int:
    return int.from_bytes(data, "little", signed=len(data) > 1)  # tinyint alone is unsigned


def _float(data: bytes) -> float:
    return struct.unpack("<d" if len(data) == 8 else "<f", data)[0]


def _datetime(data: bytes) -> str:
    days, ticks = struct.unpack("<iI", data)
    return (DAY_ZERO + dt.timedelta(days=days, seconds=ticks / 300)).isoformat()


SMALL: dict[int, Callable[[bytes], Any]] = {
    0x26: _integer,
    0x68: lambda data: data != b"\0",
    0x6D: _float,
    0x6F: _datetime,
    0x24: bytes,
}
