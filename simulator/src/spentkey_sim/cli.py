"""The command `spentkey-sim`."""

import argparse
import asyncio
import importlib
import json
import secrets
import sys
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, NoReturn, cast

from spentkey_sim.listeners import PortError
from spentkey_sim.serve import ServeOptions, run
from spentkey_sim.storm import RATE
from spentkey_sim.world import WorldError

USAGE_EXIT = 2


class _CommandParser(argparse.ArgumentParser):
    """Complains in one line."""

    def error(self, message: str) -> NoReturn:
        raise WorldError(message)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = _CommandParser(
        prog="spentkey-sim", description="A strict loopback simulator of the systems that Spentkey talks to."
    )
    commands = made.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve until stopped", description="Serve every simulated system.")
    serve.add_argument("--seed", type=int, metavar="N", help="replays the faults of an earlier run")
    serve.add_argument("--world", type=Path, metavar="FILE", help="a world in JSON; left out: the built-in one")
    weather = serve.add_mutually_exclusive_group()
    weather.add_argument("--calm", action="store_true", help="no faults but those set by the control port")
    weather.add_argument(
        "--storm",
        type=_part,
        nargs="?",
        const=RATE,
        metavar="PART",
        help=f"every kind of fault, for this part of all requests ({RATE} if left out)",
    )
    serve.add_argument("--config-out", type=Path, metavar="FILE", help="write a configuration that points here")
    serve.add_argument(
        "--desk", choices=("ivanti", "files"), default="ivanti", help="the service desk of that configuration"
    )
    serve.add_argument("--latency-ms", type=_milliseconds, default=0, metavar="N", help="wait before each answer")
    serve.add_argument("--proxy-port", type=_port, metavar="P", help="also a proxy for Microsoft's names; 0: any port")
    for name in ("control", "entra", "ivanti", "passwordstate", "sql"):
        serve.add_argument(f"--{name}-port", type=_port, default=0, metavar="P", help="left out: any free port")
    serve.add_argument(
        "--sql-address",
        type=_loopback,
        default=None,
        metavar="A",
        help="a loopback address such as 127.0.0.7 for the database, as a named instance with a SQL Server Browser",
    )
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 2 for a wrong option, world or port."""
    try:
        asyncio.run(run(_options(parser().parse_args(arguments)), _say))
    except (WorldError, PortError) as why:
        print(f"spentkey-sim: {why}", file=sys.stderr)
        return USAGE_EXIT
    return 0


def _options(given: argparse.Namespace) -> ServeOptions:
    seed = cast("int | None", given.seed)
    world = _world(given.world, seed)
    if seed is None:
        seed = world["seed"] if isinstance(world.get("seed"), int) else 1
    return ServeOptions(
        world={**world, "seed": seed},
        seed=seed,
        calm=given.calm,
        storm=given.storm,
        control_port=given.control_port,
        proxy_port=given.proxy_port,
        config_out=given.config_out,
        desk=given.desk,
        latency=given.latency_ms / 1000,
        entra_port=given.entra_port,
        ivanti_port=given.ivanti_port,
        passwordstate_port=given.passwordstate_port,
        sql_port=given.sql_port,
        sql_address=given.sql_address or "",
    )


def _world(path: Path | None, seed: int | None) -> dict[str, Any]:
    return _built_in(secrets.randbelow(2**31) if seed is None else seed) if path is None else _read(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        world: Any = json.loads(path.read_text("utf-8"))
    except OSError as why:
        raise WorldError(f"{path}: {why.strerror}") from None
    except ValueError as why:
        raise WorldError(f"{path}: not JSON: {why}") from None
    if not isinstance(world, dict):
        raise WorldError(f"{path}: not a JSON object")
    return cast("dict[str, Any]", world)


def _built_in(seed: int) -> dict[str, Any]:
    """The demonstration world, which is a module of its own because most uses bring a world with them."""
    try:
        module = importlib.import_module("spentkey_sim.seeded")
    except ModuleNotFoundError:
        raise WorldError("there is no built-in world in this installation; give one with --world") from None
    return {"seed": seed, **module.build(seed)}


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


def _loopback(text: str) -> str:
    try:
        known = IPv4Address(text) in IPv4Network("127.0.0.0/8")
    except ValueError:
        known = False
    if not known:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address of the loopback interface such as 127.0.0.7")
    return text


def _part(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a part between 0 and 1")
    return value


def _milliseconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 600_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of milliseconds")
    return value


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
