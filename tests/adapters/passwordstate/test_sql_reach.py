"""A SQL Server as sites run it, reached by the real driver: kinds of TLS, names, pins, intents."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from driver_process import NATIVE_PARTS, by
from real_simulator import RealSimulator
from sql_worlds import AUTOMATIC, as_der, shown_pem, sql_world
from support_settings import passwordstate

from spentkey.adapters.passwordstate.sql_server import Database

FOUND = "documents 501"
UNTRUSTED = "Outage the Passwordstate database: the TLS connection was refused"
parts = pytest.mark.parametrize("part", NATIVE_PARTS)


def database(sim: RealSimulator, world: dict[str, Any]) -> Database:
    """The database of that world, as the configuration names it."""
    sim.reset(world)
    settings = sim.settings()
    place = passwordstate(settings).database
    return Database(place.server, place.port, place.database, place.query, settings.tls.ca_file)


def sql_routes(sim: RealSimulator) -> list[str]:
    """What came as far as a log-in or further."""
    return [entry["route"] for entry in sim.journal() if entry["system"] == "sql"]


@parts
@pytest.mark.parametrize("encryption", ["both", "strict"])
def test_tds_8_reaches_a_server_that_takes_nothing_else(sim: RealSimulator, part: str, encryption: str) -> None:
    """Force Strict Encryption, and a server that leaves the choice."""
    where = database(sim, sql_world(encryption=encryption))
    assert by(part, replace(where, encrypt="strict")) == FOUND


@parts
@pytest.mark.parametrize(("encryption", "encrypt"), [("strict", "yes"), ("tds7", "strict")])
def test_the_other_kind_of_tls_gets_no_log_in(sim: RealSimulator, part: str, encryption: str, encrypt: str) -> None:
    """Each is cut off before the log-in, which is an outage; `check` says what to set."""
    where = database(sim, sql_world(encryption=encryption))
    assert by(part, replace(where, encrypt=encrypt)).startswith("Outage the Passwordstate database")
    assert sql_routes(sim) == []


@parts
@pytest.mark.parametrize("encrypt", ["yes", "strict"])
def test_the_automatic_certificate_is_not_believed(sim: RealSimulator, part: str, encrypt: str) -> None:
    """Whoever sits between could make one of the same name."""
    where = replace(database(sim, sql_world(certificate=AUTOMATIC)), encrypt=encrypt)
    assert by(part, where).startswith(UNTRUSTED)
    assert sql_routes(sim) == []


@parts
@pytest.mark.parametrize("encrypt", ["yes", "strict"])
@pytest.mark.parametrize(
    ("name", "message"), [("sql.corp.example", FOUND), (None, UNTRUSTED), ("sql2.corp.example", UNTRUSTED)]
)
def test_the_certificate_may_have_another_name_if_it_is_told(
    sim: RealSimulator, tmp_path: Path, part: str, encrypt: str, name: str | None, message: str
) -> None:
    """Exactly the name that is told; without one the host's."""
    where = database(sim, sql_world(certificate="named"))
    authority = tmp_path / "authority.pem"
    authority.write_bytes(shown_pem(sim))
    where = replace(where, ca_file=authority, name_in_certificate=name, encrypt=encrypt)
    assert by(part, where).startswith(message)


@parts
@pytest.mark.parametrize("certificate", [AUTOMATIC, "named"])
def test_a_pinned_certificate_is_believed_whatever_its_name_and_issuer(
    sim: RealSimulator, part: str, certificate: str
) -> None:
    """The file says which one, so no authority is asked."""
    where = database(sim, sql_world(certificate=certificate))
    assert by(part, replace(where, encrypt="strict", pin=as_der(shown_pem(sim)), ca_file=None)) == FOUND


@parts
def test_another_certificate_than_the_pinned_one_gets_no_password(sim: RealSimulator, part: str) -> None:
    """Not even one that the configured authority vouches for."""
    database(sim, sql_world(certificate=AUTOMATIC))
    pin = as_der(shown_pem(sim))
    where = database(sim, sql_world())
    assert by(part, replace(where, encrypt="strict", pin=pin)).startswith(UNTRUSTED)
    assert sql_routes(sim) == []


@parts
def test_a_pinned_certificate_that_has_lapsed_is_refused(sim: RealSimulator, part: str) -> None:
    """The driver looks at the dates too."""
    where = database(sim, sql_world(certificate="lapsed"))
    assert by(part, replace(where, encrypt="strict", pin=as_der(shown_pem(sim)))).startswith(UNTRUSTED)
    assert sql_routes(sim) == []


@parts
@pytest.mark.parametrize("taken", ["ReadOnly", "ReadWrite"])
def test_a_replica_that_takes_one_intent_gets_it(sim: RealSimulator, part: str, taken: str) -> None:
    """As the setting says."""
    where = database(sim, sql_world(intent={"ReadOnly": "read-only", "ReadWrite": "read-write"}[taken]))
    assert by(part, replace(where, application_intent=taken)) == FOUND


@parts
@pytest.mark.parametrize(("intent", "told", "wanted"), [
    ("read-write", "ReadOnly", "ReadWrite"),
    ("read-only", "ReadWrite", "ReadOnly"),
])  # fmt: skip
def test_the_other_intent_names_the_setting(sim: RealSimulator, part: str, intent: str, told: str, wanted: str) -> None:
    """Errors 979 and 978: the operator's business, and the line says what to write."""
    where = replace(database(sim, sql_world(intent=intent)), application_intent=told)
    message = by(part, where)
    assert message.startswith("AccessRefused the Passwordstate database: this replica")
    assert message.endswith(f"passwordstate.database.application_intent to {wanted}")


@parts
def test_a_listener_over_several_subnets_is_reached(sim: RealSimulator, part: str) -> None:
    """All of its addresses are tried at once; here there is one."""
    assert by(part, replace(database(sim, sql_world()), multi_subnet_failover=True)) == FOUND
