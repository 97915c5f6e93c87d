"""A document of Passwordstate as a signing file: its name, its bytes, and passwords that are read only when asked for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

import pytest

from spentkey.adapters.given_pfx import GivenPfx, VaultWithPfx
from spentkey.adapters.passwordstate import sql
from spentkey.adapters.passwordstate import vault as vault_module
from spentkey.adapters.passwordstate.entries import (
    CertificateEntries,
    CertificateEntry,
    DocumentRef,
    Documents,
    PfxDocument,
)
from spentkey.adapters.passwordstate.sql import Database
from spentkey.adapters.passwordstate.vault import PasswordstateVault
from spentkey.core.errors import AccessRefused, OddData, Outage, SpentkeyError
from spentkey.core.secret import Secret
from spentkey.ports.vault import NoVault

OWN, PKI = Secret("canary-own"), Secret("canary-pki")
APP, NAME = "1a1a1a1a-0000-4000-8000-00000000000a", "Sales"


@dataclass
class Asked:
    """What was fetched, and what happens instead of an answer."""

    fetched: list[str] = field(default_factory=list[str])
    problem: SpentkeyError | None = None

    async def download(self, document: DocumentRef) -> bytes:
        """Its bytes."""
        self.fetched.append(f"document {document.document_id}")
        if self.problem is not None:
            raise self.problem
        return b"pfx"

    async def pki_password(self) -> Secret:
        """The PKI entry's."""
        self.fetched.append("pki")
        if self.problem is not None:
            raise self.problem
        return PKI


def document(asked: Asked) -> PfxDocument:
    """Document 501 of an entry."""
    return PfxDocument(DocumentRef(501, "sales.pfx"), OWN, asked.download, asked.pki_password)


async def test_a_document_is_called_by_its_file_and_its_id() -> None:
    """Nothing is fetched for that."""
    asked = Asked()
    assert (document(asked).name, asked.fetched) == ("sales.pfx (document 501)", [])


async def test_its_bytes_are_downloaded_when_they_are_read() -> None:
    """Each time, because nothing is kept."""
    asked = Asked()
    assert [await document(asked).read() for _ in range(2)] == [b"pfx", b"pfx"]
    assert asked.fetched == ["document 501"] * 2


async def test_the_passwords_are_those_of_the_entry_and_of_pki() -> None:
    """In that order."""
    assert [one async for one in document(Asked()).passwords()] == [OWN, PKI]


async def test_the_pki_entry_is_not_read_while_the_first_password_fits() -> None:
    """Each read of it stands in Passwordstate's audit log."""
    asked = Asked()
    passwords = document(asked).passwords()
    assert await anext(passwords) == OWN
    assert asked.fetched == []
    assert await anext(passwords) == PKI
    assert asked.fetched == ["pki"]
    with pytest.raises(StopAsyncIteration):
        await anext(passwords)


@pytest.mark.parametrize("problem", [Outage("away"), AccessRefused("no entry of that title")])
async def test_a_pki_entry_that_cannot_be_read_stops_only_who_needs_it(problem: SpentkeyError) -> None:
    """The first password comes all the same."""
    passwords = document(Asked(problem=problem)).passwords()
    assert await anext(passwords) == OWN
    with pytest.raises(type(problem)):
        await anext(passwords)


async def test_a_document_that_cannot_be_downloaded_says_so() -> None:
    """An outage stays one."""
    with pytest.raises(Outage, match="away"):
        await document(Asked(problem=Outage("away"))).read()


def test_no_password_shows() -> None:
    """Neither in a document nor in an entry."""
    shown = repr(document(Asked())) + repr(CertificateEntry(1, "t", OWN))
    assert "canary" not in shown


@dataclass
class Api:
    """Entries by the rule that finds them."""

    found: dict[str, list[CertificateEntry]]
    asked: list[str] = field(default_factory=list[str])
    odd: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    counted: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def left_out(self, what: str, problem: str) -> None:
        """Counted, and named."""
        self.counted.append((what, problem))

    async def certificate_entries(self, rule: str, app_id: str, display_name: str) -> CertificateEntries:
        """Those of the rule."""
        assert (app_id, display_name) == (APP, NAME)
        self.asked.append(rule)
        return CertificateEntries(tuple(self.found.get(rule, [])), self.odd.get(rule, ()))

    async def entry(self, title: str) -> Any:
        """A log-in."""
        return cast("Any", type("Entry", (), {"username": "reader", "password": Secret(title)}))


Vaults = Callable[..., PasswordstateVault]


@pytest.fixture
def vaults(monkeypatch: pytest.MonkeyPatch) -> Vaults:
    """A vault with these entries, whose database has one document for the entries in `having`."""

    def make(api: Api, having: tuple[int, ...] = ()) -> PasswordstateVault:
        async def find(_database: object, _user: str, _password: Secret, entry_id: int) -> Documents:
            there = (DocumentRef(500 + entry_id, f"{entry_id}.pfx"),) if entry_id in having else ()
            return Documents(there, api.odd.get("rows", ()))

        monkeypatch.setattr(vault_module, "find_documents", find)
        where = Database("s", 1433, "d", "q", None)
        return PasswordstateVault(cast("Any", api), where, "db", "pki", ("appid", "title"))

    return make


FIRST, SECOND = CertificateEntry(1, "by id", OWN), CertificateEntry(2, "by title", OWN)


async def test_the_files_are_the_documents_of_the_matching_entries(vaults: Vaults) -> None:
    """The first rule that finds an entry decides."""
    api = Api({"appid": [FIRST], "title": [SECOND]})
    names = [one.name async for one in vaults(api, (1, 2)).signing_files(APP, NAME)]
    assert (names, api.asked) == (["1.pfx (document 501)"], ["appid"])


async def test_the_second_rule_counts_where_the_first_finds_nothing(vaults: Vaults) -> None:
    """By title, then."""
    api = Api({"title": [SECOND]})
    names = [one.name async for one in vaults(api, (1, 2)).signing_files(APP, NAME)]
    assert (names, api.asked) == (["2.pfx (document 502)"], ["appid", "title"])


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({}, "the vault has no certificate entry for this application"),
        ({"appid": [FIRST]}, "the vault's entry by id has no PFX document"),
        ({"title": [SECOND, FIRST]}, "the vault's entry by title, by id has no PFX document"),
    ],
)
async def test_why_there_is_nothing_is_said_in_words(
    vaults: Vaults, found: dict[str, list[CertificateEntry]], reason: str
) -> None:
    """No entry, or entries without a document."""
    vault = vaults(Api(found))
    assert [one async for one in vault.signing_files(APP, NAME)] == []
    assert await vault.none_found(APP, NAME) == reason


async def test_passwordstate_signs_nothing_itself(vaults: Vaults) -> None:
    """It gives its keys away."""
    assert [one async for one in vaults(Api({"appid": [FIRST]}), (1,)).signing_keys(APP, NAME)] == []


async def test_no_vault_has_nothing() -> None:
    """Neither files nor keys nor log-ins, and it says why."""
    none = NoVault()
    assert [one async for one in none.signing_files(APP, NAME)] == []
    assert [one async for one in none.signing_keys(APP, NAME)] == []
    assert await none.none_found(APP, NAME) == "no vault is configured"
    with pytest.raises(LookupError):
        await none.login("x")


@pytest.mark.parametrize(("second", "expected"), [("b", ["a", "b"]), ("", ["a", "canary-own"])])
async def test_a_pfx_that_the_caller_brings_is_the_only_file(vaults: Vaults, second: str, expected: list[str]) -> None:
    """Where no second password came with it, the entry's is tried; the PKI entry is read last of all."""
    inner = vaults(Api({"appid": [FIRST]}), (1,))
    brought = VaultWithPfx(inner, GivenPfx("mine.pfx", b"bytes", Secret("a"), Secret(second)))
    (file,) = [one async for one in brought.signing_files(APP, NAME)]
    passwords = file.passwords()
    assert [(await anext(passwords)).reveal() for _ in expected] == expected
    assert (file.name, await file.read()) == ("mine.pfx", b"bytes")
    assert [one async for one in brought.signing_keys(APP, NAME)] == []


async def test_without_a_vault_a_brought_pfx_has_its_own_password_alone() -> None:
    """Nothing else is at hand."""
    brought = VaultWithPfx(NoVault(), GivenPfx("mine.pfx", b"bytes", Secret("a"), Secret("")))
    (file,) = [one async for one in brought.signing_files(APP, NAME)]
    assert [one.reveal() async for one in file.passwords()] == ["a"]
    assert await brought.none_found(APP, NAME) == "no vault is configured"


async def test_what_cannot_be_read_comes_last_as_one_file_that_says_so(vaults: Vaults) -> None:
    """Whatever rule met it; the entries that can be read come first."""
    api = Api({"title": [SECOND]}, odd={"appid": ("entry 7 is odd",), "title": ("entry 7 is odd", "entry 8 is odd")})
    first, last = [one async for one in vaults(api, (2,)).signing_files(APP, NAME)]
    assert first.name == "2.pfx (document 502)"
    with pytest.raises(OddData, match="entry 7 is odd; entry 8 is odd"):
        await last.read()
    assert [one async for one in last.passwords()] == []


async def test_what_cannot_be_read_is_counted_by_its_kind(vaults: Vaults) -> None:
    """Entries of the list, and rows of the database."""
    api = Api({"appid": [FIRST]}, odd={"appid": ("entry 7 is odd",), "rows": ("a row is odd",)})
    assert len([one async for one in vaults(api, (1,)).signing_files(APP, NAME)]) == 2
    assert api.counted == [("entry", "entry 7 is odd"), ("document", "a row is odd")]


async def test_much_that_cannot_be_read_is_told_shortly(vaults: Vaults) -> None:
    """Five by name, and how many more there are."""
    api = Api({}, odd={"appid": tuple(f"entry {number} is odd" for number in range(40))})
    (only,) = [one async for one in vaults(api).signing_files(APP, NAME)]
    with pytest.raises(OddData, match=r"entry 4 is odd, and 35 more$"):
        await only.read()


ROWS: dict[str, list[tuple[object, ...]]] = {
    "no number": [(None, "a.pfx"), (5, "b.pfx")],
    "a text": [("x", "a.pfx"), (5, "b.pfx")],
    "true": [(True, "a.pfx"), (5, "b.pfx")],
    "nothing at all": [(), (5, "b.pfx")],
}


@pytest.mark.parametrize("scenario", ROWS)
async def test_a_row_that_names_no_document_is_passed_over_and_told(
    monkeypatch: pytest.MonkeyPatch, scenario: str
) -> None:
    """The others count."""
    found = await documents_of(monkeypatch, ROWS[scenario])
    assert found == Documents((DocumentRef(5, "b.pfx"),), ("row 1 for entry 1301 has no usable DocumentID",))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((5, None), DocumentRef(5, "5.pfx")),
        ((5,), DocumentRef(5, "5.pfx")),
        ((Decimal(5), "a.pfx  "), DocumentRef(5, "a.pfx")),
        ((5.0, b"a.pfx"), DocumentRef(5, "a.pfx")),
    ],
)
async def test_a_document_may_come_in_other_types_and_without_a_name(
    monkeypatch: pytest.MonkeyPatch, row: tuple[object, ...], expected: DocumentRef
) -> None:
    """NUMERIC, FLOAT, VARBINARY, NULL, padded, or a query that gives the id alone."""
    assert await documents_of(monkeypatch, [row]) == Documents((expected,))


@pytest.mark.parametrize("rows", [[("a.pfx", 5)], [(None, "a.pfx"), (0, "b.pfx")]])
async def test_where_no_row_names_a_document_the_query_is_the_wrong_one(
    monkeypatch: pytest.MonkeyPatch, rows: list[tuple[object, ...]]
) -> None:
    """That is the operator's to mend, and no matter of one entry."""
    with pytest.raises(AccessRefused, match="must be DocumentID"):
        await documents_of(monkeypatch, rows)


async def documents_of(monkeypatch: pytest.MonkeyPatch, rows: list[tuple[object, ...]]) -> Documents:
    """What becomes of these rows."""

    async def read_rows(*_: object) -> list[tuple[object, ...]]:
        return rows

    monkeypatch.setattr(sql, "read_rows", read_rows)
    return await sql.find_documents(Database("s", 1433, "d", "q", None), "u", Secret("p"), 1301)
