"""The database administrator's step of the first-day guide: its T-SQL is asked, its settings exist."""

import re

import pytest
from first_day_guide import fenced, section
from first_day_world import SQL_LOGIN, first_day
from real_simulator import RealSimulator
from support_settings import passwordstate
from worlds import CANARIES

from spentkey.adapters.passwordstate.check_certificate import AUTOMATIC
from spentkey.adapters.passwordstate.settings import PasswordstateDatabaseSettings
from spentkey.adapters.passwordstate.sql import read_rows
from spentkey.adapters.passwordstate.sql_server import Database
from spentkey.core.errors import AccessRefused
from spentkey.core.secret import Secret

STEP = section(5)
LOOKS = [line.rstrip(";") for sql in fenced("sql") for line in sql.splitlines() if line.startswith("SELECT TABLE_")]
"""The SELECTs of the step that show what there is to see."""
SETTINGS = re.findall(r"`(\w+) = [^`]+`", STEP)


def database(sim: RealSimulator) -> Database:
    """The database of the guide's world."""
    sim.reset(first_day())
    settings = sim.settings()
    place = passwordstate(settings).database
    return Database(place.server, place.port, place.database, place.query, settings.tls.ca_file)


@pytest.mark.parametrize("look", LOOKS)
async def test_what_the_administrator_looks_at_shows_the_view_alone(sim: RealSimulator, look: str) -> None:
    """Asked by the driver as the log-in that it is about: one view, and no table behind it."""
    rows = await read_rows(database(sim), SQL_LOGIN, Secret(CANARIES["database password"]), look)
    assert {tuple(row[:2]) for row in rows} == {("dbo", "vw_PfxDocuments")}


async def test_a_look_at_what_is_not_there_is_refused(sim: RealSimulator) -> None:
    """So the two looks above are answered because they are right."""
    wrong = LOOKS[0].replace("INFORMATION_SCHEMA", "INFORMATION")
    with pytest.raises(AccessRefused, match="invalid object name"):
        await read_rows(database(sim), SQL_LOGIN, Secret(CANARIES["database password"]), wrong)


def test_the_step_has_both_looks() -> None:
    """The columns that are called DocumentID, and the tables that the log-in sees."""
    assert [re.findall(r"FROM INFORMATION_SCHEMA\.(\w+)", look) for look in LOOKS] == [["COLUMNS"], ["TABLES"]]


def test_the_settings_of_the_step_exist() -> None:
    """Each that the step's table says to set is a setting of the database, and none of the new ones is left out."""
    told = {"host_name_in_certificate", "encrypt", "server_certificate", "server", "multi_subnet_failover"}
    assert {*SETTINGS} - PasswordstateDatabaseSettings.model_fields.keys() == set()
    assert told | {"application_intent"} <= {*SETTINGS}


def test_the_certificate_comes_first() -> None:
    """By the name by which `check` knows it, and before the view."""
    assert 0 < STEP.index(f"CN={AUTOMATIC}") < STEP.index("CREATE VIEW")
