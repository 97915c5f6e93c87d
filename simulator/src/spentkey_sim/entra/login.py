"""The login service: discovery documents and the token endpoint, for client credentials alone.

Flow: learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from spentkey_sim import material
from spentkey_sim.clock import SimClock
from spentkey_sim.entra import errors, federation, hosts, jose, proofs, state
from spentkey_sim.model import Client, Holder, Tenant, World
from spentkey_sim.wire import body_of

LIFETIME = 3599
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
NO_ROLE = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"
"""What `wids` names for whoever has no role of the directory (learn.microsoft.com/entra/identity-platform/
access-token-claims-reference)."""
_DEFAULT = "/.default"
_PUBLIC_CLOUD = {
    "preferred_network": hosts.LOGIN_HOST,
    "preferred_cache": "login.windows.net",
    "aliases": [hosts.LOGIN_HOST, "login.windows.net", "login.microsoft.com", "sts.windows.net"],
}
"""The names that mean one authority, so that a client finds in its cache what it got under another of them."""


def form_of(request: web.Request) -> dict[str, str]:
    """The fields of an url-encoded body; of a field that is sent twice the last one counts."""
    return dict(parse_qsl(body_of(request).decode("utf-8", "replace"), keep_blank_values=False))


class LoginHandlers:
    """The handlers of the login service."""

    def __init__(self, holder: Holder, clock: SimClock) -> None:
        self.holder = holder
        self.clock = clock

    async def instance_discovery(self, request: web.Request) -> web.Response:
        """LEDGER: E-14, which libraries ask before they trust an authority."""
        wanted = urlsplit(request.query.get("authorization_endpoint", ""))
        if f"{wanted.scheme}://{wanted.netloc}" not in hosts.login_bases(request):
            return web.json_response({"error": "invalid_instance"}, status=400)
        tenant = wanted.path.strip("/").split("/")[0]
        endpoint = f"{hosts.here(request)}/{tenant}/v2.0/.well-known/openid-configuration"
        metadata = [_PUBLIC_CLOUD] if wanted.netloc == hosts.LOGIN_HOST else []
        return web.json_response({"tenant_discovery_endpoint": endpoint, "api-version": "1.0", "metadata": metadata})

    async def openid_configuration(self, request: web.Request) -> web.Response:
        """LEDGER: E-14, where the endpoints of one tenant are."""
        name = request.match_info["tenant"]
        tenant = state.find_tenant(self.holder.world, name)
        if tenant is None:
            return self.refuse(request, errors.tenant_not_found(name, "invalid_tenant"))
        base = f"{hosts.here(request)}/{name}"
        document = {
            "issuer": f"{hosts.here(request)}/{tenant.tenant_id}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return web.json_response(document)

    async def keys(self, request: web.Request) -> web.Response:
        """LEDGER: E-14, the key that the tokens of this world are signed with, as a JSON Web Key (RFC 7517)."""
        name = request.match_info["tenant"]
        if name != "common" and state.find_tenant(self.holder.world, name) is None:
            return self.refuse(request, errors.tenant_not_found(name, "invalid_tenant"))
        key = material.token_key(self.holder.world.seed).public_key().public_numbers()
        parts = {"n": _number(key.n), "e": _number(key.e)}
        names = {"kty": "RSA", "use": "sig", "kid": _key_id(self.holder.world), **parts}
        return web.json_response({"keys": [names]})

    async def token(self, request: web.Request) -> web.Response:
        """LEDGER: E-01, a token for a client that proves who it is."""
        try:
            grant, audience = self._grant(request, form_of(request))
        except errors.LoginError as refusal:
            return self.refuse(request, refusal)
        answer = {
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "ext_expires_in": LIFETIME,
            "access_token": issue(self.holder.world, grant, audience, self.clock.now()),
        }
        return web.json_response(answer, headers={"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"})

    def refuse(self, request: web.Request, refusal: errors.LoginError) -> web.Response:
        """A refusal in the shape of learn.microsoft.com/entra/identity-platform/reference-error-codes."""
        now = self.clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
        trace = state.fresh_guid(self.holder.world)
        correlation = request.headers.get("client-request-id") or state.fresh_guid(self.holder.world)
        body = {
            "error": refusal.error,
            "error_description": f"{refusal} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}",
            "error_codes": [refusal.number],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{hosts.here(request)}/error?code={refusal.number}",
        }
        return web.json_response(body, status=refusal.status)

    def _grant(self, request: web.Request, form: Mapping[str, str]) -> tuple[state.Grant, str]:
        """What the client is granted, and the resource that the token is for."""
        world, name = self.holder.world, request.match_info["tenant"]
        tenant = state.find_tenant(world, name)
        if tenant is None:
            raise errors.tenant_not_found(name, "invalid_request")
        for field in ("grant_type", "client_id", "scope"):
            if field not in form:
                raise errors.missing_parameter(field)
        if form["grant_type"] != "client_credentials":
            raise errors.unsupported_grant(form["grant_type"])
        audience = _resource(form["scope"], hosts.graph_bases(request), tenant)
        app_id = form["client_id"].lower()
        if "client_assertion" in form:
            self._check_assertion(request, form, tenant, app_id)
        else:
            self._check_secret(form, tenant, app_id)
        expires = self.clock.now() + timedelta(seconds=LIFETIME)
        for_graph = audience not in hosts.RESOURCE_MANAGER
        roles = roles_of(tenant, app_id) if for_graph else ()
        how = "2" if "client_assertion" in form else "1"
        return state.Grant(tenant, app_id, roles, expires, for_graph=for_graph, proven_by=how), audience

    def _check_secret(self, form: Mapping[str, str], tenant: Tenant, app_id: str) -> None:
        """LEDGER: E-05, only the clients of a world have secrets that log in."""
        client = find_client(tenant, app_id)
        if client is None and state.find_application(tenant, "appId", app_id) is None:
            raise errors.application_not_found(app_id, tenant.domain)
        if "client_secret" not in form:
            raise errors.no_credential()
        if client is None or form["client_secret"] != client.secret:
            raise errors.wrong_secret(app_id)
        if client.end is not None and client.end <= self.clock.now():
            raise errors.secret_expired(app_id)

    def _check_assertion(self, request: web.Request, form: Mapping[str, str], tenant: Tenant, app_id: str) -> None:
        """LEDGER: E-12, the audience is the token endpoint or the issuer of this tenant, under this authority."""
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise errors.missing_parameter("client_assertion_type")
        application = state.find_application(tenant, "appId", app_id)
        if application is None and find_client(tenant, app_id) is None:
            raise errors.application_not_found(app_id, tenant.domain)
        if application is None:
            raise errors.key_not_found("")
        if application.service_principal is None:
            raise errors.no_service_principal(app_id, tenant.tenant_id)
        if federation.is_foreign(form["client_assertion"]):
            federation.check(form["client_assertion"], self.holder.world, application, self.clock.now())
            return
        audiences = frozenset(
            f"{base}/{name}/{end}"
            for base in hosts.login_bases(request)
            for name in (tenant.tenant_id, tenant.domain)
            for end in ("oauth2/v2.0/token", "v2.0")
        )
        token, world, now = form["client_assertion"], self.holder.world, self.clock.now()
        proofs.check_assertion(token, world, application, app_id, audiences, now)


def find_client(tenant: Tenant, app_id: str) -> Client | None:
    """The client of that app id."""
    return next((client for client in tenant.clients if client.app_id == app_id), None)


def roles_of(tenant: Tenant, app_id: str) -> tuple[str, ...]:
    """The application permissions of a caller: those of the client, or of its service principal."""
    client = find_client(tenant, app_id)
    if client is not None:
        return client.roles
    found = state.find_principal(tenant, "appId", app_id)
    return tuple(found[1].app_roles) if found else ()


def issue(world: World, grant: state.Grant, audience: str, now: datetime) -> str:
    """A signed access token, remembered so that Graph takes no other. Claims: access-token-claims-reference.

    LEDGER: E-70, `roles` are the application permissions that were granted, and absent where there are none.
    LEDGER: E-77, the other claims are those of a token of version 1.0 for an application.
    """
    key = material.token_key(world.seed)
    tenant_id = grant.tenant.tenant_id
    principal = _principal_of(grant)
    begin = int(now.timestamp())
    claims = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{tenant_id}/",
        "iat": begin,
        "nbf": begin,
        "exp": begin + LIFETIME,
        "app_displayname": _name_of(grant),
        "appid": grant.app_id,
        "appidacr": grant.proven_by,
        "idp": f"https://sts.windows.net/{tenant_id}/",
        "idtyp": "app",
        "oid": principal,
        "sub": principal,
        "tid": tenant_id,
        "uti": state.fresh_guid(world),
        "ver": "1.0",
        "wids": [NO_ROLE],
    }
    token = jose.sign(claims | ({"roles": list(grant.roles)} if grant.roles else {}), key, _key_id(world))
    state.memory(world).grants[token] = grant
    return token


def _name_of(grant: state.Grant) -> str:
    app = state.find_application(grant.tenant, "appId", grant.app_id)
    return app.display_name if app is not None else "Automation"


def _principal_of(grant: state.Grant) -> str:
    """The object id of the caller's service principal; one that the world does not have is made of the names."""
    found = state.find_principal(grant.tenant, "appId", grant.app_id)
    if found is not None:
        return found[1].object_id
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{grant.tenant.tenant_id}/{grant.app_id}"))


def _key_id(world: World) -> str:
    public = material.token_key(world.seed).public_key()
    return jose.encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)[-20:])


def _number(value: int) -> str:
    return jose.encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _resource(scope: str, bases: frozenset[str], tenant: Tenant) -> str:
    """LEDGER: E-09, the one scope of this flow is the resource with /.default; a doubled slash is legal.

    Azure Resource Manager is known beside Graph, as in every tenant; Graph does not take its tokens.
    """
    resource = scope.removesuffix(_DEFAULT).rstrip("/")
    if not scope.endswith(_DEFAULT) or not resource:
        raise errors.invalid_scope(scope)
    if resource not in bases and resource not in hosts.RESOURCE_MANAGER:
        raise errors.no_resource(resource, tenant.domain)
    return resource
