"""What the database's container does at its first start, done to a real PostgreSQL: two roles with no right too many."""

import asyncio
import base64
import hashlib
import hmac
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from deploy_files import DEPLOY
from real_postgres import RealPostgres

from spentkey.core.secret import Secret
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.roles import Roles, make_roles
from spentkey.storage.postgres.schema import prepare
from spentkey.worker.procrastinate_queue import prepare_queue

SQL = (DEPLOY / "compose" / "database" / "10-spentkey.sql").read_text("utf-8")
MOUNTED = "/run/secrets/"
PASSWORD = "it's $a 'strange' \\ pass\"word; of 32 characters or more"
OWNERS = "another password, which has 32 characters too"


def started(server: RealPostgres, text: str) -> subprocess.CompletedProcess[str]:
    """Feed a script to psql with the options of the container's start: the first error ends it."""
    psql = server._bin / "psql"  # pyright: ignore[reportPrivateUsage]
    command = [str(psql), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", server.url("postgres")]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


async def init(server: RealPostgres) -> None:
    """What `docker compose run tables` does in the database."""
    url = server.url("spentkey").replace("postgres@", "spentkey_owner@")
    async with opened(Secret(url)) as database:
        await prepare(database)
        await prepare_queue(database)
        assert await make_roles(database, "spentkey", None) == Roles("spentkey_owner", "spentkey")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[RealPostgres]:
    """A server after its first start."""
    made = RealPostgres()
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "database_password").write_text(f"{PASSWORD}\n", "utf-8")
    (folder / "database_owner_password").write_text(f"{OWNERS}\n", "utf-8")
    ended = started(made, SQL.replace(MOUNTED, f"{folder}/"))
    assert (ended.returncode, ended.stderr) == (0, "")
    asyncio.run(init(made))
    yield made
    made.stop()


def as_spentkey(server: RealPostgres, statement: str) -> list[tuple[Any, ...]]:
    """What a statement of the role gives, in its own database."""
    return server.rows(server.url("spentkey").replace("postgres@", "spentkey@"), statement)


@pytest.mark.parametrize(("role", "password"), [("spentkey", PASSWORD), ("spentkey_owner", OWNERS)])
def test_the_password_is_the_files(server: RealPostgres, role: str, password: str) -> None:
    """Whatever characters it has; it is kept as SCRAM only."""
    ((kept,),) = server.rows(server.url("postgres"), "SELECT rolpassword FROM pg_authid WHERE rolname = %s", role)
    kind, salted, keys = kept.split("$")
    run_window, salt = salted.split(":")
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(run_window))
    stored = hashlib.sha256(hmac.new(key, b"Client Key", "sha256").digest()).digest()
    assert (kind, keys.partition(":")[0]) == ("SCRAM-SHA-256", base64.b64encode(stored).decode())


def test_the_role_can_add_evidence(server: RealPostgres) -> None:
    """In its own database it may do what Spentkey needs."""
    as_spentkey(server, "INSERT INTO spentkey_evidence (seq, what, line) VALUES (0, 'x', '{}')")
    assert as_spentkey(server, "SELECT seq FROM spentkey_evidence") == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE DATABASE other",
        "CREATE TABLE other (n int)",
        "DROP TABLE spentkey_evidence",
        "DELETE FROM spentkey_evidence",
        "SET ROLE spentkey_owner",
        "CREATE ROLE other",
        "ALTER ROLE spentkey SUPERUSER",
        "SELECT pg_read_file('/etc/hostname')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT rolpassword FROM pg_authid",
    ],
)
def test_the_role_has_no_right_too_many(server: RealPostgres, statement: str) -> None:
    """What a database's role might do to the server is refused."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_spentkey(server, statement)


def test_nobody_else_gets_in(server: RealPostgres) -> None:
    """Another role of the same server may not even connect to the database."""
    server.rows(server.url("postgres"), "CREATE ROLE stranger LOGIN")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        server.rows(server.url("spentkey").replace("postgres@", "stranger@"), "SELECT 1")


@pytest.mark.parametrize("content", [None, "", "0123456789"], ids=["missing", "empty", "short"])
@pytest.mark.parametrize("which", ["database_password", "database_owner_password"])
def test_a_missing_password_ends_the_start(tmp_path: Path, which: str, content: str | None) -> None:
    """Without a password that was made there is no role: the start fails."""
    made = RealPostgres()
    for name in ("database_password", "database_owner_password"):
        if name != which or content is not None:
            (tmp_path / name).write_text((content or "") if name == which else PASSWORD, "utf-8")
    try:
        ended = started(made, SQL.replace(MOUNTED, f"{tmp_path}/"))
        roles = made.rows(made.url("postgres"), "SELECT 1 FROM pg_roles WHERE rolname LIKE 'spentkey%'")
        assert (ended.returncode, roles) == (3, [])
    finally:
        made.stop()
