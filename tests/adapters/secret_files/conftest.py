"""What every test of the folder of secrets needs."""

import pytest


@pytest.fixture(autouse=True)
def _outside_of_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where these tests run, is not what they ask."""
    monkeypatch.setattr("spentkey.settings.surroundings.MARKS", ())
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.delenv("container", raising=False)
