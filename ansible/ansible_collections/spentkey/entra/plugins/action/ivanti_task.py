# SPDX-License-Identifier: Apache-2.0
"""Closes a task, or hands it over."""

from __future__ import annotations

from ansible_collections.spentkey.entra.plugins.module_utils.desk import TASK, end
from ansible_collections.spentkey.entra.plugins.plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """The action of the module with the same name."""

    PERFORM = end
    ARGUMENTS = TASK
