"""The command: what it prints, what it writes, and how it stops."""

import asyncio
import json
import signal
import ssl
import stat
import subprocess
import sys
import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from sim_served import Served

from spentkey_sim.config_out import to_toml
from spentkey_sim.listeners import PortError, bind
from spentkey_sim.tls import make

COMMAND = [sys.executable, "-m", "spentkey_sim.cli"]


def refused(*arguments: str) -> str:
    """What a call that must fail says; it must be one line, and the exit code 2."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


@contextmanager
def running(*arguments: str) -> Generator[tuple[subprocess.Popen[str], list[str]]]:
    """The command at work, and the lines that it printed up to "ready"."""
    with subprocess.Popen([*COMMAND, "serve", *arguments], stdout=subprocess.PIPE, text=True) as process:
        lines = list[str]()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line.strip())
                if lines[-1] == "ready":
                    break
            yield process, lines
        finally:
            process.kill()


def test_serving_prints_the_seed_and_one_line_per_port(tmp_path: Path) -> None:
    """And stops cleanly when it is asked to."""
    world = tmp_path / "world.json"
    world.write_text(json.dumps({"tenants": [{"name": "production"}]}))
    config = tmp_path / "out" / "spentkey.toml"
    with running("--seed", "11", "--world", str(world), "--config-out", str(config), "--proxy-port", "0") as (
        process,
        lines,
    ):
        names = [line.split()[0] for line in lines]
        assert names == ["seed", "control", "entra", "ivanti", "passwordstate", "sql", "proxy", "config", "ready"]
        assert lines[0] == "seed 11"
        assert config.is_file()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serve", "--entra-port", "70000"], "70000"),
        (["serve", "--latency-ms", "-1"], "milliseconds"),
        (["serve", "--seed", "many"], "many"),
        (["serve", "--storm", "2"], "part between 0 and 1"),
        (["serve", "--sql-address", "192.0.2.7"], "not an address of the loopback interface"),
        (["serve", "--sql-address", "localhost"], "not an address of the loopback interface"),
        (["serve", "--storm", "0.1", "--calm"], "not allowed with"),
        (["serve", "--no-such-option"], "--no-such-option"),
        (["serve", "--world", "/nowhere/world.json"], "/nowhere/world.json"),
        ([], "command"),
    ],
)
def test_a_wrong_option_is_refused(arguments: list[str], words: str) -> None:
    """One clear line, exit code 2."""
    assert words in refused(*arguments)


@pytest.mark.parametrize(("text", "words"), [("{", "JSON"), ("[]", "object"), ('{"tenants": 7}', "tenants")])
def test_a_wrong_world_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """One clear line, exit code 2."""
    world = tmp_path / "world.json"
    world.write_text(text)
    assert words in refused("serve", "--world", str(world))


def test_a_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    """One clear line, exit code 2."""
    world = tmp_path / "world.json"
    world.write_text("{}")
    taken = bind(0)
    port = str(taken[0].getsockname()[1])
    try:
        for option in ("--entra-port", "--sql-port", "--control-port"):
            assert port in refused("serve", "--world", str(world), option, port)
        with pytest.raises(PortError):
            bind(int(port))
    finally:
        for one in taken:
            one.close()


async def test_the_configuration_points_at_the_listeners(served: Served) -> None:
    """It is valid TOML, and its secrets are files beside it."""
    config = tomllib.loads(served.config.read_text())
    folder = served.config.parent
    world = served.simulator.holder.world
    assert config["ivanti"]["url"] == served.where.ivanti_url
    assert config["ivanti"]["queue_team"] == "Spentkey"
    assert config["passwordstate"]["database"]["port"] == served.where.sql
    tenant = config["tenants"]["production"]
    assert tenant["authority"] == tenant["graph_url"] == served.where.entra_url
    assert (tenant["tenant_id"], tenant["entry"]) == (world.tenants[0].tenant_id, "Sys_Azure_AppRegs_PR")
    assert tenant["when"] == {"Onderwijs": "No"}
    assert (folder / config["ivanti"]["api_key"]["file"]).read_text() == world.ivanti.api_key
    assert (folder / config["passwordstate"]["api_key"]["file"]).read_text() == world.passwordstate.api_keys[0].key
    assert config["tls"] == {"ca_file": "ca.pem"}


async def test_secrets_are_for_their_owner_alone(served: Served) -> None:
    """0600 in a folder of 0700, and none of them in the configuration; nothing half-written is left."""
    folder = served.config.parent
    secrets = list((folder / "secrets").iterdir())
    assert stat.S_IMODE((folder / "secrets").stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in secrets} == {0o600}
    assert not any(one.read_text() in served.config.read_text() for one in secrets)
    assert sorted(one.name for one in folder.iterdir()) == ["ca.pem", "secrets", "spentkey.toml"]
    assert b"PRIVATE KEY" not in (folder / "ca.pem").read_bytes()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_every_https_port_answers_under_both_names(served: Served, host: str) -> None:
    """With a certificate that fits them."""
    context = ssl.create_default_context(cafile=served.ca)
    async with aiohttp.ClientSession() as session:
        for port in (served.where.entra, served.where.ivanti, served.where.passwordstate):
            async with session.get(f"https://{host}:{port}/v1.0/nothing", ssl=context) as answer:
                assert answer.status >= 400


async def test_a_stopped_simulator_listens_no_longer(served: Served) -> None:
    """Every port is free again."""
    await served.simulator.stop()
    for port in served.where.ports():
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            await asyncio.open_connection("127.0.0.1", port)


def test_a_server_certificate_carries_what_strict_clients_ask_for() -> None:
    """Names, both key identifiers, and Microsoft's names only when there is a proxy."""
    plain, proxied = make(), make(("graph.microsoft.com",))
    extensions = x509.load_pem_x509_certificate(plain.server).extensions
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    assert extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    more = x509.load_pem_x509_certificate(proxied.server).extensions
    wider = more.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "graph.microsoft.com" in wider.get_values_for_type(x509.DNSName)


@pytest.mark.parametrize(
    "value", ['quote " and \\', "line\nbreak", "delete \x7f", "naïve ☃ 🗝", "", True, 7, 0.2, {}, {"a b": "c"}]
)
def test_toml_says_what_was_meant(value: Any) -> None:
    """Whatever a world's texts hold, the file can be read back."""
    assert tomllib.loads(to_toml({"table": {"key": value}})) == {"table": {"key": value}}
