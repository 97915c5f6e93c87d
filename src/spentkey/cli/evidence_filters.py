"""What the options mean by which removals on record are chosen."""

from collections.abc import Mapping
from datetime import datetime

from spentkey.core.errors import Misconfigured
from spentkey.core.period import moment, refuse_backwards
from spentkey.ports.evidence_tree import Filters

OUTCOMES = ("removed", "already-gone", "refused", "failed", "cannot-tell")


def filters_by(given: Mapping[str, str | None]) -> Filters:
    """What the options ask for, by their names; raises `Misconfigured` where one of them asks for nothing that can be."""
    first, end = moment_by("--since", given["since"]), moment_by("--until", given["until"])
    try:
        refuse_backwards(first, end)
    except ValueError as problem:
        raise Misconfigured(f"--since, --until: {problem}") from None
    if given["outcome"] not in (None, *OUTCOMES):
        raise Misconfigured(f"--outcome: give one of {', '.join(OUTCOMES)}")
    for name in ("task", "app", "tenant"):
        if given[name] == "":
            raise Misconfigured(f"--{name}: is empty; leave it out, or name one")
    return Filters(given["task"], given["app"], given["tenant"], given["outcome"], first, end)


def moment_by(option: str, text: str | None) -> datetime | None:
    """The time that an option names; None where it is not given. Raises `Misconfigured`."""
    try:
        return moment(text) if text is not None else None
    except ValueError as problem:
        raise Misconfigured(f"{option}: {problem}") from None
