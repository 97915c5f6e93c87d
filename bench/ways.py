"""The ways to remove a credential that are compared, and how one measurement of each is taken."""

import json
import os
import shutil
import ssl
import subprocess
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from bench.figures import Sample
from bench.installs import ROOT
from bench.meter import LONGEST_S, CommandFailedError, Measured, last_line, measure
from bench.stage import POLICY, Stage
from bench.world import (
    AUTOMATION,
    AUTOMATION_SECRET,
    FIRST_DOCUMENT,
    FIRST_TASK,
    KINDS,
    PFX_PASSWORD,
    TENANT,
    VAULT_KEY,
    Kind,
    removals,
)


@dataclass(frozen=True)
class Taken:
    """What was measured, the requests that belong to it, and the simulator's CPU time meanwhile."""

    measured: Measured
    asked: list[str]
    server: float


def _nothing(stage: Stage) -> None:
    del stage


@dataclass(frozen=True)
class Way:
    """One way: how it is called, what it does, which environment it runs in, and which kinds it can remove."""

    name: str
    does: str
    environment: str
    run: Callable[[Stage], Taken]
    prepare: Callable[[Stage], None] = _nothing
    """What is made ready before anything is measured or counted."""
    kinds: tuple[Kind, ...] = KINDS
    warm: bool = False
    bare: bool = False
    """Whether it is the floor that the others are compared with."""
    closes: bool = True
    """Whether it also closes the task."""


def take(way: Way, stage: Stage) -> Sample:
    """One measurement; raises `CommandFailedError` when the world does not show what should have been done."""
    for folder in (stage.home, stage.loopback.folder / "state"):
        shutil.rmtree(folder, ignore_errors=True)
    stage.home.mkdir()
    way.prepare(stage)
    taken = way.run(stage)
    wanted = removals(stage.kind, stage.count + 1)
    if not {one.guid("expired") for one in wanted} <= stage.loopback.removed():
        raise CommandFailedError("it ended well, but the credential is still there")
    if way.closes and not {one.task for one in wanted} <= stage.loopback.closed():
        raise CommandFailedError("it ended well, but the task is not closed")
    each, measured = max(1, stage.count), taken.measured
    waits = stage.latency * sum(not one.startswith("sql ") for one in taken.asked) / each
    requests, server = len(taken.asked) / each, taken.server / each
    return Sample(measured.wall, measured.cpu, measured.peak, requests, server, waits, tuple(taken.asked))


def _cold(stage: Stage, *commands: list[str], **more: str) -> Taken:
    """Processes of their own, one after another, for one removal."""
    loopback, environment = stage.loopback, stage.environment(**more)
    before, server = len(loopback.requests()), loopback.cpu()
    measured = [measure(command, environment, stage.home)[0] for command in commands]
    whole = sum(measured[1:], measured[0])
    return Taken(whole, loopback.requests()[before:], loopback.cpu() - server)


def _warm(stage: Stage, command: list[str], **more: str) -> Taken:
    """One process for many removals: it warms up, waits for the word, and prints its own figures."""
    pipe, loopback = subprocess.PIPE, stage.loopback
    environment = stage.environment(PYTHONPATH=str(ROOT), **more)
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, cwd=stage.home, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101  # it is a pipe
        process.stdout.readline()  # `warm`, or nothing when it ended early
        before, server = len(loopback.requests()), loopback.cpu()
        try:
            message, complaint = process.communicate("go\n", timeout=LONGEST_S)
        except BaseException:  # it takes too long, or the bench itself is being stopped
            process.kill()
            raise
    if process.returncode != 0:
        raise CommandFailedError(f"exit code {process.returncode}: {last_line(complaint, message)}")
    figures = json.loads(message)
    measured = Measured(figures["wall"], figures["cpu"], figures["peak"])
    return Taken(measured, loopback.requests()[before:], loopback.cpu() - server)


def _spentkey_run(stage: Stage) -> Taken:
    program = stage.installed["spentkey"].folder / "bin" / "spentkey"
    command = [str(program), "run", str(FIRST_TASK), "--config", str(stage.loopback.config), "--json"]
    return _cold(stage, command, **POLICY)


def _spentkey_warm(stage: Stage) -> Taken:
    where = ["--config", str(stage.loopback.config), "--first", str(FIRST_TASK), "--count", str(stage.count)]
    return _warm(stage, [*_module(stage, "bench.warm"), *where], **POLICY)


def _bare(stage: Stage) -> Taken:
    return _cold(stage, [*_module(stage, "bench.bare"), str(stage.order())], PYTHONPATH=str(ROOT))


def _bare_warm(stage: Stage) -> Taken:
    return _warm(stage, [*_module(stage, "bench.bare"), "--warm", str(stage.order())])


def _module(stage: Stage, name: str, environment: str = "spentkey") -> list[str]:
    return [str(stage.installed[environment].python), "-m", name]


AZ_QUIET = {"AZURE_CORE_COLLECT_TELEMETRY": "no", "AZURE_CORE_ONLY_SHOW_ERRORS": "yes"}


def _prepare_az(stage: Stage) -> None:
    """A directory of az with its command index made, as on a machine where az was used before; logged in to nothing."""
    folder = stage.installed["az"].folder
    kept = folder / "config"
    if not kept.exists():
        environment = stage.environment(**AZ_QUIET, AZURE_CONFIG_DIR=str(kept))
        for words in (["version"], ["login", "--help"], ["ad", "app", "credential", "delete", "--help"]):
            command = [str(folder / "bin" / "az"), *words]
            subprocess.run(command, env=environment, capture_output=True, check=False, timeout=LONGEST_S)
    shutil.copytree(kept, stage.home / "azure")


def _az(stage: Stage) -> Taken:
    """Log in and delete: two commands, as a person types them.

    The log-in is az's shortest, for Graph alone: the simulator has no Azure subscriptions that could be listed. The
    secret on the command line opens the simulator only.
    """
    program = str(stage.installed["az"].folder / "bin" / "az")
    one = removals(stage.kind, 1)[0]
    login = ["login", "--service-principal", "--username", AUTOMATION, "--password", AUTOMATION_SECRET]
    login += ["--tenant", TENANT, "--skip-subscription-discovery", "--output", "none"]
    login += ["--scope", "https://graph.microsoft.com/.default"]
    delete = ["ad", "app", "credential", "delete", "--id", one.guid("app"), "--key-id", one.guid("expired")]
    environment = {**AZ_QUIET, **stage.microsoft(), "AZURE_CONFIG_DIR": str(stage.home / "azure")}
    return _cold(stage, [program, *login], [program, *delete], **environment)


def _prepare_sdk(stage: Stage) -> None:
    """The application's PFX, which somebody who writes such a script has beside it."""
    url = f"{stage.loopback.addresses['passwordstate']}/api/document/password/{FIRST_DOCUMENT}"
    if stage.kind == "certificate":
        context = ssl.create_default_context(cafile=stage.loopback.authority)
        request = urllib.request.Request(url, headers={"APIKey": VAULT_KEY})  # noqa: S310  # loopback
        handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        with urllib.request.build_opener(*handlers).open(request, timeout=LONGEST_S) as response:
            (stage.home / "signer.pfx").write_bytes(response.read())


def _sdk(stage: Stage) -> Taken:
    order = stage.order(pfx=str(stage.home / "signer.pfx"), pfx_password=PFX_PASSWORD)
    command = [*_module(stage, "bench.sdk", "sdk"), str(order)]
    return _cold(stage, command, **stage.microsoft(), PYTHONPATH=str(ROOT))


def _playbook(stage: Stage) -> Taken:
    folder = stage.installed["playbook"].folder / "bin"
    quiet = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0", "LC_ALL": "C.UTF-8"}
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    command = [str(folder / "ansible-playbook"), str(ROOT / "bench" / "playbook.yml"), "-e", f"@{stage.order()}"]
    return _cold(stage, command, **{**stage.microsoft(), **quiet, "PATH": path})


STEP_BY_STEP = "spentkey.entra.entraid_secrets_removal"
ONE_ACTION = "spentkey.entra.entraid_secrets_removal_one_task"


def _collection(stage: Stage, book: str) -> Taken:
    """A playbook of the collection, in the environment that has ansible-core and Spentkey."""
    folder = stage.installed["ansible"].folder / "bin"
    quiet = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0", "LC_ALL": "C.UTF-8"}
    found = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "ansible"), "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    given = json.dumps({"task_number": FIRST_TASK, "spentkey_config": str(stage.loopback.config)})
    return _cold(stage, [str(folder / "ansible-playbook"), book, "-e", given], **{**POLICY, **quiet, **found})


_WHOLE = "ticket to close, with guards, verification and evidence"
_SAME = "the same requests: no guards, no evidence, no retries, every id known beforehand"
_ALONE = "the removal alone: no ticket, no vault, no verification"
WAYS = (
    Way("spentkey run", f"{_WHOLE}; a process for each", "spentkey", _spentkey_run),
    Way("spentkey, warm", f"{_WHOLE}; one process for many", "spentkey", _spentkey_warm, warm=True),
    Way("bare script", f"{_SAME}; a process for each", "spentkey", _bare, bare=True),
    Way("bare, warm", f"{_SAME}; one process for many", "spentkey", _bare_warm, warm=True, bare=True),
    Way("az", f"{_ALONE}; az login, az ad app credential delete", "az", _az, _prepare_az, ("secret",), closes=False),
    Way("msgraph-sdk", f"{_ALONE}; a script, PFX at hand", "sdk", _sdk, _prepare_sdk, closes=False),
    Way(
        "playbook",
        "ticket to close with uri and azure_rm_adpassword: no verification, no evidence",
        "playbook",
        _playbook,
        kinds=("secret",),
    ),
    Way("step by step", f"{_WHOLE}; our playbook", "ansible", lambda stage: _collection(stage, STEP_BY_STEP)),
    Way("one action", f"{_WHOLE}; our playbook", "ansible", lambda stage: _collection(stage, ONE_ACTION)),
)
