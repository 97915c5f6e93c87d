"""Worlds: defaults, ids from the seed, times relative to the clock, and what is refused."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from spentkey_sim import material
from spentkey_sim.clock import SimClock, wire_time
from spentkey_sim.world import World, WorldError, load

SMALL: dict[str, Any] = {
    "seed": 3,
    "certificates": {"one": {"not_before": "-2h", "not_after": "+10m"}, "two": {"key": "ec-p256"}},
    "tenants": [
        {
            "name": "production",
            "applications": [
                {
                    "passwords": [{"end": "-30d"}, {"end": None}, {"end": "yesterday"}, {"end": "2024-01-01T00:00:00"}],
                    "certificates": [{"certificate": "one"}, {"end": "+1y"}],
                }
            ],
        }
    ],
}


def made(raw: dict[str, Any]) -> World:
    """A world at the present moment."""
    return load(raw, SimClock())


def test_an_empty_world_is_a_world() -> None:
    """Every section has defaults."""
    world = made({})
    assert (world.tenants, world.ivanti.tasks, world.ivanti.base) == ([], [], "/HEAT")
    assert [entry.title for entry in world.passwordstate.entries] == ["sys_pws_ansible_read"]


def test_ids_come_from_the_seed() -> None:
    """The same seed gives the same ids and another seed gives others."""
    first, again, other = made(SMALL), made(SMALL), made({**SMALL, "seed": 4})
    ids = [world.tenants[0].applications[0].object_id for world in (first, again, other)]
    assert ids[0] == ids[1] != ids[2]
    assert len({one.key_id for one in first.tenants[0].applications[0].passwords}) == 4


def test_times_are_relative_to_the_simulated_clock() -> None:
    """A world loaded in 2031 has secrets that expired in 2031."""
    clock = SimClock()
    clock.set(datetime.fromisoformat("2031-05-31T12:00:00Z"))
    ends = [one.end for one in load(SMALL, clock).tenants[0].applications[0].passwords]
    assert ends[0] is not None
    assert ends[0].startswith("2031-05-01T12:00")
    assert ends[1:] == [None, "yesterday", "2024-01-01T00:00:00"]


def test_a_certificate_credential_takes_its_dates_from_the_certificate() -> None:
    """Unless the world gives others."""
    world = made(SMALL)
    first, second = world.tenants[0].applications[0].certificates
    certificate = material.certificate(world, "one")
    assert first.end == wire_time(certificate.not_valid_after_utc)
    assert (first.start, second.start) == (wire_time(certificate.not_valid_before_utc), None)
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(hours=2, minutes=10)


def test_the_vault_gets_the_entries_that_the_tenants_need() -> None:
    """Client id and secret stand under the title that the client names; a world may switch that off."""
    client = {"secret": "s", "entry": "Sys_Azure_AppRegs_PR"}
    raw: dict[str, Any] = {"tenants": [{"name": "p", "clients": [client]}]}
    world, bare = made(raw), made({**raw, "passwordstate": {"auto_entries": False}})
    entry = world.passwordstate.entries[0]
    assert (entry.title, entry.username, entry.password) == (
        "Sys_Azure_AppRegs_PR",
        world.tenants[0].clients[0].app_id,
        "s",
    )
    assert bare.passwordstate.entries == []


def test_an_entry_that_the_world_names_itself_is_left_alone() -> None:
    """A wrong password in the vault stays wrong."""
    wrong = {"title": "Sys_Azure_AppRegs_PR", "password": "wrong"}
    raw = {
        "tenants": [{"name": "p", "clients": [{"entry": "Sys_Azure_AppRegs_PR"}]}],
        "passwordstate": {"entries": [wrong]},
    }
    passwords = [entry.password for entry in made(raw).passwordstate.entries if entry.title == "Sys_Azure_AppRegs_PR"]
    assert passwords == ["wrong"]


@pytest.mark.parametrize(("name", "kind"), [("one", rsa.RSAPrivateKey), ("two", ec.EllipticCurvePrivateKey)])
@pytest.mark.parametrize("password", ["pässword", ""])
def test_a_pfx_opens_with_its_password(name: str, kind: type[Any], password: str) -> None:
    """And holds the key of that certificate."""
    world = made(SMALL)
    key, certificate, _ = pkcs12.load_key_and_certificates(
        material.pfx_bytes(world, name, password), password.encode() or None
    )
    assert isinstance(key, kind)
    assert certificate == material.certificate(world, name)


def test_a_pfx_is_the_same_each_time() -> None:
    """A document does not change between two downloads."""
    world = made(SMALL)
    assert material.pfx_bytes(world, "one", "x") == material.pfx_bytes(world, "one", "x")


WRONG_WORLDS: list[tuple[dict[str, Any], str]] = [
    ({"tenant": []}, "tenant"),
    ({"seed": "7"}, "seed"),
    ({"tenants": [{}]}, "tenants[0]"),
    ({"tenants": [{"name": "a"}, {"name": "A"}]}, "same name"),
    ({"tenants": [{"name": "a", "applications": [{"app_id": "x"}]}]}, "tenants[0].applications[0].app_id"),
    ({"tenants": [{"name": "a", "applications": [{"certificates": [{"certificate": "none"}]}]}]}, "'none'"),
    ({"tenants": [{"name": "a", "clients": [{"end": "soon"}]}]}, "'soon'"),
    ({"certificates": {"c": {"not_before": "soon"}}}, "certificates.c.not_before"),
    ({"certificates": {"c": {"not_before": "+2d", "not_after": "+1d"}}}, "not later"),
    ({"certificates": {"c": {"key": "rsa-512"}}}, "rsa-512"),
    ({"certificates": {"c": {"subject": "sales"}}}, "CN="),
    ({"passwordstate": {"documents": [{"owner": 1, "name": "x", "content": {"base64": "%"}}]}}, "base64"),
    ({"passwordstate": {"documents": [{"owner": 1, "name": "x", "content": {}}]}}, "content"),
    (
        {
            "passwordstate": {
                "documents": [{"owner": 1, "name": "x", "content": {"pfx": {"certificate": "c", "password": ""}}}]
            }
        },
        "'c'",
    ),
    ({"ivanti": {"tasks": [{"number": "40021"}]}}, "ivanti.tasks[0].number"),
    ({"ivanti": {"teams": []}}, "ivanti.teams"),
    ({"ivanti": {"notes": [{"task": 1}]}}, "no task 1"),
]


@pytest.mark.parametrize(
    ("raw", "words"),
    WRONG_WORLDS,
)
def test_a_wrong_world_is_refused_in_one_line(raw: dict[str, Any], words: str) -> None:
    """The line says where and what."""
    with pytest.raises(WorldError) as why:
        made(raw)
    assert words in str(why.value)
    assert "\n" not in str(why.value)


def test_one_app_id_twice_in_a_tenant_is_refused() -> None:
    """Two names alike are allowed, two ids are not."""
    app = {"app_id": "00000000-0000-4000-8000-000000000001", "display_name": "Twin"}
    twin = {"display_name": "Twin"}
    assert len(made({"tenants": [{"name": "a", "applications": [app, twin]}]}).tenants[0].applications) == 2
    with pytest.raises(WorldError, match="app_id"):
        made({"tenants": [{"name": "a", "applications": [app, app]}]})


def test_the_clock_can_only_be_set_with_a_zone() -> None:
    """A time without a zone means nothing."""
    with pytest.raises(ValueError, match="zone"):
        SimClock().set(datetime.fromisoformat("2030-01-01T00:00:00"))
