"""The pages about the service: every route with its roles, the worked signature, and configurations that load."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from doc_texts import blocks, page, tables
from fastapi import FastAPI
from support_settings import KEYS, write

from spentkey.bootstrap.registry import desk_kind, vault_kind
from spentkey.bootstrap.settings import load_settings
from spentkey.core.secret import Secret
from spentkey.core.signature import SIGNATURE, TIMESTAMP, signature_of
from spentkey.web import control, evidence, health, tasks
from spentkey.web.readiness import probes_of

PAGE = page("docs", "reference", "api.md")
WEBHOOK, MONITORING = page("docs", "howto", "webhook.md"), page("docs", "howto", "monitoring.md")
SIGNED = ("0123456789abcdef0123456789abcdef", "1764057600", '{"task": 40021}')


def described() -> dict[str, Any]:
    """The description of the API."""
    app = FastAPI()
    for router in (tasks.router, evidence.router, control.router, health.router):
        app.include_router(router)
    return app.openapi()["paths"]


def test_the_page_lists_every_route() -> None:
    """Each method of each path, once, and none that there is not."""
    rows = [(row[0].strip("`"), row[1].strip("`")) for row in tables(PAGE)[0][1:]]
    assert sorted(rows) == sorted((method.upper(), path) for path, methods in described().items() for method in methods)


@pytest.mark.parametrize("row", tables(PAGE)[0][1:], ids=lambda row: " ".join(row[:2]))
def test_the_page_says_what_a_route_answers(row: list[str]) -> None:
    """Good ends and those that only this route has; whether a login is needed."""
    method, path, role, answers, _ = row
    route = described()[path.strip("`")][method.strip("`").lower()]
    named = {one for one in route["responses"] if one[0] == "2" or one in ("404", "504")}
    if "security" not in route:
        named |= {one for one in route["responses"] if one == "503"}
    assert set(answers.split(", ")) == named
    assert (role == "nobody") == ("security" not in route)
    assert ("operator" in role or "auditor" in role) == ("403" in route["responses"])


def test_every_status_of_the_description_is_explained() -> None:
    """In the table of refusals, or in the row of its route."""
    explained = {int(one) for one in re.findall(r"\b[2-5]\d\d\b", PAGE)}
    wanted = {int(one) for methods in described().values() for route in methods.values() for one in route["responses"]}
    assert wanted - explained == set()


def test_the_worked_signature_is_right() -> None:
    """By the product's own code, and by the shell lines of the page."""
    secret, timestamp, body = SIGNED
    wanted = signature_of(Secret(secret), timestamp, body.encode())
    assert f"{SIGNATURE}: {wanted}\n" in PAGE
    assert all(f"`{one}`" in PAGE for one in (*SIGNED, TIMESTAMP))
    (shell,) = blocks(PAGE, "sh")
    message = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, check=True).stdout
    assert f"sha256={message.split()[0]}" == wanted


def test_the_page_names_what_can_be_missing() -> None:
    """The names of `/readyz`."""
    (names,) = [[row[0].strip("`") for row in table[1:]] for table in tables(PAGE) if table[0][0] == "name"]

    class Nothing:
        def __getattr__(self, name: str) -> Any:
            return [type("Tenant", (), {"name": "NAME"})] if name == "tenants" else Nothing()

    desk, vault = desk_kind("ivanti"), vault_kind("passwordstate")
    assert desk is not None
    assert vault is not None
    adapters = [*desk.probes(Nothing()), *vault.probes(Nothing())]
    probes = probes_of(Nothing(), Nothing(), adapters)  # pyright: ignore[reportArgumentType]
    assert names == [probe.system for probe in probes]


@pytest.mark.parametrize("text", [*blocks(WEBHOOK, "toml"), *blocks(MONITORING, "toml")])
def test_the_configurations_load(tmp_path: Path, text: str) -> None:
    """As they stand, with keys as the page makes them."""
    (tmp_path / "secrets").mkdir()
    for number, name in enumerate(("webhook_secret", "operator_key", "prometheus_key", "notify_secret")):
        (tmp_path / "secrets" / name).write_text(f"{number}" * 64 + "\n")
        (tmp_path / "secrets" / name).chmod(0o600)
    file = write(tmp_path)
    file.write_text(file.read_text() + text)
    settings = load_settings(file, KEYS)
    assert settings.service.login or settings.notify


def test_alerts_are_about_metrics_that_there_are() -> None:
    """Every name in the rules is on the page of metrics."""
    named = set(re.findall(r"\bspentkey_[a-z_]+", page("deploy", "prometheus", "alerts.yaml")))
    assert len(named) > 10
    assert {name for name in named if f"`{name}`" not in page("docs", "reference", "metrics.md")} == set()


def test_the_sketch_is_marked_as_untested() -> None:
    """Nobody takes it for something that was run."""
    before, _, sketch = WEBHOOK.partition("```js\n")
    assert sketch.startswith("// Untested sketch")
    assert "**Untested.**" in before
