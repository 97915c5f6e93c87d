"""`spentkey check` on real parts: what is in place, what is missing, and the line that mends it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from evidence_store import lines_in, put_lines
from fault_rules import fault
from own_sign_in import HEADER, PASSWORD, certificate, federated_token, own_world, put_pfx, signs_in_by
from real_simulator import RealSimulator
from worlds import AUTOMATION, CANARIES, TASK, sales, world

from spentkey.bootstrap.checks import checkers_for
from spentkey.bootstrap.settings import load_settings
from spentkey.core.errors import Misconfigured
from spentkey.core.finding import Finding, FindingState


def healthy() -> dict[str, Any]:
    """A world in which everything is in place, the automation's own application included."""
    own = {
        **sales(),
        "app_id": AUTOMATION,
        "object_id": "1b1b1b1b-1111-4111-8111-111111111111",
        "display_name": "Spentkey",
        "certificates": [],
        "passwords": [
            {
                "key_id": TASK_KEY,
                "display_name": "own",
                "hint": CANARIES["automation secret"][:3],
                "start": "-10d",
                "end": "+100d",
            }
        ],
    }
    made = world()
    made["tenants"][0]["applications"].append(own)
    done = [("Assigned", 40030), ("Accepted", 40031), ("Completed", 40032)]
    made["ivanti"]["tasks"] += [
        {"number": number, "parent": 10196, "status": status, "owner": "svc-spentkey"} for status, number in done
    ]
    return made


TASK_KEY = "66666666-6666-4666-8666-666666666666"


async def check_up(sim: RealSimulator, **environment: str) -> list[Finding]:
    """Every finding, in order."""
    async with checkers_for(sim.settings(**environment), use_proxies=False) as checkers:
        return [finding for checker in checkers async for finding in checker.findings()]


def bad(findings: list[Finding]) -> dict[str, Finding]:
    """The findings that are not ok, by what they are about."""
    return {f"{one.system}: {one.what}": one for one in findings if one.state is not FindingState.OK}


async def test_everything_in_place_gives_no_failure_and_writes_nothing(sim: RealSimulator) -> None:
    """The other tenant has no application of the automation, and nothing was closed yet, which are only warnings."""
    sim.reset(healthy())
    findings = await check_up(sim)
    assert list(bad(findings)) == ["Entra onderwijs: own credential", "rehearsal: a close"]
    assert {
        "configuration",
        "rehearsal",
        "state",
        "stops",
        "checkpoints",
        "Passwordstate",
        "SQL Server",
        "Ivanti",
        "Entra production",
        "Entra onderwijs",
    } == {one.system for one in findings}
    assert sim.writes() == []
    assert not list((sim.config.parent / "state").glob("*"))
    (own,) = [one for one in findings if one.what == "own credential" and one.system == "Entra production"]
    assert own.message.startswith(("99 days", "100 days"))


BROKEN: dict[str, tuple[dict[str, str], list[dict[str, Any]], str, str]] = {
    "Ivanti refuses the key": (
        {},
        [fault("ivanti", "task-query", "401")],
        "Ivanti: API key and address",
        "ivanti.url and api_key",
    ),
    "Ivanti shows a page": (
        {},
        [fault("ivanti", "task-query", "html")],
        "Ivanti: API key and address",
        "ivanti.url",
    ),
    "no such queue team": ({"SPENTKEY_IVANTI__QUEUE_TEAM": "Nobody"}, [], "Ivanti: team Nobody", "ivanti.queue_team"),
    "no such escalation team": (
        {"SPENTKEY_IVANTI__ESCALATION_TEAM": "Nowhere"},
        [],
        "Ivanti: team Nowhere",
        "ivanti.escalation_team",
    ),
    "no such login": ({"SPENTKEY_IVANTI__LOGIN_ID": "nobody"}, [], "Ivanti: login nobody", "ivanti.login_id"),
    "no such field": (
        {"SPENTKEY_IVANTI__FIELDS": '{"minutes": "Effort"}'},
        [],
        "Ivanti: fields on Task",
        "ivanti.fields",
    ),
    "no such status": (
        {"SPENTKEY_IVANTI__STATUS": '{"completed": "Finished"}'},
        [],
        "Ivanti: status Finished",
        "ivanti.status",
    ),
    "no PKI entry": (
        {"SPENTKEY_PASSWORDSTATE__PKI_ENTRY": "nothing"},
        [],
        "Passwordstate: entry nothing",
        "create the entry",
    ),
    "no certificates list": (
        {"SPENTKEY_PASSWORDSTATE__CERTIFICATES_LIST": "7000"},
        [],
        "Passwordstate: certificates list 7000",
        "certificates_api_key",
    ),
    "SQL log-in refused": ({}, [fault("sql", "login", "18456")], "SQL Server: log-in", "database.server"),
    "no query": (
        {"SPENTKEY_PASSWORDSTATE__DATABASE__QUERY": ""},
        [],
        "SQL Server: query",
        "set passwordstate.database.query",
    ),
    "a wrong query": (
        {"SPENTKEY_PASSWORDSTATE__DATABASE__QUERY": "SELECT DocumentID FROM dbo.Nothing WHERE PasswordID = ?"},
        [],
        "SQL Server: query and documents",
        "database.query",
    ),
    "sign-in refused": (
        {"SPENTKEY_TENANTS__production__ENTRY": "sys_srvaapwin_pki"},
        [],
        "Entra production: sign-in",
        "tenants.production",
    ),
    "another tenant's id": (
        {"SPENTKEY_TENANTS__production__TENANT_ID": "c32c6912-0c85-4d02-8d38-51da93512d64"},
        [],
        "Entra production: sign-in",
        "tenants.production",
    ),
    "may not read": (
        {},
        [fault("graph", "batch", "403")],
        "Entra production: reading an application",
        "Application.Read",
    ),
}


@pytest.mark.parametrize("scenario", BROKEN)
async def test_what_is_missing_is_named_with_the_line_that_mends_it(sim: RealSimulator, scenario: str) -> None:
    """One thing is broken; its line says so, and the others are still looked at."""
    environment, rules, about, fix = BROKEN[scenario]
    sim.reset(healthy())
    sim.faults(*rules)
    findings = await check_up(sim, **environment)
    found = bad(findings)
    assert about in found, sorted(found)
    assert fix in found[about].fix
    assert sim.writes() == []
    message = " ".join(one.message + one.fix for one in findings)
    assert not [name for name, canary in CANARIES.items() if canary in message]


async def test_a_missing_query_prints_the_tables_that_have_a_document_id(sim: RealSimulator) -> None:
    """So that the administrator need not search."""
    findings = await check_up(sim, SPENTKEY_PASSWORDSTATE__DATABASE__QUERY="")
    assert "dbo.vw_PfxDocuments" in bad(findings)["SQL Server: query"].message


async def test_an_old_build_of_passwordstate_is_a_warning(sim: RealSimulator) -> None:
    """Builds before 9972 have published holes."""
    made = healthy()
    made["passwordstate"]["build"] = "9858"
    sim.reset(made)
    assert FindingState.WARN is bad(await check_up(sim))["Passwordstate: build"].state


async def test_a_client_without_the_permission_to_write_fails(sim: RealSimulator) -> None:
    """The roles in the token are held against what is needed."""
    made = healthy()
    made["tenants"][0]["clients"][0]["roles"] = ["Application.Read.All"]
    sim.reset(made)
    finding = bad(await check_up(sim))["Entra production: permissions"]
    assert (finding.state, "cannot write" in finding.message) == (FindingState.FAIL, True)
    assert "Application.ReadWrite.OwnedBy" in finding.fix


@pytest.mark.parametrize(
    ("fallback", "roles", "state"),
    [
        ("patch", [], FindingState.FAIL),
        ("patch", ["AuditLog.Read.All"], FindingState.OK),
        ("hand-off", [], FindingState.OK),
    ],
)
async def test_the_fallback_needs_the_audit_log(
    sim: RealSimulator, fallback: str, roles: list[str], state: FindingState
) -> None:
    """Where it is allowed; elsewhere the log is only good to have."""
    made = healthy()
    made["tenants"][0]["clients"][0]["roles"] = ["Application.ReadWrite.All", *roles]
    sim.reset(made)
    findings = await check_up(sim, SPENTKEY_POLICY__CERTIFICATE_FALLBACK=fallback)
    (finding,) = [one for one in findings if (one.system, one.what) == ("Entra production", "audit log")]
    assert finding.state is state
    assert ("AuditLog.Read.All" in finding.fix) is (state is FindingState.FAIL)


async def test_an_own_secret_that_ends_soon_is_a_warning(sim: RealSimulator) -> None:
    """So that the automation does not lock itself out."""
    made = healthy()
    made["tenants"][0]["applications"][1]["passwords"][0]["end"] = "+12d"
    sim.reset(made)
    found = bad(await check_up(sim))["Entra production: own credential"]
    assert "days left until the client secret ends" in found.message
    assert "a managed identity, a federated token, or a certificate" in found.fix


CLIENT = f'client_id = "{AUTOMATION}"\n'
WAYS = {
    "certificate": f'{CLIENT}certificate = {{ file = "own.pfx" }}\ncertificate_password = {{ env = "PFX_PASSWORD" }}',
    "federated token": f'{CLIENT}federated_token_file = "token"',
    "managed identity": "managed_identity = true",
}
ENDS = {
    "certificate": "99 days left until the certificate ends",
    "federated token": "a federated token, which does not end",
    "managed identity": "a managed identity, which does not end",
}


async def own_findings(sim: RealSimulator, folder: Path, way: str, end: int) -> dict[str, Finding]:
    """What the check-up says of the first tenant, signed in to in this way; the certificate lives for `end` days."""
    found = certificate(end=timedelta(days=end))
    sim.reset(own_world(found))
    put_pfx(folder / "own.pfx", found)
    (folder / "token").write_text(federated_token(sim))
    settings = load_settings(signs_in_by(sim, folder, WAYS[way]), {**sim.environment, "PFX_PASSWORD": PASSWORD})
    async with checkers_for(settings, use_proxies=False) as checkers:
        findings = [finding for checker in checkers async for finding in checker.findings()]
    return {one.what: one for one in findings if one.system == "Entra production"}


@pytest.mark.parametrize("way", WAYS)
async def test_each_way_to_sign_in_says_when_it_ends(
    sim: RealSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Or that it does not."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{sim.control}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)
    found = await own_findings(sim, tmp_path, way, 100)
    assert (found["sign-in"].state, found["own credential"].state) == (FindingState.OK, FindingState.OK)
    assert found["own credential"].message == ENDS[way]


async def test_an_own_certificate_that_ends_soon_is_a_warning(sim: RealSimulator, tmp_path: Path) -> None:
    """As a secret is."""
    found = (await own_findings(sim, tmp_path, "certificate", 20))["own credential"]
    assert (found.state, found.message) == (FindingState.WARN, "19 days left until the certificate ends")
    assert found.fix.startswith("make a new certificate")


async def test_an_own_certificate_that_ended_fails_with_its_date(sim: RealSimulator, tmp_path: Path) -> None:
    """Nothing was sent, and the line says what to mend."""
    found = (await own_findings(sim, tmp_path, "certificate", -2))["sign-in"]
    assert (found.state, "own.pfx ended on " in found.message) == (FindingState.FAIL, True)
    assert found.fix == "check tenants.production: the client id, and what it signs in with"


async def test_a_secret_that_is_not_ours_tells_nothing_of_ours(sim: RealSimulator) -> None:
    """The hint that Graph shows is not how our secret begins."""
    made = healthy()
    made["tenants"][0]["applications"][1]["passwords"][0]["hint"] = "XyZ"
    sim.reset(made)
    assert bad(await check_up(sim))["Entra production: own credential"].message == "no live client secret is shown"


async def test_clocks_that_differ_by_more_than_300_s_fail(sim: RealSimulator) -> None:
    """Nothing would be removed then, so it must be said."""
    sim.reset(healthy())
    sim.step_clock(400)
    found = bad(await check_up(sim))
    assert FindingState.FAIL is found["Ivanti: clock"].state


async def test_a_chain_that_does_not_verify_fails(sim: RealSimulator) -> None:
    """Evidence that was changed is found before it matters."""
    await sim.run(TASK)
    put_lines(sim.state, [line.replace("removePassword", "removeKey", 1) for line in lines_in(sim.state)])
    assert FindingState.FAIL is bad(await check_up(sim))["state: evidence"].state


async def test_the_entry_that_holds_ivantis_key_is_fetched(sim: RealSimulator) -> None:
    """`{ entry = … }` names an entry of the credentials list; a missing one is Ivanti's first failure."""
    made = healthy()
    made["passwordstate"]["entries"].append(
        {"id": 1250, "list": 8620, "title": "ivanti_key", "username": "", "password": CANARIES["ivanti key"]}
    )
    sim.reset(made)
    good = await check_up(sim, SPENTKEY_IVANTI__API_KEY='{"entry": "ivanti_key"}')
    assert "Ivanti: API key and address" not in bad(good)
    missing = await check_up(sim, SPENTKEY_IVANTI__API_KEY='{"entry": "nowhere"}')
    assert "nowhere" in bad(missing)["Ivanti: API key and address"].message


async def test_the_databases_certificate_is_shown_before_its_log_in(sim: RealSimulator) -> None:
    """The line of the certificate says what to do; the log-in, which fails for it, stands below."""
    made = healthy()
    made["passwordstate"]["database"]["certificate"] = "SSL_Self_Signed_Fallback"
    sim.reset(made)
    wrong = [one for one in await check_up(sim) if one.state is FindingState.FAIL]
    assert [(one.system, one.what) for one in wrong] == [("SQL Server", "certificate"), ("SQL Server", "log-in")]
    assert wrong[0].fix.startswith("let the database administrator give SQL Server a certificate")
    assert [entry for entry in sim.journal() if entry["system"] == "sql"] == []


async def test_a_pinned_certificate_that_cannot_be_read_is_a_configuration_that_cannot_be_used(
    sim: RealSimulator,
) -> None:
    """One line, before anything is contacted."""
    sim.reset(healthy())
    pin = {
        "SPENTKEY_PASSWORDSTATE__DATABASE__ENCRYPT": "strict",
        "SPENTKEY_PASSWORDSTATE__DATABASE__SERVER_CERTIFICATE": "nowhere.pem",
    }
    with pytest.raises(
        Misconfigured, match=r"passwordstate\.database\.server_certificate: .*nowhere\.pem cannot be used"
    ):
        await check_up(sim, **pin)
    assert sim.journal() == []
