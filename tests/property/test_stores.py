"""What campaigns ask of a store, on both: it shows, keeps and loses what the product stored, and it can say no."""

import asyncio
import json
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from evidence_store import put_lines
from real_postgres import RealPostgres
from real_simulator import QuickClock, Steps
from stores import DEAD, Database, StateDirectory, Store, records_of
from support_core import NOW
from support_settings import load

from spentkey.bootstrap.storage import storage_for
from spentkey.core.evidence import seal
from spentkey.core.task import TaskRef

SECRET = "canary-in-a-row-5Jb"
REF = TaskRef("1")


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each of them, empty."""
    if request.param == "sqlite":
        yield StateDirectory(tmp_path / "state")
        return
    postgres: RealPostgres = request.getfixturevalue("postgres")
    with closing(Database(postgres.database(), tmp_path / "state")) as made:
        yield made


async def work(store: Store, folder: Path, *whats: str) -> None:
    """Append these records while a task is held, as the product does."""
    state = {"state": {"directory": str(folder / "state")}}
    settings = load(folder, state, **store.environment)
    async with storage_for(settings, QuickClock(), progress=Steps()) as storage, storage.locks.task(REF):
        for what in whats:
            await storage.evidence.append(what, {"task": 1, "run": "r", "app_id": SECRET})


def following(store: Store) -> str:
    """The line that would come next."""
    last = records_of(store)[-1]
    return seal(last["hash"], last["seq"] + 1, NOW, "x", {"task": 1, "run": "r"}).record_line


async def test_what_was_stored_is_shown_and_can_be_searched(store: Store, tmp_path: Path) -> None:
    """The records in their order; a secret in one is found, and the line stands in a text as it is."""
    assert (store.lines(), store.is_sound()) == ([], True)
    await work(store, tmp_path, "a", "b")
    assert [one["what"] for one in records_of(store)] == ["a", "b"]
    assert any(SECRET in text for text in store.texts().values())
    assert store.is_sound()


async def test_records_that_are_cut_off_are_not_there_and_the_product_goes_on(store: Store, tmp_path: Path) -> None:
    """From that record on, and the triggers that protect the evidence are there again."""
    await work(store, tmp_path, "a", "b", "c")
    store.keep(1)
    await work(store, tmp_path, "d")
    assert [(one["seq"], one["what"]) for one in records_of(store)] == [(0, "a"), (1, "d")]


@pytest.mark.parametrize("lot", range(4))
async def test_of_a_record_that_is_lost_while_it_is_written_nothing_is_there(
    store: Store, tmp_path: Path, lot: int
) -> None:
    """It is whole or not at all, and the next one can be appended."""
    await work(store, tmp_path, "a")
    store.lose(following(store), random.Random(lot))  # noqa: S311
    assert [one["what"] for one in records_of(store)] == ["a"]
    await work(store, tmp_path, "b")
    assert (store.is_sound(), [one["seq"] for one in records_of(store)]) == (True, [*range(len(store.lines()))])


async def test_a_store_that_was_cleared_is_as_new(store: Store, tmp_path: Path) -> None:
    """Nothing is there, and the product begins anew."""
    await work(store, tmp_path, "a")
    store.clear()
    assert (store.lines(), store.texts()) == ([], {})
    await work(store, tmp_path, "b")
    assert [one["what"] for one in records_of(store)] == ["b"]


async def test_columns_that_say_something_else_are_no_sound_database(postgres: RealPostgres, tmp_path: Path) -> None:
    """And neither is a database beside which somebody made files."""
    url = postgres.database()
    with closing(Database(url, tmp_path / "state")) as store:
        await work(store, tmp_path, "a")
        postgres.tamper(url, "UPDATE spentkey_evidence SET task = 2")
        assert not store.is_sound()
        postgres.tamper(url, "UPDATE spentkey_evidence SET task = 1")
        assert store.is_sound()
        put_lines(tmp_path / "state", [])
        assert not store.is_sound()


async def test_a_dead_process_leaves_its_leases_until_time_has_passed(postgres: RealPostgres, tmp_path: Path) -> None:
    """Those that it gave back before its death are free."""
    url, statement = postgres.database(), "SELECT holder, until > clock_timestamp() FROM spentkey_claims"
    with closing(Database(url, tmp_path / "state", 50.0)) as store:
        began = datetime.now(UTC)  # noqa: TID251
        await work(store, tmp_path, "a")
        store.leave_locks(datetime.now(UTC) + timedelta(seconds=1))  # noqa: TID251
        assert [one[1] for one in postgres.rows(url, statement)] == [False]
        store.leave_locks(began)
        store.passes(49)
        assert postgres.rows(url, statement) == [(DEAD, True)]
        store.passes(2)
        assert postgres.rows(url, statement) == [(DEAD, False)]


async def test_who_holds_the_evidence_lets_nobody_append(store: Store, tmp_path: Path) -> None:
    """Until it lets go."""
    await work(store, tmp_path, "a")
    release = store.hold()
    appending = asyncio.create_task(work(store, tmp_path, "b"))
    done, _ = await asyncio.wait([appending], timeout=0.3)
    assert (done, len(store.lines())) == (set(), 1)
    release()
    await appending
    assert json.loads(store.lines()[1])["what"] == "b"
