"""What the automation signs in with itself: a secret, a certificate, a token that others renew, or a managed identity.

A certificate and a token are read anew for each sign-in, about once an hour: what replaces them is used without a restart,
and no key stays in memory.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, cast

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from spentkey.adapters.entra.assertions import UnusableProof, client_assertion
from spentkey.adapters.entra.files import read_file
from spentkey.adapters.entra.own_reasons import (
    CERTIFICATE_EARLY,
    CERTIFICATE_ENDED,
    CERTIFICATE_UNUSABLE,
    TOKEN_ENDED,
    TOKEN_NOT_ONE,
)
from spentkey.adapters.entra.sign_in import SignIn
from spentkey.core.credential import SKEW, Kind, OwnCredential, OwnKind, Target
from spentkey.core.errors import AccessRefused, SpentkeyError
from spentkey.core.pfx import MOST_BYTES, Unusable
from spentkey.core.reason import several
from spentkey.core.redaction import without_values
from spentkey.core.secret import Secret
from spentkey.ports.pfx import PfxOpener
from spentkey.ports.runtime import Clock
from spentkey.ports.vault import SigningFile

LONGEST_TOKEN = 65_536
"""Largest token file, in bytes; a token of Kubernetes has about 1,500."""
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
Pair = tuple[RSAPrivateKey, x509.Certificate]


class Own(Protocol):
    """What the automation signed in with, for whoever asks when it ends."""

    @property
    def kind(self) -> OwnKind:
        """What kind it is."""
        ...

    def shown(self, application: Target | None, now: datetime) -> OwnCredential:
        """The same with its end; `application` is the automation's own app registration, where the directory has one."""
        ...


@dataclass(frozen=True)
class OwnSecret:
    """A client secret. The directory shows the first characters of each (`hint`), and so which ones it may be."""

    secret: Secret = field(repr=False)
    kind: OwnKind = OwnKind.SECRET

    def shown(self, application: Target | None, now: datetime) -> OwnCredential:
        """The soonest end among the live secrets whose hint fits, or that have none."""
        ends = sorted(
            one.end
            for one in (application.credentials if application is not None else ())
            if one.kind is Kind.SECRET and one.end is not None and one.end > now and self._may_be(one.raw)
        )
        return OwnCredential(self.kind, ends[0] if ends else None, len(ends))

    def _may_be(self, raw: str) -> bool:
        hint = cast("dict[str, Any]", json.loads(raw)).get("hint")
        return not isinstance(hint, str) or not hint or self.secret.reveal().startswith(hint)


@dataclass(frozen=True)
class OwnWithoutEnd:
    """A managed identity."""

    kind: OwnKind
    note: str = ""

    def shown(self, application: Target | None, now: datetime) -> OwnCredential:
        """It does not end."""
        del application, now
        return OwnCredential(self.kind, note=self.note)


@dataclass
class OwnCertificate:
    """A certificate in PFX files, which `files` opens; called, it makes a client assertion."""

    files: Callable[[], AsyncIterator[SigningFile]]
    opener: PfxOpener
    sign_in: SignIn
    clock: Clock
    new_id: Callable[[], str]
    kind: OwnKind = OwnKind.CERTIFICATE
    ends: datetime | None = None
    """The end of the certificate that signed last."""

    def shown(self, application: Target | None, now: datetime) -> OwnCredential:
        """Its own end, which sign-in goes by."""
        del application, now
        return OwnCredential(self.kind, self.ends)

    @without_values(SpentkeyError)
    async def __call__(self) -> str:
        """A client assertion; raises `AccessRefused` where no certificate at hand is valid now, before anything is sent."""
        now = self.clock.now()
        document, (key, certificate) = await self._valid(now)
        self.ends = certificate.not_valid_after_utc
        where = (self.sign_in.client_id, self.sign_in.token_endpoint)
        try:
            return await client_assertion(key, certificate, *where, self.new_id(), now)
        except UnusableProof as problem:
            raise AccessRefused(CERTIFICATE_UNUSABLE(document=document, why=problem.reason)) from None

    async def _valid(self, now: datetime) -> tuple[str, Pair]:
        """The one that is valid longest, of all that open."""
        pairs, problems = list[tuple[str, Pair]](), list[Unusable]()
        async for file in self.files():
            opened = await self.opener.open(file.name, await file.read(), file.passwords(), None)
            if isinstance(opened, Unusable):
                problems.append(opened)
            else:
                pairs += [(file.name, pair) for pair in opened.pairs]
        pairs.sort(key=lambda one: one[1][1].not_valid_after_utc, reverse=True)
        valid = [one for one in pairs if one[1][1].not_valid_before_utc <= now < one[1][1].not_valid_after_utc]
        if valid:
            return valid[0]
        if not pairs:
            names = ", ".join(one.document for one in problems)
            raise AccessRefused(CERTIFICATE_UNUSABLE(document=names, why=several([one.reason for one in problems])))
        document, (_, certificate) = pairs[0]
        if certificate.not_valid_after_utc <= now:
            self.ends = certificate.not_valid_after_utc
            raise AccessRefused(CERTIFICATE_ENDED(document=document, end=f"{certificate.not_valid_after_utc:%Y-%m-%d}"))
        raise AccessRefused(CERTIFICATE_EARLY(document=document, start=f"{certificate.not_valid_before_utc:%Y-%m-%d}"))


@dataclass(frozen=True)
class PfxOnDisk:
    """A PFX file of the settings as a `SigningFile`."""

    path: Path
    password: Secret

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.path)

    async def read(self) -> bytes:
        """Its bytes; raises `AccessRefused` where others may read or write it."""
        return await asyncio.to_thread(read_file, self.path, MOST_BYTES, private=True)

    async def passwords(self) -> AsyncIterator[Secret]:
        """The one of the settings."""
        yield self.password


@dataclass(frozen=True)
class OwnToken:
    """A token that somebody else issues and renews in a file; called, it reads that file."""

    file: Path
    clock: Clock
    kind: OwnKind = OwnKind.FEDERATED_TOKEN

    def shown(self, application: Target | None, now: datetime) -> OwnCredential:
        """It does not end: each token lives for an hour or so, and the next one is there by then."""
        del application, now
        return OwnCredential(self.kind)

    @without_values(SpentkeyError)
    async def __call__(self) -> str:
        """The token of this moment; raises `AccessRefused` for what is no token, or has ended: neither is sent."""
        text = _text(await asyncio.to_thread(read_file, self.file, LONGEST_TOKEN, private=False))
        try:
            claims = jwt.decode(text, options={"verify_signature": False}) if _JWT.fullmatch(text) else None
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            claims = None
        if claims is None:
            raise AccessRefused(TOKEN_NOT_ONE(path=str(self.file)))
        end, now = claims.get("exp"), self.clock.now()
        if isinstance(end, int | float) and end + SKEW.total_seconds() < now.timestamp():
            ended = datetime.fromtimestamp(max(0, end), UTC)
            raise AccessRefused(TOKEN_ENDED(path=str(self.file), end=f"{ended:%Y-%m-%d %H:%M}"))
        return text


def _text(content: bytes) -> str:
    """The text of a file, whatever editor or shell wrote it, without the blanks around it; empty where it is none."""
    try:
        wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))  # what `>` of Windows PowerShell writes
        return content.decode("utf-16" if wide else "utf-8-sig").strip()
    except UnicodeDecodeError:
        return ""
