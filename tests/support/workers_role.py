"""A database after `spentkey database init`, and its address for the workers' role."""

from spentkey.core.secret import Secret
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.roles import make_roles
from spentkey.storage.postgres.schema import prepare
from spentkey.worker.procrastinate_queue import prepare_queue


def role_of(url: str) -> str:
    """A role for this database alone; roles belong to the whole server."""
    return "worker_" + url.split("@/")[1].split("?", maxsplit=1)[0]


async def initialised(url: str) -> str:
    """The address for the workers, of a database that a superuser has set up."""
    async with opened(Secret(url)) as connections:
        await prepare(connections)
        await prepare_queue(connections)
        await make_roles(connections, role_of(url), None)
    return url.replace("postgres@", f"{role_of(url)}@")
