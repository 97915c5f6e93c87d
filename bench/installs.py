"""Environments of their own for Spentkey and its peers, made once below a scratch folder.

A peer that cannot be installed is a row with its reason, never the end of the run. Byte code is compiled for all,
because imports without it take several times as long and would be measured in place of the work.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECONDS = 3600
"""How long one step of an installation may take."""
_NOT_COUNTED = ("pip", "setuptools", "_distutils_hack", "distutils-precedence", "pkg_resources")
_VERSION = "import importlib.metadata as m, sys; print(*(m.version(name) for name in sys.argv[1:]))"


@dataclass(frozen=True)
class Recipe:
    """What a peer needs from PyPI; `requirements` is a file inside the environment that is installed afterwards."""

    name: str
    packages: tuple[str, ...]
    versions: tuple[str, ...]
    """The distributions whose versions are told."""
    requirements: str | None = None
    group: str | None = None
    """A dependency group of the lock: then it is the present Spentkey with that group, made anew each time."""


RECIPES = {
    "az": Recipe("az", ("azure-cli",), ("azure-cli",)),
    "sdk": Recipe("sdk", ("msgraph-sdk", "azure-identity"), ("msgraph-sdk", "azure-identity")),
    "playbook": Recipe(
        "playbook", ("ansible",), ("ansible", "ansible-core"), "ansible_collections/azure/azcollection/requirements.txt"
    ),
    "ansible": Recipe("ansible", (), ("spentkey", "ansible-core"), group="ansible-run"),
}


@dataclass(frozen=True)
class Installed:
    """An environment that works: where it is, what is in it, and how large it is with its byte code."""

    folder: Path
    versions: Mapping[str, str]
    size: int

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.folder / "bin" / "python"


class NotInstalledError(Exception):
    """The environment could not be made; the text says why, in one line."""


def scratch() -> Path:
    """The folder for environments: BENCH_SCRATCH, else `~/.cache/spentkey-bench`."""
    return Path(os.environ.get("BENCH_SCRATCH") or Path.home() / ".cache" / "spentkey-bench")


def peer(recipe: Recipe, say: Callable[[str], None]) -> Installed:
    """The peer's environment, made if it is not there yet."""
    if recipe.group is not None:
        return _locked(recipe.name, recipe.versions, say, "--group", recipe.group)
    folder = scratch() / recipe.name
    record = folder / "installed.json"
    if record.exists():
        known = json.loads(record.read_text("utf-8"))
        return Installed(folder, known["versions"], known["size"])
    say(f"installing {', '.join(recipe.packages)} into {folder}: some minutes, once")
    _step([sys.executable, "-m", "venv", "--clear", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _step([*pip, *recipe.packages])
    if recipe.requirements is not None:
        _step([*pip, "-r", str(site_packages(folder) / recipe.requirements)])
    compile_all(folder)
    made = Installed(folder, _versions(folder, recipe.versions), size_of(site_packages(folder)))
    record.write_text(json.dumps({"versions": dict(made.versions), "size": made.size}), "utf-8")
    return made


def spentkey(say: Callable[[str], None]) -> Installed:
    """Spentkey as its users have it: not editable, the locked versions, without tools and simulator."""
    names = ("spentkey", "aiohttp", "azure-identity", "cryptography", "mssql-python", "pydantic")
    return _locked("spentkey", names, say)


def _locked(name: str, versions: tuple[str, ...], say: Callable[[str], None], *groups: str) -> Installed:
    folder = scratch() / name
    say(f"installing the present Spentkey into {folder}")
    environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder), "UV_PYTHON_DOWNLOADS": "never"}
    sync = [str(ROOT / ".uv" / "bin" / "uv"), "--project", str(ROOT), "sync", "--quiet", "--frozen", "--no-dev"]
    which = ["--no-editable", "--package", "spentkey", "--reinstall-package", "spentkey", "--python", sys.executable]
    _step([*sync, *which, *groups], {**environment, "UV_SYSTEM_CERTS": "1"})
    compile_all(folder)
    return Installed(folder, _versions(folder, versions), size_of(site_packages(folder)))


def compile_all(folder: Path) -> None:
    """Byte-compile an environment; a file that cannot be compiled (a template, say) is left as it is."""
    command = [str(folder / "bin" / "python"), "-m", "compileall", "-q", str(site_packages(folder))]
    subprocess.run(command, env=_environment(), capture_output=True, timeout=SECONDS, check=False)


def site_packages(folder: Path) -> Path:
    """Where an environment keeps its packages."""
    return next((folder / "lib").glob("python3*")) / "site-packages"


def size_of(packages: Path) -> int:
    """The bytes of all files of an environment but those of the installer itself."""
    counted = (one for one in packages.iterdir() if not one.name.startswith(_NOT_COUNTED))
    return sum(_bytes(one) for one in counted)


def size_of_some(environment: Installed, roots: tuple[str, ...]) -> int:
    """The bytes of some distributions of an environment and of all that they need."""
    message = _step([str(environment.python), "-P", str(ROOT / "bench" / "closure.py"), *roots])
    return sum(_bytes(Path(line)) for line in message.splitlines())


def _bytes(path: Path) -> int:
    if path.is_dir():
        return sum(one.lstat().st_size for one in path.rglob("*") if one.is_file())
    return path.lstat().st_size


def _versions(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    message = _step([str(folder / "bin" / "python"), "-c", _VERSION, *names])
    return dict(zip(names, message.split(), strict=True))


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _step(command: list[str], environment: Mapping[str, str] | None = None) -> str:
    """Run one command of an installation; what it prints comes back."""
    try:
        done = subprocess.run(
            command, env=environment or _environment(), capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise NotInstalledError(f"{Path(command[0]).name}: {type(problem).__name__}") from None
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise NotInstalledError(f"{' '.join(Path(part).name for part in command[:4])}: {last[:200]}")
    return done.stdout
