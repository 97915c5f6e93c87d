"""A world of two tenants, and a client of login and Graph that can sign and ask."""

from typing import Any

import jwt
from aiohttp import web
from aiohttp.test_utils import TestClient
from cryptography.hazmat.primitives import hashes

from spentkey_sim import material
from spentkey_sim.clock import SimClock
from spentkey_sim.entra.jose import encode
from spentkey_sim.entra.proofs import PROOF_AUDIENCE
from spentkey_sim.faults import Faults
from spentkey_sim.journal import Journal
from spentkey_sim.model import Application, Tenant
from spentkey_sim.world import Holder, load

AUTOMATION = "0a0a0a0a-0000-4000-8000-000000000001"
AUDITOR = "0a0a0a0a-0000-4000-8000-000000000005"
SALES = "5a1e5000-0000-4000-8000-000000000001"
SALES_OBJECT = "5a1e5000-0000-4000-8000-00000000000b"
OLD_SECRET = "5ec4e700-0000-4000-8000-000000000001"
LIVE_SECRET = "5ec4e700-0000-4000-8000-000000000002"
OLD_KEY = "ce470000-0000-4000-8000-000000000001"
LIVE_KEY = "ce470000-0000-4000-8000-000000000002"
EVERYTHING = [OLD_SECRET, LIVE_SECRET, OLD_KEY, LIVE_KEY]
UNKNOWN = "00000000-0000-4000-8000-000000000007"

WORLD: dict[str, Any] = {
    "seed": 7,
    "certificates": {
        "sales-2024": {"subject": "CN=sales", "not_before": "-400d", "not_after": "-30d"},
        "sales-2025": {"subject": "CN=sales"},
        "stranger": {},
        "curve": {"key": "ec-p256"},
    },
    "tenants": [
        {
            "name": "production",
            "domain": "gentplus.onmicrosoft.com",
            "clients": [
                {"app_id": AUTOMATION, "secret": "automation's secret"},
                {
                    "app_id": "0a0a0a0a-0000-4000-8000-000000000002",
                    "secret": "reader",
                    "roles": ["Application.Read.All"],
                },
                {"app_id": "0a0a0a0a-0000-4000-8000-000000000003", "secret": "nobody", "roles": []},
                {"app_id": "0a0a0a0a-0000-4000-8000-000000000004", "secret": "late", "end": "-1d"},
                {"app_id": AUDITOR, "secret": "auditor", "roles": ["AuditLog.Read.All"]},
            ],
            "applications": [
                {
                    "app_id": SALES,
                    "object_id": SALES_OBJECT,
                    "display_name": "Sales",
                    "passwords": [{"key_id": OLD_SECRET, "end": "-30d"}, {"key_id": LIVE_SECRET, "end": "+1y"}],
                    "certificates": [
                        {"key_id": OLD_KEY, "certificate": "sales-2024"},
                        {"key_id": LIVE_KEY, "certificate": "sales-2025"},
                    ],
                    "service_principal": {
                        "passwords": [{"key_id": LIVE_KEY}, {"key_id": OLD_SECRET}],
                        "certificates": [{"key_id": LIVE_KEY, "type": "X509CertAndPassword", "usage": "Sign"}],
                    },
                },
                {"display_name": "Payroll", "owners_only": True, "passwords": [{"end": "-1d"}]},
                {"display_name": "Gone", "soft_deleted": True, "passwords": [{"end": "-1d"}]},
            ],
        },
        {"name": "onderwijs", "applications": [{"display_name": "School"}]},
    ],
}


class Reply:
    """An answer of Graph."""

    def __init__(self, status: int, body: Any, headers: dict[str, str]) -> None:
        self.status = status
        self.body = body
        self.headers = headers

    @property
    def error(self) -> tuple[int, str, str]:
        return self.status, self.body["error"]["code"], self.body["error"]["message"]


class Desk:
    """A client of the simulated login and Graph, with the world at hand to compare."""

    def __init__(self) -> None:
        self.clock = SimClock()
        self.journal = Journal()
        self.faults = Faults(seed=7, calm=True)
        self.holder = Holder(load(WORLD, self.clock))
        self.client: TestClient[web.Request, web.Application]

    @property
    def tenant(self) -> Tenant:
        return self.holder.world.tenants[0]

    @property
    def sales(self) -> Application:
        return self.tenant.applications[0]

    @property
    def base(self) -> str:
        return str(self.client.make_url("/")).rstrip("/")

    def fault(self, kind: str, **rule: Any) -> None:
        self.faults.add({"kind": kind, **rule})

    def signed(self, certificate: str, claims: dict[str, Any], algorithm: str = "RS256", **header: Any) -> str:
        """A token signed with the key of that certificate, and naming it unless `header` says otherwise."""
        made = material.certificate(self.holder.world, certificate)
        thumbprint = encode(made.fingerprint(hashes.SHA1()))  # noqa: S303 - an identifier, fixed by RFC 7515
        names = {"x5t": thumbprint} | header
        return jwt.encode(claims, material.private_key(self.holder.world, certificate), algorithm, headers=names)

    def assertion(self, certificate: str = "sales-2025", client: str = SALES, **changes: Any) -> str:
        """A client assertion; `changes` replace claims, and None leaves one out."""
        now = self.clock.now().timestamp()
        claims = {
            "aud": f"{self.base}/{self.tenant.tenant_id}/oauth2/v2.0/token",
            "iss": client,
            "sub": client,
            "jti": "always the same",
            "nbf": now - 1,
            "exp": now + 600,
        }
        return self.signed(certificate, _changed(claims, changes))

    def proof(self, certificate: str = "sales-2025", **changes: Any) -> str:
        """A proof of possession; `changes` replace claims, and None leaves one out."""
        now = int(self.clock.now().timestamp())
        claims = {"aud": PROOF_AUDIENCE, "iss": SALES_OBJECT, "nbf": now, "exp": now + 600}
        return self.signed(certificate, _changed(claims, changes))

    async def login(self, *, tenant: str = "", **changes: Any) -> tuple[int, dict[str, Any]]:
        """Ask for a token; None in `changes` leaves a field out."""
        form = {
            "client_id": AUTOMATION,
            "scope": f"{self.base}/.default",
            "grant_type": "client_credentials",
            "client_secret": "automation's secret",
        }
        path = f"/{tenant or self.tenant.tenant_id}/oauth2/v2.0/token"
        async with self.client.post(path, data=_changed(form, changes)) as answer:
            return answer.status, await answer.json()

    async def login_by_certificate(self, assertion: str, **changes: Any) -> tuple[int, dict[str, Any]]:
        """Ask for a token of Sales with an assertion."""
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        fields = {
            "client_id": SALES,
            "client_secret": None,
            "client_assertion_type": kind,
            "client_assertion": assertion,
        }
        form: dict[str, Any] = fields | changes
        return await self.login(**form)

    async def token(self, **changes: Any) -> str:
        """The automation's token."""
        status, body = await self.login(**changes)
        assert status == 200, body
        return body["access_token"]

    async def own_token(self) -> str:
        """A token of Sales itself, which has no permission."""
        status, body = await self.login_by_certificate(self.assertion())
        assert status == 200, body
        return body["access_token"]

    async def ask(self, method: str, path: str, body: Any = None, token: str = "", **headers: str) -> Reply:
        """One Graph request; without a token it is the automation's."""
        sent = {"Authorization": f"Bearer {token or await self.token()}"} | headers
        async with self.client.request(method, f"/v1.0{path}", json=body, headers=sent) as answer:
            text = await answer.text()
            return Reply(answer.status, await answer.json() if text else None, dict(answer.headers))

    async def remove_password(self, key_id: Any = OLD_SECRET, where: str = f"/applications/{SALES_OBJECT}") -> Reply:
        return await self.ask("POST", f"{where}/removePassword", {"keyId": key_id})

    async def remove_key(self, proof: str | None = None, key_id: str = OLD_KEY, token: str = "") -> Reply:
        body = {"keyId": key_id, "proof": self.proof() if proof is None else proof}
        return await self.ask("POST", f"/applications/{SALES_OBJECT}/removeKey", body, token or await self.own_token())

    def key_ids(self) -> list[str]:
        """What Sales really has."""
        return [one.key_id for one in (*self.sales.passwords, *self.sales.certificates)]


def _changed(fields: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (fields | changes).items() if value is not None}
