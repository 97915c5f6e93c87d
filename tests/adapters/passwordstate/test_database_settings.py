"""The settings of the SQL Server: what fits together, and the one line for what does not."""

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from support_settings import load, passwordstate, problems
from tls_material import server_context

from spentkey.adapters.passwordstate.sql_server import Database, pinned
from spentkey.core.errors import Misconfigured

TABLE = "passwordstate.database"
INSTANCE = r"sql.example.org\PASSWORDSTATE"


def with_database(**settings: Any) -> dict[str, Any]:
    """Changes to the sound configuration's database."""
    return {f"{TABLE}.{name}": value for name, value in settings.items()}


@pytest.mark.parametrize(
    ("settings", "server"),
    [
        ({}, "sql.example.org,1433"),
        ({"port": 14330}, "sql.example.org,14330"),
        ({"server": INSTANCE}, INSTANCE),
        ({"server": INSTANCE, "port": 14330}, rf"{INSTANCE},14330"),
        ({"server": "10.0.0.7"}, "10.0.0.7,1433"),
    ],
)
def test_the_driver_is_told_server_and_port_as_it_wants_them(
    tmp_path: Path, settings: dict[str, Any], server: str
) -> None:
    """The default port goes with a host alone; an instance without a port is left to the Browser."""
    place = passwordstate(load(tmp_path, with_database(**settings))).database
    assert Database(place.server, place.port, "d", "q", None).driver_options()["server"] == server


def test_the_driver_is_told_to_verify_whatever_is_set(tmp_path: Path) -> None:
    """Nothing that a file may say turns encryption or verification off."""
    told = Database("sql", None, "d", "q", None, multi_subnet_failover=True, name_in_certificate="x").driver_options()
    assert (told["Encrypt"], told["TrustServerCertificate"]) == ("yes", "no")
    assert (told["HostnameInCertificate"], told["MultiSubnetFailover"]) == ("x", "yes")
    assert len(problems(tmp_path, with_database(encrypt="no"))) == 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"server": "sql,1433"}, "server: must be without a port: passwordstate.database.port has it"),
        ({"server": "tcp:sql"}, "server: must be a host name"),
        ({"server": "sql;Encrypt=no"}, "server: must be a host name"),
        ({"server": r"\SQL"}, "server: must be a host name"),
        ({"server": "sql..example.org"}, "server: must be a host name"),
        ({"server": 64 * "x" + r".example.org\SQL"}, "server: must be a host name"),
        ({"host_name_in_certificate": "sql..example.org"}, "host_name_in_certificate: must be a name"),
        ({"host_name_in_certificate": "*.example.org"}, "host_name_in_certificate: must be a name"),
        ({"server": "sql\\\\inst"}, "server: must have one backslash"),
        ({"server": "sql\new"}, "server: holds a control character: write 'HOST\\INSTANCE' in single quotes"),
        ({"server": "sql\\"}, "server: must name an instance of 1 to 16 characters"),
        ({"server": "sql\\" + 17 * "x"}, "server: must name an instance of 1 to 16 characters"),
        ({"server": r"sql\MSSQLServer"}, "server: names MSSQLSERVER, which is the default instance"),
        ({"encrypt": "no"}, "encrypt: "),
        ({"encrypt": "Strict"}, "encrypt: "),
        ({"host_name_in_certificate": "sql.example.org;Encrypt=no"}, "host_name_in_certificate: must be a name"),
        ({"host_name_in_certificate": ""}, "host_name_in_certificate: "),
        ({"server_certificate": "pin.pem"}, 'server_certificate: needs encrypt = "strict"'),
        (
            {"encrypt": "strict", "host_name_in_certificate": "sql", "server_certificate": "pin.pem"},
            "server_certificate: leaves host_name_in_certificate nothing to do",
        ),
        ({"server": INSTANCE, "multi_subnet_failover": True}, "multi_subnet_failover: needs passwordstate.database.port"),
        ({"multi_subnet_failover": "yes please"}, "multi_subnet_failover: "),
        ({"application_intent": "readonly"}, "application_intent: "),
        ({"auth": "kerberos"}, 'auth: is not there yet for "kerberos"'),
        ({"auth": "windows"}, "auth: "),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(tmp_path: Path, settings: dict[str, Any], words: str) -> None:
    """With the name of the setting, before anything is contacted."""
    (told,) = problems(tmp_path, with_database(**settings))
    assert told.startswith(f"{TABLE}.{words}")


def test_what_fits_loads(tmp_path: Path) -> None:
    """An instance at a fixed port of a listener, strict, with a pinned certificate."""
    wanted = {"server": INSTANCE, "port": 1433, "encrypt": "strict", "server_certificate": "pin.pem"}
    more = {"multi_subnet_failover": True, "application_intent": "ReadWrite"}
    place = passwordstate(load(tmp_path, with_database(**wanted, **more))).database
    assert (place.server_certificate, place.encrypt) == (tmp_path / "pin.pem", "strict")
    assert (place.multi_subnet_failover, place.application_intent) == (True, "ReadWrite")


@pytest.mark.parametrize("form", ["pem", "der", "marked"])
def test_the_pinned_certificate_is_read_in_both_forms(tmp_path: Path, form: str) -> None:
    """PEM, with or without a byte order mark, and DER."""
    pem = server_context()[1]
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    file = tmp_path / "pin"
    file.write_bytes({"pem": pem, "der": der, "marked": b"\xef\xbb\xbf" + pem}[form])
    assert pinned(file) == der


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        (b"", "holds no certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds no certificate"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no certificate"),
        (b"twice", "holds 2 certificates"),
    ],
)
def test_a_pin_that_is_none_is_refused_at_the_start(tmp_path: Path, content: bytes | None, words: str) -> None:
    """One line with the file; nothing falls back to other ways of trust."""
    file = tmp_path / "pin.pem"
    if content is not None:
        file.write_bytes(2 * server_context()[1] if content == b"twice" else content)
    with pytest.raises(Misconfigured) as raised:
        pinned(file)
    assert str(raised.value).startswith(f"{TABLE}.server_certificate: {file} cannot be used: ")
    assert words in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
