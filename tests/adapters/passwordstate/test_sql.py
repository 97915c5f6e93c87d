"""The real SQL Server driver over TDS with TLS: what it finds, what it believes, and what its refusals become."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest
from driver_process import NATIVE_PARTS, PASSWORD, in_a_process
from fault_rules import fault
from real_simulator import RealSimulator
from support_settings import passwordstate
from tls_material import server_context
from worlds import certificate_entry, certificate_parameters, document, world

from spentkey.adapters.passwordstate.entries import DocumentRef
from spentkey.adapters.passwordstate.sql import find_documents
from spentkey.adapters.passwordstate.sql_server import Database
from spentkey.core.errors import AccessRefused, Outage
from spentkey.core.secret import Secret

CA_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def database(sim: RealSimulator) -> Database:
    """The simulator's database, as the configuration names it."""
    settings = sim.settings()
    place = passwordstate(settings).database
    return Database(place.server, place.port, place.database, place.query, settings.tls.ca_file)


async def find(where: Database, user: str = "reader", password: str = PASSWORD, entry: int = 1301) -> list[DocumentRef]:
    """Ask for the documents of an entry."""
    return list((await find_documents(where, user, Secret(password), entry)).documents)


@pytest.fixture
def documents(sim: RealSimulator) -> RealSimulator:
    """Four documents: two of the entry that serve, one of it that does not, one of another entry."""
    entries = [certificate_entry(1301), certificate_entry(1302)]
    listed = [
        document(501, "new"),
        {**document(502, "old"), "name": "OLD.P12"},
        {**document(503, "new"), "name": "readme.txt"},
        document(504, "new", owner=1302),
    ]
    sim.reset(world(certificate_parameters(), entries=entries, documents=listed))
    return sim


async def test_the_pfx_documents_of_one_entry_are_found(documents: RealSimulator) -> None:
    """By PasswordID, with .pfx and .p12 in any case; a password with `;` and `}` needs no care by anybody."""
    assert await find(database(documents)) == [DocumentRef(501, "new.pfx"), DocumentRef(502, "OLD.P12")]


async def test_an_entry_without_documents_has_none(documents: RealSimulator) -> None:
    """No rows are no error."""
    assert await find(database(documents), entry=9999) == []


async def test_the_log_in_is_encrypted_and_the_parameter_is_bound(documents: RealSimulator) -> None:
    """One log-in and one query, whose text is the configured one and never holds the number."""
    await find(database(documents))
    asked = [entry for entry in documents.journal() if entry["system"] == "sql"]
    assert [entry["route"] for entry in asked] == ["login", "query"]
    assert "1301" not in asked[1]["body"]
    assert asked[1]["object"] == "1301"


@pytest.mark.parametrize(
    ("user", "password"), [("reader", "guessed-1Zs"), ("nobody", PASSWORD), ("reader", ""), ("", PASSWORD)]
)
async def test_a_refused_log_in_names_the_entry_and_no_password(sim: RealSimulator, user: str, password: str) -> None:
    """SQL error 18456 is the operator's business."""
    with pytest.raises((AccessRefused, Outage)) as raised:
        await find(database(sim), user, password)
    assert "database" in str(raised.value)
    assert "1Zs" not in str(raised.value)
    assert raised.value.__suppress_context__


QUERIES = {
    "SELECT DocumentID, DocumentName FROM dbo.NoSuchView WHERE PasswordID = ?": "invalid object name",
    "SELECT NoColumn, DocumentName FROM dbo.vw_PfxDocuments WHERE PasswordID = ?": "invalid column name",
    "SELECT Password, Title FROM dbo.Passwords WHERE PasswordID = ?": "refuses the query",
    "SELECT DocumentName, DocumentID FROM dbo.vw_PfxDocuments WHERE PasswordID = ?": "must be DocumentID",
}


@pytest.mark.parametrize("query", QUERIES)
async def test_a_query_that_does_not_fit_names_the_setting(sim: RealSimulator, query: str) -> None:
    """A missing view or column, a table without rights, columns in the wrong order: the operator's business."""
    with pytest.raises(AccessRefused, match=QUERIES[query]):
        await find(replace(database(sim), query=query))


@pytest.mark.parametrize("verb", ["DELETE FROM dbo.vw_PfxDocuments WHERE PasswordID = ?", "EXEC xp_cmdshell ?"])
async def test_what_is_no_select_changes_nothing(sim: RealSimulator, verb: str) -> None:
    """The settings refuse such a query; the database's rights do so again."""
    before = sim.truth()["passwordstate"]
    with pytest.raises((AccessRefused, Outage)):
        await find(replace(database(sim), query=verb))
    assert before == sim.truth()["passwordstate"]


async def test_one_column_serves_too(sim: RealSimulator) -> None:
    """Without a name the document gets one from its number."""
    query = "SELECT DocumentID FROM dbo.vw_PfxDocuments WHERE PasswordID = ?"
    assert await find(replace(database(sim), query=query)) == [DocumentRef(501, "501.pfx")]


@pytest.mark.parametrize("kind", ["down", "reset", "503"])
async def test_a_database_that_is_away_is_an_outage(sim: RealSimulator, kind: str) -> None:
    """Nobody needs to act."""
    sim.faults(fault("sql", "login", kind))
    with pytest.raises(Outage, match="the Passwordstate database"):
        await find(database(sim))


async def test_a_port_where_nobody_listens_is_an_outage(sim: RealSimulator) -> None:
    """Nobody needs to act."""
    with pytest.raises(Outage):
        await find(replace(database(sim), port=9))


NO_LOG_INS, NO_DATABASE = "takes no log-ins now", "cannot be opened now"
REFUSED, STATES = "AccessRefused the Passwordstate database refuses the log-in", "58 means Windows authentication only"
AWAY = {
    ("login", 18401): NO_LOG_INS,
    ("login", 18451): NO_LOG_INS,
    ("login", 6005): NO_LOG_INS,
    ("login", 17142): NO_LOG_INS,
    ("login", 40613): NO_DATABASE,
    ("login", 922): NO_DATABASE,
    ("login", 983): NO_DATABASE,
    ("query", 983): NO_DATABASE,
    ("query", 6005): NO_LOG_INS,
    ("query", 1205): "a deadlock",
    ("login", 1205): "a deadlock",
    ("login", 701): "error log says why",
}


@pytest.mark.parametrize(("route", "number"), AWAY)
@pytest.mark.parametrize("part", NATIVE_PARTS)
def test_a_server_that_is_busy_with_itself_is_an_outage(sim: RealSimulator, part: str, route: str, number: int) -> None:
    """It starts, stops, is paused, fails over or gives a query up: nobody needs to correct anything."""
    sim.faults(fault("sql", route, "sql-error", params={"number": number}))
    message = in_a_process(database(sim), MSSQL_PYTHON_NATIVE_PROVIDER=part)
    assert message.startswith("Outage the Passwordstate database")
    assert AWAY[route, number] in message


@pytest.mark.parametrize("number", [18456, 18452, 18470, 18486])
@pytest.mark.parametrize("part", NATIVE_PARTS)
def test_a_log_in_that_is_refused_names_both_causes(sim: RealSimulator, part: str, number: int) -> None:
    """A wrong entry, or a server that takes Windows authentication only: the client is not told which."""
    sim.faults(fault("sql", "login", "sql-error", params={"number": number}))
    message = in_a_process(database(sim), MSSQL_PYTHON_NATIVE_PROVIDER=part)
    assert message.startswith(REFUSED)
    assert STATES in message
    assert "\n" not in message


def test_a_database_that_cannot_be_opened_is_an_outage(sim: RealSimulator) -> None:
    """Error 4060, as the driver's Rust part shows it: the name is wrong, or the database is not there yet."""
    message = in_a_process(replace(database(sim), name="payroll"), MSSQL_PYTHON_NATIVE_PROVIDER="mssql-odbc")
    assert message.startswith("Outage the Passwordstate database cannot be opened now")
    assert "passwordstate.database.database" in message


@pytest.mark.parametrize("part", NATIVE_PARTS[:1])
def test_a_database_that_cannot_be_opened_may_look_like_a_refused_log_in(sim: RealSimulator, part: str) -> None:
    """After 4060 the server sends 18456, and Microsoft's ODBC driver shows that one; so its text names the database."""
    message = in_a_process(replace(database(sim), name="payroll"), MSSQL_PYTHON_NATIVE_PROVIDER=part)
    assert message.startswith(REFUSED)
    assert "passwordstate.database.database" in message


@pytest.mark.parametrize("number", [208, 207, 229, 102])
@pytest.mark.parametrize("part", NATIVE_PARTS)
def test_a_query_that_is_refused_names_the_query(sim: RealSimulator, part: str, number: int) -> None:
    """Both native parts; a text in another language than English says the same."""
    sim.faults(fault("sql", "query", "sql-error", params={"number": number, "text": "Non, merci."}))
    message = in_a_process(database(sim), MSSQL_PYTHON_NATIVE_PROVIDER=part)
    assert message.startswith("AccessRefused the Passwordstate database refuses the query")


@pytest.mark.parametrize("kind", ["down", "reset"])
@pytest.mark.parametrize("route", ["login", "query"])
@pytest.mark.parametrize("part", NATIVE_PARTS)
def test_a_connection_that_breaks_is_an_outage(sim: RealSimulator, part: str, route: str, kind: str) -> None:
    """Before the log-in and under way."""
    sim.faults(fault("sql", route, kind))
    message = in_a_process(database(sim), MSSQL_PYTHON_NATIVE_PROVIDER=part)
    assert message == "Outage the Passwordstate database: it cannot be reached"


def test_a_server_that_speaks_french_is_judged_by_the_state(sim: RealSimulator) -> None:
    """The words of the server are in the language of the log-in."""
    words = "Échec de l'ouverture de session de l'utilisateur 'reader'."
    sim.faults(fault("sql", "login", "sql-error", params={"number": 18456, "text": words}))
    message = in_a_process(database(sim))
    assert message.startswith(REFUSED)
    assert "ouverture" not in message


def test_the_configured_authority_is_believed(sim: RealSimulator) -> None:
    """The process for the next three tests can succeed."""
    assert in_a_process(database(sim)) == "documents 501"


def test_a_server_that_nobody_vouches_for_gets_no_password(sim: RealSimulator, tmp_path: Path) -> None:
    """Another authority than the configured one: refused in the handshake, before the log-in."""
    other = tmp_path / "other.pem"
    other.write_bytes(server_context()[1])
    assert "Outage the Passwordstate database: the TLS" in in_a_process(replace(database(sim), ca_file=other))
    assert "sql" not in [entry["system"] for entry in sim.journal()]


def test_without_an_authority_the_machines_own_store_decides(sim: RealSimulator) -> None:
    """It does not know the simulator's."""
    assert "Outage the Passwordstate database: the TLS" in in_a_process(replace(database(sim), ca_file=None))


def test_an_authority_in_the_environment_is_not_believed(sim: RealSimulator, tmp_path: Path) -> None:
    """Whoever sets the environment does not choose whom to believe."""
    where = database(sim)
    other = tmp_path / "other.pem"
    other.write_bytes(server_context()[1])
    message = in_a_process(replace(where, ca_file=other), SSL_CERT_FILE=str(where.ca_file), SSL_CERT_DIR=str(tmp_path))
    assert "Outage the Passwordstate database: the TLS" in message


@pytest.mark.parametrize("before", [None, "/somewhere"])
@pytest.mark.parametrize("password", [PASSWORD, "guessed"])
async def test_the_environment_is_as_it_was(
    sim: RealSimulator, monkeypatch: pytest.MonkeyPatch, before: str | None, password: str
) -> None:
    """Set for the moment of connecting alone, whether the log-in is taken or refused."""
    for name in CA_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        if before is not None:
            monkeypatch.setenv(name, before)
    await asyncio.gather(find(database(sim), password=password), return_exceptions=True)
    assert [before, before] == [os.environ.get(name) for name in CA_VARIABLES]


async def test_several_tasks_ask_at_the_same_time(documents: RealSimulator) -> None:
    """The environment is shared, so they connect in turn, and each gets its own answer."""
    entries = [1301, 1302, 9999, 1301]
    found = await asyncio.gather(*(find(database(documents), entry=entry) for entry in entries))
    assert [len(one) for one in found] == [2, 1, 0, 2]
