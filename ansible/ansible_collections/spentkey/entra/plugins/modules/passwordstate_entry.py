#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
# Compatible with the GNU General Public License v3.0 of Ansible itself, which its tools look for here.
"""Read an entry of Passwordstate."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: passwordstate_entry
short_description: Read an entry of Passwordstate
version_added: 0.1.0
description:
  - Reads the one entry of the credentials list with a title, or the entries of the certificates list that belong to an
    application.
  - The result holds passwords. It is hidden from output and logs as with C(no_log), whatever the task says; the
    registered variable holds them.
  - Another vault than Passwordstate is refused.
options:
  list:
    description: Which list, by its role in the configuration.
    type: str
    choices: [credentials, certificates]
    default: credentials
  title:
    description: The title of the entry, for O(list=credentials).
    type: str
  app_id:
    description: The AppID that the entries must carry, for O(list=certificates).
    type: str
  app_display_name:
    description: The name of the application, which is looked for if no entry carries the AppID.
    type: str
extends_documentation_fragment:
  - spentkey.entra.connection
  - spentkey.entra.connection.info
author:
  - Spentkey (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Get the PKI credential
  spentkey.entra.passwordstate_entry:
    title: sys_srvaapwin_pki
  register: pki
  no_log: true
"""

RETURN = r"""
title:
  description: The title of the entry, if it is one.
  returned: if it is one
  type: str
username:
  description: Its user name.
  returned: for O(list=credentials)
  type: str
entry_id:
  description: Its PasswordID.
  returned: for O(list=certificates), if it is one
  type: int
password:
  description: Its password. Hidden from output and logs.
  returned: if it is one
  type: str
entries:
  description: All entries, each with the same values.
  returned: success
  type: list
  elements: dict
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.spentkey.entra.plugins.module_utils.facade import Call, perform_safely
from ansible_collections.spentkey.entra.plugins.module_utils.vault import ENTRY, ENTRY_RULES, entry


def main() -> None:
    """Run on the host that the play targets."""
    module = AnsibleModule(argument_spec=ENTRY, supports_check_mode=True, **ENTRY_RULES)
    result = perform_safely(entry, Call(module.params, module.check_mode, os.environ))
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
