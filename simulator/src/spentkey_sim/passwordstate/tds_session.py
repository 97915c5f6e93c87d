"""One connection to the SQL listener: negotiation, log-in, then statements until the client leaves.

Follows the state machine of a server in [MS-TDS] 3.3.5 (learn.microsoft.com/openspecs/windows_protocols/ms-tds).
"""

import socket
from collections.abc import Callable

from spentkey_sim.faults import Fault
from spentkey_sim.model import World
from spentkey_sim.passwordstate import tds_login, tds_tokens
from spentkey_sim.passwordstate.tds_certificates import Encryption
from spentkey_sim.passwordstate.tds_errors import NO_DATABASE, REFUSED, error_of
from spentkey_sim.passwordstate.tds_statements import GOOD, DropError, Services, Statements
from spentkey_sim.passwordstate.tds_tokens import SqlError
from spentkey_sim.passwordstate.tds_wire import PACKET_SIZES, Channel, Packet

TLS_RECORD = b"\x16"
WANTS_ENCRYPTION = (b"\x01", b"\x03")


class Session:
    """One conversation. `serve` ends with `EOFError`, `OSError` or `DropError` when either side breaks it off."""

    def __init__(self, services: Services, encryption: Callable[[World], Encryption], sock: socket.socket) -> None:
        self.services = services
        self.encryption = encryption
        self.channel = Channel(sock)

    def serve(self) -> None:
        """The whole conversation."""
        fault = self.services.faults.decide("sql", "login", "")
        self.services.drop_if_asked(fault, "before", "login", "", "")
        self._negotiate()
        statements = self._log_in(fault)
        if statements is None:
            return
        try:
            self._answer_all(statements)
        except DropError as drop:
            if drop.partial:
                self.channel.send(drop.partial)
            raise

    def _answer_all(self, statements: Statements) -> None:
        responses: dict[int, Callable[[bytes], bytes]] = {
            Packet.BATCH: statements.batch,
            Packet.RPC: statements.call,
            Packet.TRANSACTION: statements.transaction,
            Packet.ATTENTION: lambda _body: tds_tokens.done(tds_tokens.ATTENTION_SEEN, old=statements.old),
        }
        while True:
            kind, body = self.channel.read()
            if kind not in responses:
                return
            try:
                reply = responses[kind](body)
            except SqlError as problem:
                token = tds_tokens.DONE_PROC if kind == Packet.RPC else tds_tokens.DONE
                ending = tds_tokens.done(tds_tokens.ERROR_BIT, token=token, old=statements.old)
                reply = tds_tokens.error(problem, old=statements.old) + ending
            self.channel.send(reply)

    def _negotiate(self) -> None:
        """Agree on encryption; there is no conversation without it."""
        # LEDGER: P-16 - TLS, or no conversation
        world = self.services.holder.world
        strict = self.channel.sock.recv(1, socket.MSG_PEEK) == TLS_RECORD
        # LEDGER: P-32 - a server that takes one of the two alone
        if world.passwordstate.database.encryption == ("tds7" if strict else "strict"):
            raise EOFError("the server is set to the other kind of TLS")
        encryption = self.encryption(world)
        if strict:
            self.channel.encrypt_outside(encryption.strict)
        options = tds_login.read_options(self._expect(Packet.PRELOGIN))
        wish = options.get(tds_login.OPTION_ENCRYPTION, b"\x02")[:1]
        answer = tds_login.ENCRYPT_ON if wish in WANTS_ENCRYPTION else tds_login.ENCRYPT_REQUIRED
        if strict:
            answer = tds_login.ENCRYPT_NOT_SUPPORTED  # the conversation already runs inside TLS
        federated = tds_login.OPTION_FEDERATED in options
        self.channel.send(tds_login.prelogin_answer(answer, federated=federated))
        if not strict:
            self.channel.encrypt_inside(encryption.tunnel)

    def _log_in(self, fault: Fault | None) -> Statements | None:
        """Check login, password and database; None when the conversation ends here."""
        login = tds_login.read_login(self._expect(Packet.LOGIN7))
        problem = error_of(fault) or tds_login.login_problem(self.services.holder.world.passwordstate.database, login)
        self.services.drop_if_asked(fault, "after", "login", login.user, login.user)
        self.services.note("login", login.user, login.user, problem.number if problem else GOOD, fault)
        if problem:
            # LEDGER: P-17 - after 4060 comes 18456 too
            old = tds_tokens.is_old(login.version)
            second = tds_tokens.error(REFUSED, old=old) if problem.number == NO_DATABASE.number else b""
            ending = tds_tokens.done(tds_tokens.ERROR_BIT, old=old)
            self.channel.send(tds_tokens.error(problem, old=old) + second + ending)
            return None
        database = login.database or "master"
        size = login.packet_size if login.packet_size in PACKET_SIZES else None
        self.channel.send(tds_tokens.login_acknowledged(database, size, login.version, features=login.features))
        self.channel.packet_size = size or self.channel.packet_size
        return Statements(self.services, database, old=tds_tokens.is_old(login.version))

    def _expect(self, wanted: Packet) -> bytes:
        kind, body = self.channel.read()
        if kind != wanted:
            raise EOFError(f"{wanted.name} was expected")
        return body
