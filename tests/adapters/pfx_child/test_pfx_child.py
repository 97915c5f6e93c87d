"""PFX files are opened in a child process, which answers as this process would, within its limits."""

import asyncio
import errno
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import costly_pfx
import pytest
from pfx_in_process import PfxInProcess
from support_core import DAY, NOW
from support_pairs import pair, pfx_of
from support_pfx import vector
from waiting import until

from spentkey.adapters.pfx_child.limits import MEGABYTES, SECONDS
from spentkey.adapters.pfx_child.messages import NoMessage, PfxRequest, answer_of, read_answer, read_request
from spentkey.adapters.pfx_child.opener import PfxInChild, command
from spentkey.core.errors import Outage
from spentkey.core.pfx import MOST_BYTES, Pfx, Unusable, thumbprint
from spentkey.core.reason import Reason, reason_for, recorded_reason, several
from spentkey.core.secret import Secret
from spentkey.core.signer_reasons import BEYOND_LIMITS, LOCKED, NO_PFX, TOO_LARGE, TOO_SHORT, TRIED_AS_IT_IS
from spentkey.ports.pfx import PfxOpener

T = TypeVar("T")
Children = Callable[[], list[str]]
VECTORS = Path(__file__).parents[2] / "vectors"
FILES = sorted(VECTORS.glob("*pfx/*.pfx"))
FIRST, SECOND = (pair(NOW - DAY, NOW + days * DAY) for days in (10, 20))
BEYOND = BEYOND_LIMITS(seconds=SECONDS, megabytes=MEGABYTES)
QUIET = 6
"""How many tries there are to find this machine quiet, so that others on it do not count."""
LONGEST_STILL_S = 0.1
"""How long the event loop may be still."""


async def passwords(*texts: str) -> AsyncIterator[Secret]:
    """One after the other."""
    for text in texts:
        yield Secret(text)


def done(work: Coroutine[Any, Any, T]) -> T:
    """What it gives."""
    return asyncio.run(work)


async def opened_by(
    opener: PfxOpener, content: bytes, *texts: str, wanted: Sequence[bytes] | None = None
) -> Pfx | Unusable:
    """A file, by that opener."""
    return await opener.open("a.pfx", content, passwords(*texts), wanted)


def in_child(content: bytes, *texts: str, wanted: Sequence[bytes] | None = None, **how: Any) -> Pfx | Unusable:
    """A file, by a child."""

    async def do() -> Pfx | Unusable:
        return await opened_by(PfxInChild(**how), content, *texts, wanted=wanted)

    return done(do())


def shown(opened: Pfx | Unusable) -> object:
    """What can be compared: numbers of keys, certificates, reasons."""
    if isinstance(opened, Unusable):
        return opened
    pairs = [(key.private_numbers(), certificate) for key, certificate in opened.pairs]
    return pairs, opened.alone, opened.unread, opened.strangers


def acts(program: str) -> Sequence[str]:
    """A program in the child's place, which finds its modules where this process does."""
    return (sys.executable, "-c", f"import sys; sys.path[:0] = {[one for one in sys.path if one]!r}\n{program}")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_child_answers_as_this_process_would(path: Path) -> None:
    """Of every file at hand: the same keys, the same certificates, the same reasons, none lost."""
    content, texts = path.read_bytes(), ("vector", "w\u00e4chtwoord-\u20ac-\U0001f511")

    async def do() -> list[object]:
        return [shown(await opened_by(one, content, *texts)) for one in (PfxInProcess(), PfxInChild())]

    here, there = done(do())
    assert here == there


@pytest.mark.parametrize("make", [PfxInProcess, PfxInChild])
class TestContract:
    """What every `PfxOpener` does."""

    def test_a_later_password_is_tried_when_the_first_does_not_open(self, make: type[Any]) -> None:
        """And the one after it is not even fetched."""
        asked: list[str] = []

        async def noted() -> AsyncIterator[Secret]:
            for text in ("wrong", "vector", "never"):
                asked.append(text)
                yield Secret(text)

        async def do() -> Pfx | Unusable:
            return await make().open("a.pfx", vector("modern"), noted(), None)

        assert isinstance(done(do()), Pfx)
        assert asked == ["wrong", "vector"]

    def test_only_the_key_that_is_wanted_comes(self, make: type[Any]) -> None:
        """The other certificate is named, without its key."""
        content = pfx_of([FIRST, SECOND], b"vector")

        async def do() -> Pfx | Unusable:
            return await opened_by(make(), content, "vector", wanted=[thumbprint(SECOND[1])])

        opened = done(do())
        assert isinstance(opened, Pfx)
        assert [certificate for _, certificate in opened.pairs] == [SECOND[1]]
        assert opened.strangers == (FIRST[1],)

    def test_no_password_opens_nothing(self, make: type[Any]) -> None:
        """The file stays locked, and that is its reason."""

        async def do() -> list[Pfx | Unusable]:
            return [await opened_by(make(), vector("modern"), *texts) for texts in ((), ("wrong", "false"))]

        locked = Unusable("a.pfx", LOCKED(untried=""), locked=True)
        assert done(do()) == [locked, locked]

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", NO_PFX()),
            (b"see the other entry", NO_PFX()),
            (b"0" * (MOST_BYTES + 1), TOO_LARGE(most=MOST_BYTES)),
        ],
    )
    def test_what_is_no_pfx_is_told(self, make: type[Any], content: bytes, reason: str) -> None:
        """Nothing of it is opened."""

        async def do() -> Pfx | Unusable:
            return await opened_by(make(), content, "vector")

        assert done(do()) == Unusable("a.pfx", reason)  # pyright: ignore[reportArgumentType]

    def test_a_failing_vault_is_heard(self, make: type[Any]) -> None:
        """An outage while a password is fetched goes to who asked."""

        async def away() -> AsyncIterator[Secret]:
            yield Secret("wrong")
            raise Outage("away")

        async def do() -> Pfx | Unusable:
            return await make().open("a.pfx", vector("modern"), away(), None)

        with pytest.raises(Outage, match="away"):
            done(do())


COSTLY = {
    "2,000,000,000 rounds inside an encrypted part of 1.5 kB": (lambda: costly_pfx.hidden_rounds(2 * 10**9, b"vector")),
    "a key of 14,112 bits": costly_pfx.long_key,
    "100 parts of 900,000 rounds each": (lambda: costly_pfx.many_parts(900_000, 100, b"vector")),
}
CHEAP = {
    "hundreds of bags": (lambda: costly_pfx.many_bags(450)),
    "a hundred containers in each other": (lambda: costly_pfx.nested(100)),
    "containers, thousands deep": (lambda: costly_pfx.nested(5000)),
}


@pytest.mark.parametrize("scenario", COSTLY)
def test_a_costly_file_ends_by_its_limit(scenario: str, children: Children) -> None:
    """It is the reason of this file, and no process is left behind."""
    assert in_child(COSTLY[scenario](), "vector", "", seconds=1.5) == Unusable("a.pfx", BEYOND)
    assert children() == []


def all_children() -> list[str]:
    """The processes of this one."""
    found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [one for path in found for one in path.read_text("utf-8").split()]


@pytest.fixture(name="children")
def children_of_this_test() -> Children:
    """The processes that this test started and that are there."""
    before = set(all_children())
    return lambda: [one for one in all_children() if one not in before]


async def longest_still(work: Coroutine[Any, Any, Any]) -> float:
    """For how many seconds the event loop did nothing else, at most, while that was done."""
    loop, longest = asyncio.get_running_loop(), 0.0
    before = loop.time()

    def tick() -> None:
        nonlocal longest, before, again
        now = loop.time()
        longest, before = max(longest, now - before), now
        again = loop.call_later(0.002, tick)

    again = loop.call_later(0.002, tick)
    await work
    again.cancel()
    return max(longest, loop.time() - before)


@pytest.mark.parametrize("scenario", [*COSTLY, *CHEAP])
def test_the_event_loop_goes_on_meanwhile(scenario: str) -> None:
    """Never still for 100 ms; of several tries the best counts, since others use the machine too."""
    content = {**COSTLY, **CHEAP}[scenario]()

    async def do() -> float:
        opener, shortest = PfxInChild(seconds=1), float("inf")
        for _ in range(QUIET):
            shortest = min(shortest, await longest_still(opened_by(opener, content, "vector")))
            if shortest < LONGEST_STILL_S:
                break
        return shortest

    assert done(do()) < LONGEST_STILL_S


def test_in_this_process_the_loop_would_be_still() -> None:
    """The same file in a thread holds everything up, so the test above can fail."""
    content = costly_pfx.hidden_rounds(3_000_000, b"vector")
    assert done(longest_still(opened_by(PfxInProcess(), content, "vector"))) > LONGEST_STILL_S


def test_the_other_files_go_on() -> None:
    """Two costly files are in nobody's way for longer than their time, and a sound one after them opens."""

    async def do() -> list[Pfx | Unusable]:
        opener, costly = PfxInChild(seconds=2), costly_pfx.hidden_rounds(2 * 10**9, b"vector")
        each = [opened_by(opener, one, "vector") for one in (costly, costly, vector("modern"))]
        return await asyncio.gather(*each)

    first, second, third = done(do())
    assert [first, second] == [Unusable("a.pfx", BEYOND)] * 2
    assert isinstance(third, Pfx)


def test_all_passwords_of_a_file_share_its_time() -> None:
    """What the first one used is gone, and the wait for the second one's arrival is not counted."""
    program = acts("import signal, sys; sys.stdin.read(); signal.pause()")

    async def do() -> float:
        begun = asyncio.get_running_loop().time()
        await opened_by(PfxInChild(seconds=0.5, program=program), b"x", "one", "two", "three")
        return asyncio.get_running_loop().time() - begun

    assert done(do()) < 1.4


def test_passwords_that_do_not_fit_use_up_the_time_of_the_file() -> None:
    """Each is tried within what the ones before it have left."""
    answer = answer_of(Unusable("", LOCKED(untried=""), locked=True)).decode()
    program = acts(f"import signal, sys; sys.stdin.read(); signal.sigtimedwait([], 2); print({answer!r}, end='')")
    assert in_child(b"x", "one", "two", seconds=3, program=program) == Unusable("a.pfx", BEYOND)


WRONG_CHILDREN = {
    "hangs": "import signal; signal.pause()",
    "dies": "import os; os.kill(os.getpid(), 9)",
    "says nothing": "",
    "stops in the middle": "print('{\"unusable\":', end='')",
    "says no JSON": "print('no JSON')",
    "says another thing": "print('[]')",
    "says an object of its own": "print('{\"pairs\": 1}')",
    "babbles": "while True: print('x' * 100_000)",
    "does not listen, and says nothing": "import os, signal; os.close(0); signal.pause()",
    "asks for memory": (
        "from spentkey.adapters.pfx_child.limits import bind_this_process as bind; bind(); print(len(bytes(200_000_000)))"
    ),
    "gives a reason that is not a file's": (
        'print(\'{"unusable": ["x", {"code": "in-words", "parameters": {"text": "x"}}], "locked": false}\')'
    ),
    "gives no key": 'print(\'{"pairs": [["", ""]], "alone": [], "strangers": [], "unread": []}\')',
}


@pytest.mark.parametrize("scenario", WRONG_CHILDREN)
def test_a_child_that_fails_is_the_reason_of_its_file(scenario: str, children: Children) -> None:
    """It dies, hangs or babbles: beyond the limits; and it is gone."""
    program = acts(WRONG_CHILDREN[scenario])
    assert in_child(vector("modern"), "vector", seconds=2.0, program=program) == Unusable("a.pfx", BEYOND)
    assert children() == []


TALKS = "import signal; print('x' * 5_000_000, flush=True); signal.pause()"


def test_a_child_that_says_too_much_is_ended_at_once() -> None:
    """Its time is not waited for, and what it goes on to say is not kept."""

    async def do() -> tuple[Pfx | Unusable, float]:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        opened = await opened_by(PfxInChild(seconds=30, program=acts(TALKS)), vector("modern"), "vector")
        return opened, loop.time() - begun

    opened, took = done(do())
    assert opened == Unusable("a.pfx", BEYOND)
    assert took < 20


def test_a_child_that_cannot_be_started_is_an_outage() -> None:
    """The file is not to blame: the task stays open."""
    with pytest.raises(Outage, match="cannot be started"):
        in_child(vector("modern"), "vector", program=["/nonexistent/python"])


def test_a_call_that_is_cancelled_leaves_no_child(children: Children) -> None:
    """Whoever stops waiting takes the child with it."""

    async def do() -> None:
        opener = PfxInChild(program=acts("import signal; signal.pause()"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await opened_by(opener, b"x", "one")

    done(do())
    assert children() == []


STARTS = """
import asyncio, sys
from spentkey.adapters.pfx_child.opener import PfxInChild
from spentkey.core.secret import Secret
import costly_pfx
async def passwords():
    yield Secret("vector")
costly = costly_pfx.hidden_rounds(2 * 10**9, b"vector")
print("starts", flush=True)
asyncio.run(PfxInChild().open("a.pfx", costly, passwords(), None))
"""


def test_a_child_ends_with_its_parent() -> None:
    """Killed without a word: the child does not go on for its ten seconds."""
    with subprocess.Popen(acts(STARTS), stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        tasks = Path(f"/proc/{parent.pid}/task")
        (child,) = until(lambda: " ".join(one.read_text("utf-8") for one in tasks.glob("*/children")).split() or None)
        until(lambda: b"pfx_child" in Path(f"/proc/{child}/cmdline").read_bytes())
        until(lambda: _seconds_of(child) > 0.3)
        parent.kill()
    until(lambda: not _is_alive(child), within_s=5)


def _seconds_of(process: str) -> float:
    """The CPU time of a process."""
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _is_alive(process: str) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_at_most_two_children_live_at_once(children: Children) -> None:
    """Six files are opened two at a time."""
    most = 0

    async def do() -> None:
        nonlocal most
        loop = asyncio.get_running_loop()

        def look() -> None:
            nonlocal most, again
            most = max(most, len(children()))
            again = loop.call_later(0.002, look)

        again = loop.call_later(0.002, look)
        opener = PfxInChild()
        await asyncio.gather(*(opened_by(opener, vector("modern"), "vector") for _ in range(6)))
        again.cancel()

    done(do())
    assert most == 2


LOOKS = """
import ctypes, json, os, resource, sys
from spentkey.adapters.pfx_child.limits import bind_this_process, open_nothing_more
bind_this_process()
names = ("AS", "CPU", "CORE", "FSIZE", "NPROC")
found = {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))[1] for name in names}
found["dumpable"] = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
open_nothing_more()
try:
    open("/dev/null")
except OSError as problem:
    found["open"] = problem.errno
print(json.dumps(found))
"""


def test_the_child_is_bound_before_it_reads_anything() -> None:
    """Address space, CPU, core, written files, processes; nobody reads its memory, and it opens no file any more."""
    ended = subprocess.run(acts(LOOKS), capture_output=True, check=True)
    assert json.loads(ended.stdout) == {
        "AS": 150_000_000,
        "CPU": 10,
        "CORE": 0,
        "FSIZE": 0,
        "NPROC": 0,
        "dumpable": 0,
        "open": errno.EMFILE,
    }


BOUND = {
    "Max address space": "150000000",
    "Max cpu time": "10",
    "Max core file size": "0",
    "Max file size": "0",
    "Max processes": "0",
    "Max open files": "3",
}


def limits_of(process: int) -> dict[str, str]:
    """The limits of a process that are the child's to set, as the system shows them."""
    lines = Path(f"/proc/{process}/limits").read_text("utf-8").splitlines()
    return {name: hard for name, _, hard, *_ in (re.split(r"\s{2,}", line) for line in lines[1:]) if name in BOUND}


def test_the_program_itself_is_bound_while_it_waits_for_its_file() -> None:
    """As it is started for every file: it can open nothing more before it has read a byte, and answers all the same."""
    request = PfxRequest(vector("modern"), [Secret("vector")], None).to_bytes()
    with subprocess.Popen(command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}) as child:
        try:
            until(lambda: limits_of(child.pid) == BOUND, 20, lambda: str(limits_of(child.pid)))
            answer, _ = child.communicate(request)
        finally:
            child.kill()
    assert isinstance(read_answer("a.pfx", answer), Pfx)


async def last_seen(work: Coroutine[Any, Any, Any], children: Children) -> tuple[bytes, bytes, set[str]]:
    """Arguments, environment and open files of the child, as the process list showed them last."""
    loop, seen = asyncio.get_running_loop(), (b"", b"", set[str]())

    def look() -> None:
        nonlocal seen, again
        for process in children():
            folder = Path("/proc", process)
            with suppress(OSError):
                opened = {path.name for path in (folder / "fd").iterdir()}
                seen = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes(), opened
        again = loop.call_later(0.05, look)

    again = loop.call_later(0.05, look)
    await work
    again.cancel()
    return seen


@pytest.mark.skipif(os.geteuid() != 0, reason="only root sees a process that is not dumpable")
def test_nothing_secret_is_in_the_process_list(children: Children) -> None:
    """The arguments are paths, the environment is empty, and no file of this process is open in the child."""
    costly = costly_pfx.hidden_rounds(2 * 10**9, b"canary-password")

    async def do() -> tuple[bytes, bytes, set[str]]:
        return await last_seen(opened_by(PfxInChild(seconds=1.5), costly, "canary-password"), children)

    arguments, environment, opened = done(do())
    assert b"pfx_child" in arguments
    assert b"canary" not in arguments
    assert (environment, opened) == (b"", {"0", "1", "2"})


def test_limits_and_environment_of_this_process_stay_as_they_are(children: Children) -> None:
    """The child binds itself, and nobody else: a host process notices nothing."""
    names = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]

    def state() -> object:
        return [resource.getrlimit(one) for one in names], dict(os.environ), children()

    before = state()
    assert isinstance(in_child(vector("modern"), "vector"), Pfx)
    assert state() == before


class TestMessages:
    """What goes through the pipes."""

    def test_a_request_comes_as_it_went(self) -> None:
        """With any password, half characters too, and any bytes."""
        sent = PfxRequest(bytes(range(256)), [Secret("\ud800 \u20ac\n")], frozenset({b"\0" * 32}))
        read = read_request(BytesIO(sent.to_bytes()))
        assert (read.content, read.passwords, read.wanted) == (sent.content, sent.passwords, sent.wanted)

    @pytest.mark.parametrize("cut", [0, 1, 20, -1])
    def test_a_request_that_is_cut_off_is_none(self, cut: int) -> None:
        """Its sender died: nothing is opened."""
        whole = PfxRequest(b"content", [Secret("x")], None).to_bytes()
        with pytest.raises(NoMessage):
            read_request(BytesIO(whole[:cut]))

    @pytest.mark.parametrize("size", [-1, 3, 10**9])
    def test_a_size_that_is_not_that_of_the_file_is_refused(self, size: int) -> None:
        """Neither more nor less is read than was announced, and never more than a file may have."""
        header = json.dumps({"size": size, "passwords": [], "wanted": None}).encode()
        with pytest.raises(NoMessage):
            read_request(BytesIO(header + b"\nfour"))

    def test_a_key_that_is_too_long_is_not_taken(self) -> None:
        """Not even from the child."""
        answer = answer_of(Pfx((costly_pfx.long_pair(),)))
        with pytest.raises(NoMessage):
            read_answer("a.pfx", answer)

    def test_an_answer_without_its_end_is_none(self) -> None:
        """A pair is not taken from a child that died while it spoke."""
        answer = answer_of(Pfx((FIRST,)))
        assert isinstance(read_answer("a.pfx", answer), Pfx)
        with pytest.raises(NoMessage):
            read_answer("a.pfx", answer[:-1])

    def test_reasons_keep_their_parameters_and_their_parts(self) -> None:
        """So that a note tells them in its language."""
        reason = several([TOO_SHORT(bits=512), LOCKED(untried=TRIED_AS_IT_IS(rounds=7))])
        read = read_answer("a.pfx", answer_of(Unusable("", reason)))
        assert isinstance(read, Unusable)
        assert (read.document, read.reason.in_language("nl")) == ("a.pfx", reason.in_language("nl"))

    @pytest.mark.parametrize("reason", [reason_for("words"), several([TOO_SHORT(bits=512), reason_for("words")])])
    def test_a_reason_in_words_of_its_own_is_not_taken(self, reason: Reason) -> None:
        """On no floor: they would stand in a note."""
        with pytest.raises(NoMessage):
            read_answer("a.pfx", answer_of(Unusable("", reason)))

    @pytest.mark.parametrize(
        ("text", "recorded"),
        [
            ("words", recorded_reason(NO_PFX())),
            ("words", "words"),
            ("words", 1),
            (LOCKED(untried="words"), recorded_reason(LOCKED(untried="words"))),
            (several(["words", "more"]), {"code": several(["", ""]).code, "parameters": {"parts": ["words", "more"]}}),
        ],
    )
    def test_words_beside_a_reason_are_not_taken(self, text: str, recorded: object) -> None:
        """A text is that of its record, and what a record fills in is a number or a reason of a file."""
        with pytest.raises(NoMessage):
            read_answer("a.pfx", json.dumps({"unusable": [text, recorded], "locked": False}).encode() + b"\n")

    def test_a_request_shows_no_secret(self) -> None:
        """Not by printing."""
        assert "canary" not in repr(PfxRequest(b"canary", [Secret("canary")], None))
