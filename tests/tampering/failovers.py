"""The life of a log in a database with a standby: servers die, the standby takes its turn, now and then without the last records.

Whatever happened, verification holds, with each checkpoint that is still of this log.
"""

import asyncio
import contextlib
import random
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from harvest import Harvest
from real_postgres import SETTINGS, RealPostgres
from store_edits import OTHER_KEY

from spentkey.bootstrap.checkpoints import checkpoints_of
from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.storage import Storage, storage_for
from spentkey.core.checkpoint_end import SignedHead
from spentkey.core.errors import Outage
from spentkey.storage.checkpoints import Checkpoints
from spentkey.system import SystemClock
from tampering import Told, verdict

FOLLOWS = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn = pg_current_wal_lsn()"
FOLLOWED = "SELECT count(*) FROM pg_stat_replication"


@dataclass
class Servers:
    """One log on the first of two servers, the other of which follows, and the configuration that names both."""

    rng: random.Random
    folder: Path
    primary: RealPostgres
    standby: RealPostgres
    held: list[str] = field(default_factory=list[str])
    """Checkpoints that somebody holds, of the log as it is now."""
    happened: list[str] = field(default_factory=list[str])
    number: int = 0

    def configure(self, text: str) -> None:
        """Name both servers, whichever is the first now."""
        url = f"postgresql://postgres@/postgres?host={self.primary.folder},{self.standby.folder}"
        engine = f'\n[engine]\ndatabase_url = "{url}"\n'
        key = f'\n[evidence]\nsigning_key = {{ file = "{self.folder}/state/signing.key" }}\n'
        (self.folder / "spentkey.toml").write_text(text + engine + key, "utf-8")
        (self.folder / "spentkey.toml").chmod(0o600)

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[tuple[Storage, Checkpoints]]:
        settings = load_settings(self.folder / "spentkey.toml", {})
        async with storage_for(settings, SystemClock()) as storage:
            yield storage, checkpoints_of(settings, storage, SystemClock())

    async def append(self, storage: Storage) -> None:
        """Some records, some of them at the same time."""
        count = self.rng.randrange(1, 8)
        numbers = range(self.number, self.number + count)
        self.number += count
        await asyncio.gather(
            *(storage.evidence.append("paused", {"who": "ops", "why": f"{number} é"}) for number in numbers)
        )

    async def sign(self, checkpoints: Checkpoints) -> None:
        """A checkpoint, which somebody gets."""
        end = await checkpoints.make()
        assert isinstance(end, SignedHead), end
        self.held.append(end.note)

    async def works(self) -> None:
        """Records and checkpoints, one process after the other."""
        for _ in range(self.rng.randrange(1, 4)):
            async with self.opened() as (storage, checkpoints):
                await self.append(storage)
                if self.rng.random() < 0.7:
                    await self.sign(checkpoints)

    def _wait(self, statement: str, count: int) -> None:
        while self.primary.rows(self.primary.url("postgres"), statement) != [(count,)]:
            pass

    async def takes_its_turn(self) -> None:
        """The first server dies, and the standby goes on with all that was committed."""
        self.happened.append("a failover")
        self._wait(FOLLOWS, 1)
        self._promote()

    async def takes_its_turn_behind(self) -> None:
        """The first server dies with records that the standby has not got; somebody says that they are lost."""
        self.happened.append("a failover that lost records")
        self._wait(FOLLOWS, 1)
        self.standby.set("primary_conninfo", "host=/nowhere")
        self._wait(FOLLOWED, 0)
        of_the_past = list(self.held)
        await self.works()
        self._promote()
        async with self.opened() as (storage, checkpoints):
            assert storage.losses is not None
            lost = None
            for _ in range(3):  # a connection may still meet the dead server
                with contextlib.suppress(Outage):
                    lost = await storage.losses.lost()
                    break
            assert lost is not None
            await storage.losses.accept(lost, "ops", "the standby was behind")
            end = await checkpoints.restored("ops", "the standby was behind")
            assert isinstance(end, SignedHead), end
            self.held = [*of_the_past, end.note]

    def _promote(self) -> None:
        self.primary.control("stop", "-m", "immediate")
        self.standby.control("promote")
        self.primary, self.standby = self.standby, self.primary

    def close(self) -> None:
        self.standby.control("start")
        for server in (self.primary, self.standby):
            server.stop()


def failed_over(seed: int, harvest: Harvest, folder: Path) -> Told:
    """Live in that folder, which is made and removed, on two servers of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "state").mkdir(parents=True, mode=0o700)
    key = OTHER_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "state" / "signing.key").touch(0o600)
    (folder / "state" / "signing.key").write_bytes(key)
    primary = RealPostgres(SETTINGS)
    servers = Servers(random.Random(seed), folder, primary, primary.standby())  # noqa: S311  # a replayable case
    servers.configure(harvest.config.read_text("utf-8").replace(str(harvest.folder), str(folder)))
    try:
        return asyncio.run(_lived(servers))
    finally:
        servers.close()
        shutil.rmtree(folder)


async def _lived(servers: Servers) -> Told:
    await servers.works()
    turn = servers.rng.choice([servers.takes_its_turn, servers.takes_its_turn_behind])
    await turn()
    await servers.works()
    async with servers.opened() as (_, checkpoints):
        await servers.sign(checkpoints)
    words = list[str]()
    for number, note in enumerate(servers.rng.sample(servers.held, min(3, len(servers.held)))):
        (servers.folder / f"held-{number}").write_text(note, "utf-8")
        words += ["--checkpoint", str(servers.folder / f"held-{number}")]
    code, told = await asyncio.to_thread(verdict, Harvest(servers.folder), *words)
    what = f"a life with {', '.join(servers.happened)}"
    wrong = "" if (code, told["holds"]) == (0, True) else f"accused, with {words}: exit {code}, {told}"
    return Told(what, f"lived with {', '.join(servers.happened)}, and not accused", wrong[:900])
