# SPDX-License-Identifier: Apache-2.0
"""What a caller asks for: `request` and the options beside it, the tenant that is meant, tasks, and other systems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.spentkey.entra.plugins.module_utils import desk, removal, vault
from ansible_collections.spentkey.entra.plugins.module_utils.facade import (
    Call,
    Facade,
    Perform,
    Refusal,
    Refused,
    perform_safely,
    request_of,
)
from ansible_collections.spentkey.entra.plugins.module_utils.request import asked_values, tenant_meant

APP = "22222222-2222-4222-8222-222222222222"
KEY = "33333333-3333-4333-8333-333333333333"
FULL = {"AppDisplayName": "Sales", "AppID": APP, "SecretID": KEY, "SecretType": "Secret", "Onderwijs": "No"}
SINGLE = {"app_display_name": "Sales", "app_id": APP, "key_id": KEY}
IVANTI = """
[ivanti]
url = "https://127.0.0.1:9/HEAT"
api_key = { env = "KEY" }
queue_team = "Spentkey"
login_id = "svc-spentkey"
"""
PASSWORDSTATE = """
[passwordstate]
url = "https://127.0.0.1:9"
api_key = { env = "KEY" }
database = { server = "127.0.0.1", query = "SELECT DocumentID, DocumentName FROM d WHERE id = ?" }
"""
OTHERS = """
[files]
directory = "requests"
[secrets]
directory = "secrets"
"""


def tenants(**when: str) -> str:
    """Tenants of these names, each with its `when` in TOML; an empty text leaves it out."""
    found = ""
    for number, (name, said_by) in enumerate(when.items()):
        found += (
            f'[tenants.{name}]\ntenant_id = "c3c1e6bb-1ebf-4335-ad13-34192660000{number}"\ndomain = "example.org"\n'
        )
        found += f'entry = "sys_{name}"\n' + (f"when = {said_by}\n" if said_by else "")
    return found


TWO = tenants(production='{ Onderwijs = "No" }', education='{ Onderwijs = "Yes" }')
REGIONS = tenants(europe='{ Region = "EU" }', america='{ Region = "US" }')
ONE = tenants(production="")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the configuration of a test is; nobody listens at its addresses."""
    write(tmp_path, IVANTI + PASSWORDSTATE + TWO)
    return tmp_path


def write(folder: Path, text: str) -> None:
    """Another configuration in its place."""
    config = folder / "spentkey.toml"
    config.write_text(f'{text}\n[state]\ndirectory = "state"\n', "utf-8")
    config.chmod(0o600)


def call(folder: Path, check: bool = False, /, **given: Any) -> Call:
    """A call of `credential` or `credential_info`, with the options that Ansible would fill in."""
    names = (*SINGLE, "kind", "request", "onderwijs", "tenant", "task")
    parameters = {"config": str(folder / "spentkey.toml"), "settings": {}, **dict.fromkeys(names), **given}
    pfx = ("pfx_path", "pfx_content", "pfx_password", "pki_password")
    return Call({**dict.fromkeys(pfx), **parameters}, check=check, environment={"KEY": "x"})


def facade_of(folder: Path, text: str | None = None) -> Facade:
    """Spentkey with the configuration of that folder."""
    if text is not None:
        write(folder, text)
    return Facade.open(folder / "spentkey.toml", {"KEY": "x"})


def meant(facade: Facade, folder: Path, **given: Any) -> tuple[str, ...]:
    """What such options mean: name, AppID, key id, kind, and what chooses the tenant."""
    request = facade.read_asked(asked_values(facade, call(folder, **given).parameters))
    if isinstance(request, Refused):
        return (request.reason,)
    return request.app_display_name, request.app_id, request.key_id, request.kind.value, *request.when.values()


SALES = ("Sales", APP, KEY, "secret", "no")


@pytest.mark.parametrize(
    "given",
    [
        {"request": FULL},
        {"request": {name.lower(): f" {value} " for name, value in FULL.items()}},
        {**SINGLE, "request": {"Onderwijs": "No"}},
        {**SINGLE, "onderwijs": "no"},
        {**SINGLE, "tenant": "production"},
        {**SINGLE, "request": {}, "tenant": "production"},
        {**SINGLE, "onderwijs": "No", "request": {"onderwijs": " NO "}, "tenant": "production"},
        {**SINGLE, "app_id": APP.upper(), "kind": "SECRET", "request": FULL},
        {"request": {**FULL, "Comment": 5, "Another": None}},
    ],
)
def test_a_request_in_place_of_options_or_beside_them(folder: Path, given: dict[str, Any]) -> None:
    """All of these mean the same; a parameter that nothing reads may be anything."""
    assert meant(facade_of(folder), folder, **given) == SALES


def test_any_parameter_may_choose_the_tenant(folder: Path) -> None:
    """By the names of the configuration: `when` and the four that say which credential is meant."""
    names = 'parameters = { app_id = "ClientId" }\nsecret_types = { Wachtwoord = "secret", Pfx = "certificate" }\n'
    facade = facade_of(folder, IVANTI + names + PASSWORDSTATE + REGIONS)
    request = {"AppDisplayName": "Sales", "ClientId": APP, "SecretID": KEY, "SecretType": "pfx", "Region": "eu"}
    wanted = ("Sales", APP, KEY, "certificate", "eu")
    assert meant(facade, folder, request=request) == wanted
    assert meant(facade, folder, **SINGLE, kind="Certificate", tenant="europe") == wanted
    assert meant(facade, folder, **SINGLE, request={"Region": "EU"}) == ("Sales", APP, KEY, "secret", "eu")


@pytest.mark.parametrize("given", [{}, {"tenant": "production"}, {"onderwijs": "No"}])
def test_the_only_tenant_needs_no_word(folder: Path, given: dict[str, Any]) -> None:
    """Where it has no `when`."""
    facade = facade_of(folder, IVANTI + PASSWORDSTATE + ONE)
    assert meant(facade, folder, **SINGLE, **given) == ("Sales", APP, KEY, "secret")
    values = asked_values(facade, call(folder, **SINGLE, **given).parameters)
    assert tenant_meant(facade, values, given.get("tenant")) == "production"


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (None, "secret"),
        ("secret", "secret"),
        ("SECRET", "secret"),
        ("Certificate", "certificate"),
        (" certificate ", "certificate"),
        ("certificaat", "certificate"),
        ("Cert", "certificate"),
    ],
)
def test_spellings_of_a_kind(folder: Path, kind: str | None, wanted: str) -> None:
    """The words of the configuration, and two that every configuration has."""
    assert meant(facade_of(folder), folder, **SINGLE, kind=kind, onderwijs="No")[3] == wanted


def test_a_kind_becomes_a_word_of_the_configuration(folder: Path) -> None:
    """In its spelling, since a task is compared with it word for word; what is none stays as it is, for guard G1."""
    facade = facade_of(folder)
    found = {
        kind: asked_values(facade, call(folder, **SINGLE, kind=kind, onderwijs="No").parameters)["SecretType"]
        for kind in (None, "SECRET", "certificate", " cert ", "Password")
    }
    assert list(found.values()) == ["Secret", "Secret", "Certificaat", "Cert", "Password"]


def test_a_kind_of_the_request_is_not_overruled_by_the_default(folder: Path) -> None:
    """Only where neither says it, it is a secret; and both may say it in other words."""
    request = {**FULL, "SecretType": "Certificaat"}
    assert meant(facade_of(folder), folder, request=request)[3] == "certificate"
    assert meant(facade_of(folder), folder, request=request, kind="certificate")[3] == "certificate"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"app_id": KEY}, "app_id: says something else than AppID in request"),
        ({"key_id": APP}, "key_id: says something else than SecretID in request"),
        ({"key_id": ""}, "key_id: says something else than SecretID in request"),
        ({"app_display_name": "Sale"}, "app_display_name: says something else than AppDisplayName in request"),
        ({"kind": "certificate"}, "kind: says something else than SecretType in request"),
        ({"onderwijs": "Yes"}, "onderwijs: says something else than Onderwijs in request"),
        ({"onderwijs": False}, "onderwijs: says something else than Onderwijs in request"),
        ({"request": {**FULL, 5: "x"}}, "request: the name 5 is not a text"),
        ({"request": {**FULL, False: "x"}}, "request: the name False is not a text"),
        ({"tenant": "nowhere"}, "no tenant is called nowhere; there is production, education"),
    ],
)
def test_two_that_disagree_are_refused(folder: Path, given: dict[str, Any], message: str) -> None:
    """In one line that names both, before anything is contacted."""
    told = perform_safely(removal.remove, call(folder, **{"request": FULL, **given}))
    assert (told["failed"], told["changed"], told["msg"]) == (True, False, message)


@pytest.mark.parametrize(
    ("request_given", "reason"),
    [
        ({"Onderwijs": False}, "Onderwijs is not a text"),
        ({"AppDisplayName": 2024}, "AppDisplayName is not a text"),
        ({"AppID": [APP]}, "AppID is not a text"),
        ({"SecretID": 33333333}, "SecretID is not a text"),
        ({"SecretID": None}, "SecretID is empty"),
        ({"SecretID": ""}, "SecretID is empty"),
        ({"secretid": KEY}, "SecretID is given more than once"),
        ({"SecretType": "certificate"}, "SecretType is not supported: it must be Secret, Certificaat or Cert"),
    ],
)
def test_guard_g1_judges_a_request(folder: Path, request_given: dict[str, Any], reason: str) -> None:
    """By name, without a conversion, and before anything is contacted: nobody listens there."""
    told = perform_safely(removal.remove, call(folder, request={**FULL, **request_given}))
    assert (told["guard"], told["reason"], told["ticket"], told["failed"]) == ("G1", reason, "handed-off", True)
    assert told["msg"] == f"{reason}; nothing was contacted, and nothing is removed"
    assert not (folder / "state").exists()


@pytest.mark.parametrize("left_out", FULL)
def test_what_the_request_does_not_say_is_missing(folder: Path, left_out: str) -> None:
    """Each parameter by its name; the kind alone has a default."""
    request = {name: value for name, value in FULL.items() if name != left_out}
    wanted = ("Sales", APP, KEY, "secret", "no") if left_out == "SecretType" else (f"{left_out} is missing",)
    assert meant(facade_of(folder), folder, request=request) == wanted


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"key_id": None, "onderwijs": "No"}, "SecretID is empty"),
        (
            {"kind": "Password", "onderwijs": "No"},
            "SecretType is not supported: it must be Secret, Certificaat or Cert",
        ),
        ({"kind": "", "onderwijs": "No"}, "SecretType is empty"),
        ({"onderwijs": False}, "Onderwijs is not a text"),
        ({"onderwijs": ""}, "Onderwijs is empty"),
        ({"request": {"onderwijs": 1}}, "onderwijs is not a text"),
    ],
)
def test_guard_g1_judges_the_options(folder: Path, given: dict[str, Any], reason: str) -> None:
    """As it always did; a result as a refusal of the story has it."""
    told = perform_safely(removal.remove, call(folder, **{**SINGLE, "task": "40021", **given}))
    assert (told["outcome"], told["guard"], told["reason"].lower()) == ("refused", "G1", reason.lower())
    assert (told["task"], told["app_display_name"]) == ("40021", "Sales")


@pytest.mark.parametrize("perform", [removal.remove, removal.show])
@pytest.mark.parametrize(("text", "names"), [(TWO, "Onderwijs"), (REGIONS, "Region")])
def test_something_must_choose_the_tenant(folder: Path, perform: Perform, text: str, names: str) -> None:
    """Where there are several, the refusal names what chooses it."""
    write(folder, IVANTI + PASSWORDSTATE + text)
    told = perform_safely(perform, call(folder, **SINGLE))
    wanted = f"one of request, onderwijs and tenant is needed: {names} says which tenant is meant"
    assert (told["msg"], told["who"]) == (wanted, "operator")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"onderwijs": "Maybe"}, "no tenant is meant by Onderwijs 'Maybe'"),
        ({"request": {"AppID": APP}}, "no tenant is meant by Onderwijs, which is missing"),
        (
            {"request": {"Onderwijs": "Yes"}, "tenant": "production"},
            "the parameters mean the tenant education, not production",
        ),
        ({"request": {"Onderwijs": False}}, "Onderwijs is not a text"),
        ({"request": {"Onderwijs": "No", "onderwijs": "No"}}, "onderwijs is given more than once"),
        ({"tenant": "nowhere"}, "no tenant is called nowhere; there is production, education"),
        (
            {"tenant": "production", "app_id": "Sales"},
            "AppID is not a UUID such as 1b4e28ba-2fa1-11d2-883f-0016d3cca427",
        ),
        ({"request": {"AppID": 5}, "app_id": None, "tenant": "production"}, "AppID is not a text"),
    ],
)
def test_what_is_not_shown(folder: Path, given: dict[str, Any], message: str) -> None:
    """`credential_info` refuses in one line, before anything is contacted."""
    told = perform_safely(removal.show, call(folder, **{"app_id": APP, **given}))
    assert (told["failed"], told["msg"].lower()) == (True, message.lower())


@pytest.mark.parametrize(
    "number", ["", "abc", "0", "-1", "40021.0", "True", "040021", " 40021", "4" * 40, "40021\n40022"]
)
@pytest.mark.parametrize("perform", [removal.work, desk.tell, desk.end, desk.note])
def test_what_is_no_task_of_the_desk_is_refused(folder: Path, perform: Perform, number: str) -> None:
    """In one line, and before the desk is asked."""
    more = {"fail_on_handover": True, "state": "closed", "team": None, "resolution": None, "minutes": None}
    note = {"subject": "a", "body": "b", "purpose": "remark", "category": None}
    told = perform_safely(perform, call(folder, number=number, **more, **note))
    wanted = f"task: {number!r} is not a task of [ivanti], such as 40021"
    assert (told["failed"], told["msg"], told["msg"].count("\n")) == (True, wanted, 0)


@pytest.mark.parametrize("task", ["", "abc", "0"])
def test_a_removal_for_no_task_of_the_desk_is_refused(folder: Path, task: str) -> None:
    """An empty task is not the same as none."""
    told = perform_safely(removal.remove, call(folder, request=FULL, task=task))
    assert told["msg"] == f"task: {task!r} is not a task of [ivanti], such as 40021"


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("perform", [desk.tell, desk.end, desk.note])
def test_another_service_desk_is_refused_by_its_name(folder: Path, perform: Perform, *, check: bool) -> None:
    """The modules for Ivanti do not work with it, whatever the task is called there."""
    write(folder, OTHERS + TWO)
    more = {"state": "closed", "team": None, "resolution": None, "minutes": None}
    note = {"subject": "a", "body": "b", "purpose": "remark", "category": None}
    told = perform_safely(perform, call(folder, check, number="sales-2026-07", **more, **note))
    assert told["msg"] == "the configured service desk is [files], and this module works with [ivanti] alone"


ENTRY = {"list": "credentials", "title": "sys_srvaapwin_pki"}
CERTIFICATES = {"list": "certificates", "app_id": APP, "app_display_name": "Sales"}
DOCUMENT = {"state": "present", "entry_id": 1, "document_id": 2, "dest": None, "download": True, "allow_disk": False}


@pytest.mark.parametrize(
    ("perform", "given"),
    [
        (vault.entry, ENTRY),
        (vault.entry, CERTIFICATES),
        (vault.document, DOCUMENT),
        (vault.document, {**DOCUMENT, "entry_id": None}),
    ],
)
def test_another_vault_is_refused_by_its_name(folder: Path, perform: Perform, given: dict[str, Any]) -> None:
    """The modules for Passwordstate do not work with it."""
    (folder / "secrets").mkdir(mode=0o700)
    write(folder, OTHERS + TWO)
    told = perform_safely(perform, call(folder, **given))
    assert told["msg"] == "the configured vault is [secrets], and this module works with [passwordstate] alone"


def test_a_configuration_without_a_vault_says_so(folder: Path) -> None:
    """A tenant may sign in without one."""
    login = 'client_id = "22222222-2222-4222-8222-222222222222"\nclient_secret = { env = "KEY" }\n'
    write(folder, IVANTI + ONE.replace('entry = "sys_production"\n', login))
    told = perform_safely(vault.entry, call(folder, **ENTRY))
    assert told["msg"] == "no vault is configured, and this module works with [passwordstate] alone"


def test_parameters_of_a_task_are_shown_by_their_own_names(folder: Path) -> None:
    """What is given twice or is no text has no value; an empty one is an empty text."""
    rows = [("appid", APP), ("SECRETID", KEY), ("secretid", KEY), ("onderwijs", 5), ("Comment", None), ("region", "EU")]
    rules = facade_of(folder, IVANTI + PASSWORDSTATE + REGIONS).rules()
    shown = desk._parameters(request_of(rows), rules)  # noqa: SLF001
    assert shown == {"AppID": APP, "SecretID": None, "Onderwijs": None, "Comment": "", "Region": "EU"}


def test_a_refusal_is_an_error_of_the_caller(folder: Path) -> None:
    """It is raised before the configuration's systems are known."""
    with pytest.raises(Refusal):
        asked_values(facade_of(folder), call(folder, request={1: "x"}).parameters)
