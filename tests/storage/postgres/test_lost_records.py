"""A database that lost acknowledged records: whoever saw them stops, names the range, and goes on once it is on record."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from real_postgres import SETTINGS, RealPostgres
from support_core import ManualClock

from spentkey.core.errors import EvidenceBroken, Outage
from spentkey.core.gap import Lost, RecordsLost
from spentkey.core.secret import Secret
from spentkey.storage.postgres.acknowledged import LENGTH, Acknowledged
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.postgres.schema import prepare

Start = Callable[..., Awaitable[PostgresEvidence]]


@pytest.fixture
async def start(database: str) -> AsyncGenerator[Start]:
    """Starts a process on a machine, which is known by the directory in which it keeps what it saw."""
    async with AsyncExitStack() as stack:

        async def now(machine: Path | None = None, *, read_only: bool = False, url: str = database) -> PostgresEvidence:
            connections = await stack.enter_async_context(opened(Secret(url)))
            if not read_only:
                await prepare(connections)
            seen = Acknowledged(machine, read_only=read_only)
            return PostgresEvidence(connections, ManualClock(), read_only=read_only, acknowledged=seen)

        yield now


@pytest.fixture
def set_back(database: str, postgres: RealPostgres) -> Callable[[int], None]:
    """Lets the database lose every record from one on, as the failover to a standby that was behind does."""

    def to(first: int) -> None:
        postgres.tamper(database, "DELETE FROM spentkey_evidence WHERE seq >= %s", first)
        postgres.tamper(database, "DELETE FROM spentkey_tree WHERE seq >= %s", first)

    return to


def kept_in(machine: Path) -> Path:
    """The one file in which a machine keeps what it saw."""
    (file,) = machine.iterdir()
    return file


async def put(log: PostgresEvidence, *numbers: int) -> None:
    """Records about one task, each with a number."""
    for number in numbers:
        await log.append("step", {"task": 1, "n": number})


async def on_record(log: PostgresEvidence) -> Sequence[Any]:
    """The numbers that are on record."""
    return [record["n"] for record in (await log.history(1)).records]


async def test_who_saw_more_stops_and_names_the_range(start: Start, set_back: Callable[[int], None]) -> None:
    """In the same process, without any file; nothing goes on record behind the gap."""
    log = await start()
    await put(log, *range(6))
    set_back(3)
    for _ in range(2):
        with pytest.raises(RecordsLost, match=r"records 3 to 5, .* are not in the database any more.*spentkey resume"):
            await put(log, 6)
    assert await on_record(await start()) == [0, 1, 2]


async def test_a_later_start_on_that_machine_knows_it_too(
    start: Start, set_back: Callable[[int], None], tmp_path: Path
) -> None:
    """Even where others went on meanwhile, so that there is a record of that number again; and whoever reads alone."""
    await put(await start(tmp_path / "one"), *range(6))
    set_back(3)
    await put(await start(tmp_path / "two"), 30, 31, 32, 33)
    for read_only in (False, True):
        log = await start(tmp_path / "one", read_only=read_only)
        with pytest.raises(RecordsLost, match="records 3 to 5"):
            await log.history(1)
        assert await log.lost() == Lost(3, 5, (await log.lost() or Lost(0, 0, "", 0)).hash, 2)


async def test_a_machine_that_saw_no_lost_record_goes_on(
    start: Start, set_back: Callable[[int], None], tmp_path: Path
) -> None:
    """It cannot know: what it saw is all there."""
    behind = await start(tmp_path / "two")
    await put(behind, 0, 1)
    await put(await start(tmp_path / "one"), 2, 3, 4)
    set_back(3)
    await put(behind, 30)
    assert await on_record(behind) == [0, 1, 2, 30]


async def test_once_the_gap_is_on_record_all_go_on_that_it_covers(
    start: Start, set_back: Callable[[int], None], tmp_path: Path
) -> None:
    """Processes that run, on this machine and on one that saw less, and later starts; nobody is told a second time."""
    running, elsewhere = await start(tmp_path / "one"), await start(tmp_path / "two")
    await put(running, *range(5))
    assert await on_record(elsewhere) == [0, 1, 2, 3, 4]
    await put(running, 5)
    set_back(3)
    for log in (running, elsewhere):
        with pytest.raises(RecordsLost):
            await put(log, 9)
    resuming = await start(tmp_path / "one")
    lost = await resuming.lost()
    assert lost is not None
    await resuming.accept(lost, "somebody", "the standby was behind")
    for log in (running, elsewhere, await start(tmp_path / "one"), await start(tmp_path / "two")):
        await put(log, 7)
    assert (await on_record(running), await running.verify(), await running.lost()) == ([0, 1, 2, *[7] * 4], 8, None)


async def test_what_is_lost_is_on_record(
    start: Start, set_back: Callable[[int], None], database: str, postgres: RealPostgres
) -> None:
    """Who said so and why, the range, and the hash by which an older copy can be recognised."""
    log = await start()
    await put(log, *range(4))
    ((line,),) = postgres.rows(database, "SELECT line FROM spentkey_evidence WHERE seq = 3")
    set_back(2)
    lost = await log.lost()
    assert lost is not None
    await log.accept(lost, "somebody", "looked into")
    ((gap,),) = postgres.rows(database, "SELECT line::jsonb FROM spentkey_evidence WHERE what = 'gap'")
    told = [gap[name] for name in ("seq", "who", "why", "first", "last")]
    assert (told, gap["lost_hash"] in line, "task" in gap) == ([2, "somebody", "looked into", 2, 3], True, False)


async def test_who_saw_more_than_the_gap_says_does_not_go_on(
    start: Start, set_back: Callable[[int], None], tmp_path: Path
) -> None:
    """Its own records are not accounted for until somebody says so on that machine."""
    saw_less, saw_more = await start(tmp_path / "one"), await start(tmp_path / "two")
    await put(saw_less, *range(4))
    await put(saw_more, 4, 5)
    set_back(2)
    lost = await saw_less.lost()
    assert lost is not None
    await saw_less.accept(lost, "somebody", "looked into")
    with pytest.raises(RecordsLost, match="records 2 to 5"):
        await put(saw_more, 9)


async def test_a_second_loss_is_not_covered_by_the_first_gap(
    start: Start, set_back: Callable[[int], None], tmp_path: Path
) -> None:
    """Even where the numbers are the same."""
    log = await start(tmp_path)
    await put(log, *range(9))
    set_back(2)
    lost = await log.lost()
    assert lost is not None
    await log.accept(lost, "somebody", "looked into")
    await put(log, 20, 21, 22)
    set_back(4)
    for again in (log, await start(tmp_path)):
        with pytest.raises(RecordsLost, match="records 4 to 5"):
            await put(again, 9)


async def test_a_crash_between_the_gap_and_the_file_asks_nobody_again(
    start: Start, set_back: Callable[[int], None], tmp_path: Path
) -> None:
    """The record counts, and the file is put right by the next start."""
    await put(await start(tmp_path), *range(4))
    file = kept_in(tmp_path)
    before = file.read_bytes()
    set_back(2)
    resuming = await start(tmp_path)
    lost = await resuming.lost()
    assert lost is not None
    await resuming.accept(lost, "somebody", "looked into")
    file.write_bytes(before)
    log = await start(tmp_path)
    await put(log, 5)
    assert (await on_record(log), await (await start(tmp_path)).lost()) == ([0, 1, 5], None)


async def test_a_gap_that_cannot_be_recorded_is_not_accepted(
    start: Start, set_back: Callable[[int], None], database: str, postgres: RealPostgres, tmp_path: Path
) -> None:
    """The next try asks for it again."""
    log = await start(tmp_path)
    await put(log, *range(4))
    set_back(2)
    lost = await log.lost()
    assert lost is not None
    name = database.split("@/")[1].split("?", maxsplit=1)[0]
    postgres.rows(database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    resuming = await start(tmp_path, read_only=True)
    with pytest.raises(EvidenceBroken, match="writes none"):
        await resuming.accept(lost, "somebody", "looked into")
    broken = PostgresEvidence(resuming._database, ManualClock(), acknowledged=Acknowledged(tmp_path))  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(Outage, match="read-only"):
        await broken.accept(lost, "somebody", "looked into")
    assert (await broken.lost(), await (await start(tmp_path, read_only=True)).lost()) == (lost, lost)


async def test_a_changed_record_is_no_loss_that_can_be_accepted(
    start: Start, database: str, postgres: RealPostgres
) -> None:
    """It is broken for good, and no record can mend it."""
    log = await start()
    await put(log, *range(4))
    postgres.tamper(database, """UPDATE spentkey_evidence SET line = replace(line, '"n":3', '"n":4') WHERE seq = 3""")
    with pytest.raises(EvidenceBroken, match="not the one that was there") as refused:
        await log.lost()
    assert not isinstance(refused.value, RecordsLost)


async def test_a_database_that_lost_everything_is_noticed(
    start: Start, set_back: Callable[[int], None], tmp_path: Path
) -> None:
    """By a later start on a machine that has seen a chain; accepted, the chain begins anew with the gap."""
    await put(await start(tmp_path), *range(4))
    set_back(0)
    log = await start(tmp_path)
    lost = await log.lost()
    assert (lost.first, lost.last) == (0, 3) if lost is not None else lost
    assert lost is not None
    await log.accept(lost, "somebody", "a new database")
    await put(log, 5)
    assert (await on_record(await start(tmp_path)), await log.verify()) == ([5], 2)


async def test_another_database_is_held_against_nothing(start: Start, postgres: RealPostgres, tmp_path: Path) -> None:
    """What is kept is known by the first record of its chain."""
    await put(await start(tmp_path), *range(4))
    other = postgres.database()
    await put(await start(url=other), 7)
    assert await on_record(await start(tmp_path, url=other)) == [7]


@pytest.mark.parametrize("harm", ["torn", "cut", "garbage", "a folder"])
async def test_a_file_that_cannot_be_read_is_no_loss(start: Start, tmp_path: Path, harm: str) -> None:
    """What a power cut left of it counts as far as it is whole."""
    await put(await start(tmp_path), *range(4))
    file = kept_in(tmp_path)
    content = file.read_bytes()
    if harm == "a folder":
        file.unlink()
        file.mkdir()
    else:
        torn = content[: 3 * LENGTH + 40] + b"f" * 20 + content[3 * LENGTH + 60 :]
        file.write_bytes({"torn": torn, "cut": content[: 2 * LENGTH + 9], "garbage": b"\xff" * 999}[harm])
    log = await start(tmp_path)
    await put(log, 4)
    assert await on_record(log) == [0, 1, 2, 3, 4]


async def test_a_directory_that_cannot_be_written_is_told_once(
    start: Start, set_back: Callable[[int], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The work goes on, and the process itself still notices a loss."""
    (tmp_path / "file").write_text("")
    log = await start(tmp_path / "file" / "state")
    await put(log, *range(4))
    warnings = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    set_back(2)
    with pytest.raises(RecordsLost):
        await put(log, 4)
    told = [" ".join(one.split()[:4]) for one in warnings]
    assert told == ["what was acknowledged earlier", "what was acknowledged is"]


async def test_what_a_promoted_standby_did_not_get_is_noticed() -> None:
    """Two real servers: commits do not wait, the standby is cut off, the primary dies, and the standby is promoted."""
    primary = RealPostgres(SETTINGS)
    standby = primary.standby()
    url = f"postgresql://postgres@/postgres?host={primary.folder},{standby.folder}"
    follows = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn = pg_current_wal_lsn()"
    try:
        async with opened(Secret(url)) as connections:
            await prepare(connections)
            log = PostgresEvidence(connections, ManualClock())
            await put(log, 0, 1)
            while primary.rows(primary.url("postgres"), follows) != [(1,)]:
                pass
            standby.set("primary_conninfo", "host=/nowhere")
            while primary.rows(primary.url("postgres"), "SELECT count(*) FROM pg_stat_replication") != [(0,)]:
                pass
            await put(log, 2, 3)
            primary.control("stop", "-m", "immediate")
            standby.control("promote")
            with contextlib.suppress(Outage):  # the first may still meet the dead server
                await log.lost()
            with pytest.raises(RecordsLost, match="records 2 to 3"):
                await put(log, 4)
            lost = await log.lost()
            assert lost is not None
            await log.accept(lost, "somebody", "the standby was behind")
            await put(log, 5)
            assert (await on_record(log), await log.verify()) == ([0, 1, 5], 4)
    finally:
        primary.control("start")
        for server in (primary, standby):
            server.stop()
