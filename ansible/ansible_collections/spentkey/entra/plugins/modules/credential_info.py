#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
# Compatible with the GNU General Public License v3.0 of Ansible itself, which its tools look for here.
"""Show the credentials of an app registration."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: credential_info
short_description: Show the credentials of an app registration
version_added: 0.1.0
description:
  - Lists the secrets and certificates of an application and of its service principal, with their ends, and whether the
    guards would take them for expired or protected. No secret value is read; the directory does not give any.
options:
  app_id:
    description: The AppID (client id) of the application, a UUID in any case. Needed unless O(request) has it.
    type: str
extends_documentation_fragment:
  - spentkey.entra.connection
  - spentkey.entra.connection.info
  - spentkey.entra.connection.request
author:
  - Spentkey (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Show the credentials of an application
  spentkey.entra.credential_info:
    app_id: 22222222-2222-4222-8222-222222222222
    request:
      Onderwijs: "No"
  register: sales

- name: The same by the name of the tenant
  spentkey.entra.credential_info:
    app_id: 22222222-2222-4222-8222-222222222222
    tenant: production
"""

RETURN = r"""
tenant:
  description: The name of the tenant in the configuration.
  returned: success
  type: str
app_id:
  description: The AppID, canonical.
  returned: success
  type: str
exists:
  description: Whether the application exists in that tenant.
  returned: success
  type: bool
app_display_name:
  description: The name of the application.
  returned: success
  type: str
object_id:
  description: The object id of the application.
  returned: success
  type: str
credentials:
  description: Its credentials, and those of its service principal.
  returned: success
  type: list
  elements: dict
  contains:
    key_id:
      description: The key id.
      type: str
    kind:
      description: C(secret) or C(certificate).
      type: str
    holder:
      description: C(application) or C(service-principal).
      type: str
    display_name:
      description: The name of the credential, if it has one.
      type: str
    end:
      description: When it ends, in ISO 8601; null where that is not known.
      type: str
    expired:
      description: Whether guard G5 takes it for expired, by this machine's clock and the directory's, with the grace days.
      type: bool
    not_expired_reason:
      description: Why it does not.
      type: str
    protected:
      description: Whether guard G6 protects it.
      type: bool
    protected_reason:
      description: Why it does.
      type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.spentkey.entra.plugins.module_utils.facade import Call, perform_safely
from ansible_collections.spentkey.entra.plugins.module_utils.removal import CREDENTIAL_INFO, CREDENTIAL_INFO_RULES, show


def main() -> None:
    """Run on the host that the play targets."""
    module = AnsibleModule(argument_spec=CREDENTIAL_INFO, supports_check_mode=True, **CREDENTIAL_INFO_RULES)
    result = perform_safely(show, Call(module.params, module.check_mode, os.environ))
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
