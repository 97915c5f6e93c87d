"""Fixtures that many rooms share."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from real_simulator import RealSimulator
from supervisor import supervise
from worlds import world

if TYPE_CHECKING:
    from real_postgres import RealPostgres

hypothesis.settings.register_profile(
    "house",
    deadline=None,  # a busy machine is no failure
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    print_blob=True,
    database=None,
)
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """What this run starts ends with it; the workers of a run are below the process that started them."""
    if not hasattr(config, "workerinput"):
        capture: Any = config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            supervise()


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSimulator]:
    """One simulator process for all tests of this run."""
    running = RealSimulator.start(tmp_path_factory.mktemp("simulator"), world())
    yield running
    running.stop()


@pytest.fixture
def sim(simulator_process: RealSimulator, tmp_path: Path) -> RealSimulator:
    """The simulator process with the default world and no faults."""
    simulator_process.reset(world())
    return simulator_process


@pytest.fixture(scope="session")
def postgres() -> "Iterator[RealPostgres]":
    """One PostgreSQL for all tests of this run; loaded here, since not every environment of the tests has it."""
    from real_postgres import RealPostgres

    running = RealPostgres()
    yield running
    running.stop()


@pytest.fixture
def database(postgres: "RealPostgres") -> str:
    """The address of an empty database."""
    return postgres.database()
