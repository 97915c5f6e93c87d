"""The Compose file and the configuration beside it: read, linted, bounded, secrets as files."""

import copy
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from deploy_compose import compose_problems, read_compose, secrets_of
from deploy_files import DEPLOY, ROOT, call_problems

from spentkey.bootstrap.settings import load_settings

FOLDER = DEPLOY / "compose"
FILE = FOLDER / "compose.yaml"
DOCUMENT = read_compose(FILE.read_text("utf-8"))
EXAMPLE = (FOLDER / "spentkey.toml.example").read_text("utf-8")
INSTALLED = "/opt/spentkey/deploy/compose"
HOST_PATH = "CL-0013"
WITHOUT_DIGEST = "CL-0019"
"""The one rule that is not kept: Spentkey's own image is built here, so nobody knows its digest beforehand."""


def installed(text: str, folder: Path) -> Path:
    """A copy as it is where the guides install it: what is judged is that folder's mounts, not those of this clone."""
    copy = folder / "compose.yaml"
    copy.write_text(re.sub(r"((?:source|file): )\./", rf"\1{INSTALLED}/", text), "utf-8")
    return copy


def lint(file: Path) -> tuple[int, set[str]]:
    """The exit code and the rules that the linter names, the mildest included."""
    command = [str(Path(sys.executable).with_name("compose-lint")), "check", "--fail-on", "low", "--format", "json"]
    ended = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)
    return ended.returncode, {finding["rule_id"] for finding in json.loads(ended.stdout)["findings"]}


def changed(*path: str, to: Any) -> dict[str, Any]:
    """The document with one value changed; `...` takes the key away."""
    document: Any = copy.deepcopy(DOCUMENT)
    table = document
    for key in path[:-1]:
        table = table[key]
    if to is ...:
        del table[path[-1]]
    else:
        table[path[-1]] = to
    return document


def test_the_linter_misses_nothing_but_digests(tmp_path: Path) -> None:
    """compose-lint names one rule, which is answered in the guide, and no other, not even a mild one."""
    assert lint(installed(FILE.read_text("utf-8"), tmp_path))[1] == {WITHOUT_DIGEST}


def test_the_linter_sees_the_mounts(tmp_path: Path) -> None:
    """Mounts of the copy are judged: one of root's home is named, and none of them is left relative to a clone."""
    text = FILE.read_text("utf-8")
    assert "./" not in installed(text, tmp_path).read_text("utf-8").replace("../..", "")
    assert lint(installed(text.replace("source: ./spentkey.toml", "source: /root/x"), tmp_path))[1] == {
        WITHOUT_DIGEST,
        HOST_PATH,
    }


def test_the_linter_can_find_something(tmp_path: Path) -> None:
    """The same call refuses a service that may do anything, so the test above can fail."""
    file = tmp_path / "compose.yaml"
    file.write_text("services:\n  x:\n    image: x:1\n    privileged: true\n", "utf-8")
    code, rules = lint(file)
    assert (code, "CL-0002" in rules) == (1, True)


def test_every_service_is_bounded() -> None:
    """Limits, questions whether it lives, no rights to spare, and secrets as files alone."""
    assert compose_problems(DOCUMENT) == []


def test_there_are_two_workers_that_do_the_same() -> None:
    """Both run the same command of Spentkey, which exists, and only one has a port."""
    first, second = (dict(DOCUMENT["services"][name]) for name in ("first", "second"))
    assert call_problems(first["command"]) == []
    assert first.pop("ports") == ["127.0.0.1:8400:8400"]
    assert first == second


def test_the_owners_address_is_given_to_the_tables_alone() -> None:
    """No worker has it, and the service that has it never starts with the others."""
    having = [name for name, one in DOCUMENT["services"].items() if "owner_url" in one["secrets"]]
    tables = DOCUMENT["services"]["tables"]
    assert call_problems(tables["command"]) == []
    assert (having, tables["profiles"], tables["restart"], tables["networks"]) == (
        ["tables"],
        ["tables"],
        "no",
        ["inside"],
    )


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (changed("services", "first", "privileged", to=True), "first: has privileged"),
        (changed("services", "first", "network_mode", to="host"), "first: has network_mode"),
        (changed("services", "second", "mem_limit", to=...), "second: has no mem_limit"),
        (changed("services", "database", "pids_limit", to=...), "database: has no pids_limit"),
        (changed("services", "first", "stop_grace_period", to=...), "first: has no stop_grace_period"),
        (changed("services", "database", "healthcheck", to=...), "database: is not asked whether it lives"),
        (changed("services", "first", "read_only", to=False), "first: may write to its own files"),
        (changed("services", "first", "cap_drop", to=[]), "first: keeps capabilities"),
        (changed("services", "first", "security_opt", to=[]), "first: may gain privileges"),
        (changed("services", "first", "user", to=...), "first: runs as root"),
        (changed("services", "first", "ulimits", to={}), "first: may leave a core file"),
        (changed("services", "first", "ports", to=["8400:8400"]), "first: opens 8400:8400 to everybody"),
        (
            changed("services", "second", "environment", to={"SPENTKEY_IVANTI__API_KEY": "x"}),
            "second: has a secret in the variable SPENTKEY_IVANTI__API_KEY",
        ),
        (
            changed(
                "services", "tables", "environment", "SPENTKEY_ENGINE__OWNER_URL", to="postgresql://o:x@database/x"
            ),
            "tables: has a secret in the variable SPENTKEY_ENGINE__OWNER_URL",
        ),
        (
            changed("services", "database", "environment", "POSTGRES_PASSWORD", to="x"),
            "database: has a secret in the variable POSTGRES_PASSWORD",
        ),
        (changed("services", "first", "secrets", to=["other"]), "first: no secret other"),
        (changed("secrets", "operator_key", to={"environment": "KEY"}), "the secret operator_key is not a file"),
        (
            changed("services", "first", "volumes", to=["/var/run/docker.sock:/var/run/docker.sock"]),
            "first: may command the engine",
        ),
        (
            changed("services", "first", "volumes", to=[{"type": "bind", "source": "./x", "target": "/x"}]),
            "first: may write to ./x",
        ),
        (changed("networks", "inside", "internal", to=False), "the database is in the network inside, which leads out"),
        (
            changed("services", "database", "networks", to=["inside", "outside"]),
            "the database is in the network outside, which leads out",
        ),
    ],
)
def test_a_bad_composition_is_refused(document: dict[str, Any], problem: str) -> None:
    """Each change for the worse is found, and nothing else."""
    assert compose_problems(document) == [problem]


def placed(text: str, folder: Path) -> Path:
    """The example as somebody would fill it in, with its secrets in a folder of this machine."""
    for name in secrets_of(FOLDER, DOCUMENT):
        value = "postgresql://spentkey:password@database/spentkey" if name.endswith("_url") else f"{name:=<40}"
        (folder / name).write_text(value, "utf-8")
        (folder / name).chmod(0o400)
    filled = text.replace("/run/secrets", str(folder))
    for blank, value in {
        "<host of Ivanti>": "itsm.example.org",
        "<host of Passwordstate>": "vault.example.org",
        "<host of SQL Server>": "sql.example.org",
        "<name that callers ask the proxy for>": "spentkey.example.org",
        "<team whose tasks Spentkey takes>": "EntraID Automation",
        "<LoginID of the user behind the key>": "svc-spentkey",
    }.items():
        filled = filled.replace(blank, value)
    (folder / "spentkey.toml").write_text(filled, "utf-8")
    return folder / "spentkey.toml"


def test_the_example_is_a_configuration(tmp_path: Path) -> None:
    """Filled in, it is accepted; it shares the database, and its secrets are read."""
    settings = load_settings(placed(EXAMPLE, tmp_path), {}).model_dump()
    assert (settings["engine"]["database_url"] is not None, settings["service"]["listen"]) == (True, "0.0.0.0:8400")
    roles = {name: one["role"] for name, one in settings["service"]["login"].items()}
    assert roles == {"operator": "operator", "viewer": "viewer"}


def test_the_examples_secrets_are_those_of_the_services() -> None:
    """Every secret that the configuration names is mounted, and none is mounted that it does not name."""
    named = {line.partition("/run/secrets/")[2].partition('"')[0] for line in EXAMPLE.replace("{", "\n").splitlines()}
    assert named - {""} == set(DOCUMENT["services"]["first"]["secrets"])


def test_the_examples_tenants_are_the_seeds() -> None:
    """The tenants of the example are those of the configuration to start from."""
    start = tomllib.loads((ROOT / "examples" / "spentkey.toml").read_text("utf-8"))["tenants"]
    ids = {name: one["tenant_id"] for name, one in tomllib.loads(EXAMPLE)["tenants"].items()}
    assert ids == {name: one["tenant_id"] for name, one in start.items()}


@pytest.mark.parametrize("name", sorted(secrets_of(FOLDER, DOCUMENT)))
def test_no_secret_is_kept_in_the_repository(name: str) -> None:
    """The file of each secret is one that git leaves alone."""
    path = secrets_of(FOLDER, DOCUMENT)[name]
    ended = subprocess.run(["git", "check-ignore", "--quiet", str(path)], cwd=ROOT, check=False)  # noqa: S607
    assert (ended.returncode, path.exists()) == (0, False)
