"""The directory of one tenant through Microsoft Graph v1.0, over raw HTTP."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from spentkey.adapters.entra.assertions import UnusableProof, client_assertion, proof_of_possession
from spentkey.adapters.entra.audit_log import PATH, not_available, query_for, read_patch_event, read_witness
from spentkey.adapters.entra.authorised import Headers, Send, with_token
from spentkey.adapters.entra.batch import batch_of_two, found_or_none, read_batch, refused_read, snapshot_of
from spentkey.adapters.entra.own_credential import Own
from spentkey.adapters.entra.quota import APPLICATION, PRINCIPAL, SELECTED, Quota
from spentkey.adapters.entra.reasons import (
    A_READ,
    CANNOT_SIGN_PROOF,
    CERTIFICATE_CANNOT_SIGN,
    LOG_NOT_GRANTED,
    LOG_TOO_OFTEN,
    NOT_ONCE_IN_LIST,
    NOT_SIGNED_IN,
    READ_WITHOUT_CODE,
    REPLY_LOST,
    UNREADABLE_ENTRY,
)
from spentkey.adapters.entra.removal_reply import NeedsNewToken, reply_of
from spentkey.adapters.entra.sign_in import KeyRefused, SignIn
from spentkey.adapters.entra.token import TokenSource
from spentkey.adapters.entra.wire import (
    SYSTEM,
    WITH_KEYS,
    certainly_nothing_done,
    error_of,
    read_application,
)
from spentkey.core.audit_event import AuditEvent, WrittenList
from spentkey.core.credential import AUDIT_LOG, OwnCredential, OwnKind, Snapshot, Target, TokenClaims
from spentkey.core.errors import AccessRefused, Outage, SpentkeyError
from spentkey.core.guards import g2_identity
from spentkey.core.outcome import RemovalRoute
from spentkey.core.secret import Secret
from spentkey.core.signer import Signer
from spentkey.core.step_reasons import WITH_CERTIFICATE
from spentkey.http.client import HttpClient, Redirected, ReplyLost, Response, json_object
from spentkey.http.retry import with_retries
from spentkey.ports.directory import Answer, Reply, Sending, SignInRefused
from spentkey.ports.runtime import Clock, Ids


@dataclass
class EntraDirectory:
    """One tenant, signed in as the automation; certificates are removed with the target application's own token."""

    http: HttpClient
    tokens: TokenSource
    own: Own
    """What the automation signed in with."""
    as_application: Callable[[SignIn, Callable[[], Awaitable[str]]], TokenSource]
    """Makes the token source of a target application, which signs in by client assertion."""
    clock: Clock
    ids: Ids
    jitter: Callable[[], float]
    quota: Quota
    _own_tokens: WeakKeyDictionary[Signer, TokenSource] = field(default_factory=WeakKeyDictionary[Signer, TokenSource])
    """The target applications' own tokens, each for as long as its signer is in use."""

    @property
    def client_id(self) -> str:
        """The AppID that the automation signs in with."""
        return self.tokens.sign_in.client_id

    async def token_claims(self) -> TokenClaims:
        """Who the automation's token is for."""
        return await self.tokens.token_claims()

    async def own_credential(self) -> OwnCredential:
        """The automation's own app registration is read where only that shows the end."""
        secret = self.own.kind is OwnKind.SECRET
        application = (await self.look(self.client_id)).application if secret else None
        return self.own.shown(application, self.clock.now())

    async def sign_in_time(self) -> datetime | None:
        """By the `Date` of its last answer, and the time that has passed since."""
        return self.tokens.server_time()

    async def look(self, app_id: str) -> Snapshot:
        """Application and service principal in one round trip, without the `key` of certificates."""
        body = batch_of_two(_exactly_one(app_id))

        async def send(headers: Headers) -> Response:
            await self.quota.read(APPLICATION + PRINCIPAL, plain=2)  # each request in a batch counts by itself
            return await self.http.read_try("POST", "/v1.0/$batch", None, body, headers)

        async def once() -> Snapshot:
            return read_batch(self.http.usable(await self._authorised(send)), self.clock.now(), self._part_throttled)

        return await with_retries(once, self.clock, self.jitter)

    async def read(self, application: Target) -> Snapshot:
        """The application alone, by its object id, without the `key` of certificates."""
        return await self._read_one(application, None, lambda: self.quota.read(APPLICATION, plain=1))

    async def read_with_keys(self, application: Target) -> Snapshot:
        """The same with `key`, at a pace that all processes share."""
        query = {"$select": WITH_KEYS}
        return await self._read_one(application, query, lambda: self.quota.read(SELECTED, selecting=1))

    async def _read_one(
        self, application: Target, query: Mapping[str, str] | None, room: Callable[[], Awaitable[None]]
    ) -> Snapshot:
        path = f"/v1.0/applications/{application.object_id}"

        async def send(headers: Headers) -> Response:
            await room()
            return await self.http.read_try("GET", path, query, None, headers)

        async def once() -> Snapshot:
            response = await self._authorised(send)
            code, _ = error_of(response) if response.status != 200 else ("", "")
            if response.status == 429 and query is None:
                self.quota.throttled(code, response.headers)
            self.http.usable(response)
            found = found_or_none(response.status, code, lambda: json_object(response, SYSTEM))
            shown = None if found is None else read_application(found, with_keys=query is not None)
            return snapshot_of(shown, None, response)

        return await with_retries(once, self.clock, self.jitter)

    def _part_throttled(self, code: str, headers: Mapping[str, Any]) -> None:
        self.http.meter.throttled(SYSTEM)
        self.quota.throttled(code, headers)

    async def room_to_write(self, route: RemovalRoute) -> None:
        """A `removeKey` counts for the application that removes its own key; what else is written counts for us."""
        await self.quota.write(as_client=route is not RemovalRoute.REMOVE_KEY)

    async def remove_secret(
        self, application: Target, key_id: str, client_request_id: str, sending: Sending | None = None
    ) -> Reply:
        """`removePassword` (learn.microsoft.com/graph/api/application-removepassword)."""
        body = {"keyId": _exactly_one(key_id)}
        send = self._action(application, "removePassword", body, sending)
        return await self._write(self.tokens, send, "removePassword", application, client_request_id)

    async def sign_in_as(self, application: Target, signer: Signer) -> SignInRefused | None:
        """Get the application's own token; None when it is at hand, else why it is refused."""
        sign_in = SignIn(
            authority=self.tokens.sign_in.authority,
            tenant_id=self.tokens.sign_in.tenant_id,
            client_id=application.app_id,
            scope=self.tokens.sign_in.scope,
            proxy=self.tokens.sign_in.proxy,
        )

        key, certificate = signer.key, signer.certificate  # not the signer, whose token would keep it alive

        async def assertion() -> str:
            now, audience = self.clock.now(), sign_in.token_endpoint
            return await client_assertion(key, certificate, application.app_id, audience, self.ids.new(), now)

        tokens = self.as_application(sign_in, assertion)
        try:
            stranger = g2_identity(await tokens.token_claims(), sign_in.tenant_id, application.app_id)
        except UnusableProof as problem:
            reason = CERTIFICATE_CANNOT_SIGN(document=signer.document, why=problem.reason)
            return SignInRefused(reason, another_may=True)
        except AccessRefused as problem:
            reason = WITH_CERTIFICATE(document=signer.document, why=problem.reason)
            return SignInRefused(reason, another_may=isinstance(problem, KeyRefused))
        if stranger is not None:
            return SignInRefused(stranger.reason, another_may=False)
        self._own_tokens[signer] = tokens
        return None

    async def remove_certificate(
        self,
        application: Target,
        key_id: str,
        signer: Signer,
        client_request_id: str,
        sending: Sending | None = None,
    ) -> Reply:
        """`removeKey` (learn.microsoft.com/graph/api/application-removekey) with the application's own token."""
        tokens = self._own_tokens.get(signer)
        if tokens is None or tokens.sign_in.client_id != application.app_id:
            return Reply(Answer.REJECTED, NOT_SIGNED_IN(), client_request_id)
        try:
            now = self.clock.now()
            proof = Secret(await proof_of_possession(signer.key, signer.certificate, application.object_id, now))
        except UnusableProof as problem:
            detail = CANNOT_SIGN_PROOF(why=problem.reason)
            return Reply(Answer.PROOF_REJECTED, detail, client_request_id)
        key = _exactly_one(key_id)
        send = self._action(application, "removeKey", lambda: {"keyId": key, "proof": proof.reveal()}, sending)
        return await self._write(tokens, send, "removeKey", application, client_request_id)

    async def replace_certificates(
        self, application: Target, key_id: str, client_request_id: str, sending: Sending | None = None
    ) -> Reply:
        """PATCH of `keyCredentials` (learn.microsoft.com/graph/api/application-update): the list replaces what is there.

        What stays goes back as the very JSON that was read; an empty list is really sent. One try only.
        """
        if application.unreadable:
            return Reply(Answer.REJECTED, UNREADABLE_ENTRY(), client_request_id)
        kept = [one for one in application.certificates if one.key_id != _exactly_one(key_id)]
        if len(kept) != len(application.certificates) - 1:
            return Reply(Answer.REJECTED, NOT_ONCE_IN_LIST(), client_request_id)
        body = {"keyCredentials": [json.loads(one.raw) for one in kept]}
        path, before_try = f"/v1.0/applications/{application.object_id}", (sending or Sending()).before_try

        def send(headers: Headers) -> Awaitable[Response]:
            return self.http.write_once("PATCH", path, body, headers, before_try)

        return await self._write(self.tokens, send, "patch", application, client_request_id)

    async def audit_event(self, application: Target, key_id: str, route: RemovalRoute, since: datetime) -> AuditEvent:
        """Ask the audit log once, where the token allows it; `removeKey` is initiated by the application itself."""
        actor = application.app_id if route is RemovalRoute.REMOVE_KEY else self.client_id
        events = await self._events(application, since, wait=False)
        if isinstance(events, AuditEvent):
            return events
        return read_witness(events, application.object_id, key_id, actor.lower())

    async def patch_event(self, application: Target, key_id: str, since: datetime, written: WrittenList) -> AuditEvent:
        """Ask the audit log once what our PATCH really did; it waits for the quota, because much depends on the answer."""
        events = await self._events(application, since, wait=True)
        if isinstance(events, AuditEvent):
            return events
        return read_patch_event(events, application.object_id, key_id, self.client_id.lower(), written)

    async def _events(self, application: Target, since: datetime, *, wait: bool) -> Response | AuditEvent:
        """The events about an application, or why the log cannot be asked."""
        try:
            if not (await self.tokens.token_claims()).reads_audit_log:
                return not_available(LOG_NOT_GRANTED(role=AUDIT_LOG))
            if not await self.quota.audit_read(wait=wait):
                return not_available(LOG_TOO_OFTEN())
            token = await self.tokens.token()

            def headers() -> Mapping[str, str]:
                return {"Authorization": f"Bearer {token.reveal()}", "client-request-id": self.ids.new()}

            return await self.http.read_once(PATH, query_for(application.object_id, since), headers)
        except SpentkeyError as problem:
            return not_available(problem.reason)

    def _action(
        self,
        application: Target,
        action: str,
        body: dict[str, str] | Callable[[], dict[str, str]],
        sending: Sending | None,
    ) -> Send:
        path, way = f"/v1.0/applications/{application.object_id}/{action}", sending or Sending()

        def refused(response: Response) -> None:
            way.may_have_taken |= not certainly_nothing_done(response)

        return lambda headers: self.http.write("POST", path, body, headers, before_try=way.before_try, refused=refused)

    async def _write(
        self, tokens: TokenSource, send: Send, action: str, application: Target, client_request_id: str
    ) -> Reply:
        for fresh in (False, True):
            token = await tokens.token()

            def headers(token: Secret = token) -> Mapping[str, str]:
                return {"Authorization": f"Bearer {token.reveal()}", "client-request-id": client_request_id}

            try:
                response = await send(headers)
                return reply_of(action, response, client_request_id, app_id=application.app_id, last_try=fresh)
            except (ReplyLost, Redirected) as problem:
                return Reply(Answer.LOST, REPLY_LOST(why=problem.reason), client_request_id)
            except NeedsNewToken:
                tokens.renew()
        raise AssertionError("unreachable: the last try always gives a reply")

    async def read_list(self, path: str, query: Mapping[str, str]) -> Any:
        """What a collection lists first, as read; it must not select `keyCredentials`. For proposals alone."""
        await self.quota.read()
        return json_object(await self._authorised(lambda headers: self.http.read(path, query, headers)), SYSTEM).get(
            "value"
        )

    async def _authorised(self, send: Send) -> Response:
        """Send a read with the automation's token; a token that Graph no longer takes is renewed once."""
        response = await with_token(self.tokens, self.ids, send)
        if response.status in (401, 403):
            raise _may_not_read(response)
        return response


def _may_not_read(response: Response) -> AccessRefused | Outage:
    """Who must act is said by Graph's code; a refusal without one comes from somebody in between."""
    code, _ = error_of(response)
    if not code:
        return Outage(READ_WITHOUT_CODE(system=SYSTEM, status=response.status))
    return refused_read(A_READ(), response.status, code)


def _exactly_one(identifier: str) -> str:
    """The last gate before a write: exactly one canonical UUID, never something empty."""
    if str(UUID(identifier)) != identifier:
        raise ValueError("not a canonical UUID")
    return identifier
