"""Importing the facade, and using it, leaves the host process as it was."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parents[1] / "support"
COMPARE = """
import json, sys
sys.path.insert(0, {support!r})
import process_state
before = process_state.state()
{act}
print(json.dumps(process_state.changes(before, process_state.state())))
"""
USE = """
from pathlib import Path
from spentkey.core.errors import SpentkeyError
from spentkey.facade import Facade
try:
    facade = Facade.open(Path({config!r}), {{}})
    {call}
except SpentkeyError as problem:
    ended = str(problem)
else:
    ended = "by itself"
assert {ending!r} in ended, ended
"""
CONFIG = """
[ivanti]
url = "https://localhost:1"
api_key = "key"
queue_team = "Queue"
login_id = "automation"
[passwordstate]
url = "https://localhost:1"
api_key = "key"
[passwordstate.database]
server = "localhost"
query = "SELECT DocumentID FROM Documents WHERE PasswordID = ?"
[tenants.one]
tenant_id = "c3c1e6bb-1ebf-4335-ad13-3419266a9781"
entry = "one"
domain = "one.example.org"
when = { onderwijs = "one" }
[state]
directory = "state"
"""
SIGN_IN = """
import asyncio, aiohttp
from spentkey.adapters.entra.sign_in import SignIn
from spentkey.adapters.entra.token import TokenSource
from spentkey.core.errors import Outage
from spentkey.core.secret import Secret
from spentkey.http.sessions import open_session
from spentkey.http.tls import trust
from spentkey.system import SystemClock
class Quick(SystemClock):
    async def sleep(self, seconds):
        pass
async def sign_in():
    async with open_session(trust(None)) as session:
        tenant = "c3c1e6bb-1ebf-4335-ad13-3419266a9781"
        where = SignIn("https://localhost:1", tenant, tenant, "https://localhost:1/.default")
        try:
            await TokenSource(where, session, Quick(), lambda: 0.0, Secret("secret")).token()
        except Outage as problem:
            assert "no answer" in str(problem), problem
asyncio.run(sign_in())
assert "azure.identity.aio" in sys.modules
"""


def changed_by(act: str) -> list[str]:
    """What a fresh interpreter finds changed after some statements."""
    program = COMPARE.format(support=str(SUPPORT), act=act)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_importing_the_facade_changes_nothing() -> None:
    """Loggers, warnings, signals, limits, environment, hooks, TLS, asyncio: all as before."""
    assert changed_by("import spentkey.facade") == []


@pytest.mark.parametrize(
    ("module", "theirs"),
    [
        ("spentkey.bootstrap.postgres", ["logger psycopg: None -> (30, [], [], True, False)"]),
        ("spentkey.adapters.passwordstate.sql", []),
        ("spentkey.bootstrap.service", []),
    ],
)
def test_what_the_facade_may_load_later_changes_nothing_either(module: str, theirs: list[str]) -> None:
    """PostgreSQL with the queue's package, which sets the level of its own logger; and the rest, which sets nothing."""
    assert changed_by(f"import {module}") == theirs


@pytest.mark.parametrize(
    ("call", "ending"),
    [
        ("facade.when_of('nobody')", "no tenant is called nobody"),
        ("facade.reference('x')", "is not a task of [ivanti]"),
        ("facade.ticket(facade.reference(40021))", "Ivanti did not answer"),
        ("facade.login('one')", "Passwordstate did not answer"),
    ],
)
def test_a_call_that_ends_early_changes_nothing(tmp_path: Path, call: str, ending: str) -> None:
    """A refusal before any connection, and systems that nobody listens for."""
    config = tmp_path / "spentkey.toml"
    config.write_text(CONFIG, "utf-8")
    config.chmod(0o600)
    quick = (
        "import spentkey.system\nasync def at_once(self, seconds): pass\nspentkey.system.SystemClock.sleep = at_once\n"
    )
    assert changed_by(quick + USE.format(config=str(config), call=call, ending=ending)) == []


def test_a_sign_in_changes_nothing() -> None:
    """Microsoft's library loads packages that change the filters of warnings; the host keeps its own."""
    assert changed_by(SIGN_IN) == []


@pytest.mark.parametrize(
    "act",
    [
        "import logging; logging.getLogger('azure').setLevel(50)",
        "import logging; logging.getLogger('psycopg.pool').addFilter(lambda record: False)",
        "from spentkey.http.sessions import use_small_buffers; use_small_buffers()",
        "import warnings; warnings.simplefilter('always', append=True)",
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (99, r.getrlimit(r.RLIMIT_NOFILE)[1]))",
        "import os; os.environ['SSL_CERT_FILE'] = '/dev/null'",
        "sys.excepthook = print",
        "import ssl; ssl.SSLContext.minimum = 1",
        "import random; random.seed(1)",
        "import socket; socket.setdefaulttimeout(5)",
        "import gc; gc.freeze()",
    ],
)
def test_the_comparison_sees_a_change(act: str) -> None:
    """Each kind of change that was made before, or could be."""
    assert changed_by(act) != []
