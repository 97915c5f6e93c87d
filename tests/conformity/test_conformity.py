"""Every request of a `work` run to Graph, and every answer of the simulator, held against Microsoft's own types."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from graph_types import CSDL, JSON_TYPE, Exchange, faults_of
from mangling_server import Real, mangling
from real_simulator import QuickClock, RealSimulator, Steps
from worlds import (
    APP,
    EXPIRED_CERT,
    EXPIRED_SECRET,
    OBJECT,
    certificate_parameters,
    parameters,
    world,
)

from spentkey.bootstrap.service import worker_for

ROLES = ["Application.ReadWrite.All", "AuditLog.Read.All", "Directory.Read.All"]
PATCH = {"SPENTKEY_POLICY__CERTIFICATE_FALLBACK": "patch", "SPENTKEY_POLICY__CANARY": "false"}
NORMAL = {"SPENTKEY_POLICY__CANARY": "false"}


async def _as_it_is(real: Real) -> AsyncIterator[bytes]:
    yield real.head() + real.body


@dataclass
class Recording:
    """Everything that went to Graph and came back."""

    exchanges: list[Exchange] = field(default_factory=list[Exchange])

    def note(self, method: str, path: str, body: bytes, real: Real) -> None:
        if path.startswith("/v1.0/"):
            kind = next((value for name, value in real.headers if name.lower() == "content-type"), "")
            sent, answer = (json.loads(one) if one else None for one in (body, real.body))
            self.exchanges.append(Exchange(method, path, sent, real.status, kind, answer))

    @property
    def routes(self) -> set[str]:
        """What was done, without ids."""
        return {f"{one.method} {one.path.split('?')[0].split('/')[-1]}" for one in self.exchanges}


async def worked(sim: RealSimulator, folder: Path, made: dict[str, Any], **environment: str) -> Recording:
    """What `work --once` says to Graph about every open task, and what it hears."""
    sim.reset(made)
    recording = Recording()
    settings = sim.settings()
    async with mangling(sim, folder, settings.tenants["production"].graph_url, _as_it_is) as between:
        between.heard, between.keep_host = recording.note, True
        changed = {
            "SPENTKEY_TENANTS__PRODUCTION__GRAPH_URL": between.url,
            "SPENTKEY_TENANTS__PRODUCTION__AUTHORITY": between.url,
            "SPENTKEY_TLS__CA_FILE": str(between.ca_file),
        }
        settings = sim.settings(**changed, **environment)
        async with worker_for(settings, Steps(), use_proxies=False, clock=QuickClock()) as worker:
            await worker.once()
    return recording


def both() -> dict[str, Any]:
    """A task for a secret and one for a certificate."""
    made = world(parameters())
    made["tenants"][0]["clients"][0]["roles"] = ROLES
    made["entra"] = {"audit_delay_s": 0}
    made["ivanti"]["requests"].append({"number": 10197, "parameters": certificate_parameters()})
    made["ivanti"]["tasks"].append({"number": 40022, "parent": 10197})
    return made


def no_signer() -> dict[str, Any]:
    """A certificate whose application has no valid signer at hand."""
    made = world(certificate_parameters(), documents=[])
    made["tenants"][0]["clients"][0]["roles"] = ROLES
    made["entra"] = {"audit_delay_s": 0}
    return made


async def test_a_run_says_nothing_that_graphs_types_do_not_have(sim: RealSimulator, tmp_path: Path) -> None:
    """A secret and a certificate, with batch, reads, both removals and the audit log."""
    recording = await worked(sim, tmp_path, both(), **NORMAL)
    assert sorted(one["key_id"] for one in sim.removals()) == sorted([EXPIRED_SECRET, EXPIRED_CERT])
    assert {"POST $batch", "POST removePassword", "POST removeKey", "GET directoryAudits"} <= recording.routes
    assert [fault for one in recording.exchanges for fault in faults_of(one)] == []


async def test_the_fallback_writes_what_graphs_types_have(sim: RealSimulator, tmp_path: Path) -> None:
    """The list as it was read, sent by PATCH."""
    recording = await worked(sim, tmp_path, no_signer(), **PATCH)
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_CERT]
    assert "PATCH" in {one.method for one in recording.exchanges}
    assert [fault for one in recording.exchanges for fault in faults_of(one)] == []


async def test_refusals_have_graphs_envelope(sim: RealSimulator, tmp_path: Path) -> None:
    """An application that is not there."""
    made = world(parameters(AppID="22222222-2222-4222-8222-0000000000ff"))
    recording = await worked(sim, tmp_path, made, **NORMAL)
    answers: list[dict[str, Any]] = [one.answer or {} for one in recording.exchanges]
    assert 404 in {part["status"] for one in answers for part in one.get("responses", [])}
    assert [fault for one in recording.exchanges for fault in faults_of(one)] == []


def exchange(**changes: Any) -> Exchange:
    """A sound read of an application."""
    sound: dict[str, Any] = {
        "method": "GET",
        "path": f"/v1.0/applications/{OBJECT}?$select=id,keyCredentials",
        "body": None,
        "status": 200,
        "content_type": JSON_TYPE,
        "answer": {"@odata.context": "x", "id": OBJECT, "appId": APP, "keyCredentials": []},
    }
    return Exchange(**{**sound, **changes})


def answer(**changes: Any) -> dict[str, Any]:
    """What that read answers, with changes."""
    return {"answer": {"@odata.context": "x", "id": OBJECT, **changes}}


def removal(**body: Any) -> dict[str, Any]:
    """A removal with that body."""
    path = f"/v1.0/applications/{OBJECT}/removeKey"
    return {"method": "POST", "path": path, "body": body, "status": 204, "answer": None}


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown property": (answer(nickname="x"), "application.nickname is not in the CSDL"),
    "a number as text": (answer(displayName=1), "application.displayName is no Edm.String"),
    "a null list": (answer(keyCredentials=None), "application.keyCredentials is no list"),
    "a bad id": (answer(keyCredentials=[{"keyId": "1"}]), "application.keyCredentials.keyId is no Edm.Guid"),
    "a time without a zone": (
        answer(createdDateTime="2026-01-01T00:00:00"),
        "createdDateTime is no Edm.DateTimeOffset",
    ),
    "bytes that are none": (answer(keyCredentials=[{"key": "#"}]), "application.keyCredentials.key is no Edm.Binary"),
    "no context": ({"answer": {"id": OBJECT}}, "no @odata.context"),
    "a plain content type": ({"content_type": "application/json; charset=utf-8"}, "Content-Type is application/json"),
    "an unknown selection": ({"path": f"/v1.0/applications/{OBJECT}?$select=keys"}, "$select names keys"),
    "an unknown filter": ({"path": "/v1.0/applications?$filter=name%20eq%20'x'"}, "$filter names name"),
    "an unknown path": ({"path": "/v1.0/apps"}, "no such path"),
    "an unknown action": (
        {**removal(keyId=EXPIRED_CERT), "path": f"/v1.0/applications/{OBJECT}/removeSecret"},
        "no such action",
    ),
    "a missing parameter": (removal(keyId=EXPIRED_CERT), "proof is missing"),
    "a wrong parameter": (removal(keyId="x", proof="y"), ".keyId is no Edm.Guid"),
    "a parameter too many": (removal(keyId=EXPIRED_CERT, proof="y", all=True), ".all is not in the CSDL"),
    "an error that is none": ({"status": 404, "answer": {"error": {"message": "x"}}}, "error.code is no text"),
}


def test_a_sound_exchange_has_no_fault() -> None:
    """So that the refusals below mean something."""
    assert faults_of(exchange()) == []
    assert faults_of(exchange(**removal(keyId=EXPIRED_CERT, proof="y"))) == []


@pytest.mark.parametrize("what", FAULTS)
def test_what_graph_does_not_have_is_found(what: str) -> None:
    """The checker itself."""
    changes, fault = FAULTS[what]
    found = faults_of(exchange(**changes))
    assert len(found) >= 1
    assert fault in " ".join(found)


def test_the_slice_says_where_it_is_from() -> None:
    """So that it can be made anew, and compared."""
    assert CSDL["source"].startswith("https://github.com/microsoftgraph/msgraph-metadata")
    assert (len(CSDL["commit"]), CSDL["date"][:2]) == (40, "20")
