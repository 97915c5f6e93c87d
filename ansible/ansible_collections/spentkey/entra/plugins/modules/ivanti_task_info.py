#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
# Compatible with the GNU General Public License v3.0 of Ansible itself, which its tools look for here.
"""Show a task of Ivanti and the parameters of its service request."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivanti_task_info
short_description: Show a task of Ivanti and the parameters of its service request
version_added: 0.1.0
description:
  - Reads the task by its AssignmentID, and the parameters of the service request that it belongs to.
  - Says whether it is ours to work on (guard G0).
  - Another service desk than Ivanti is refused; M(spentkey.entra.task) works with each.
extends_documentation_fragment:
  - spentkey.entra.connection
  - spentkey.entra.connection.info
  - spentkey.entra.connection.number
author:
  - Spentkey (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Read the task
  spentkey.entra.ivanti_task_info:
    number: 40021
  register: found
"""

RETURN = r"""
task_info:
  description: The task, in the shape of the role C(verwerk_task).
  returned: success
  type: dict
  contains:
    AssignmentID:
      description: Its number.
      type: int
    RecId:
      description: Its record id.
      type: str
    servicereq_params:
      description:
        - The parameters of the service request by name.
        - One that is given twice, or is not a text, is null, so that nothing is meant by it.
      type: dict
ours:
  description: Whether it is ours to work on.
  returned: success
  type: bool
not_ours_reason:
  description: Why it is not.
  returned: success
  type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.spentkey.entra.plugins.module_utils.desk import TASK_INFO, tell
from ansible_collections.spentkey.entra.plugins.module_utils.facade import Call, perform_safely


def main() -> None:
    """Run on the host that the play targets."""
    module = AnsibleModule(argument_spec=TASK_INFO, supports_check_mode=True)
    result = perform_safely(tell, Call(module.params, module.check_mode, os.environ))
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
