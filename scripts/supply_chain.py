"""What Spentkey consists of, for those who have to know: a bill of materials, and the notices of third parties.

`supply_chain.py FOLDER [--base IMAGE]` writes FOLDER/sbom.cdx.json (CycloneDX 1.6) and FOLDER/THIRD-PARTY-NOTICES.txt
about the packages that are installed beside the Python that runs it. The same packages give the same files, byte for
byte. Packages of the operating system are not in it: they are those of the base image.
"""

import argparse
import hashlib
import json
import re
import sys
import sysconfig
import uuid
from collections.abc import Mapping, Sequence
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

from licences import LIST, Known
from locked import ROOT, Lock, Locked, installed, licence_texts

Components = Mapping[Locked, frozenset[Locked]]


class Incomplete(Exception):
    """What is installed is not what the lock says; in one line for people."""


def components(lock: Lock, here: Mapping[Locked, Distribution]) -> Components:
    """Spentkey and what it needs, as installed here; what is needed on other machines alone may be missing."""
    shipped = lock.shipped()
    present, found_here = {one.name for one in shipped if one in here}, {one.name: one for one in here}
    for one in sorted(shipped):  # of a package that is locked in two versions, for different machines, one is enough
        if one.name in found_here and one.name not in present:
            raise Incomplete(
                f"{one} is locked, and {found_here[one.name]} is installed: run scripts/setup service first"
            )
    for one in sorted(lock.shipped(everywhere=True)):
        if one.name not in present:
            raise Incomplete(f"{one} is locked, and not installed: run scripts/setup service first")
    return {one: needs & set(here) for one, needs in shipped.items() if one in here}


def bill(found: Components, known: Known, here: Mapping[Locked, Distribution], base: str = "") -> dict[str, Any]:
    """The bill of materials as CycloneDX has it; `base` is the image that the packages stand on."""
    (ours,) = [one for one in found if one.name == "spentkey"]
    listed = [_component(one, known, here[one]) for one in sorted(found) if one != ours]
    made: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                **_component(ours, known, here[ours]),
                "type": "application",
                **({"components": [_image(base)]} if base else {}),
            },
            "properties": [
                {"name": "spentkey:python", "value": sysconfig.get_python_version()},
                {
                    "name": "spentkey:uv.lock:sha256",
                    "value": hashlib.sha256((ROOT / "uv.lock").read_bytes()).hexdigest(),
                },
            ],
        },
        "components": listed,
        "dependencies": [{"ref": _ref(one), "dependsOn": sorted(map(_ref, found[one]))} for one in sorted(found)],
    }
    return {**made, "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(made, sort_keys=True))}"}


def _ref(one: Locked) -> str:
    return f"pkg:pypi/{one.name}@{one.version}"


def _component(one: Locked, known: Known, told: Distribution) -> dict[str, Any]:
    licence = known.rows[one].licence if one in known.rows else "Apache-2.0"
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": _ref(one),
        "name": one.name,
        "version": one.version,
        "description": str(told.metadata.json.get("summary", "")).strip(),
        "licenses": [{"expression": licence}],
        "purl": _ref(one),
    }
    return {name: value for name, value in made.items() if value}


IMAGE = re.compile(
    r"(?P<name>[a-z0-9./_-]+?(?::[0-9]+(?=/)[a-z0-9./_-]*)?)(?::(?P<tag>[\w.-]+))?(?:@sha256:(?P<digest>[0-9a-f]{64}))?"
)


def _image(base: str) -> dict[str, Any]:
    """The base image, with its digest where it is named by one."""
    read = IMAGE.fullmatch(base)
    if read is None:
        raise Incomplete(f"{base!r} is not the name of an image")
    made: dict[str, Any] = {"type": "container", "bom-ref": base, "name": read["name"], "version": read["tag"]}
    if read["digest"]:
        made["hashes"] = [{"alg": "SHA-256", "content": read["digest"]}]
    return {name: value for name, value in made.items() if value}


LINE = "-" * 100


def notices(found: Components, known: Known, here: Mapping[Locked, Distribution]) -> str:
    """Each package of others with its licence and the texts that it brings, for people."""
    others = [one for one in sorted(found) if one in known.rows]
    parts = [
        "Third-party notices",
        "Spentkey is made of these packages of others, each under its own licence. Their texts follow.",
        "\n".join(f"{one.name} {one.version}: {known.rows[one].licence}" for one in others),
    ]
    for one in others:
        texts = licence_texts(here[one]) or [("", "The package brings no text of its licence.")]
        head = f"{LINE}\n{one.name} {one.version}\n{known.rows[one].licence}{_exception(one, known)}\n{LINE}"
        parts += [head, *(f"{name}\n\n{text}".strip() for name, text in texts)]
    return "\n\n".join(parts) + "\n"


def _exception(one: Locked, known: Known) -> str:
    return f"\n{known.exceptions[one.name]}" if one.name in known.exceptions else ""


def write(folder: Path, base: str) -> None:
    """Write both files."""
    lock, known = Lock.read(), Known.read(LIST.read_text("utf-8"))
    here = installed([Path(sysconfig.get_path("purelib"))])
    found = components(lock, here)
    unknown = [str(one) for one in sorted(found) if one not in known.rows and one.name != "spentkey"]
    if unknown:
        raise Incomplete(f"deploy/licences.toml has no row for {', '.join(unknown)}: run `make licences` first")
    folder.mkdir(parents=True, exist_ok=True)
    table = bill(found, known, here, base)
    (folder / "sbom.cdx.json").write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (folder / "THIRD-PARTY-NOTICES.txt").write_text(notices(found, known, here), "utf-8")


def main(words: Sequence[str]) -> int:
    """Write both files, and say where; 1 where what is installed is not what the lock says."""
    parser = argparse.ArgumentParser(description="Write the bill of materials and the notices of third parties.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--base", default="", help="the image that the packages stand on, by its digest")
    asked = parser.parse_args(words)
    try:
        write(asked.folder, asked.base)
    except Incomplete as problem:
        print(f"supply chain: {problem}", file=sys.stderr)
        return 1
    print(f"supply chain: {asked.folder}/sbom.cdx.json and {asked.folder}/THIRD-PARTY-NOTICES.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
