# SPDX-License-Identifier: Apache-2.0
"""The one door to the package `spentkey`: imported under guard, checked for its version, never more than called.

FOR INTERNAL COLLECTION USE ONLY: this file may change in any release.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import env_fallback, missing_required_lib

try:
    from spentkey.core.errors import SpentkeyError
    from spentkey.core.outcome import Refused
    from spentkey.core.planned import Action, Planned
    from spentkey.core.secret import Secret
    from spentkey.core.task import FaultKind, folded_name, folded_value, request_of
    from spentkey.core.trim import trimmed
    from spentkey.facade import NOT_A_UUID, Asked, Facade, GivenPfx, Remark, is_uuid, resolution_text

    IMPORT_PROBLEM: str | None = None
except ImportError:
    IMPORT_PROBLEM = traceback.format_exc()
    if not TYPE_CHECKING:
        SpentkeyError = Refused = Secret = Planned = Action = Asked = GivenPfx = Facade = Remark = FaultKind = None
        NOT_A_UUID = is_uuid = resolution_text = folded_name = folded_value = request_of = trimmed = None

MINIMUM = "0.2.0"
"""The oldest `spentkey` that these modules can call."""
CONNECTION: dict[str, Any] = {
    "config": {"type": "path", "default": "spentkey.toml", "fallback": (env_fallback, ["SPENTKEY_CONFIG"])},
    "settings": {"type": "dict", "default": {}},
}
"""The options that every module has; the documentation fragment `connection` describes them."""
LEAVES = ("when", "secret_types")
"""Settings that are a table as a whole."""
SECRETS = re.compile(r"(?:^|_)(?:api_key|password|secret)$")


class Refusal(Exception):
    """What is wrong with a call, in one line for people."""


@dataclass(frozen=True)
class Call:
    """One call of a module: its parameters, whether it only checks, and the environment that it sees."""

    parameters: Mapping[str, Any]
    check: bool
    environment: Mapping[str, str]

    def facade(self) -> Facade:
        """Spentkey with the configuration that the call names."""
        environment = {**self.environment, **as_variables(self.parameters["settings"])}
        return Facade.open(Path(self.parameters["config"]), environment, check=self.check)


Perform = Callable[[Call], "dict[str, Any]"]
"""What a module does; it gives the result that Ansible shows."""


def perform_safely(perform: Perform, call: Call) -> dict[str, Any]:
    """Do it, and turn what gets in the way into a failed result that says who must act."""
    if IMPORT_PROBLEM is not None:
        return {"failed": True, "msg": missing_required_lib("spentkey"), "exception": IMPORT_PROBLEM}
    installed = metadata.version("spentkey")
    if _numbers(installed) < _numbers(MINIMUM):
        return {"failed": True, "msg": f"spentkey {installed} is installed; at least {MINIMUM} is needed"}
    try:
        return perform(call)
    except Refusal as problem:
        return {"failed": True, "changed": False, "msg": str(problem), "who": "operator"}
    except SpentkeyError as problem:
        return {"failed": True, "changed": False, "msg": str(problem), "who": problem.who.value}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def as_variables(settings: Mapping[str, Any]) -> dict[str, str]:
    """Nested settings as the variables that Spentkey reads; a secret is never among them as a text."""
    found: dict[str, str] = {}
    _flatten(settings, ("SPENTKEY",), found)
    return found


def _flatten(value: Mapping[str, Any], path: tuple[str, ...], found: dict[str, str]) -> None:
    for name, inner in value.items():
        here = (*path, str(name))
        secret = SECRETS.search(str(name)) is not None
        if secret and not isinstance(inner, Mapping):
            where = ".".join(here[1:])
            raise Refusal(f"settings.{where}: a secret is never an argument; use {{file: …}} or {{env: …}}")
        if isinstance(inner, Mapping) and not secret and name not in LEAVES:
            _flatten(inner, here, found)
        elif isinstance(inner, (Mapping, list, tuple)):
            found[_variable(here)] = json.dumps(inner)
        else:
            found[_variable(here)] = str(inner)


def _variable(path: tuple[str, ...]) -> str:
    return f"{path[0]}_{'__'.join(path[1:])}"


__all__ = [
    "CONNECTION",
    "IMPORT_PROBLEM",
    "NOT_A_UUID",
    "Action",
    "Asked",
    "Call",
    "Facade",
    "FaultKind",
    "GivenPfx",
    "Perform",
    "Planned",
    "Refusal",
    "Refused",
    "Remark",
    "Secret",
    "folded_name",
    "folded_value",
    "is_uuid",
    "perform_safely",
    "request_of",
    "resolution_text",
    "trimmed",
]
