"""Which documents hang on an entry: Passwordstate's API cannot list them, so the configured query asks its database.

The driver is Microsoft's `mssql-python`, which encrypts and verifies by default; it is synchronous, so it runs in a
thread. It trusts what OpenSSL trusts, which is set for the moment of connecting, because the driver has no option for
a CA file (docs/adr/0003-sql-server-driver.md). Its native part may read the authorities once in the life of a process,
at the first connection, so one process believes one `tls.ca_file`.
"""

import asyncio
import ctypes
import importlib
import logging
import os
import threading
from codecs import BOM_UTF8
from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from spentkey.adapters.passwordstate.entries import DocumentRef, Documents
from spentkey.adapters.passwordstate.reasons import (
    DATABASE_AWAY,
    DATABASE_SLOW,
    DRIVER_UNUSABLE,
    NO_DOCUMENT_ID,
    ODD_ROW,
)
from spentkey.adapters.passwordstate.sql_browser import port_of
from spentkey.adapters.passwordstate.sql_errors import METERED, meaning
from spentkey.adapters.passwordstate.sql_server import Database
from spentkey.core.errors import AccessRefused, Outage
from spentkey.core.secret import Secret
from spentkey.core.trim import trimmed
from spentkey.http.tls import machine_store

logger = logging.getLogger(__name__)
SECONDS = 15
"""How long connecting may take."""
MOST_ROWS = 50
_environment = threading.Lock()
_prepared: list[bool] = []
_ENDINGS = (".pfx", ".p12")


async def reach(database: Database) -> None:
    """Check that the database's port accepts a connection; raises `Outage` when it does not."""
    try:
        async with asyncio.timeout(SECONDS):
            port = database.known_port or await port_of(database.host, database.instance)
            _, writer = await asyncio.open_connection(database.host, port)
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        raise Outage(DATABASE_AWAY()) from None


async def find_documents(database: Database, user: str, password: Secret, entry_id: int) -> Documents:
    """The PFX documents of an entry. Raises `AccessRefused` when log-in or query is refused, `Outage` when away.

    A row that names no document is passed over and told; where no row names one, the query is the wrong one.
    """
    rows = await read_rows(database, user, password, database.query, entry_id)
    found = [_document(row) for row in rows]
    documents = [one for one in found if one is not None]
    if rows and not documents:
        raise AccessRefused(NO_DOCUMENT_ID())
    odd = [ODD_ROW(row=nth, entry=entry_id) for nth, one in enumerate(found, 1) if one is None]
    for one in odd:
        logger.warning("%s: %s, and is passed over", METERED, one)
    pfx = [document for document in documents if document.name.lower().endswith(_ENDINGS)]
    return Documents(tuple(pfx), tuple(odd))


async def read_rows(
    database: Database, user: str, password: Secret, statement: str, *parameters: int
) -> list[tuple[Any, ...]]:
    """The first rows that a SELECT of ours gives."""
    with database.meter.call(METERED, "query") as call:
        try:
            async with asyncio.timeout(2 * SECONDS):
                rows = await asyncio.to_thread(_ask, database, user, password, statement, parameters)
        except TimeoutError:
            raise Outage(DATABASE_SLOW()) from None
        except AccessRefused:
            call.status = "refused"
            raise
        call.status = "ok"
        return rows


def _ask(
    database: Database, user: str, password: Secret, statement: str, parameters: tuple[int, ...]
) -> list[tuple[Any, ...]]:
    driver, connected = _driver(), False
    try:
        connection = _connect(driver, database, user, password)
        connected = True
        try:
            cursor = connection.cursor()
            cursor.execute(statement, parameters) if parameters else cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchmany(MOST_ROWS)]
        finally:
            connection.close()
    except driver.Error as problem:
        raise meaning(problem, server=database.server, connected=connected) from None
    except Exception as problem:  # noqa: BLE001  # its text may quote the connection string, password and all
        raise Outage(DRIVER_UNUSABLE(why=type(problem).__name__)) from None


def _connect(driver: Any, database: Database, user: str, password: Secret) -> Any:
    with _trusting(database.ca_file), _pinning(database.pin) as pin:
        options = database.driver_options() | pin
        return driver.connect(uid=user, pwd=password.reveal(), timeout=SECONDS, **options)


def _driver() -> Any:
    """The driver, with the native part that this machine can load, and without its connection pool.

    The default native part needs libltdl; where that is missing, the Rust one that ships in the same package serves.
    """
    driver: Any = importlib.import_module("mssql_python")  # 60 ms that only certificates need
    with _environment:
        if not _prepared:
            driver.pooling(enabled=False)
            if not _loads("libltdl.so.7"):
                driver.native_provider = "mssql-odbc"
            _prepared.append(True)
    return driver


def _loads(facade: str) -> bool:
    try:
        ctypes.CDLL(facade)
    except OSError:
        return False
    return True


@contextmanager
def _trusting(ca_file: Path | None) -> Generator[None]:
    """Let OpenSSL believe exactly the configured authorities, whatever the environment says."""
    file, folder = (ca_file, None) if ca_file is not None else machine_store()
    with _without_mark(ca_file) as plain:
        file = plain or file
        with _set_to(file, folder):
            yield


@contextmanager
def _pinning(pin: bytes | None) -> Generator[dict[str, str]]:
    """The option for the one certificate that is believed: the driver wants a file, and gets what was read at the start."""
    if pin is None:
        yield {}
        return
    with _in_memory(pin) as file:
        yield {"ServerCertificate": str(file)}


@contextmanager
def _without_mark(ca_file: Path | None) -> Generator[Path | None]:
    """A copy in memory of a file that begins with a byte order mark, which OpenSSL does not pass over; else None."""
    content = ca_file.read_bytes() if ca_file is not None else b""
    if not content.startswith(BOM_UTF8):
        yield None
        return
    with _in_memory(content.removeprefix(BOM_UTF8)) as file:
        yield file


@contextmanager
def _in_memory(content: bytes) -> Generator[Path]:
    copy = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        os.write(copy, content)
        yield Path(f"/proc/self/fd/{copy}")
    finally:
        os.close(copy)


@contextmanager
def _set_to(file: Path | None, folder: Path | None) -> Generator[None]:
    wanted = {"SSL_CERT_FILE": str(file or os.devnull), "SSL_CERT_DIR": str(folder or os.devnull)}
    with _environment:
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def _document(row: tuple[Any, ...]) -> DocumentRef | None:
    number, name = row[0] if row else None, row[1] if len(row) > 1 else None
    if isinstance(number, Decimal | float) and number % 1 == 0:  # a column of NUMERIC or FLOAT
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        return None
    if isinstance(name, bytes | bytearray):  # a column of VARBINARY
        name = name.decode("utf-8", "replace")
    shown = trimmed(str(name).replace("\0", " ")) if name is not None else ""  # a CHAR column is filled up with blanks
    shown = shown or f"{number}.pfx"
    return DocumentRef(number, shown.encode("utf-8", "replace").decode())
