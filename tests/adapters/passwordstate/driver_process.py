"""Asks with the real driver, in a process of its own, because its native part reads the authorities once in its life."""

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from worlds import CANARIES

from spentkey.adapters.passwordstate.sql_server import Database

PASSWORD = CANARIES["database password"]


def loads(shared_object: str) -> bool:
    """Whether this machine has that shared object."""
    try:
        ctypes.CDLL(shared_object)
    except OSError:
        return False
    return True


NATIVE_PARTS = [
    pytest.param(
        "msodbcsql18",
        marks=pytest.mark.skipif(
            not loads("libltdl.so.7"), reason="the driver's default native part needs libltdl.so.7"
        ),
    ),
    "mssql-odbc",
]
"""The driver's two; the environment chooses, once in the life of a process."""


def in_a_process(where: Database, **environment: str) -> str:
    """Ask for the documents of entry 1301; what came: their ids, or the error."""
    order = {
        "server": where.server,
        "port": where.port,
        "name": where.name,
        "query": where.query,
        "ca_file": str(where.ca_file or ""),
        "encrypt": where.encrypt,
        "name_in_certificate": where.name_in_certificate,
        "pin": where.pin.hex() if where.pin is not None else None,
        "multi_subnet_failover": where.multi_subnet_failover,
        "application_intent": where.application_intent,
    }
    ended = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("ask_documents.py"))],
        input=json.dumps(order),
        env={**os.environ, "ASK_PASSWORD": PASSWORD, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return ended.stdout.strip()


def by(part: str, where: Database) -> str:
    """The same with one of the driver's native parts."""
    return in_a_process(where, MSSQL_PYTHON_NATIVE_PROVIDER=part)
