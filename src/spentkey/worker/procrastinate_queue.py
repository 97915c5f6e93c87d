"""Several machines: Procrastinate keeps the queue in PostgreSQL. The only file that names it.

A job is one task, and its only argument is the task's reference. One job for each task (`queueing_lock`, and nothing is
queued for a task that is being worked on), one at a time for each application (`lock`), a queue for each route, and in
each process one worker for each route. A job that is tried again later releases the application until then, so that
others need not wait; the leases of `storage/postgres/locks.py` hold whatever the queue believes.

Take-over: a worker shows that it lives three times in `take_over_s`. One that has not for `take_over_s` is found by
the others, who look just as often, and its jobs go back on the queue; by then its leases have ended too. So a task goes
on at another worker `take_over_s` * 4/3 after its worker died, and about two seconds more for the queue to be looked at.
"""

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import procrastinate
import psycopg
from procrastinate import exceptions
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from procrastinate.schema import SchemaManager

from spentkey.core.errors import PROBLEMS, Misconfigured, known
from spentkey.core.task import TaskRef
from spentkey.ports.queue import Queued, Stage
from spentkey.ports.runtime import Clock
from spentkey.storage.postgres.connection import Connection, Postgres
from spentkey.storage.postgres.holders import LOCK, OFFERING
from spentkey.storage.postgres.locks import SHARE
from spentkey.storage.postgres.schema import TO_BE_MADE
from spentkey.worker.after_try import Done, MoveTo, RetryIn, Tries, Work
from spentkey.worker.concurrency import UNDER_WAY, Slots, until_set
from spentkey.worker.routing import UNSORTED, Route, Router

POLLING = "poll"
"""The queue of the job that looks at the queue team."""
LOOK_S = 1.0
"""How often a worker looks for jobs that have become due, at the longest."""
LISTEN_AGAIN_S = 5.0
logger = logging.getLogger(__name__)


async def prepare_queue(database: Postgres) -> None:
    """Make the queue's tables where there are none; raises `Misconfigured` where this role may not."""
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        there = await (await connection.execute("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")).fetchone()
        if there is None or not there[0]:
            try:
                await connection.execute(SchemaManager.get_schema())
            except psycopg.errors.InsufficientPrivilege:
                raise Misconfigured(TO_BE_MADE) from None


class _RunLater(Exception):
    """How a job function says when and where it is to be called again."""

    def __init__(self, decision: RetryDecision) -> None:
        super().__init__("later")
        self.decision = decision


class _AsTold(BaseRetryStrategy):
    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        del job
        return exception.decision if isinstance(exception, _RunLater) else None


class _Jobs(JobManager):
    """The manager of jobs, which outlives an outage of the database, and leaves jobs alone that were taken over."""

    def __init__(self, connector: procrastinate.PsycopgConnector, rest_s: Callable[[], float]) -> None:
        super().__init__(connector)
        self._rest_s = rest_s
        self.workers: set[int] = set()
        """The workers of this process."""

    async def register_worker(self) -> int:
        worker = await super().register_worker()
        self.workers.add(worker)
        return worker

    async def unregister_worker(self, worker_id: int) -> None:
        await super().unregister_worker(worker_id)
        self.workers.discard(worker_id)

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        await self._if_ours(job, lambda: super(_Jobs, self).finish_job(job, status, delete_job))

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        await self._if_ours(job, lambda: super(_Jobs, self).retry_job(job, retry_at, priority, queue, lock))

    async def _if_ours(self, job: Job, act: Callable[[], Awaitable[None]]) -> None:
        """A job that stays behind because the database is away is found by the take-over and put back."""
        try:
            now = list(await self.list_jobs_async(id=job.id))
            if now and now[0].status == Status.DOING.value and now[0].worker_id == job.worker_id:
                await act()
        except exceptions.ConnectorException as problem:
            _away("a job's end could not be stored", problem)

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """None too while this process leaves tasks to others."""
        if self._rest_s() > 0 and list(queues or ()) != [POLLING]:
            return None
        try:
            return await super().fetch_job(queues, worker_id)
        except exceptions.ConnectorException as problem:
            if isinstance(problem.__cause__, psycopg.errors.ForeignKeyViolation):
                raise  # taken for dead meanwhile: this worker ends, and a new one is registered
            _away("no job could be fetched", problem)
            return None

    async def update_heartbeat(self, worker_id: int) -> None:
        try:
            await super().update_heartbeat(worker_id)
        except exceptions.ConnectorException as problem:
            _away("a worker could not show that it lives", problem)

    async def list_jobs_to_abort_async(self, queue: str | None = None) -> Iterable[int]:
        """None, ever: work is brought to a safe point, and never broken off."""
        del queue
        return ()

    async def defer_periodic_job(self, job: Job, periodic_id: str, defer_timestamp: int) -> int | None:
        try:
            return await super().defer_periodic_job(job, periodic_id, defer_timestamp)
        except exceptions.AlreadyEnqueued:
            raise
        except exceptions.ConnectorException as problem:
            _away("the next look at the queue team could not be planned", problem)
            return None

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Listening spares a second of waiting; without it the queue is looked at all the same."""
        while True:
            try:
                await super().listen_for_jobs(on_notification=on_notification, queues=queues)
            except (exceptions.ConnectorException, psycopg.Error, OSError) as problem:
                _away("new jobs are found later", problem)
            with suppress(TimeoutError):
                async with asyncio.timeout(LISTEN_AGAIN_S):
                    await asyncio.Event().wait()


def _away(what: str, problem: BaseException) -> None:
    logger.warning("PostgreSQL does not answer, %s (%s)", what, type(problem.__cause__ or problem).__name__)


def cron_of(poll_s: float) -> str:
    """When to poll, as a schedule with seconds: every so many seconds of a minute, or minutes of an hour."""
    seconds = max(1, round(poll_s))
    if seconds < 60:
        return f"* * * * * */{seconds}"
    return f"*/{seconds // 60} * * * * 0" if seconds < 3600 else "0 * * * * 0"


class DistributedEngine:
    """The `Engine` port for any number of processes that share a database."""

    def __init__(
        self,
        database: Postgres,
        router: Router,
        work: Work,
        slots: Slots,
        clock: Clock,
        poll_s: float,
        take_over_s: float,
    ) -> None:
        self._database, self._router, self._slots, self._clock = database, router, slots, clock
        self._poll_s, self._take_over_s = poll_s, take_over_s
        self._tries = Tries(router, work, slots, clock, poll_s)
        self._running: set[int] = set()
        self._left_behind: set[int] = set()
        connector = procrastinate.PsycopgConnector()
        self._app, self._jobs = procrastinate.App(connector=connector), _Jobs(connector, self._tries.rest_s)
        self._app.job_manager = self._jobs
        self._task = self._app.task(name="spentkey.work", pass_context=True, retry=_AsTold())(self._job)
        poll = self._app.task(
            name="spentkey.poll", pass_context=True, queue=POLLING, lock=POLLING, queueing_lock=POLLING
        )(self._poll)
        self._app.periodic(cron=cron_of(poll_s))(poll)

    async def open(self) -> None:
        """Use the shared connections; raises `Misconfigured` for a tenant that is called like a queue of ours."""
        if POLLING in self._router.queues:
            raise Misconfigured(f"tenants.{POLLING}: with a database a tenant cannot be called {POLLING}")
        await self._app.open_async(pool=self._database.pool)

    async def offer(self, task: TaskRef) -> bool:
        """Put a task on the queue; False when it is there already, and one that waits for later is brought forward."""
        async with self._database.transaction() as connection:
            found = await self._enqueue(connection, task, UNSORTED, _first_lock(task))
            if found is not None:
                await connection.execute(
                    "UPDATE procrastinate_jobs SET scheduled_at = now()"
                    " WHERE id = %s AND status = 'todo' AND scheduled_at > now()",
                    (found,),
                )
        return found is None

    async def _enqueue(self, connection: Connection, task: TaskRef, route: Route, lock: str) -> int | None:
        """Put a task on the queue, unless it is there; then return the id of its job."""
        await connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (OFFERING, _number_for(task)))
        held = await connection.execute(
            "SELECT id FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = %(lock)s"
            " UNION ALL SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND queueing_lock = %(lock)s",
            {"lock": str(task)},
        )
        found = await held.fetchone()
        if found is not None:
            return int(found[0])
        deferrer = self._task.configure(queue=route.queue, lock=lock, queueing_lock=str(task), connection=connection)
        await deferrer.defer_async(task=_argument(task))
        return None

    async def queued(self) -> Sequence[Queued]:
        """Every task that any process holds."""
        rows = await self._database.rows(
            "SELECT args->>'task', status::text, scheduled_at, scheduled_at > clock_timestamp(), attempts, worker_id"
            " FROM procrastinate_jobs"
            " WHERE task_name = 'spentkey.work' AND status IN ('todo', 'doing') ORDER BY id"
        )
        return [self._shown(row) for row in rows]

    def _shown(self, row: Sequence[Any]) -> Queued:
        task, status, due, later, tries, worker = row
        if status == Status.DOING.value:
            return Queued(TaskRef(task), Stage.WORKING, None, tries, None if worker is None else str(worker))
        if later:
            return Queued(TaskRef(task), Stage.LATER, due, tries)
        return Queued(TaskRef(task), Stage.QUEUED, None, tries)

    async def serve(self, stop: asyncio.Event) -> None:
        """Work on the shared queue until `stop` is set; then jobs under way reach a safe point and go back on the queue."""
        workers = [asyncio.create_task(self._queue_worker(queue)) for queue in (*self._router.queues, POLLING)]
        watching = asyncio.create_task(self._take_over())
        try:
            await stop.wait()
        finally:
            self._slots.stop()
            for worker in workers:
                worker.cancel()  # a worker that is cancelled waits for its jobs
            await asyncio.gather(*workers, return_exceptions=True)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _queue_worker(self, queue: str) -> None:
        """One worker, and another one when it has ended: it was taken for dead, or never got to start."""
        while not self._slots.stopping.is_set():
            try:
                await self._app.run_worker_async(
                    queues=[queue],
                    name=queue,
                    concurrency=1 if queue == POLLING else UNDER_WAY * self._slots.per_queue,
                    fetch_job_polling_interval=min(LOOK_S, self._poll_s),
                    update_heartbeat_interval=self._take_over_s / SHARE,
                    stalled_worker_timeout=10 * self._take_over_s,
                    delete_jobs="always",
                    install_signal_handlers=False,
                )
            except exceptions.ConnectorException as problem:
                _away(f"the worker of {queue} starts anew", problem)
            except Exception as problem:  # noqa: BLE001  # the work of the other routes must go on
                logger.error("the worker of %s ended by a bug (%s) and starts anew", queue, type(problem).__name__)
            await until_set(self._slots.stopping, self._clock.sleep, min(LOOK_S, self._poll_s))

    async def _poll(self, context: procrastinate.JobContext, timestamp: int, **later: object) -> None:
        """Look at the queue team once; what is new is put on the queue. Arguments of newer versions are ignored."""
        del timestamp, later
        with self._under_way(context.job):
            try:
                await self.poll()
            except PROBLEMS as problem:
                logger.warning("the queue cannot be read: %s", known(problem))

    async def poll(self) -> None:
        """Look at the queue team, and take on what no process holds yet."""
        held = {one.task for one in await self.queued()}
        async for some in self._router.new_in_queue(held, self._slots.per_queue):
            async with self._database.transaction() as connection:  # one commit for all of them
                for ref, route in some:
                    await self._enqueue(connection, ref, route, _lock_of(ref, route))

    async def _job(self, context: procrastinate.JobContext, task: int | str, **later: object) -> None:
        """Work on one task; arguments that newer versions may add are ignored."""
        del later
        with self._under_way(context.job):
            decision = await self._decide(context.job, TaskRef(str(task)))
        if decision is not None:
            raise _RunLater(decision)

    @contextmanager
    def _under_way(self, job: Job) -> Generator[None]:
        self._running.add(job.id or 0)
        try:
            yield
        finally:
            self._running.discard(job.id or 0)

    async def _decide(self, job: Job, task: TaskRef) -> RetryDecision | None:
        """What becomes of the job: None when the task has ended."""
        route = UNSORTED if job.lock == _first_lock(task) else Route(job.queue)
        match await self._tries.after_try(task, route, routed=route is not UNSORTED):
            case Done():
                return None
            case _ if self._slots.stopping.is_set():
                return RetryDecision(lock=_later(task))
            case MoveTo(found):
                return RetryDecision(queue=found.queue, lock=_lock_of(task, found))
            case RetryIn(seconds, elsewhere_s):
                wait = timedelta(seconds=seconds if elsewhere_s is None else elsewhere_s)
                # without the application's lock, which would hold up every other task of that application
                return RetryDecision(retry_at=await self._time() + wait, lock=_later(task))

    async def _time(self) -> datetime:
        """The time of the database, by which jobs become due: the clock of this machine may be wrong."""
        try:
            return (await self._database.rows("SELECT clock_timestamp()"))[0][0]
        except PROBLEMS:
            return self._clock.now()

    async def _take_over(self) -> None:
        """Put back the jobs of workers that are dead or cut off, and those whose end could not be stored."""
        while True:
            await self._clock.sleep(self._take_over_s / SHARE)
            try:
                stalled = await self._jobs.get_stalled_jobs(seconds_since_heartbeat=self._take_over_s)
                behind = await self._ended_here()
                for job in [*stalled, *(job for job in behind if job.id in self._left_behind)]:
                    await self._put_back(job)
                self._left_behind = {job.id for job in behind if job.id is not None}
            except exceptions.ConnectorException as problem:
                _away("nothing is taken over", problem)

    async def _ended_here(self) -> list[Job]:
        """Jobs that the queue believes to be under way in this process, and that are not."""
        doing = await self._jobs.list_jobs_async(status=Status.DOING.value)
        return [job for job in doing if job.worker_id in self._jobs.workers and job.id not in self._running]

    async def _put_back(self, job: Job) -> None:
        try:
            await self._jobs.retry_job_by_id_async(job.id or 0, await self._time())
            logger.warning("task %s of a worker that is gone is taken over", job.task_kwargs.get("task", "(poll)"))
        except exceptions.UniqueViolation:
            await self._jobs.finish_job_by_id_async(job.id or 0, Status.FAILED, delete_job=True)
        except exceptions.ConnectorException:
            pass  # another worker was quicker, or the database is away and this is tried again


def _argument(task: TaskRef) -> int | str:
    """A reference as a job's argument: a number where it reads as one, as workers of version 0.1 write and read it."""
    number = int(task) if task.isascii() and task.isdigit() else None
    return number if number is not None and str(number) == task else task


def _number_for(task: TaskRef) -> int:
    """A number for an advisory lock, the same in every process."""
    number = _argument(task)
    return (number if isinstance(number, int) else zlib.crc32(number.encode())) & 0x7FFFFFFF


def _lock_of(task: TaskRef, route: Route) -> str:
    return f"desk {task}" if route.lock is None else f"application {route.lock}"


def _first_lock(task: TaskRef) -> str:
    """The lock of a task that was only offered: which application it names was not read yet."""
    return f"unsorted {task}"


def _later(task: TaskRef) -> str:
    """The lock of a task that waits; it delays no other task."""
    return f"later {task}"
