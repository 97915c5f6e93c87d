"""The vault's web interface: who may see what, which entries a search means, and documents byte for byte."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.serialization import pkcs12
from vault_support import Equipment

from spentkey_sim.passwordstate import state
from spentkey_sim.passwordstate.routes import app

KEY = {"APIKey": "key-both"}


@pytest.fixture
async def vault(equipment: Equipment) -> AsyncIterator[TestClient[Any, Any]]:
    """The vault, running."""
    server = app(equipment.holder, equipment.journal, equipment.faults, equipment.clock, 0.0)
    async with TestClient(TestServer(server)) as client:
        yield client


async def titles(vault: TestClient[Any, Any], query: str, where: str = "8620") -> list[str]:
    """The titles that a search finds."""
    answer = await vault.get(f"/api/searchpasswords/{where}?{query}", headers=KEY)
    return sorted(entry["Title"] for entry in await answer.json()) if answer.status == 200 else []


async def test_an_exact_title_is_found_alone(vault: TestClient[Any, Any], equipment: Equipment) -> None:
    """Double quotes mean the whole title, whatever its case."""
    assert await titles(vault, "title=%22sys_azure_appregs_PR%22") == ["Sys_Azure_AppRegs_PR"]
    assert equipment.routes("passwordstate") == [("search", "sys_azure_appregs_PR", 200)]


async def test_a_bare_title_finds_all_that_contain_it(vault: TestClient[Any, Any]) -> None:
    """Without quotes the old entry comes along: clients must look themselves."""
    assert await titles(vault, "Title=Sys_Azure_AppRegs_PR") == ["Sys_Azure_AppRegs_PR", "Sys_Azure_AppRegs_PR_old"]


async def test_a_general_search_looks_into_all_fields(vault: TestClient[Any, Any]) -> None:
    """An AppID in a generic field, or a word of the notes, finds the entry; the password does not."""
    assert await titles(vault, "search=11111111-2222-4333-8444-555555555555", "6691") == ["Sales"]
    assert await titles(vault, "search=sales+team", "") == ["Sales"]
    assert await titles(vault, "search=pr-secret", "") == []


async def test_several_fields_are_combined(vault: TestClient[Any, Any]) -> None:
    """AND unless OR is asked for."""
    assert await titles(vault, "title=Sys&username=old") == ["Sys_Azure_AppRegs_PR_old"]
    assert len(await titles(vault, "title=_old&username=client&AndOr=OR")) == 2


async def test_an_entry_has_the_fields_of_a_current_build(vault: TestClient[Any, Any]) -> None:
    """An array of one; the list's id is a text, the entry's a number."""
    answer = await vault.get("/api/passwords/1301", headers=KEY)
    (entry,) = await answer.json()
    assert (entry["PasswordListID"], entry["PasswordID"], entry["Password"]) == ("6691", 1301, "pfx-password")
    assert entry["GenericField1"].startswith("11111111")
    assert (entry["GenericField2"], entry["OTP"]) == ("", None)


async def test_a_list_is_another_id_space_on_the_same_path(vault: TestClient[Any, Any]) -> None:
    """With QueryAll the number is a list; without it an entry of that number is looked for."""
    everything = await vault.get("/api/passwords/8620?QueryAll&ExcludePassword=true", headers=KEY)
    entries = await everything.json()
    assert len(entries) == 3
    assert not any("Password" in entry for entry in entries)
    assert (await vault.get("/api/passwords/8620", headers=KEY)).status == 404


async def test_a_document_is_a_pfx_that_its_password_opens(vault: TestClient[Any, Any]) -> None:
    """The bytes arrive as they are."""
    answer = await vault.get("/api/document/password/501", headers=KEY)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    key, certificate, _ = pkcs12.load_key_and_certificates(await answer.read(), b"pfx-password")
    assert key is not None
    assert certificate is not None


async def test_a_document_may_be_something_else(vault: TestClient[Any, Any]) -> None:
    """The vault gives back whatever was put in."""
    assert await (await vault.get("/api/document/password/502", headers=KEY)).read() == b"not a certificate"
    assert await (await vault.get("/api/document/folder/503", headers=KEY)).read() == b"\0\1\2"


async def test_the_build_can_be_read_without_a_key(vault: TestClient[Any, Any]) -> None:
    """It stands in an HTML page."""
    assert "9.9 (Build 9972)<" in await (await vault.get("/api/")).text()


async def test_every_entry_returned_is_audited(vault: TestClient[Any, Any], equipment: Equipment) -> None:
    """Unless a search asks not to be; an entry by its id always is."""
    await titles(vault, "title=AppRegs")
    await titles(vault, "title=AppRegs&PreventAuditing=true")
    await vault.get("/api/passwords/1201?PreventAuditing=true", headers={**KEY, "Reason": "task 40021"})
    audit = state.audit(equipment.holder.world)
    assert [(each.action, each.id) for each in audit] == [("search", 1201), ("search", 1202), ("entry", 1201)]
    assert audit[-1].reason == "task 40021"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/passwords/1201", {}, 401),
        ("/api/passwords/1201", {"APIKey": "guess"}, 401),
        ("/api/passwords/1201?apikey=key-both", {}, 401),
        ("/api/passwords/1201?apikey=key-both", KEY, 401),
        ("/winapi/passwords/1201", KEY, 401),
        ("/api/passwords/1301", {"APIKey": "key-credentials"}, 403),
        ("/api/passwords/6691?QueryAll", {"APIKey": "key-credentials"}, 403),
        ("/api/searchpasswords/6691?title=Sales", {"APIKey": "key-credentials"}, 403),
        ("/api/document/password/501", {"APIKey": "key-credentials"}, 403),
        ("/api/document/password/9999", KEY, 404),
        ("/api/document/passwordlist/501", KEY, 404),
        ("/api/document/password/503", KEY, 404),
        ("/api/passwords/999", KEY, 404),
        ("/api/passwordlists", KEY, 404),
        ("/api/searchpasswords/8620?titel=Sys", KEY, 400),
        ("/api/searchpasswords/8620", KEY, 400),
        ("/elsewhere", KEY, 404),
    ],
)
async def test_refusals(vault: TestClient[Any, Any], path: str, headers: dict[str, str], status: int) -> None:
    """Each refusal has its status, and hands out no password."""
    answer = await vault.get(path, headers=headers)
    assert answer.status == status
    assert "secret" not in await answer.text()


async def test_an_error_is_two_objects_in_one_array(vault: TestClient[Any, Any]) -> None:
    """Message and phrase stand apart."""
    answer = await vault.get("/api/passwords/999", headers=KEY)
    message, phrase = (await answer.json())[0]["errors"]
    assert message == {"message": "Not Found"}
    assert "'999' was not found in the database, or you do not have permissions" in phrase["phrase"]


@pytest.mark.parametrize(("option", "status"), [("404", 404), ("200", 200)])
async def test_a_search_without_a_hit_is_a_matter_of_the_world(
    vault: TestClient[Any, Any], equipment: Equipment, option: str, status: int
) -> None:
    """An error, or an empty list."""
    equipment.holder.world.passwordstate.empty_search = option
    answer = await vault.get("/api/searchpasswords/8620?title=nobody", headers=KEY)
    assert answer.status == status
    assert status == 404 or await answer.json() == []


async def test_a_write_is_not_simulated(vault: TestClient[Any, Any], equipment: Equipment) -> None:
    """The vault is read and never changed."""
    assert (await vault.delete("/api/passwords/1201", headers=KEY)).status == 404
    assert equipment.journal.entries[-1].write
    assert not equipment.journal.entries[-1].applied


async def test_faults_stand_in_for_answers(vault: TestClient[Any, Any], equipment: Equipment) -> None:
    """HTML in place of a PFX, and a dropped connection in place of an entry."""
    equipment.fault("html", system="passwordstate", route="document")
    equipment.fault("reset", system="passwordstate", route="entry", when="after")
    page = await vault.get("/api/document/password/501", headers=KEY)
    assert (page.status, page.content_type) == (200, "text/html")
    with pytest.raises(aiohttp.ClientError):
        await vault.get("/api/passwords/1201", headers=KEY)


async def test_who_asks_again_too_early_waits_anew(vault: TestClient[Any, Any], equipment: Equipment) -> None:
    """The wait begins again with every early question, and ends by itself."""
    equipment.fault("429", route="entry", times=1, params={"retry_after": 10})
    statuses = list[int]()
    for step in (0, 6, 6, 11):
        equipment.clock.step(step)
        statuses.append((await vault.get("/api/passwords/1201", headers=KEY)).status)
    assert statuses == [429, 429, 429, 200]
