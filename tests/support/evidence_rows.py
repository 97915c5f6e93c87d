"""Evidence in PostgreSQL made from outside: many records at once, and what a program of version 1 makes and appends."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from real_postgres import RealPostgres

from spentkey.core.evidence import GENESIS, Facts, Sealed, seal
from spentkey.core.tree import CompactRange
from spentkey.storage.postgres.rows import row_of
from spentkey.storage.tree_nodes import made_whole

TABLES_OF_1 = """
    CREATE TABLE spentkey_schema (version integer NOT NULL, least integer NOT NULL);
    CREATE TABLE spentkey_evidence (
        seq bigint PRIMARY KEY, task bigint, app_id text, key_id text, what text NOT NULL, line text NOT NULL,
        stored timestamptz NOT NULL DEFAULT clock_timestamp());
    CREATE INDEX spentkey_evidence_task ON spentkey_evidence (task, seq) WHERE task IS NOT NULL;
    CREATE INDEX spentkey_evidence_app ON spentkey_evidence (app_id) WHERE what = 'intent';
    CREATE INDEX spentkey_evidence_results ON spentkey_evidence (seq) WHERE what = 'result';
    CREATE SEQUENCE spentkey_claim;
    CREATE TABLE spentkey_claims (
        name text PRIMARY KEY, claim bigint NOT NULL, holder text NOT NULL, until timestamptz NOT NULL,
        before timestamptz);
    CREATE INDEX spentkey_claims_claim ON spentkey_claims (claim);
    CREATE TABLE spentkey_paces (name text PRIMARY KEY, numbers float8[]);
    INSERT INTO spentkey_schema (version, least) VALUES (1, 1)
"""
"""As version 0.2.0 of Spentkey makes them."""
COPY = "COPY spentkey_evidence (seq, at, what, task, task_ref, app_id, key_id, run, canary, line) FROM STDIN"
INSERT_OF_1 = "INSERT INTO spentkey_evidence (seq, task, app_id, key_id, what, line) VALUES (%s, %s, %s, %s, %s, %s)"

Told = tuple[datetime, str, Facts]
"""When, what, and the facts of one record."""


@dataclass(frozen=True)
class EvidenceRows:
    """The table of evidence in one database."""

    postgres: RealPostgres
    database: str

    def put(self, told: Iterable[Told]) -> None:
        """Append records, however many, as a program of this version does."""
        with self.postgres.connect(self.database) as connection, connection.cursor() as cursor:
            grown, nodes = self._grown(connection), list[tuple[int, bytes]]()
            sealed = self._sealed(connection, told)
            with cursor.copy(COPY) as copy:
                for one in sealed:
                    copy.write_row(row_of(one.record, one.record_line))
                    nodes.append((one.seq, made_whole(grown, one.record_line)))
            with cursor.copy("COPY spentkey_tree (seq, nodes) FROM STDIN") as copy:
                for pair in nodes:
                    copy.write_row(pair)

    def put_as_1(self, told: Iterable[Told]) -> None:
        """Append records as a worker of version 1 does, which knows nothing of later columns."""
        with self.postgres.connect(self.database) as connection:
            for one in self._sealed(connection, told):
                record = json.loads(one.record_line)
                columns = (record.get("task"), record.get("app_id"), record.get("key_id"), record["what"])
                connection.execute(INSERT_OF_1, (one.seq, *columns, one.record_line))

    def _grown(self, connection: psycopg.Connection[Any]) -> CompactRange:
        """The tree over what is there, all of which has its nodes."""
        grown = CompactRange()
        for (line,) in connection.execute("SELECT line FROM spentkey_evidence ORDER BY seq").fetchall():
            made_whole(grown, line)
        return grown

    def _sealed(self, connection: psycopg.Connection[Any], told: Iterable[Told]) -> Iterator[Sealed]:
        """Records that follow what is there; the connection is asked before the first is made."""
        rows = connection.execute("SELECT line FROM spentkey_evidence ORDER BY seq DESC LIMIT 1").fetchall()
        last: dict[str, Any] = json.loads(rows[0][0]) if rows else {"hash": GENESIS, "seq": -1}
        return _following(str(last["hash"]), int(last["seq"]) + 1, told)


def _following(prev: str, seq: int, told: Iterable[Told]) -> Iterator[Sealed]:
    for number, (at, what, facts) in enumerate(told, seq):
        sealed = seal(prev, number, at, what, facts)
        prev = sealed.hash
        yield sealed


def many(count: int, at: datetime) -> Iterator[Told]:
    """So many records about other tasks, four to a task."""
    for number in range(count):
        what = ("intent", "answer", "verified", "result")[number % 4]
        facts = {"task": 50_000 + number // 4, "app_id": f"a{number % 97}", "key_id": f"k{number}", "run": "r"}
        yield at, what, facts


def intents(count: int, at: datetime, **facts: Any) -> list[Told]:
    """So many removals begun at one time."""
    return [(at, "intent", {"task": 1, "app_id": "a", "key_id": "k", "run": "other", **facts})] * count
