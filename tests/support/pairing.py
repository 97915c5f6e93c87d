"""Which pairs of two lists run in `make test`, and which in `make test-long` alone."""

from collections.abc import Collection, Iterable
from itertools import cycle, product

import pytest
from _pytest.mark.structures import ParameterSet

Pair = tuple[str, str]


def each_once(
    firsts: Iterable[str], seconds: Iterable[str], without: Collection[Pair] = frozenset()
) -> list[ParameterSet]:
    """Every pair but those without; short are some in which each first and each second stands, the others are long."""
    pairs = [pair for pair in product(firsts, seconds) if pair not in without]
    short = diagonal(pairs)
    return [pytest.param(*pair, marks=() if pair in short else pytest.mark.long) for pair in pairs]


def diagonal(pairs: Collection[Pair]) -> set[Pair]:
    """As many pairs as the longer list has entries, or a few more."""
    firsts, seconds = (list(dict.fromkeys(pair[side] for pair in pairs)) for side in (0, 1))
    chosen: set[Pair] = set()
    around = cycle(firsts)
    for second in seconds:
        chosen.add(next((first, second) for first in around if (first, second) in pairs))
    for first in firsts:
        if not any(first == one for one, _ in chosen):
            chosen.add(next(pair for pair in pairs if pair[0] == first))
    return chosen
