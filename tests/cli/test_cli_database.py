"""`spentkey database init` as a process, `resume` where a database lost records, and what the environment may not say."""

import json
from pathlib import Path

import pytest
from commands import QUICK, Ended, fits, spentkey
from real_postgres import RealPostgres
from real_simulator import RealSimulator
from worlds import TASK

MADE = """\
the tables are there, and belong to the role {worker}_owner
the role {worker} of the workers may read evidence and add to it, and neither change nor delete it
"""


def name_of(database: str) -> str:
    """The name of a database, which is also that of its worker: roles belong to the whole server."""
    return database.split("@/")[1].split("?", maxsplit=1)[0]


def addresses(database: str, state: Path) -> dict[str, str]:
    """The environment of a machine whose workers have a role of their own."""
    return {
        "SPENTKEY_ENGINE__DATABASE_URL": database.replace("postgres@", f"{name_of(database)}@"),
        "SPENTKEY_ENGINE__OWNER_URL": database,
        "SPENTKEY_STATE__DIRECTORY": str(state),
        **QUICK,
    }


def call(sim: RealSimulator, home: Path, *words: str, **more: str) -> Ended:
    """Run a command on the simulator's configuration."""
    return spentkey(*words, "--config", str(sim.config), home=home, **more)


def test_after_the_init_a_task_is_worked_on_with_the_workers_role(
    sim: RealSimulator, tmp_path: Path, database: str
) -> None:
    """What it says is so, the second time too, and a removal is on record in the database."""
    more = addresses(database, tmp_path / "state")
    made = [call(sim, tmp_path, "database", "init", **more) for _ in range(2)]
    assert [(one.code, one.out, one.err) for one in made] == [(0, MADE.format(worker=name_of(database)), "")] * 2
    run = call(sim, tmp_path, "run", str(TASK), "--json", **more)
    assert (run.code, run.json()["ticket"]) == (0, "closed")


def test_json_names_both_roles(sim: RealSimulator, tmp_path: Path, database: str) -> None:
    """One object."""
    made = call(sim, tmp_path, "database", "init", "--json", **addresses(database, tmp_path)).json()
    assert made == {"owner": f"{name_of(database)}_owner", "worker": name_of(database)}


@pytest.mark.parametrize("setting", ["DATABASE_URL", "OWNER_URL"])
def test_an_address_that_is_missing_is_named(
    sim: RealSimulator, tmp_path: Path, database: str, postgres: RealPostgres, setting: str
) -> None:
    """Nothing is made."""
    more = addresses(database, tmp_path)
    del more[f"SPENTKEY_ENGINE__{setting}"]
    ended = call(sim, tmp_path, "database", "init", **more)
    said = f"spentkey: engine.{setting.lower()}: is missing; spentkey database init needs it"
    assert (ended.code, ended.complaints(), postgres.everything(database)) == (2, [said], "")


def test_a_worker_without_tables_ends_with_what_to_run(
    sim: RealSimulator, tmp_path: Path, database: str, postgres: RealPostgres
) -> None:
    """Exit code 2, and one line."""
    postgres.rows(database, f"CREATE ROLE {name_of(database)} LOGIN")
    ended = call(sim, tmp_path, "run", str(TASK), **addresses(database, tmp_path))
    said = "the tables are missing or of an older version, and this role may not make them; run spentkey database init"
    assert (ended.code, len(ended.complaints()), said in ended.err) == (2, 1, True)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("PGSERVICE", ("check",)),
        ("PGHOSTADDR", ("run", str(TASK))),
        ("PGOPTIONS", ("database", "init")),
        ("PGPASSFILE", ("resume", "--why", "x")),
    ],
)
def test_a_variable_of_libpq_ends_every_command(
    sim: RealSimulator, tmp_path: Path, database: str, name: str, command: tuple[str, ...]
) -> None:
    """With exit code 2 and its name, before anything is contacted."""
    ended = call(sim, tmp_path, *command, **addresses(database, tmp_path), **{name: "canary"})
    assert (ended.code, f"{name} of the environment would count" in ended.err, "canary" in ended.err) == (
        2,
        True,
        False,
    )
    assert sim.journal() == []


def lose(database: str, postgres: RealPostgres, first: int) -> None:
    """Let the database lose every record from one on, as a standby that was behind does."""
    postgres.tamper(database, "DELETE FROM spentkey_evidence WHERE seq >= %s", first)
    postgres.tamper(database, "DELETE FROM spentkey_tree WHERE seq >= %s", first)


def test_after_a_loss_work_stops_until_resume_puts_it_on_record(
    sim: RealSimulator, tmp_path: Path, database: str, postgres: RealPostgres
) -> None:
    """Every command names the range; a stop that was there before the loss is left, for nobody has seen it since."""
    more = addresses(database, tmp_path / "state")
    call(sim, tmp_path, "database", "init", **more)
    call(sim, tmp_path, "pause", "--who", "ops", "--why", "a", **more)
    call(sim, tmp_path, "resume", "--why", "b", **more)
    lose(database, postgres, 1)
    held = call(sim, tmp_path, "run", str(TASK), **more)
    assert (held.code, "records 1 to 1, which this machine saw acknowledged" in held.out + held.err) == (4, True)
    named = call(sim, tmp_path, "resume", "--why", "x", "--stop", "0", **more)
    assert (named.code, "no stop can be lifted yet" in named.err) == (2, True)
    told = call(sim, tmp_path, "resume", "--who", "duty officer", "--why", "the standby was behind", **more)
    out = told.out.splitlines()
    assert (told.code, out[0]) == (0, "that records 1 to 1 are lost is on record; work goes on")
    assert out[1].startswith("still stopped: everything is paused")
    lifted = call(sim, tmp_path, "resume", "--why", "looked into", "--json", **more).json()
    assert lifted["lifted"] == ["0"]
    assert call(sim, tmp_path, "run", str(TASK), **more).code == 0
    ((line,),) = postgres.rows(database, "SELECT line FROM spentkey_evidence WHERE what = 'gap'")
    assert [json.loads(line)[one] for one in ("who", "why", "first", "last")] == [
        "duty officer",
        "the standby was behind",
        1,
        1,
    ]


def test_json_of_a_loss_fits_its_schema(
    sim: RealSimulator, tmp_path: Path, database: str, postgres: RealPostgres
) -> None:
    """The range stands beside what `resume` says of stops."""
    more = addresses(database, tmp_path / "state")
    call(sim, tmp_path, "database", "init", **more)
    call(sim, tmp_path, "pause", "--why", "a", **more)
    lose(database, postgres, 0)
    told = call(sim, tmp_path, "resume", "--why", "x", "--json", **more).json()
    fits(told, "resume.schema.json")
    assert told == {"stopped": None, "resumed": False, "lifted": [], "left": [], "gap": {"first": 0, "last": 0}}


def test_no_secret_of_an_address_is_on_a_command_line(sim: RealSimulator, tmp_path: Path, database: str) -> None:
    """An address that cannot be reached is not repeated either."""
    more = addresses(database, tmp_path)
    more["SPENTKEY_ENGINE__OWNER_URL"] = "postgresql://x:canary-pw@127.0.0.1:1/x"
    ended = call(sim, tmp_path, "database", "init", **more)
    assert (ended.code, "canary" in ended.err, len(ended.complaints())) == (4, False, 1)
