"""The address of the database: nobody can stand in for the server, and no variable of the environment decides who it is."""

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from support_settings import KEYS, load, problems, write

from spentkey.bootstrap.settings import load_settings
from spentkey.core.errors import Misconfigured
from spentkey.core.secret import Secret
from spentkey.settings.database_address import read_address

ELSEWHERE = (
    "must have sslmode=verify-full and sslrootcert, for the server is on another machine; or set "
    "engine.private_network = true where nobody else is on the network between them"
)
TLS = "sslmode=verify-full&sslrootcert=/etc/ca.pem"


def refused(folder: Path, url: str, **environment: str) -> list[str]:
    """What is said of an address."""
    return problems(folder, {"engine.database_url": {"env": "DB"}}, DB=url, **environment)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:canary@db.example.org/spentkey",
        "postgresql://u:canary@db.example.org/spentkey?sslmode=require",
        "postgresql://u:canary@db.example.org/spentkey?sslmode=verify-ca",
        "postgresql://u:canary@db.example.org/spentkey?ssl=true",
        f"postgresql://u:canary@db.example.org/spentkey?{TLS}&sslmode=prefer",
        "postgresql://u:canary@127.0.0.1,db.example.org/spentkey",
        "postgresql://u:canary@127.0.0.1/spentkey?host=db.example.org",
        "postgresql://u:canary@127.0.0.1/spentkey?hos%74=db.example.org",
        "postgresql://u:canary@localhost/spentkey?hostaddr=192.0.2.1",
        "postgresql://127.0.0.1?@db.example.org/spentkey",
        "postgresql://u@[2001:db8::1]:5432/spentkey",
        "postgresql://u@10.0.0.1/spentkey",
        "postgresql://u@127.0.0.1.example.org/spentkey",
    ],
)
def test_a_server_elsewhere_must_prove_who_it_is(tmp_path: Path, url: str) -> None:
    """Whatever hides in the address that it is elsewhere; the line does not quote it."""
    assert refused(tmp_path, url) == [f"engine.database_url: {ELSEWHERE}"]


def test_the_owners_address_is_held_against_the_same(tmp_path: Path) -> None:
    """Where it is read."""
    file = write(tmp_path, {"engine.owner_url": {"env": "DB"}})
    with pytest.raises(Misconfigured) as found:
        load_settings(file, {**KEYS, "DB": "postgresql://o:canary@db.example.org/spentkey"}, as_owner=True)
    assert str(found.value) == f"{file}: engine.owner_url: {ELSEWHERE}"


def test_the_owners_address_is_read_by_nobody_else(tmp_path: Path) -> None:
    """A worker does not even open its file, and cannot lose a password that it never had."""
    changes = {"engine.owner_url": {"file": "nowhere"}}
    assert load(tmp_path, changes).engine.owner_url is None
    with pytest.raises(Misconfigured, match=r"engine\.owner_url"):
        load_settings(write(tmp_path, changes), KEYS, as_owner=True)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u@db.example.org/spentkey?{TLS}",
        f"postgresql://u@one.example.org:5433,two.example.org/spentkey?{TLS}",
        "postgresql://u@127.0.0.1:5433/spentkey",
        "postgresql://u@127.9.9.9,[::1]:5432,localhost/spentkey",
        "postgresql:///spentkey",
        "postgresql://u@/spentkey?host=/run/postgresql",
        "postgresql://u@%2Frun%2Fpostgresql/spentkey",
        "postgresql://u:pa?ss@localhost/spentkey",
    ],
)
def test_what_stays_here_or_is_verified_is_taken(tmp_path: Path, url: str) -> None:
    """A server of this machine needs no certificate."""
    assert load(tmp_path, {"engine.database_url": {"env": "DB"}}, DB=url).engine.database_url == Secret(url)


def test_a_network_without_strangers_needs_no_certificate(tmp_path: Path) -> None:
    """As between containers of one machine: the operator says so."""
    changes = {"engine.private_network": True, "engine.database_url": {"env": "DB"}}
    assert load(tmp_path, changes, DB="postgresql://u@database/spentkey").engine.private_network is True


@pytest.mark.parametrize("name", ["PGSERVICE", "PGHOSTADDR", "PGOPTIONS", "PGPASSFILE"])
def test_a_variable_that_would_lead_elsewhere_is_named(tmp_path: Path, name: str) -> None:
    """Its value is not."""
    said = f"engine.database_url: {name} of the environment would count beside this address; unset it and say it here"
    assert refused(tmp_path, "postgresql://u@localhost/spentkey", **{name: "canary"}) == [said]


def test_without_a_database_such_a_variable_means_nothing(tmp_path: Path) -> None:
    """It may be there for another program."""
    assert load(tmp_path, PGSERVICE="other").engine.database_url is None


def test_a_service_in_the_address_is_refused(tmp_path: Path) -> None:
    """Its file may say anything, and is not looked at."""
    (said,) = refused(tmp_path, "postgresql://u@localhost/spentkey?service=other")
    assert said == "engine.database_url: names a service; name the host, the user and the database themselves"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@a.example.org:5433,b.example.org/db?sslmode=require",
        "postgresql://u:pa?ss@a.example.org/db",
        "postgresql://a?@b.example.org/db",
        "postgresql://[::1]:5432/db?host=c&host=d",
        "postgresql://%2Frun%2Fx/db?sslmode=verify%2Dfull",
    ],
)
def test_an_address_is_read_as_the_driver_reads_it(url: str) -> None:
    """Otherwise another server would be looked at than the one that is asked."""
    theirs, ours = conninfo_to_dict(url), read_address(url)
    assert (",".join(ours.hosts), ours.sslmode) == (theirs["host"], theirs.get("sslmode", ""))
