# SPDX-License-Identifier: Apache-2.0
"""Actions that do a module's work in Ansible's own process, where the host is this one: nothing is packed or started.

Where another host, another user or another interpreter is meant, the module itself is run there.
FOR INTERNAL COLLECTION USE ONLY: this file may change in any release.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase
from ansible_collections.spentkey.entra.plugins.module_utils.facade import (
    IMPORT_PROBLEM,
    Call,
    Perform,
    perform_safely,
)


class InProcess(ActionBase):
    """An action with a module of the same name. `REVEALS` marks one whose result holds a secret."""

    PERFORM: ClassVar[Perform]
    ARGUMENTS: ClassVar[Mapping[str, Any]]
    RULES: ClassVar[Mapping[str, Any]] = {}
    REVEALS: ClassVar[bool] = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do it here, or let the module do it elsewhere."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        if self._is_here():
            parameters = self.validate_argument_spec(argument_spec=dict(self.ARGUMENTS), **self.RULES)[1]
            call = Call(parameters, bool(self._task.check_mode), self._environment())
            result.update(perform_safely(type(self).PERFORM, call))
        else:
            result.update(self._execute_module(task_vars=task_vars))
        if self.REVEALS and not result.get("failed"):
            result["_ansible_no_log"] = True
        return result

    def _is_here(self) -> bool:
        local = self._connection.transport == "local" and not self._play_context.become
        return local and IMPORT_PROBLEM is None

    def _environment(self) -> dict[str, str]:
        """The variables of this process, and those that the task's `environment` sets."""
        of_task: dict[str, Any] = {}
        self._compute_environment_string(of_task)
        return {**os.environ, **{name: str(value) for name, value in of_task.items()}}
