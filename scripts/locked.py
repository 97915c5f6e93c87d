"""What `uv.lock` names, and what of it is installed here: the base of licences, bill of materials and notices.

Only the standard library is used, because the image is built with this file and nothing else.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OURS = frozenset({"spentkey", "spentkey-sim"})
SHIPPED_EXTRAS = ("service", "postgres", "otel")
"""What the image has besides the package itself."""


@dataclass(frozen=True, order=True)
class Locked:
    """One package of the lock at one version."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


@dataclass(frozen=True)
class Lock:
    """The tables of `uv.lock`, as they stand there."""

    packages: tuple[Mapping[str, Any], ...]

    @classmethod
    def read(cls, file: Path = ROOT / "uv.lock") -> "Lock":
        """Read the file; ValueError where it is no lock."""
        table = tomllib.loads(file.read_text("utf-8"))
        if not isinstance(table.get("package"), list):
            raise ValueError(f"{file}: has no packages, so it is no lock")  # noqa: TRY004  # it is text that is wrong
        return cls(tuple(table["package"]))

    def others(self) -> frozenset[Locked]:
        """Every package that is not ours."""
        return frozenset(Locked(one["name"], one["version"]) for one in self.packages if one["name"] not in OURS)

    def shipped(self, *, everywhere: bool = False) -> dict[Locked, frozenset[Locked]]:
        """Spentkey and all that it needs on some machine, or `everywhere` on each, each with what it needs itself."""
        extras = SHIPPED_EXTRAS
        wanted: list[tuple[str, str | None, tuple[str, ...]]] = [("spentkey", None, tuple(extras))]
        found: dict[Locked, frozenset[Locked]] = {}
        seen: set[tuple[str, str | None, tuple[str, ...]]] = set()
        while wanted:
            name, version, chosen = step = wanted.pop()
            if step in seen:
                continue
            seen.add(step)
            for package in self._named(name, version):
                needs = [need for need in _needs(package, chosen) if not (everywhere and "marker" in need)]
                wanted += [(need["name"], need.get("version"), tuple(need.get("extra", ()))) for need in needs]
                below = {
                    Locked(one["name"], one["version"])
                    for need in needs
                    for one in self._named(need["name"], need.get("version"))
                }
                key = Locked(package["name"], package["version"])
                found[key] = found.get(key, frozenset()) | below
        return found

    def _named(self, name: str, version: str | None) -> Iterator[Mapping[str, Any]]:
        yield from (one for one in self.packages if one["name"] == name and version in (None, one["version"]))


def _needs(package: Mapping[str, Any], extras: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    yield from package.get("dependencies", ())
    for extra in extras:
        yield from package.get("optional-dependencies", {}).get(extra, ())


def installed(folders: Iterable[Path]) -> dict[Locked, Distribution]:
    """What is installed in these site-packages, by the name that the lock has for it."""
    found: dict[Locked, Distribution] = {}
    for one in distributions(path=[str(folder) for folder in folders]):
        name = re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower()
        found.setdefault(Locked(name, one.version), one)
    return found


def declared(one: Distribution) -> str:
    """The licence in the words of the package's own metadata; empty where there is none."""
    told = one.metadata.json
    expression = str(told.get("license_expression", "")).strip()
    if expression:
        return expression
    line = str(told.get("license", "")).strip().partition("\n")[0].strip()
    classifiers = [text.split(" :: ")[-1] for text in told.get("classifier", ()) if text.startswith("License :: ")]
    return "; ".join(([line] if line and line != "UNKNOWN" else []) + sorted(classifiers))


TEXTS = re.compile(r"(?i)(^|/)(licen[cs]e|copying|notice|authors)[^/]*$|/licenses/|/LICENSING$")


def licence_texts(one: Distribution) -> list[tuple[str, str]]:
    """The files in which the package has its licences and notices: name and text."""
    found: list[tuple[str, str]] = []
    for file in sorted(one.files or (), key=str):
        if TEXTS.search(str(file)) and not str(file).endswith((".py", ".pyc", ".pyi")):
            text = (
                Path(str(file.locate())).read_text("utf-8", errors="replace").replace("\r\n", "\n").strip("\ufeff\n ")
            )
            found.append((re.sub(r"^[^/]*\.dist-info/(licenses/)?", "", str(file)), text))
    return found
