"""A time stamp authority: what it says is believed only where `openssl ts` believes it too, and it was asked for just that."""

import asyncio
import subprocess
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from time_stamper import MOODS, Stamper, stamping

from spentkey.adapters.timestamp.authority import TimeStampAuthority
from spentkey.adapters.timestamp.check import TimestampCheck
from spentkey.adapters.timestamp.tokens import LARGEST, NoTimeStamp, Stamp, authorities_in, question_over, verified
from spentkey.core.errors import Misconfigured
from spentkey.core.finding import Finding, FindingState
from spentkey.http.sessions import connected
from spentkey.ports.read_only import UNMEASURED
from spentkey.system import SystemClock

NOTE = (
    "spentkey/0011223344556677\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u2014 spentkey/0011 AAAA\n".encode()
)


@pytest.fixture(scope="module")
def stamper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stamper]:
    """An authority for all of these tests."""
    with stamping(tmp_path_factory.mktemp("tsa")) as made:
        yield made


@pytest.fixture(autouse=True)
def calm(stamper: Stamper) -> None:
    """In no mood, and nothing asked yet."""
    for one in (stamper.moods, stamper.asked, stamper.paths):
        one.clear()


class AheadClock(SystemClock):
    """The clock of a machine that is some seconds off."""

    def __init__(self, apart: float) -> None:
        self._apart = apart

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._apart)


@asynccontextmanager
async def authority(
    stamper: Stamper, ca_file: Path | None = None, apart: float = 0, url: str = ""
) -> AsyncGenerator[TimeStampAuthority]:
    """The client, as the product makes it."""
    clock = AheadClock(apart)
    async with connected(None, None, clock, lambda _: True, use_proxies=False, meter=UNMEASURED) as connections:
        yield TimeStampAuthority(connections.http("tsa", url or stamper.url), ca_file or stamper.ca_file)


def stamped(stamper: Stamper, ca_file: Path | None = None, apart: float = 0, url: str = "") -> Stamp:
    """One time stamp over the note."""

    async def ask() -> Stamp:
        async with authority(stamper, ca_file, apart, url) as made:
            return await made.stamp(NOTE)

    return asyncio.run(ask())


def found(stamper: Stamper, ca_file: Path | None = None) -> list[Finding]:
    """What the check-up says."""

    async def look() -> list[Finding]:
        async with authority(stamper, ca_file) as made:
            return [one async for one in TimestampCheck(made).findings()]

    return asyncio.run(look())


def test_openssl_verifies_what_is_kept(stamper: Stamper, tmp_path: Path) -> None:
    """The answer as it came, over the bytes of the signed note."""
    stamp = stamped(stamper)
    token, data = tmp_path / "token.tsr", tmp_path / "note"
    token.write_bytes(stamp.token)
    data.write_bytes(NOTE)
    command = ["openssl", "ts", "-verify", "-data", data, "-in", token, "-CAfile", stamper.ca_file]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "Verification: OK"), done.stderr
    data.write_bytes(NOTE + b"x")
    assert subprocess.run(command, check=False, capture_output=True, timeout=60).returncode != 0


def test_the_authority_sees_a_hash_and_a_nonce_and_nothing_else(stamper: Stamper) -> None:
    """Each time another nonce; the address is used as it stands."""
    stamped(stamper)
    stamped(stamper)
    one, other = stamper.asked
    assert (stamper.paths, one != other, len(one) < 100) == (["/tsr", "/tsr"], True, True)
    assert b"spentkey" not in one


@pytest.mark.parametrize("path", ["/tsr", "/tsr/"])
def test_the_address_is_used_as_it_stands(stamper: Stamper, path: str) -> None:
    """Also one that ends in a slash."""
    stamped(stamper, url=stamper.url.removesuffix("/tsr") + path)
    assert stamper.paths == [path]


def test_the_time_is_the_authoritys(stamper: Stamper) -> None:
    """In UTC, to the second."""
    assert abs(stamped(stamper).at - datetime.now(UTC)) < timedelta(minutes=1)  # noqa: TID251


WHY = {
    "refuses": "it refused",
    "another hash": "cannot be believed: Mismatch between messages",
    "another nonce": "cannot be believed: Nonce mismatch",
    "another authority": "cannot be believed: Error while verifying certificates",
    "an expired certificate": "cannot be believed: Error while verifying certificates",
    "an earlier answer": "cannot be believed: Nonce mismatch",
    "nothing": "is no time stamp that can be read",
    "a page": "is no time stamp that can be read",
    "noise": "is no time stamp that can be read",
    "half of it": "is no time stamp that can be read",
    "one byte changed": "cannot be believed: Error while verifying certificates",
    "without end": "answered more than 0.065 MB",
    "is away": "answered 503",
    "knows no such path": "answered 404",
    "is elsewhere": "redirect",
    "hangs up": "did not answer",
}


@pytest.mark.parametrize("mood", sorted(MOODS))
def test_what_is_no_time_stamp_of_ours_is_refused(stamper: Stamper, mood: str) -> None:
    """With a reason, and asked once."""
    if mood == "an earlier answer":
        stamped(stamper)
    before = len(stamper.asked)
    stamper.moods.append(mood)
    with pytest.raises(NoTimeStamp) as told:
        stamped(stamper)
    assert WHY[mood] in str(told.value)
    assert len(stamper.asked) == before + 1
    assert stamped(stamper).token


def test_who_is_not_believed_stamps_in_vain(stamper: Stamper) -> None:
    """The file names another authority."""
    with pytest.raises(NoTimeStamp, match="Error while verifying certificates"):
        stamped(stamper, stamper.other_ca_file)


@pytest.mark.parametrize(("apart", "told"), [(400, "behind our clock"), (-400, "ahead of our clock")])
def test_a_time_that_is_not_ours_is_refused(stamper: Stamper, apart: float, told: str) -> None:
    """Whoever got hold of an old key would date as he likes."""
    with pytest.raises(NoTimeStamp, match=told):
        stamped(stamper, apart=apart)
    assert stamped(stamper, apart=apart / 2).token


@pytest.mark.parametrize(
    "content", [None, b"", b"no PEM", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_without_authorities_is_named(stamper: Stamper, tmp_path: Path, content: bytes | None) -> None:
    """Nothing is asked then."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Misconfigured, match=r"evidence\.timestamp_ca"):
        stamped(stamper, file)
    assert stamper.asked == []
    assert [one.state for one in found(stamper, file)] == [FindingState.FAIL]


def test_nothing_that_was_changed_says_something_else(stamper: Stamper) -> None:
    """Any byte of the answer, and any cut: refused, or it is in what no signature covers, and the stamp says the same."""
    question, authorities = question_over(NOTE), authorities_in(stamper.ca_file)
    answer, now = stamper.stamped(question.body), SystemClock().now()
    genuine = verified(question, answer, authorities, now)
    assert genuine.token == answer
    refused = 0
    for at in range(0, len(answer), 5):
        changed = answer[:at] + bytes([answer[at] ^ 0x55]) + answer[at + 1 :]
        try:
            assert verified(question, changed, authorities, now).at == genuine.at
        except NoTimeStamp:
            refused += 1
        with pytest.raises(NoTimeStamp):
            verified(question, answer[:at], authorities, now)
    assert refused > len(answer) / 5 / 2


def test_a_time_stamp_over_another_kind_of_hash_is_refused(stamper: Stamper) -> None:
    """The same 32 bytes, said to be of SHA3-256: they are not the hash of our note by that, and show nothing."""
    question = question_over(NOTE)
    of_sha2, of_sha3 = (bytes.fromhex(f"60864801650304020{last}") for last in (1, 8))
    assert question.body.count(of_sha2) == 1
    answer = stamper.stamped(question.body.replace(of_sha2, of_sha3), digests="sha3-256")
    with pytest.raises(NoTimeStamp, match="over another kind of hash than SHA-256"):
        verified(question, answer, authorities_in(stamper.ca_file), SystemClock().now())


@pytest.mark.parametrize("size", [LARGEST + 1, 10_000_000])
def test_an_answer_without_end_is_not_looked_into(stamper: Stamper, size: int) -> None:
    """It has a size before it has a meaning."""
    with pytest.raises(NoTimeStamp, match=str(size)):
        verified(question_over(NOTE), bytes(size), authorities_in(stamper.ca_file), SystemClock().now())


def test_the_check_up_asks_for_one(stamper: Stamper) -> None:
    """And says when it was made."""
    (line,) = found(stamper)
    assert (line.state, line.message[:24]) == (FindingState.OK, "is granted and verifies,")


def test_the_check_up_warns_where_none_comes(stamper: Stamper) -> None:
    """Everything else goes on without; the line that mends it names both settings."""
    stamper.moods.append("is away")
    (line,) = found(stamper)
    assert line.state == FindingState.WARN
    assert "evidence.timestamp_ca" in line.fix
