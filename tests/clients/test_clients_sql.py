"""Two SQL Server drivers, unchanged, ask which documents hang on an entry: over TLS, with the query of the configuration.

mssql-python is one package with two native parts: Microsoft's ODBC driver, which is its default, and one in Rust.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from client_runs import Clients, opened
from client_versions import NO_LTDL, has_library
from client_world import DOCUMENTS
from support_settings import passwordstate
from worlds import CANARIES

from spentkey.bootstrap.settings import load_settings

ODBC, RUST, FREETDS = "msodbcsql", "mssql-odbc", "pymssql"
PASSWORD = CANARIES["database password"]
without_ltdl = pytest.mark.skipif(not has_library("libltdl.so.7"), reason=NO_LTDL)
MICROSOFTS = [pytest.param(ODBC, marks=without_ltdl), RUST]
drivers = pytest.mark.parametrize("driver", [*MICROSOFTS, FREETDS])
ALL = [[number, f"{name}.pfx"] for name, number in DOCUMENTS.items()]


@dataclass(frozen=True)
class Database:
    """The database, as each driver reaches it."""

    clients: Clients
    ca: Path

    @property
    def query(self) -> str:
        """The query that the configuration has."""
        return passwordstate(load_settings(self.clients.sim.config, {})).database.query

    def ask(self, driver: str, *parameters: Any, sql: str = "", **changes: Any) -> dict[str, Any]:
        """One statement; `changes` are to the password, the database and the encryption."""
        text = sql or self.query
        if driver == FREETDS:
            return self._by_freetds(text.replace("?", "%s"), parameters, **changes)
        options = {"uid": "reader", "pwd": PASSWORD, "database": "passwordstate", "TrustServerCertificate": "no"}
        options |= {"Encrypt": "yes", "timeout": 5} | changes
        provider = RUST if driver == RUST else None
        order = {"provider": provider, "port": self.clients.sql_port, "options": options}
        environment = self.clients.environment("direct", self.ca)
        return self.clients.program("use_mssql_python", order | {"sql": text, "parameters": parameters}, environment)

    def _by_freetds(
        self, sql: str, parameters: tuple[Any, ...], encryption: str = "require", **changes: Any
    ) -> dict[str, Any]:
        settings = {"host": "localhost", "port": self.clients.sql_port, "tds version": "7.4", "encryption": encryption}
        settings |= {"ca file": self.ca, "check certificate hostname": "yes"}
        lines = ["[simulator]", *(f"  {name} = {value}" for name, value in settings.items())]
        file = self.clients.folder / "freetds.conf"
        file.write_text("\n".join(lines) + "\n")
        names = {"pwd": "password"}
        options = {"user": "reader", "password": PASSWORD, "database": "passwordstate", "login_timeout": 5}
        options |= {"port": str(self.clients.sql_port)} | {names.get(name, name): one for name, one in changes.items()}
        order = {"server": "simulator", "options": options, "sql": sql, "parameters": parameters}
        environment = self.clients.environment("direct", self.ca) | {"FREETDSCONF": str(file)}
        return self.clients.program("use_pymssql", order, environment)

    def journal(self) -> list[tuple[str, str, int]]:
        """Route, object and status of everything that the database was asked."""
        entries = self.clients.sim.journal()
        return [(each["route"], each["object"], each["status"]) for each in entries if each["system"] == "sql"]


@pytest.fixture
def database(clients: Clients) -> Database:
    """The database, with the authority that signed its certificate."""
    return Database(clients, clients.ca)


@drivers
def test_the_documents_of_an_entry_are_found(database: Database, driver: str) -> None:
    """Numbers and names, in the columns that the contract names; the journal has one log-in and one query."""
    assert database.ask(driver, 1301) == {"columns": ["DocumentID", "DocumentName"], "rows": ALL}
    assert database.journal() == [("login", "reader", 200), ("query", "1301", 200)]


@pytest.mark.parametrize("driver", MICROSOFTS)
def test_tds_8_has_tls_around_everything(database: Database, driver: str) -> None:
    """Encrypt=strict, which no other driver here can."""
    assert database.ask(driver, 1301, Encrypt="strict")["rows"] == ALL


@drivers
def test_what_was_found_is_the_document_that_the_vault_gives_out(database: Database, driver: str) -> None:
    """Both sides of Passwordstate mean the same thing by a DocumentID."""
    number = next(number for number, name in database.ask(driver, 1301)["rows"] if name == "new.pfx")
    assert DOCUMENTS["new"] == number
    assert opened(database.clients.pfx("new"))[1].subject.rfc4514_string() == "CN=sales"


@drivers
def test_an_entry_without_documents_has_none(database: Database, driver: str) -> None:
    """Columns without rows."""
    assert database.ask(driver, 4711) == {"columns": ["DocumentID", "DocumentName"], "rows": []}


@drivers
def test_a_wrong_password_is_refused(database: Database, driver: str) -> None:
    """Error 18456; no driver comes as far as its query."""
    answer = database.ask(driver, 1301, pwd="guess")
    assert "Login failed for user 'reader'" in answer["error"]
    assert database.journal() == [("login", "reader", 18456)]


def test_pymssql_has_the_number_of_a_refused_log_in(database: Database) -> None:
    """18456 itself, which Microsoft's driver keeps to itself."""
    assert database.ask(FREETDS, 1301, pwd="guess")["number"] == 18456


@drivers
def test_a_server_that_is_not_trusted_gets_no_password(clients: Clients, driver: str, foreign_ca: Path) -> None:
    """The certificate is verified before the log-in, so none is seen."""
    database = Database(clients, foreign_ca)
    assert "rows" not in database.ask(driver, 1301)
    assert database.journal() == []


@pytest.mark.parametrize(
    ("driver", "wish"),
    [
        pytest.param(ODBC, {"Encrypt": "no"}, marks=without_ltdl),
        (RUST, {"Encrypt": "no"}),
        (FREETDS, {"encryption": "off"}),
    ],
)
def test_a_client_that_wants_no_encryption_gets_it_all_the_same(
    clients: Clients, driver: str, wish: dict[str, str], foreign_ca: Path
) -> None:
    """The server demands TLS and the driver obeys: with another authority it stops before its log-in."""
    sceptical = Database(clients, foreign_ca)
    assert ("error" in sceptical.ask(driver, 1301, **wish), sceptical.journal()) == (True, [])
    assert Database(clients, clients.ca).ask(driver, 1301, **wish)["rows"] == ALL


@drivers
def test_another_database_is_not_opened(database: Database, driver: str) -> None:
    """Error 4060, and after it 18456 (ledger P-17); a driver that shows only one shows the more severe, the second."""
    error = database.ask(driver, 1301, database="other")["error"]
    assert 'Cannot open database "other"' in error or "Login failed for user" in error
    assert database.journal() == [("login", "reader", 4060)]


@drivers
@pytest.mark.parametrize(
    ("sql", "words", "number"),
    [
        ("SELECT Secret3, Secret4 FROM dbo.SystemSettings", "SELECT permission was denied", 229),
        ("DELETE FROM dbo.vw_PfxDocuments", "DELETE permission was denied", 229),
        ("SELECT DocumentID FROM dbo.Documents", "Invalid object name", 208),
        ("SELECT Password FROM dbo.vw_PfxDocuments", "Invalid column name", 207),
    ],
)
def test_what_the_login_may_not_ask_is_refused(
    database: Database, driver: str, sql: str, words: str, number: int
) -> None:
    """The words and the number are SQL Server's."""
    assert words in database.ask(driver, sql=sql)["error"]
    assert [200, number] == [status for _, _, status in database.journal()]


@drivers
def test_a_parameter_is_never_part_of_the_statement(database: Database, driver: str) -> None:
    """A text where a number belongs is error 245, however it was sent."""
    assert "Conversion failed" in database.ask(driver, "0 OR 1=1")["error"]
    assert [status for _, _, status in database.journal()] == [200, 245]
