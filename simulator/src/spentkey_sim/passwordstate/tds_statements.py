"""What a logged-in client may say: batches, procedure calls, transactions.

Drivers send parameters through `sp_executesql` and its prepared relatives ([MS-TDS] 2.2.6.6,
learn.microsoft.com/openspecs/windows_protocols/ms-tds).
"""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from spentkey_sim.clock import SimClock, wire_time
from spentkey_sim.faults import Fault, Faults
from spentkey_sim.journal import Journal
from spentkey_sim.model import Holder
from spentkey_sim.passwordstate import tds_sql, tds_text, tds_tokens
from spentkey_sim.passwordstate.tds_errors import error_of
from spentkey_sim.passwordstate.tds_params import ProcedureCall, read_call
from spentkey_sim.passwordstate.tds_tokens import SqlError

DROPPED, GOOD = 0, 200
DROPPING = frozenset({"down", "reset", "hang", "429", "500", "502", "503", "504"})
TRANSACTIONS = {5: tds_tokens.ENV_BEGIN, 7: tds_tokens.ENV_COMMIT, 8: tds_tokens.ENV_ROLLBACK}


class DropError(Exception):
    """A fault asks that the connection ends here. `partial` is what is still sent, for an answer cut short."""

    def __init__(self, *, reset: bool, partial: bytes = b"") -> None:
        super().__init__("the connection is dropped")
        self.reset = reset
        self.partial = partial


@dataclass(frozen=True)
class Services:
    """What every connection shares."""

    holder: Holder
    journal: Journal
    faults: Faults
    clock: SimClock
    pause: Callable[[float], object]

    def note(self, route: str, obj: str, body: str, status: int, fault: Fault | None) -> None:
        """Enter a log-in or a query in the journal. A password is never part of it."""
        self.journal.add(
            at=wire_time(self.clock.now()),
            system="sql",
            route=route,
            object=obj,
            method="TDS",
            status=status,
            fault=f"{fault.kind} {fault.when}" if fault else None,
            body=body,
        )

    def drop_if_asked(self, fault: Fault | None, when: str, route: str, obj: str, body: str) -> None:
        """Faults that end the connection: a reset, a hang, a database that is down; before the work or after it."""
        # LEDGER: P-27 - what a lost or busy database looks like from outside
        if fault is None or fault.kind not in DROPPING or fault.when != when:
            return
        self.note(route, obj, body, DROPPED, fault)
        if fault.kind == "hang":
            self.pause(float(fault.params.get("seconds", 60)))
        raise DropError(reset=fault.kind != "down")


@dataclass(frozen=True)
class Asked:
    """A batch with its parameters, and the form in which its answer ends."""

    text: str
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    in_procedure: bool = False

    @property
    def token(self) -> int:
        """The token that ends the statement."""
        return tds_tokens.DONE_IN_PROC if self.in_procedure else tds_tokens.DONE

    @property
    def password_id(self) -> str:
        """The object of this query in the journal."""
        return tds_text.asked_password_id(self.text, self.values)


@dataclass
class Statements:
    """The statements of one session: the database it is in, and what it has prepared."""

    services: Services
    database: str
    old: bool = False
    """Whether the client speaks TDS 7.1."""
    prepared: dict[int, tuple[str, str]] = field(default_factory=dict[int, tuple[str, str]])

    def batch(self, body: bytes) -> bytes:
        """A batch of text."""
        return self._run(Asked(body[self._headers(body) :].decode("utf-16-le")))

    def call(self, body: bytes) -> bytes:
        """The procedures by which drivers send parameters, and no others."""
        # LEDGER: P-19 - prepared and parameterised statements
        call = read_call(body, self._headers(body))
        values = [argument.value for argument in call.arguments]
        handle, out = None, b""
        match call.procedure:
            case "sp_executesql":
                out = self._run(_bound(values[0], values[1] if len(values) > 1 else "", call, 2))
            case "sp_prepare" | "sp_prepexec":
                self.prepared.pop(values[0], None)  # a handle that is passed in is given up for the new one
                handle = max(self.prepared, default=0) + 1
                self.prepared[handle] = (str(values[1] or ""), str(values[2]))
                out = self._run(_bound(values[2], values[1], call, 3)) if call.procedure == "sp_prepexec" else b""
            case "sp_execute":
                declared, text = self._known(values[0])
                out = self._run(_bound(text, declared, call, 1))
            case "sp_unprepare":
                self.prepared.pop(values[0], None)
            case _:
                raise SqlError(2812, f"Could not find stored procedure '{call.procedure}'.")
        return out + tds_tokens.procedure_end(handle, old=self.old)

    def transaction(self, body: bytes) -> bytes:
        """Begin, commit or roll back: acknowledged, as there is nothing that a reader could change."""
        (request,) = struct.unpack_from("<H", body, self._headers(body))
        number = b"\x08" + struct.pack("<Q", 1)
        kind = TRANSACTIONS.get(request)
        if kind is None:
            return tds_tokens.done(old=self.old)
        new, old = (number, b"\0") if kind == tds_tokens.ENV_BEGIN else (b"\0", number)
        return tds_tokens.change(kind, new, old) + tds_tokens.done(old=self.old)

    def _headers(self, body: bytes) -> int:
        """The length of ALL_HEADERS, which precede a message since TDS 7.2 ([MS-TDS] 2.2.5.3)."""
        return 0 if self.old else int(struct.unpack_from("<I", body)[0])

    def _known(self, handle: Any) -> tuple[str, str]:
        if handle not in self.prepared:
            raise SqlError(8179, f"Could not find prepared statement with handle {handle}.")
        return self.prepared[handle]

    def _run(self, asked: Asked) -> bytes:
        """Settings are acknowledged, the one SELECT is answered, anything else is refused."""
        if not tds_text.TOUCHES_DATA.search(asked.text):
            return self._answer(asked, None)
        obj = asked.password_id
        fault = self.services.faults.decide("sql", "query", obj)
        self.services.drop_if_asked(fault, "before", "query", obj, asked.text)
        try:
            reply = self._answer(asked, fault)
        except SqlError as problem:
            self.services.note("query", obj, asked.text, problem.number, fault)
            raise
        self.services.drop_if_asked(fault, "after", "query", obj, asked.text)
        self.services.note("query", obj, asked.text, GOOD, fault)
        if fault and fault.kind == "truncate":
            raise DropError(reset=True, partial=reply[: len(reply) // 2])
        return reply

    def _answer(self, asked: Asked, fault: Fault | None) -> bytes:
        if (refusal := error_of(fault)) is not None:
            raise refusal
        batch = tds_text.read_batch(asked.text)
        moved = self._move_to(batch.database) if batch.database else b""
        more = tds_tokens.MORE if asked.in_procedure else 0
        if batch.select is None:
            return moved + tds_tokens.done(more, token=asked.token, old=self.old)
        passwordstate = self.services.holder.world.passwordstate
        table = tds_sql.select(passwordstate, self.database, batch.select, asked.values)
        rows = with_rows(table, int(fault.params.get("n", 0))) if fault and fault.kind == "rows" else table.rows
        return moved + tds_tokens.result_set(table.columns, rows, asked.token, more=bool(more), old=self.old)

    def _move_to(self, database: str) -> bytes:
        known = self.services.holder.world.passwordstate.database.name
        if database.casefold() not in (known.casefold(), "master"):
            raise SqlError(911, f"Database '{database}' does not exist. Make sure that the name is entered correctly.")
        old, self.database = self.database, database
        return tds_tokens.change(tds_tokens.ENV_DATABASE, tds_tokens.short_text(database), tds_tokens.short_text(old))


def with_rows(table: tds_sql.Table, count: int) -> list[Any]:
    """The rows of `table`, made up to or cut down to `count`."""
    invented = (
        [999001 + number if each.kind == "int" else "twin.pfx" for each in table.columns] for number in range(count)
    )
    return [*table.rows, *invented][:count]


def _bound(text: Any, declared: Any, call: ProcedureCall, first: int) -> Asked:
    """The statement with its parameters under the names that were declared for them."""
    names = re.findall(r"(@\w+)\s", str(declared or ""))
    given = call.arguments[first:]
    values = {(each.name or name)[1:].lower(): each.value for name, each in zip(names, given, strict=False)}
    return Asked(str(text), values, in_procedure=True)
