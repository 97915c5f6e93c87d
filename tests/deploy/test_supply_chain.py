"""The bill of materials and the notices: whole, true of what is installed, and the same each time."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from deploy_files import DEPLOY, ROOT
from deploy_image import read_steps
from licences import LIST, Known
from locked import Lock, Locked, installed
from supply_chain import Incomplete, bill, components, notices

LOCK = Lock.read()
KNOWN = Known.read(LIST.read_text("utf-8"))
HERE = installed([Path(sys.prefix) / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"])
FOUND = components(LOCK, HERE)
STEPS = read_steps((DEPLOY / "container" / "Containerfile").read_text("utf-8"))
BASE = "docker.io/library/python:3.11-slim-bookworm@sha256:" + "a" * 64


def made(base: str = "") -> dict[str, Any]:
    """The bill of what is installed here."""
    return bill(FOUND, KNOWN, HERE, base)


def names(table: dict[str, Any]) -> set[str]:
    """What the bill lists."""
    return {one["name"] for one in table["components"]}


def test_everything_of_the_product_is_listed_and_no_tool() -> None:
    """What the image installs by the lock, tools of the tests not among it."""
    listed = names(made())
    assert {"aiohttp", "mssql-python-odbc", "uvicorn", "psycopg-binary", "opentelemetry-sdk"} <= listed
    assert listed & {"pytest", "ruff", "hypothesis", "spentkey-sim", "ansible-core"} == set()
    assert listed >= {one.name for one in LOCK.shipped(everywhere=True)} - {"spentkey"}


def test_each_component_has_version_licence_and_address() -> None:
    """As the list of licences has it, and with the version that is installed."""
    for one in made()["components"]:
        key = Locked(one["name"], one["version"])
        assert one["licenses"] == [{"expression": KNOWN.rows[key].licence}]
        assert (one["bom-ref"], one["purl"]) == (f"pkg:pypi/{key.name}@{key.version}",) * 2
        assert key in HERE


def test_who_needs_whom_is_told_without_a_gap() -> None:
    """Every reference of the bill is one of its components, and all are needed by Spentkey in the end."""
    table = made()
    needs = {one["ref"]: set(cast("list[str]", one["dependsOn"])) for one in table["dependencies"]}
    top = table["metadata"]["component"]["bom-ref"]
    assert set(needs) == {one["bom-ref"] for one in table["components"]} | {top}
    reached, ahead = set[str](), {top}
    while ahead:
        reached |= ahead
        ahead = {below for one in ahead for below in needs[one]} - reached
    assert reached == set(needs)


def test_the_same_packages_give_the_same_bill() -> None:
    """No time and no chance in it; another base image gives another serial number."""
    assert made() == made()
    assert made(BASE)["serialNumber"] != made()["serialNumber"]


def test_the_base_image_is_named_with_its_digest() -> None:
    """Beside the application that stands on it."""
    (image,) = made(BASE)["metadata"]["component"]["components"]
    assert (image["name"], image["version"]) == ("docker.io/library/python", "3.11-slim-bookworm")
    assert image["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]


@pytest.mark.parametrize("base", ["not an image", "python@sha256:abc", "python:a:b", "Python"])
def test_what_is_no_image_is_refused(base: str) -> None:
    """A slip in a build argument does not reach the bill."""
    with pytest.raises(Incomplete, match="is not the name of an image"):
        made(base)


def test_the_notices_have_the_texts() -> None:
    """The licence of each, its own words, and of the driver that is no free software why it is there."""
    text = notices(FOUND, KNOWN, HERE)
    for one in FOUND:
        assert one.name == "spentkey" or f"\n{one.name} {one.version}\n" in text
    words = ("MICROSOFT ODBC DRIVER 18 FOR SQL SERVER", "GNU LESSER GENERAL PUBLIC LICENSE", "Mozilla Public License")
    assert [one for one in words if one not in text] == []
    assert KNOWN.exceptions["mssql-python-odbc"] in text


def test_another_version_than_the_locked_one_is_refused() -> None:
    """A bill that is not true is none."""
    (aiohttp,) = [one for one in HERE if one.name == "aiohttp"]
    here = {(replace(one, version="1.0") if one == aiohttp else one): told for one, told in HERE.items()}
    with pytest.raises(Incomplete, match=r"^aiohttp==.* is locked, and aiohttp==1\.0 is installed: run "):
        components(LOCK, here)


@pytest.mark.parametrize("name", ["aiohttp", "multidict", "uvicorn"])
def test_a_package_that_is_missing_is_refused(name: str) -> None:
    """Of the first line, further down, or of an extra of the image."""
    here = {one: told for one, told in HERE.items() if one.name != name}
    with pytest.raises(Incomplete, match=f"^{name}==.* is locked, and not installed"):
        components(LOCK, here)


def test_a_package_for_other_machines_alone_may_be_missing() -> None:
    """Its condition is in the lock."""
    elsewhere = {one.name for one in LOCK.shipped()} - {one.name for one in LOCK.shipped(everywhere=True)}
    here = {one: told for one, told in HERE.items() if one.name not in elsewhere}
    assert {one.name for one in components(LOCK, here)} & elsewhere == set()


def test_a_package_that_is_locked_in_two_versions_is_there_once() -> None:
    """For newer Pythons another one, say: the one that is installed is listed."""
    newer = [{**one, "version": "999"} for one in LOCK.packages if one["name"] == "aiohttp"]
    found = components(Lock((*LOCK.packages, *newer)), HERE)
    assert [one.version for one in found if one.name == "aiohttp"] == [
        one.version for one in HERE if one.name == "aiohttp"
    ]


@pytest.mark.parametrize(
    "base", ["python", "python:3.11", f"python@sha256:{'b' * 64}", "localhost:5000/house/python:3.11-slim_1"]
)
def test_any_name_of_an_image_is_taken(base: str) -> None:
    """Of a registry of one's own, with or without a tag."""
    (image,) = made(base)["metadata"]["component"]["components"]
    assert image["name"] == re.split(r"@|:(?!5000)", base)[0]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """The script as the image runs it: by the Python beside which the packages are installed."""
    command = [sys.executable, str(ROOT / "scripts" / "supply_chain.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_image_writes_both_files(tmp_path: Path) -> None:
    """By the command that stands in the Containerfile, with the files that the build has."""
    (step,) = [one.rest for one in STEPS if one.word == "RUN" and "supply_chain.py" in one.rest]
    command = 'supply_chain.py /opt/spentkey/share/doc/spentkey --base "${BASE}"'
    assert step == f"/opt/spentkey/bin/python scripts/{command}"
    ended = run(str(tmp_path / "doc"), "--base", BASE)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads((tmp_path / "doc" / "sbom.cdx.json").read_text("utf-8")) == made(BASE)
    assert (tmp_path / "doc" / "THIRD-PARTY-NOTICES.txt").read_text("utf-8") == notices(FOUND, KNOWN, HERE)


def test_the_script_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    """And writes nothing."""
    ended = run(str(tmp_path), "--base", "not an image")
    assert (ended.returncode, list(tmp_path.iterdir())) == (1, [])
    assert ended.stderr == "supply chain: 'not an image' is not the name of an image\n"


def test_a_file_that_is_no_lock_is_refused(tmp_path: Path) -> None:
    """By its name."""
    (tmp_path / "uv.lock").write_text("version = 1\n")
    with pytest.raises(ValueError, match="has no packages, so it is no lock"):
        Lock.read(tmp_path / "uv.lock")
