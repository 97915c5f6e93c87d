"""The stories whose every moment is tried: a small world each, and how it must end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fault_rules import fault
from worlds import EXPIRED_CERT, EXPIRED_SECRET, certificate_parameters, parameters, sales, without, world

RESOLUTION = {"SPENTKEY_IVANTI__FIELDS": '{"resolution": "CloseText"}'}
CLOSED, HANDED_OFF = "closed", "handed-off"
REMOVALS = {"removePassword", "removeKey", "patch"}


@dataclass(frozen=True)
class Story:
    """One world, and what must be true at its end whatever happens on the way."""

    made: dict[str, Any]
    ticket: str
    removed: str | None = None
    """The one key id that must be gone in the end, by us."""
    notes: int = 1
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    faults: tuple[dict[str, Any], ...] = ()
    """What the systems do in every run of this story."""
    steady: bool = True
    """Whether it makes the same requests every time; not, where the number of reads hangs on how quick the machine is."""
    accepted: int = 1
    """How many removals Graph may say yes to; more than one only where it says yes and does nothing."""


def with_field(asked: list[list[Any]] | None = None, **more: Any) -> dict[str, Any]:
    """A world whose tasks have a field for the resolution."""
    return world(asked, task_fields=["CloseText"], **more)


def returned() -> dict[str, Any]:
    """A task on which somebody booked time before."""
    return world(task={"minutes": 12.5})


STORIES = {
    "secret": Story(world(), CLOSED, EXPIRED_SECRET),
    "certificate": Story(world(certificate_parameters()), CLOSED, EXPIRED_CERT),
    "already gone": Story(world(application=without(sales(), EXPIRED_SECRET)), CLOSED),
    "hand-over": Story(world(parameters(SecretType="Password")), HANDED_OFF),
    "secret, resolution": Story(with_field(), CLOSED, EXPIRED_SECRET, notes=0, settings=RESOLUTION),
    "certificate, resolution": Story(
        with_field(certificate_parameters()), CLOSED, EXPIRED_CERT, notes=0, settings=RESOLUTION
    ),
    "already gone, resolution": Story(
        with_field(application=without(sales(), EXPIRED_SECRET)), CLOSED, notes=0, settings=RESOLUTION
    ),
    "hand-over, resolution": Story(with_field(parameters(SecretType="Password")), HANDED_OFF, settings=RESOLUTION),
    "secret, minutes booked before": Story(returned(), CLOSED, EXPIRED_SECRET),
    "no signer": Story(world(certificate_parameters(), entries=[], documents=[]), HANDED_OFF),
    "not permitted": Story(world(), HANDED_OFF, faults=(fault("graph", "removePassword", "403"),), accepted=0),
    "stale reads": Story(
        world(),
        CLOSED,
        EXPIRED_SECRET,
        faults=tuple(fault("graph", "read-application", "stale", nth=nth) for nth in (2, 4)),
    ),
    "nothing done": Story(
        world(),
        HANDED_OFF,
        settings={"SPENTKEY_POLICY__VERIFY_TIMEOUT_S": "0.2"},
        faults=(fault("graph", "removePassword", "noop"),),
        steady=False,
        accepted=6,
    ),
}
SAMPLED = ("certificate", "already gone", "hand-over", "secret, resolution")
"""The stories of which the short form tries a sample; of `secret` it tries every request."""
