#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
# Compatible with the GNU General Public License v3.0 of Ansible itself, which its tools look for here.
"""Close a task of Ivanti, or hand it over to a team."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivanti_task
short_description: Close a task of Ivanti, or hand it over to a team
version_added: 0.1.0
description:
  - Closes a task whose removal is on record in the evidence, with its resolution and the minutes of the work; without
    that proof nothing is closed.
  - Or reassigns it to a team, with an empty owner, within the limit of hand-overs (guard G8).
  - Both check just before that the task is still ours (guards G0 and G7), and read back what was written.
  - Another service desk than Ivanti is refused; M(spentkey.entra.task) works with each.
options:
  state:
    description: What is to become of the task.
    type: str
    choices: [closed, reassigned]
    required: true
  resolution:
    description: The resolution, by default the text of Spentkey.
    type: str
  team:
    description: The team that gets the task, by default C(ivanti.escalation_team) of the configuration.
    type: str
  minutes:
    description: The minutes that are booked, by default C(ivanti.minutes) of the configuration.
    type: int
extends_documentation_fragment:
  - spentkey.entra.connection
  - spentkey.entra.connection.attributes
  - spentkey.entra.connection.number
author:
  - Spentkey (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Close the task
  spentkey.entra.ivanti_task:
    number: 40021
    state: closed
    resolution: Expired secret for Sales removed
    minutes: 1

- name: Hand the task over
  spentkey.entra.ivanti_task:
    number: 40021
    state: reassigned
    team: Systeemsoftware
"""

RETURN = r"""
task:
  description: The task, if there is one.
  returned: always
  type: str
  sample: "40021"
tenant:
  description: The name of the tenant in the configuration.
  returned: always
  type: str
app_id:
  description: The AppID, canonical.
  returned: always
  type: str
app_display_name:
  description: The name of the application, in the directory's spelling where it was read.
  returned: always
  type: str
key_id:
  description: The key id, canonical.
  returned: always
  type: str
kind:
  description: C(secret) or C(certificate).
  returned: always
  type: str
outcome:
  description: C(removed), C(already-gone), C(refused), C(failed), C(cannot-tell) or C(not-ours).
  returned: always
  type: str
attribution:
  description: C(confirmed) or C(presumed), for what was removed.
  returned: always
  type: str
route:
  description: C(removePassword), C(removeKey) or C(patch).
  returned: always
  type: str
ticket:
  description:
    - What became of the task - C(closed), C(handed-off), C(open) or C(untouched).
    - In check mode it is null where something would become of it; RV(would_ticket) says what.
  returned: always
  type: str
guard:
  description: The number of the guard that refused.
  returned: always
  type: str
reason:
  description: Why it ended so, in English.
  returned: always
  type: str
reason_code:
  description: The kind of reason, a code that never changes.
  returned: always
  type: str
evidence:
  description: The id of this try in the evidence.
  returned: always
  type: str
desk_warnings:
  description:
    - What the service desk keeps otherwise than it was written, or shows that cannot be read, each in words.
    - Ansible shows them as warnings, too.
  returned: always
  type: list
  elements: str
resolution:
  description: The text with which such a task is closed.
  returned: when the credential is gone
  type: str
would_ticket:
  description: What would become of the task - C(closed), C(handed-off), C(open) or C(untouched).
  returned: in check mode
  type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.spentkey.entra.plugins.module_utils.desk import TASK, end
from ansible_collections.spentkey.entra.plugins.module_utils.facade import Call, perform_safely


def main() -> None:
    """Run on the host that the play targets."""
    module = AnsibleModule(argument_spec=TASK, supports_check_mode=True)
    result = perform_safely(end, Call(module.params, module.check_mode, os.environ))
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
