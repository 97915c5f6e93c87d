#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
# Compatible with the GNU General Public License v3.0 of Ansible itself, which its tools look for here.
"""Work on one removal task from ticket to report."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: task
short_description: Work on one removal task from ticket to report
version_added: 0.1.0
description:
  - Reads the task, checks everything, removes exactly the one credential that it names, proves that it is gone, and
    closes the task, or hands it over to people with the reason. It is C(spentkey run) in one action.
  - A task that was finished earlier gives its recorded result again, and nothing changes.
options:
  fail_on_handover:
    description: Whether a task that was handed over fails, after the hand-over. What is left open always fails.
    type: bool
    default: true
extends_documentation_fragment:
  - spentkey.entra.connection
  - spentkey.entra.connection.attributes
  - spentkey.entra.connection.number
author:
  - Spentkey (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Work on task 40021
  spentkey.entra.task:
    number: 40021
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
  description:
    - C(removed), C(already-gone), C(refused), C(failed), C(cannot-tell) or C(not-ours).
    - In check mode it is null where RV(would) is C(remove) or C(close-as-gone).
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
msg:
  description: The same in one line for people, or the reason of a failure.
  returned: always
  type: str
would:
  description: What a run would do - C(remove), C(close-as-gone), C(hand-off), C(leave) or C(pass).
  returned: in check mode
  type: str
would_ticket:
  description: What would become of the task - C(closed), C(handed-off), C(open) or C(untouched).
  returned: in check mode
  type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.spentkey.entra.plugins.module_utils.facade import Call, perform_safely
from ansible_collections.spentkey.entra.plugins.module_utils.removal import TASK, work


def main() -> None:
    """Run on the host that the play targets."""
    module = AnsibleModule(argument_spec=TASK, supports_check_mode=True)
    result = perform_safely(work, Call(module.params, module.check_mode, os.environ))
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
