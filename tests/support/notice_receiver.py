"""Somebody who receives notices: an HTTPS server on loopback that judges signatures by itself, and can be in a bad mood."""

import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from spentkey_sim import tls

SECRET = "canary-notify-secret-of-forty-characters"


@dataclass
class Received:
    """What came, and how the next ones are answered: the statuses in turn, then 204 for ever."""

    url: str
    ca_file: Path
    bodies: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    paths: list[str] = field(default_factory=list[str])
    unsigned: list[str] = field(default_factory=list[str])
    answers: list[int] = field(default_factory=list[int])
    looks: int = 0
    """How often somebody only looked whether it is there."""
    came: threading.Condition = field(default_factory=threading.Condition)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Judge one notice, and give the status of its answer."""
        timestamp = headers.get("X-Spentkey-Timestamp", "")
        code = hmac.new(SECRET.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        with self.came:
            if headers.get("X-Spentkey-Signature") != f"sha256={code}":
                self.unsigned.append(path)
                return 401
            self.paths.append(path)
            self.bodies.append(json.loads(body))
            self.came.notify_all()
            return self.answers.pop(0) if self.answers else 204

    def wait_for(self, count: int, seconds: float = 30) -> list[dict[str, Any]]:
        """The bodies, as soon as there are so many."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.bodies) >= count, seconds), f"{self.bodies} in {seconds} s"
            return list(self.bodies)


@contextmanager
def receiving(folder: Path, path: str = "/hook/api") -> Generator[Received]:
    """Receive until the block ends."""
    made = tls.make()
    pem, ca_file = folder / "receiver.pem", folder / "receiver-ca.pem"
    pem.write_bytes(made.server)
    ca_file.write_bytes(made.ca)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(received.take(self.path, dict(self.headers), body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_HEAD(self) -> None:
            with received.came:
                received.looks += 1
            self.send_response(received.answers.pop(0) if received.answers else 405)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        received = Received(f"https://127.0.0.1:{server.server_port}{path}", ca_file)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield received
        finally:
            server.shutdown()
            thread.join()
