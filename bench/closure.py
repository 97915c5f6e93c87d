"""Prints the places of the named distributions and of all that they need; run by the environment that is asked about."""

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def needed(found: Distribution) -> set[str]:
    """The names that a distribution needs on this machine, extras left out."""
    lines = [line for line in found.requires or [] if "extra ==" not in line]
    return {name[0].lower() for line in lines if (name := _NAME.match(line))}


def closure(roots: list[str]) -> dict[str, Distribution]:
    """The distributions by name; one that is not installed (another platform's) is passed over."""
    found: dict[str, Distribution] = {}
    waiting = set(roots)
    while waiting:
        name = waiting.pop()
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue
        waiting |= needed(found[name]) - found.keys()
    return found


def slots(found: dict[str, Distribution]) -> set[str]:
    """The top folders and files of distributions, so that byte code beside the code is counted too."""
    files = ((one, path) for one in found.values() for path in one.files or [] if path.parts[0] != "..")
    return {str(one.locate_file(path.parts[0])) for one, path in files}


if __name__ == "__main__":
    print("\n".join(sorted(slots(closure(sys.argv[1:])))))
