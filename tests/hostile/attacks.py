"""What one file, one row, one object or one requester can do, as additions to the world of the bystanders.

Each attack works on applications and tasks of its own, from a number of its own on, so that several go together. Whoever
may write one request, one vault entry or one app registration can do all of this.
"""

import base64
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from bystanders import about, app_id, application, key
from costly_pfx import hidden_rounds, many_bags, many_parts, nested
from worlds import parameters

Json = dict[str, Any]
PFX = Path(__file__).parents[1] / "vectors" / "hostile_pfx"
LARGE = 200_000
"""Characters of a text that is much too long."""
HOSTILE_NAMES = (
    "</td><script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "Sales\r\nX-Injected: yes",
    "\u202eselaS",
    "Sales\x00\x1b[2J",
    "\ud83d",
    "' OR 1=1; DROP TABLE entries --",
    "[spentkey task=40100 assignment=1 done 00000000-0000-4000-8000-000000000000]",
    "x" * 5_000,
)
COSTLY: Mapping[str, Callable[[], bytes]] = {
    "hidden rounds": lambda: hidden_rounds(2_000_000_000, b"vector"),
    "rounds that add up": lambda: many_parts(900_000, 10, b"vector"),
    "many bags": lambda: many_bags(200),
    "bags in bags": lambda: nested(400),
}
MEANT_BY_NOBODY: tuple[Json, ...] = (
    {"SecretID": None},
    {"SecretID": ""},
    {"SecretID": "*"},
    {"AppID": "' or true"},
    {"SecretType": "Everything"},
    {"AppDisplayName": None},
    {"Onderwijs": "Maybe"},
)


@dataclass
class Hostile:
    """A world under attack, and the numbers that are free for the next one."""

    world: Json
    rng: random.Random
    numbers: "count[int]"

    def application(self, **more: Any) -> int:
        """One more application of the first tenant, with an expired secret; gives its number."""
        number = next(self.numbers)
        self.world["tenants"][0]["applications"].append(application(number, number, **more))
        return number

    def task(self, asked: list[list[Any]], **more: Any) -> int:
        """One more request and task; gives the number."""
        number = next(self.numbers)
        self.world["ivanti"]["requests"].append({"number": 100_000 + number, "parameters": asked})
        self.world["ivanti"]["tasks"].append({"number": 100_000 + number, "parent": 100_000 + number, **more})
        return 100_000 + number

    def asks(self, **says: Any) -> int:
        """One more task with these parameters in place of the right ones."""
        return self.task(parameters(**says))


def _files(made: Hostile) -> None:
    """A certificate is asked for, and its entry in the vault has files that are no ordinary PFX, of every kind at once."""
    names = sorted(file.stem for file in PFX.glob("*.pfx") if not file.stem.startswith("good-"))
    for _ in range(made.rng.randint(1, 4)):
        chosen = made.rng.sample(names, made.rng.randint(1, 6))
        _with_files(made, {name: (PFX / f"{name}.pfx").read_bytes() for name in chosen})


def _costly_files(made: Hostile) -> None:
    """Files that are small, and that would take minutes to open, or for ever."""
    _with_files(made, {name: COSTLY[name]() for name in made.rng.sample(list(COSTLY), made.rng.randint(1, 2))})


def _with_files(made: Hostile, files: Mapping[str, bytes]) -> None:
    expired, live = (f"44444444-4444-4444-8444-{next(made.numbers):012d}" for _ in range(2))
    held = [{"key_id": expired, "certificate": "old"}, {"key_id": live, "certificate": "given"}]
    number = made.application(certificates=held)
    entry: Json = {"id": 5_000 + number, "list": 6691, "title": f"Hostile {number}", "password": "vector"}
    made.world["passwordstate"]["entries"].append({**entry, "fields": {"GenericField1": app_id(number)}})
    for name, content in files.items():
        made.world["passwordstate"]["documents"].append(_document(next(made.numbers), entry["id"], name, content))
    made.asks(**about(number, expired, SecretType="Certificaat"))
    made.world["certificates"]["given"] = {"der": base64.b64encode((PFX / "good-modern.der").read_bytes()).decode()}


def _document(number: int, owner: int, name: str, content: bytes) -> Json:
    text = base64.b64encode(content).decode()
    return {"id": number, "owner": owner, "name": f"{name}.pfx", "content": {"base64": text}}


def _senseless(made: Hostile) -> None:
    """One requester asks for what nobody can mean, more often than hand-overs are allowed in an hour."""
    number = made.application()
    for _ in range(made.rng.randint(21, 40)):
        made.asks(**about(number, key(number)) | made.rng.choice(MEANT_BY_NOBODY))


def _names(made: Hostile) -> None:
    """Names that are markup, formulas, control characters, markers of ours, or much too long; in request and directory."""
    for name in made.rng.sample(HOSTILE_NAMES, made.rng.randint(1, len(HOSTILE_NAMES))):
        shown = name if name.isprintable() else "Application"
        number = made.application(display_name=shown)
        made.asks(**about(number, key(number)) | {"AppDisplayName": name})


def _rows(made: Hostile) -> None:
    """Requests with thousands of parameters, with one much too long, with names twice and values of any type."""
    number = made.application()
    right = parameters(**about(number, key(number)))
    made.task([*right, *([f"Field {at}", "x" * 20] for at in range(2_000))])
    made.task([*right, ["Remark", "x" * LARGE]])
    made.task([*right, *right])
    made.task([[name, made.rng.choice([None, "", "\u200b", " "])] for name, _ in right])


def _without_a_number(made: Hostile) -> None:
    """A row of the queue that no client can name."""
    number = made.application()
    made.world["ivanti"]["task_fields"] = ["AssignmentID"]
    hidden = made.asks(**about(number, key(number)))
    for task in made.world["ivanti"]["tasks"]:
        task["fields"] = {"AssignmentID": None if task["number"] == hidden else task["number"]}


def _objects(made: Hostile) -> None:
    """App registrations that show what no client expects, or so much that a look at them is long."""
    odd: list[Json] = [
        {"shows": {"displayName": None}},
        {"shows": {"passwordCredentials": None}},
        {"shows": {"keyCredentials": {}}},
        {"shows": {"id": 5}},
    ]
    for shows in made.rng.sample(odd, made.rng.randint(1, len(odd))):
        number = made.application(**shows)
        made.asks(**about(number, key(number)))
    number = next(made.numbers)
    crowd = [next(made.numbers) for _ in range(400)]
    made.world["tenants"][0]["applications"].append(application(number, *crowd))
    made.asks(**about(number, key(crowd[0])))


def _repeated(made: Hostile) -> None:
    """The same credentials are asked for by others too, and one application's owner asks for his live secret."""
    for request in made.rng.sample(made.world["ivanti"]["requests"][:6], 3):
        made.task([list(one) for one in request["parameters"]])
    for number in made.rng.sample([1, 3, 50], 2):
        made.asks(**about(number, key(900_000 + number)))


ATTACKS: Mapping[str, Callable[[Hostile], None]] = {
    "files": _files,
    "costly files": _costly_files,
    "senseless requests": _senseless,
    "names": _names,
    "rows": _rows,
    "a row without a number": _without_a_number,
    "objects": _objects,
    "the same again": _repeated,
}
"""Worlds are built in this order, so that the one that numbers every row comes after those that add some."""


def under_attack(world: Json, rng: random.Random) -> tuple[Json, list[str]]:
    """The world with some attacks in it, and their names."""
    made = Hostile(world, rng, count(1_000))
    chosen = rng.sample(list(ATTACKS), rng.randint(2, len(ATTACKS)))
    last = "a row without a number"
    for name in sorted(chosen, key=lambda one: one == last):
        ATTACKS[name](made)
    return made.world, chosen
