"""Stands in for pip's installer where ansible-test looks for it: pip from the interpreter itself, then what was asked for.

ansible-test wants `get-pip-VERSION.py` from a host of its own. This file does the same with the interpreter's
`ensurepip` and the package index that pip is configured for. `--versions` says which versions ansible-test may want.
"""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path


def versions() -> list[str]:
    """The versions of pip that this ansible-test bootstraps."""
    found = find_spec("ansible_test")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("ansible-test is not installed")
    text = (Path(next(iter(found.submodule_search_locations))) / "_internal" / "python_requirements.py").read_text()
    return sorted(set(re.findall(r"""\bpip=['"](\d+(?:\.\d+)*)['"]""", text)))


def install(packages: list[str]) -> None:
    """Put pip into the empty environment of this interpreter, then the packages that are asked for."""
    os.environ.pop("GET_PIP", None)
    subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], stdout=subprocess.DEVNULL)
    if packages:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.check_call([*pip, *packages])


if __name__ == "__main__":
    if sys.argv[1:] == ["--versions"]:
        print(*versions(), sep="\n")
    else:
        install([one for one in sys.argv[1:] if not one.startswith("-")])
