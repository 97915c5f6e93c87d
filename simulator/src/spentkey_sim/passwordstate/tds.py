"""The SQL listener: a SQL Server that real drivers can log in to, just large enough for one look-up.

Speaks TDS 7.4 with TLS inside the log-in and TDS 8.0 with TLS around everything
(learn.microsoft.com/sql/relational-databases/security/networking/tds-8).
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from spentkey_sim.clock import SimClock
from spentkey_sim.faults import Faults
from spentkey_sim.journal import Journal
from spentkey_sim.model import Holder
from spentkey_sim.passwordstate.tds_browser import Browser
from spentkey_sim.passwordstate.tds_certificates import Certificates
from spentkey_sim.passwordstate.tds_session import Session
from spentkey_sim.passwordstate.tds_statements import DropError, Services

JOIN_SECONDS = 5.0


class TdsServer:
    """Listens on a thread of its own, one more thread for each connection."""

    def __init__(
        self,
        holder: Holder,
        journal: Journal,
        faults: Faults,
        clock: SimClock,
        cert_pem: Path,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._stopping = threading.Event()
        self._certificates = Certificates(cert_pem)
        self._services = Services(holder, journal, faults, clock, self._stopping.wait)
        self._address = (host, port)
        self._listener: socket.socket | None = None
        self._browser: Browser | None = None
        self._threads: set[threading.Thread] = set()
        self._sessions: set[Session] = set()
        self._lock = threading.Lock()

    def start(self, *, browser: bool = False) -> int:
        """Begin to listen; the port is returned. With `browser` a SQL Server Browser on the same address tells it."""
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        listener = self._listener = socket.create_server(self._address, family=family)
        port = int(listener.getsockname()[1])
        if browser:
            try:
                self._browser = Browser(self._services, self._address[0], port)
            except OSError:
                listener.close()
                raise
            self._browser.start()
        self._spawn(lambda: self._accept(listener))
        return port

    def stop(self) -> None:
        """Stop listening, end every conversation, and wait until the threads are gone."""
        self._stopping.set()
        if self._browser:
            self._browser.stop()
        with self._lock:
            sockets = [session.channel.sock for session in self._sessions]
            threads = list(self._threads)
        for sock in [*sockets, *([self._listener] if self._listener else [])]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(JOIN_SECONDS)
        if self._listener:
            self._listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            session = Session(self._services, self._certificates.of, connection)
            with self._lock:
                self._sessions.add(session)
            self._spawn(partial(self._converse, session))

    def _converse(self, session: Session) -> None:
        try:
            session.serve()
        except DropError as drop:
            if drop.reset:
                _reset_on_close(session.channel.sock)
        except (EOFError, OSError, struct.error, UnicodeDecodeError):
            pass  # the client left, or said something that is no TDS: a real server closes without a word, too
        finally:
            with self._lock:
                self._sessions.discard(session)
            session.channel.sock.close()

    def _spawn(self, work: Callable[[], None]) -> None:
        def run() -> None:
            work()
            with self._lock:
                self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name="tds", daemon=True)
        with self._lock:  # started while held, so that stop() never meets a thread that has not begun
            self._threads.add(thread)
            thread.start()


def _reset_on_close(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
