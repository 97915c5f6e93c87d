"""The built-in world: it follows from its seed, and every task in it is what its scene says."""

import tomllib
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from spentkey_sim import config_out
from spentkey_sim.addresses import Addresses
from spentkey_sim.clock import SimClock
from spentkey_sim.model import Application, PfxContent, World
from spentkey_sim.seeded import SCENES, build
from spentkey_sim.world import WorldError, load

PKI, DATABASE = "sys_srvaapwin_pki", "sys_pws_ansible_read"
NOW = datetime(2030, 6, 1, 12, tzinfo=UTC)
NUMBERS = [scene.number for scene in SCENES]


@pytest.fixture(scope="module")
def world() -> World:
    """The built-in world of seed 7, loaded at a fixed moment."""
    clock = SimClock()
    clock.set(NOW)
    return load(build(7), clock)


def ending_as(outcome: str, guard: str | None = None) -> list[int]:
    """The tasks that should end like that."""
    return [s.number for s in SCENES if (s.ending.outcome, s.ending.guard) == (outcome, guard)]


def asked(world: World, number: int) -> dict[str, str]:
    """The parameters of a task's request as a careful reader takes them: trimmed, the first of each name."""
    parent = next(task.parent for task in world.ivanti.tasks if task.number == number)
    request = next(request for request in world.ivanti.requests if request.number == parent)
    return {name: (value or "").strip() for name, value in reversed(request.parameters)}


def application(world: World, number: int) -> Application | None:
    """The application that a task names, in the tenant that it names."""
    wanted = asked(world, number)
    tenant = next(tenant for tenant in world.tenants if tenant.when["Onderwijs"] == wanted["Onderwijs"])
    return next((app for app in tenant.applications if app.app_id == wanted["AppID"].lower()), None)


def ends(world: World, number: int) -> list[datetime | None]:
    """The ends of the credential that a task names: one for each place in the list that its SecretType means."""
    wanted, app = asked(world, number), application(world, number)
    assert app is not None
    held = app.passwords if wanted["SecretType"] == "Secret" else app.certificates
    mine = [one.end for one in held if one.key_id == wanted["SecretID"].lower()]
    return [None if end is None else datetime.fromisoformat(end) for end in mine]


def remaining(app: Application) -> list[str]:
    """The ids of the secrets of an application that have expired."""
    return [one.key_id for one in app.passwords if one.end and datetime.fromisoformat(one.end) < NOW]


def openable(world: World, number: int) -> list[str]:
    """The certificates whose PFX can be found for a task's application and opened with a password of the vault."""
    app = application(world, number)
    assert app is not None
    vault = world.passwordstate
    entries = [one for one in vault.entries if app.app_id in one.fields.values() or one.title == app.display_name]
    pki = next(entry.password for entry in vault.entries if entry.title == PKI)
    return [
        document.content.certificate
        for entry in entries
        for document in vault.documents
        if document.owner == entry.id and isinstance(document.content, PfxContent)
        if document.content.password in (entry.password, pki)
    ]


def signers(world: World, number: int) -> list[str]:
    """The openable certificates that may sign: valid now, and registered on the application."""
    app = application(world, number)
    assert app is not None
    registered = {one.certificate for one in app.certificates}
    return [name for name in openable(world, number) if name in registered and world.certificates[name].not_after > NOW]


def certificate_tasks(world: World, numbers: list[int]) -> list[int]:
    """Those of the tasks that ask for a certificate."""
    return [number for number in numbers if asked(world, number)["SecretType"] in ("Certificaat", "Cert")]


def secrets_of(world: World) -> list[str]:
    """Every secret of the world, once for each purpose."""
    vault = world.passwordstate
    held = [entry.password for entry in vault.entries]
    contents = [document.content for document in vault.documents]
    unknown = [one.password for one in contents if isinstance(one, PfxContent) and one.password not in held]
    return [*held, *unknown, world.ivanti.api_key, *(key.key for key in vault.api_keys)]


def ids_of(world: World) -> list[str]:
    """Every id of the world, once for each thing."""
    apps = [app for tenant in world.tenants for app in tenant.applications]
    holders = [*apps, *(app.service_principal for app in apps if app.service_principal)]
    credentials = chain.from_iterable((*holder.passwords, *holder.certificates) for holder in holders)
    records = (*world.ivanti.tasks, *world.ivanti.requests)
    return [
        *(app.app_id for app in apps),
        *(holder.object_id for holder in holders),
        *(credential.key_id for credential in credentials),
        *(client.app_id for tenant in world.tenants for client in tenant.clients),
        *(record.rec_id for record in records),
    ]


def test_the_same_seed_gives_the_same_world() -> None:
    """A seed that was printed replays the world."""
    assert build(7) == build(7)


def test_another_seed_gives_other_ids_and_secrets(world: World) -> None:
    """Nothing that looks random is the same, though the story is."""
    other = load(build(8), SimClock())
    assert not set(ids_of(world)) & set(ids_of(other))
    assert not set(secrets_of(world)) & set(secrets_of(other))
    assert [task.subject for task in other.ivanti.tasks] == [task.subject for task in world.ivanti.tasks]


@pytest.mark.parametrize("seed", [0, 1, 2**31])
def test_any_seed_loads(seed: int) -> None:
    """The schema and the loader agree with what is built."""
    assert load(build(seed), SimClock()).seed == seed


def test_no_two_secrets_and_no_two_ids_are_equal(world: World) -> None:
    """A mix-up always shows."""
    for values in (secrets_of(world), ids_of(world)):
        assert len(values) == len(set(values))
    assert min(map(len, secrets_of(world))) >= 24


def test_the_tasks_are_numbered_and_each_is_expected(world: World) -> None:
    """Every task has its place in the table, and shows something of its own."""
    numbers = [task.number for task in world.ivanti.tasks]
    assert numbers == list(range(40021, 40053))
    assert list(world.expect) == [str(number) for number in numbers]
    assert len({expected["shows"] for expected in world.expect.values()}) == len(numbers)


def test_every_kind_of_ending_is_there(world: World) -> None:
    """Removals of both kinds in both tenants, and every reason to remove nothing that the directory can show."""
    endings = {(e["outcome"], e["ticket"], e["guard"]) for e in world.expect.values()}
    assert endings == {
        ("removed", "closed", None),
        ("already-gone", "closed", None),
        ("failed", "handed-off", None),
        ("not-ours", "untouched", None),
        *(("refused", "handed-off", f"G{number}") for number in range(1, 7)),
    }
    removed = [asked(world, number) for number in ending_as("removed")]
    kinds = {(one["Onderwijs"], one["SecretType"]) for one in removed}
    assert kinds == {("No", "Secret"), ("No", "Certificaat"), ("No", "Cert"), ("Yes", "Secret"), ("Yes", "Certificaat")}


@pytest.mark.parametrize("number", ending_as("removed"))
def test_what_is_to_be_removed_has_expired(world: World, number: int) -> None:
    """The id is there once, in the list that SecretType means, and its end is past."""
    (end,) = ends(world, number)
    assert end is not None
    assert end < NOW


def test_a_certificate_that_is_to_be_removed_has_a_signer(world: World) -> None:
    """The vault holds one valid certificate of the application, and its password."""
    tasks = certificate_tasks(world, ending_as("removed"))
    assert tasks
    assert [number for number in tasks if len(signers(world, number)) != 1] == []


def test_no_two_tasks_ask_for_the_same_credential(world: World) -> None:
    """Each removal in the truth belongs to one task."""
    asked_for = [
        (asked(world, number)["AppID"].lower(), asked(world, number)["SecretID"].lower()) for number in NUMBERS
    ]
    assert len(set(asked_for)) == len(asked_for)


@pytest.mark.parametrize("number", ending_as("already-gone"))
def test_what_is_already_gone_leaves_nothing_expired(world: World, number: int) -> None:
    """Neither the id nor any other spent secret is there, so it cannot be a typing error."""
    app = application(world, number)
    assert app is not None
    assert (ends(world, number), remaining(app)) == ([], [])


def test_a_typing_error_names_what_remains(world: World) -> None:
    """The id is nowhere, and the reason must give the one that was probably meant."""
    app = application(world, 40031)
    assert app is not None
    assert ends(world, 40031) == []
    assert remaining(app) == [world.expect["40031"]["reason"]]


@pytest.mark.parametrize("number", ending_as("refused", "G5"))
def test_what_has_not_expired_is_there_all_the_same(world: World, number: int) -> None:
    """Only its end stands in the way: later than now, or missing."""
    (end,) = ends(world, number)
    assert end is None or end > NOW


@pytest.mark.parametrize("number", ending_as("refused", "G2"))
def test_an_unknown_application_is_not_in_the_tenant_that_is_asked(world: World, number: int) -> None:
    """It exists nowhere, or in the other tenant alone."""
    assert application(world, number) is None


@pytest.mark.parametrize("number", ending_as("refused", "G6"))
def test_what_is_protected_could_otherwise_be_removed(world: World, number: int) -> None:
    """It has expired, and a certificate has its signer: nothing but the protection saves it."""
    (end,) = ends(world, number)
    assert end is not None
    assert end < NOW
    assert not certificate_tasks(world, [number]) or signers(world, number)


def test_a_certificate_that_nobody_can_sign_for_has_no_signer(world: World) -> None:
    """One has only its expired certificate, the other a file that no password of the vault opens."""
    tasks = certificate_tasks(world, ending_as("failed"))
    assert [signers(world, number) for number in tasks] == [[], []]
    assert [openable(world, number) for number in tasks] == [["heritage-archive-viewer-previous"], []]


def test_an_id_in_the_wrong_place_is_not_where_it_is_looked_for(world: World) -> None:
    """It is among the certificates, or on the service principal, and not among the secrets."""
    certificate, principal = application(world, 40033), application(world, 40034)
    assert certificate is not None
    assert principal is not None
    assert principal.service_principal is not None
    assert ends(world, 40033) == ends(world, 40034) == []
    assert asked(world, 40033)["SecretID"] in [one.key_id for one in certificate.certificates]
    assert asked(world, 40034)["SecretID"] in [one.key_id for one in principal.service_principal.passwords]


def test_tasks_of_others_are_not_in_our_hands(world: World) -> None:
    """Another team has the one, a person the other; everything else about them is in order."""
    others = [(task.owner_team, task.owner) for task in world.ivanti.tasks if task.number in ending_as("not-ours")]
    assert others == [("Servicedesk", ""), (world.ivanti.teams[0], "duty-officer")]


def test_the_vault_holds_what_the_automation_needs(world: World) -> None:
    """Both tenants' clients, the database log-in and the PKI password stand in the list of credentials."""
    entries = {entry.title: entry for entry in world.passwordstate.entries if entry.list == 8620}
    clients = [(client.entry, client.app_id, client.secret) for tenant in world.tenants for client in tenant.clients]
    database = world.passwordstate.database
    logins = [*clients, (DATABASE, database.login, database.password)]
    assert [(title, entries[title].username, entries[title].password) for title, _, _ in logins] == logins
    assert set(entries) == {*(title for title, _, _ in logins), PKI}


def test_the_configuration_hands_out_a_key_for_each_list(world: World, tmp_path: Path) -> None:
    """The key of the credentials cannot see certificates, and the certificates' key also fetches the documents."""
    config_out.write(tmp_path / "spentkey.toml", world, Addresses(1, 2, 3, 4, 5, "/HEAT"), b"")
    table: dict[str, Any] = tomllib.loads((tmp_path / "spentkey.toml").read_text())["passwordstate"]
    keys = {
        name: (tmp_path / table[name]["file"]).read_text()
        for name in ("api_key", "certificates_api_key", "documents_api_key")
    }
    lists = {key.key: (key.lists, key.documents) for key in world.passwordstate.api_keys}
    assert [lists[key] for key in keys.values()] == [((8620,), False), ((6691,), True), ((6691,), True)]


def test_a_built_world_that_lost_a_certificate_does_not_load() -> None:
    """The loader checks what the world is made of, so a scene with a hole is found at the start."""
    raw = build(7)
    raw["certificates"].popitem()
    with pytest.raises(WorldError, match="there is"):
        load(raw, SimClock())
