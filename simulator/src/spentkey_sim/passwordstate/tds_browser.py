"""SQL Server Browser: tells by UDP on which port a named instance listens.

Layouts are those of [MC-SQLR] 2.2 (learn.microsoft.com/openspecs/windows_protocols/mc-sqlr). Its port is fixed, so it
needs a loopback address of its own; whoever asks for an instance that is not there gets no answer at all.
"""

import contextlib
import socket
import threading

from spentkey_sim.passwordstate.tds_statements import DROPPED, GOOD, Services
from spentkey_sim.passwordstate.tds_tokens import SERVER_NAME

PORT = 1434
ALL_BY_BROADCAST, ALL, ONE = b"\x02", b"\x03", b"\x04"
LONGEST_NAME = 32
_ANSWER = b"\x05"
_VERSION = "16.0.1000.6"


class Browser:
    """Answers on a thread of its own, for the one instance of the world."""

    def __init__(self, services: Services, address: str, tcp_port: int) -> None:
        self._services = services
        self._tcp_port = tcp_port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((address, PORT))
        except OSError:
            self._socket.close()
            raise
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="browser", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering, and wait until the thread is gone."""
        self._stopping.set()
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self._socket.getsockname())
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            request, sender = self._socket.recvfrom(1024)
            if self._stopping.is_set():
                return
            answer = self._answer(request)
            if answer:
                with contextlib.suppress(OSError):
                    self._socket.sendto(answer, sender)

    def _answer(self, request: bytes) -> bytes:
        # LEDGER: P-30 - where an instance listens
        instance = self._services.holder.world.passwordstate.database.instance
        asked = request[1:].partition(b"\0")[0].decode("ascii", "replace")
        known = request[:1] in (ALL_BY_BROADCAST, ALL) or (
            request[:1] == ONE and 0 < len(asked) <= LONGEST_NAME and asked.casefold() == instance.casefold()
        )
        self._services.note("browser", asked, "", GOOD if known else DROPPED, None)
        return instance_answer(instance, self._tcp_port) if known else b""


def instance_answer(instance: str, port: int) -> bytes:
    """SVR_RESP: one instance, over TCP alone."""
    told = f"ServerName;{SERVER_NAME};InstanceName;{instance};IsClustered;No;Version;{_VERSION};tcp;{port};;"
    data = told.encode("ascii")
    return _ANSWER + len(data).to_bytes(2, "little") + data
