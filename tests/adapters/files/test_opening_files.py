"""Requests that are put into the folder: made once, whole, and found by what they ask for."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from support_core import ManualClock

from spentkey.adapters.files.client import FilesDesk
from spentkey.adapters.files.opening import content_of, name_for, put
from spentkey.adapters.files.request_file import REFERENCE
from spentkey.core.errors import DeskRefused, OddData, Outage
from spentkey.ports.service_desk import NewRequest, Sent, SentState

KEY_ID = "3c3c3c3c-0000-4000-8000-00000000000a"
VALUES = {"AppDisplayName": 'Sales "North"\n\x7f é', "AppID": "1", "SecretID": KEY_ID, "SecretType": "Secret"}
NEW = NewRequest(VALUES, "production", KEY_ID)
NAME = f"production-{KEY_ID}"


@pytest.fixture
def desk(tmp_path: Path) -> FilesDesk:
    """An empty folder of requests."""
    folder = tmp_path / "requests"
    folder.mkdir(mode=0o770)
    return FilesDesk(folder, approve=True, clock=ManualClock())


async def nothing(values: Mapping[str, str]) -> None:
    """Nobody need know."""
    del values


async def test_a_request_is_a_file_that_waits_for_approval(desk: FilesDesk) -> None:
    """With every answer as it was given; nobody but people approves it."""
    assert await desk.open_request(NEW, nothing) == Sent(SentState.TAKEN, NAME)
    (found,) = await desk.requests_for(KEY_ID)
    assert (found.reference, found.is_open, found.awaits_approval) == (NAME, True, True)
    assert found.asks.values == VALUES
    assert found.task is not None
    assert not found.task.is_ours
    assert [one.name for one in desk.directory.iterdir()] == [f"{NAME}.toml"]


async def test_it_is_made_once(desk: FilesDesk) -> None:
    """A second one of that name leaves the first as it is."""
    await desk.open_request(NEW, nothing)
    before = (desk.directory / f"{NAME}.toml").read_bytes()
    other = replace(NEW, values={"SecretID": "x"})
    assert (await desk.open_request(other, nothing)).state is SentState.LOST
    assert (desk.directory / f"{NAME}.toml").read_bytes() == before


async def test_what_is_sent_is_told_before(desk: FilesDesk) -> None:
    """Where that fails no file is made."""

    async def refuse(values: Mapping[str, str]) -> None:
        assert values == VALUES
        raise Outage("the disk is full")

    with pytest.raises(Outage):
        await desk.open_request(NEW, refuse)
    assert list(desk.directory.iterdir()) == []


@pytest.mark.parametrize("tenant", ["production", "a" * 65, "Ünïcode", "../up", "a b", "-x", "a.b", ""])
@pytest.mark.parametrize("number", [1, 2, 999])
def test_a_name_is_one_that_a_request_may_have(tenant: str, number: int) -> None:
    """Whatever the tenant is called."""
    assert REFERENCE.fullmatch(name_for(replace(NEW, tenant=tenant, number=number)))


def test_tenants_and_numbers_have_names_of_their_own() -> None:
    """None stands in the way of another."""
    names = {name_for(replace(NEW, tenant=t, number=n)) for t in ("a", "b", "a b", "a_b", "b" * 30) for n in (1, 2)}
    assert len(names) == 10


@pytest.mark.parametrize(
    "value", ['"', "\\", "\x00", "\x1f", "\x7f", "\u2028", "'''", "é", "#", "[request]", "\U0001f511"]
)
def test_any_value_comes_back_as_it_was(value: str) -> None:
    """No text ends where it should not."""
    content = content_of(replace(NEW, values={"AppDisplayName": value, value: "x"}, follows="old"))
    assert tomllib.loads(content.decode())["request"] == {"AppDisplayName": value, value: "x"}


async def test_somebody_else_s_request_is_found(desk: FilesDesk) -> None:
    """By what it asks for; one for another credential is not."""
    (desk.directory / "mine.toml").write_text(f'[request]\nsecretid = " {KEY_ID.upper()} "\n', "utf-8")
    (desk.directory / "other.toml").write_text('[request]\nSecretID = "x"\nAppID = 5\n', "utf-8")
    for file in desk.directory.iterdir():
        file.chmod(0o640)
    assert [one.reference for one in await desk.requests_for(KEY_ID)] == ["mine"]
    assert [one.reference for one in await desk.requests_for("y", ["other"])] == ["other"]


@pytest.mark.parametrize("text", ["not toml", "[other]\n", "\xff"])
async def test_a_file_that_cannot_be_read_may_be_the_one(desk: FilesDesk, text: str) -> None:
    """So no request is made, and the reason names the file."""
    file = desk.directory / "odd.toml"
    file.write_bytes(text.encode("latin-1"))
    file.chmod(0o640)
    with pytest.raises(OddData, match=r"odd\.toml .*; it may ask for the same credential"):
        await desk.requests_for(KEY_ID)


async def test_a_folder_that_is_not_there_makes_nothing(desk: FilesDesk) -> None:
    """And nothing is on record."""
    desk.directory.rmdir()
    with pytest.raises(DeskRefused):
        await desk.open_request(NEW, nothing)
    with pytest.raises(DeskRefused):
        await desk.requests_for(KEY_ID)


def test_a_file_that_was_half_written_by_a_death_is_no_request(desk: FilesDesk) -> None:
    """It has no name of one, and does not stand in the way."""
    (desk.directory / ".abc.new").write_text("[request", "utf-8")
    assert put(desk.directory, NAME, content_of(NEW)).state is SentState.TAKEN
    assert (desk.directory / f"{NAME}.toml").stat().st_mode & 0o777 == 0o660
