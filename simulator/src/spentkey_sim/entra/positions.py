"""Where each object stands in the list of its collection: what is deleted leaves a gap, and nothing else moves.

First what is generated, then what the world lists, in its order. So a page that begins at a position never misses an
object because another one was deleted meanwhile, as with the real cursor.
"""

from collections.abc import Iterator
from itertools import chain

from spentkey_sim.model import Application, Tenant

APPLICATIONS = "applications"


def generated(tenant: Tenant, collection: str) -> int:
    """How many positions are generated ones."""
    made = tenant.population
    if made is None:
        return 0
    return made.applications if collection == APPLICATIONS else made.principals


def end(tenant: Tenant, collection: str) -> int:
    """The position behind the last one."""
    listed = len(tenant.applications) + (0 if collection == APPLICATIONS else len(tenant.foreign))
    return generated(tenant, collection) + listed


def holder(tenant: Tenant, collection: str, at: int) -> Application | None:
    """The application there, or the one whose service principal is there; None for a gap."""
    first, made = generated(tenant, collection), tenant.population
    if at < first and made is not None:
        app = made.application(at) if collection == APPLICATIONS else made.holder(at)
    else:
        before = 0 if collection == APPLICATIONS else len(tenant.foreign)
        at -= first
        app = tenant.foreign[at] if at < before else tenant.applications[at - before]
    there = not app.soft_deleted and (collection == APPLICATIONS or app.service_principal is not None)
    return app if there else None


def holders(
    tenant: Tenant, collection: str, first: int = 0, wanted: tuple[str, str] = ("", "")
) -> Iterator[tuple[int, Application]]:
    """Every object from a position on, with where it stands.

    With a property, and what it is or begins with, generated ones that cannot be meant are left out.
    """
    begin, made = generated(tenant, collection), tenant.population
    all_made = range(first, begin)
    meant = made.candidates(collection, *wanted, first) if made is not None and wanted[0] else all_made
    for at in chain(meant, range(max(first, begin), end(tenant, collection))):
        app = holder(tenant, collection, at)
        if app is not None:
            yield at, app
