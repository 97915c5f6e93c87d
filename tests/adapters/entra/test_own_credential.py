"""What the automation signs in with: files that are no tokens, certificates that are not valid, and when each ends."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from costly_pfx import hidden_rounds
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from own_sign_in import KEY, PASSWORD, certificate, pfx, put_pfx
from real_simulator import QuickClock
from support_core import NOW, application, secret

from spentkey.adapters.entra.own_credential import OwnCertificate, OwnSecret, OwnToken, PfxOnDisk
from spentkey.adapters.entra.sign_in import SignIn
from spentkey.adapters.pfx_child.opener import PfxInChild
from spentkey.core.credential import Credential
from spentkey.core.errors import AccessRefused
from spentkey.core.secret import Secret
from spentkey.ports.vault import SigningFile

SIGN_IN = SignIn("https://login.example", "tenant", "client", "scope")
IN_AN_HOUR = int(datetime.now(UTC).timestamp()) + 3600  # noqa: TID251


def made(**claims: Any) -> str:
    """A token, signed by somebody."""
    return jwt.encode({"iss": "them", "sub": "us", "exp": IN_AN_HOUR, **claims}, "k" * 32, "HS256")


async def read(path: Path) -> str:
    """What would be sent."""
    return await OwnToken(path, QuickClock())()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_a_token_is_read_whatever_wrote_it(tmp_path: Path, encoding: str) -> None:
    """An editor, a cluster, or a shell of Windows."""
    token = made()
    (tmp_path / "token").write_text(f"\n {token}\r\n", encoding=encoding)
    assert await read(tmp_path / "token") == token


async def test_each_sign_in_reads_the_token_anew(tmp_path: Path) -> None:
    """A cluster replaces it behind a link, without telling anybody."""
    first, second = made(jti="1"), made(jti="2")
    for name, token in (("a", first), ("b", second)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "token").write_text(token)
    (tmp_path / "now").symlink_to("a")
    own = OwnToken(tmp_path / "now" / "token", QuickClock())
    before = await own()
    (tmp_path / "next").symlink_to("b")
    (tmp_path / "next").rename(tmp_path / "now")
    assert (before, await own()) == (first, second)


def private_key() -> bytes:
    """What a slip of the hand might name in place of a token."""
    return KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


NO_TOKENS = {
    "a private key": private_key(),
    "a PFX": pfx(certificate()),
    "nothing": b"",
    "no text": b"\xff\x00\xfe",
    "a log-in": b"user:password",
    "two tokens": f"{made()}\n{made()}".encode(),
    "a claim set that is a list": jwt.api_jws.encode(b"[1]", "k" * 32, "HS256").encode(),
    "dots": b"..",
    "deep nesting": jwt.api_jws.encode(b"[" * 30000, "k" * 32, "HS256").encode(),
}


@pytest.mark.parametrize("what", NO_TOKENS)
async def test_what_is_no_token_is_never_sent(tmp_path: Path, what: str) -> None:
    """The path is named, and nothing of the file."""
    (tmp_path / "token").write_bytes(NO_TOKENS[what])
    with pytest.raises(AccessRefused) as refused:
        await read(tmp_path / "token")
    assert str(refused.value) == f"{tmp_path}/token holds no token (a JWT), so nothing of it was sent"


@pytest.mark.parametrize(
    "end", [0, -1, -1e300, IN_AN_HOUR - 4200], ids=["1970", "before", "long before", "a while ago"]
)
async def test_a_token_that_ended_is_never_sent(tmp_path: Path, end: float) -> None:
    """Whatever its end looks like."""
    (tmp_path / "token").write_text(made(exp=end))
    with pytest.raises(AccessRefused, match=r"has stopped"):
        await read(tmp_path / "token")


async def test_a_token_that_ended_just_now_may_be_our_clock(tmp_path: Path) -> None:
    """Sign-in decides within five minutes."""
    token = made(exp=int(datetime.now(UTC).timestamp()) - 60)  # noqa: TID251
    (tmp_path / "token").write_text(token)
    assert await read(tmp_path / "token") == token


async def test_a_file_that_is_odd_is_named_and_holds_nobody_up(tmp_path: Path) -> None:
    """A pipe, a folder, nothing, one that is too large, and one that anybody may write."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"a" * 65_537)
    (tmp_path / "open").write_text(made())
    (tmp_path / "open").chmod(0o666)
    told = dict[str, str]()
    for name in ("pipe", ".", "missing", "large", "open"):
        with pytest.raises(AccessRefused) as refused:
            await read(tmp_path / name)
        told[name] = str(refused.value).removeprefix(str(tmp_path / name)).strip()
    assert told == {
        "pipe": "is not a plain file",
        ".": "is not a plain file",
        "missing": "cannot be read (No such file or directory)",
        "large": "is larger than 65536 bytes",
        "open": "can be written by other accounts",
    }


def own(*paths: Path, password: str = PASSWORD, seconds: float = 10) -> OwnCertificate:
    """The certificates in these files."""

    async def files() -> AsyncIterator[SigningFile]:
        for path in paths:
            yield PfxOnDisk(path, Secret(password))

    return OwnCertificate(files, PfxInChild(seconds=seconds), SIGN_IN, QuickClock(), lambda: "an id")


async def test_the_certificate_that_lives_longest_signs(tmp_path: Path) -> None:
    """So a new one may be put beside the old one; the assertion is PS256 and names it by SHA-256."""
    old, new = certificate(end=timedelta(days=10)), certificate(end=timedelta(days=200))
    one = own(put_pfx(tmp_path / "old.pfx", old), put_pfx(tmp_path / "new.pfx", new))
    assertion = await one()
    header, claims = jwt.get_unverified_header(assertion), jwt.decode(assertion, options={"verify_signature": False})
    assert (header["alg"], "x5t#S256" in header, "x5t" in header) == ("PS256", True, False)
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("client", "client", SIGN_IN.token_endpoint)
    assert one.shown(None, NOW).ends == new.not_valid_after_utc


async def test_one_that_is_not_valid_yet_waits(tmp_path: Path) -> None:
    """The old one signs until then."""
    old, new = certificate(end=timedelta(days=10)), certificate(timedelta(days=5), timedelta(days=900))
    one = own(put_pfx(tmp_path / "old.pfx", old), put_pfx(tmp_path / "new.pfx", new))
    await one()
    assert one.shown(None, NOW).ends == old.not_valid_after_utc


@pytest.mark.parametrize(
    ("begin", "end", "why"),
    [
        (timedelta(days=-40), timedelta(days=-1), "ended on "),
        (timedelta(days=2), timedelta(days=9), "is not valid before"),
    ],
)
async def test_a_certificate_that_is_not_valid_now_signs_nothing(
    tmp_path: Path, begin: timedelta, end: timedelta, why: str
) -> None:
    """The date is told."""
    with pytest.raises(AccessRefused, match=why):
        await own(put_pfx(tmp_path / "own.pfx", certificate(begin, end)))()


async def test_a_wrong_password_is_told_without_it(tmp_path: Path) -> None:
    """The file is named."""
    with pytest.raises(AccessRefused) as refused:
        await own(put_pfx(tmp_path / "own.pfx", certificate()), password="canary-wrong")()
    assert "own.pfx: no password at hand opens the file" in str(refused.value)
    assert "canary" not in str(refused.value)


async def test_a_costly_file_beside_it_is_passed_over(tmp_path: Path) -> None:
    """Whoever may put one into the entry neither stops the sign-in nor anything else."""
    (tmp_path / "costly.pfx").write_bytes(hidden_rounds(2 * 10**9, PASSWORD.encode()))
    (tmp_path / "costly.pfx").chmod(0o600)
    sound = put_pfx(tmp_path / "own.pfx", certificate())
    assert jwt.get_unverified_header(await own(tmp_path / "costly.pfx", sound, seconds=2)())["alg"] == "PS256"
    with pytest.raises(AccessRefused, match=r"costly\.pfx: the file could not be opened within its limits"):
        await own(tmp_path / "costly.pfx", seconds=2)()


def lists(*secrets: Credential) -> Any:
    """An application with these secrets."""
    return application(*secrets)


def hinted(hint: str | None, days: int) -> Credential:
    """A secret that Graph shows with that hint."""
    shown = "null" if hint is None else f'"{hint}"'
    return secret(end=NOW + timedelta(days=days), raw=f'{{"hint":{shown}}}')


async def test_the_hint_tells_which_secret_is_ours() -> None:
    """One that ends sooner and begins otherwise is somebody else's."""
    found = OwnSecret(Secret("abcdef")).shown(lists(hinted("xyz", 3), hinted("abc", 40), hinted("abc", -3)), NOW)
    assert (found.ends, found.among) == (NOW + timedelta(days=40), 1)


async def test_without_a_hint_the_soonest_end_counts() -> None:
    """Old secrets have none."""
    found = OwnSecret(Secret("abcdef")).shown(lists(hinted(None, 9), hinted("abc", 40), hinted("xyz", 3)), NOW)
    assert (found.ends, found.among) == (NOW + timedelta(days=9), 2)


@pytest.mark.parametrize("secrets", [[], [hinted("xyz", 40)], [hinted("abc", -1)]])
async def test_an_end_that_is_not_shown_is_not_guessed(secrets: list[Credential]) -> None:
    """No application, another's secret, or one that has ended."""
    assert OwnSecret(Secret("abcdef")).shown(lists(*secrets) if secrets else None, NOW).ends is None
