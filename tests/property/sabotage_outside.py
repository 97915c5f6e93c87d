"""The rows about what comes from outside: files, servers, callers, other machines and whoever shares this one."""

from sabotage import Sabotage

PFX_CHILD = "tests/adapters/pfx_child/test_pfx_child.py"
DOORS, GATE, ACCESS = "tests/web/test_doors.py", "tests/web/test_gate.py", "tests/web/test_access.py"
SQL, SQL_REACH = "tests/adapters/passwordstate/test_sql.py", "tests/adapters/passwordstate/test_sql_reach.py"
OWN_SIGN_IN = "tests/story/test_story_own_sign_in.py"
FAILOVER = "tests/storage/postgres/test_failover.py"
LOST_RECORDS = "tests/storage/postgres/test_lost_records.py"
ADDRESS = "tests/settings/test_database_address.py"
MODES = "tests/settings/test_modes.py"
LOCATION = "tests/storage/sqlite/test_location.py"

FILES: dict[str, Sabotage] = {
    "the PFX child, its end with its parent": Sabotage(
        "adapters/pfx_child/limits.py",
        "    process_control(_SET_PDEATHSIG, signal.SIGKILL)",
        "    process_control(_SET_PDEATHSIG, 0)",
        PFX_CHILD,
    ),
    "the PFX child, no more files": Sabotage(
        "adapters/pfx_child/child.py",
        "        open_nothing_more()\n",
        "        assert open_nothing_more\n",
        PFX_CHILD,
    ),
    "the PFX child, its memory": Sabotage(
        "adapters/pfx_child/limits.py",
        "        (resource.RLIMIT_AS, memory),\n",
        "        (resource.RLIMIT_AS, memory * 10),\n",
        PFX_CHILD,
    ),
    "the PFX child, its processor time": Sabotage(
        "adapters/pfx_child/limits.py",
        "        (resource.RLIMIT_CPU, SECONDS),\n",
        "        (resource.RLIMIT_CPU, SECONDS * 10),\n",
        PFX_CHILD,
    ),
    "the PFX child, the time for a file": Sabotage(
        "adapters/pfx_child/opener.py",
        "        async with asyncio.timeout(seconds):",
        "        async with asyncio.timeout(seconds + SECONDS):",
        PFX_CHILD,
    ),
    "the PFX child, one time for all passwords": Sabotage(
        "adapters/pfx_child/opener.py",
        "                left = max(0.0, left - (loop.time() - begun))\n",
        "                left = max(0.0, left)\n",
        PFX_CHILD,
    ),
    "the PFX child, two at a time": Sabotage(
        "adapters/pfx_child/opener.py",
        "            async with self._slots:",
        "            if self._slots:",
        PFX_CHILD,
    ),
    "the PFX child, how much it may say": Sabotage(
        "adapters/pfx_child/opener.py",
        "        self.too_much = self.too_much or len(self.answer) + len(data) > MOST_ANSWER",
        "        self.too_much = len(self.answer) + len(data) < MOST_ANSWER - MOST_ANSWER",
        PFX_CHILD,
    ),
    "the PFX child, reasons of files alone": Sabotage(
        "adapters/pfx_child/messages.py",
        "    _check_codes(recorded)\n    read",
        "    read",
        PFX_CHILD,
    ),
    "the PFX child, the text of its reasons": Sabotage(
        "adapters/pfx_child/messages.py",
        "    if read.code not in _CODES:",
        "    if not read.code:",
        PFX_CHILD,
    ),
    "the PFX child, no words of its own": Sabotage(
        "adapters/pfx_child/messages.py",
        '    elif isinstance(recorded, int) or recorded == "":',
        "    elif isinstance(recorded, int | str):",
        PFX_CHILD,
    ),
    "the PFX child, reasons within reasons": Sabotage(
        "adapters/pfx_child/messages.py",
        "    for part in parts:\n",
        "    for part in parts[:0]:\n",
        PFX_CHILD,
    ),
    "the PFX child, keys of a usual length": Sabotage(
        "adapters/pfx_child/messages.py",
        " or unfit_length(key.key_size) is not None:",
        ":",
        PFX_CHILD,
    ),
    "the PFX child, no key that is not wanted": Sabotage(
        "adapters/pfx_child/answering.py",
        "and request.wanted is not None:",
        "and not request.passwords:",
        PFX_CHILD,
    ),
    "the PFX that signs in is opened by the child": Sabotage(
        "adapters/entra/own_credential.py",
        "            opened = await self.opener.open(file.name, await file.read(), file.passwords(), None)\n",
        "            from spentkey.core.pfx import read_pfx\n"
        "            opened = read_pfx(file.name, await file.read(), [one async for one in file.passwords()])\n",
        "tests/house/test_pfx_apart.py",
    ),
    "the PFX that signs in is a secret file": Sabotage(
        "adapters/entra/own_credential.py",
        "read_file, self.path, MOST_BYTES, private=True",
        "read_file, self.path, MOST_BYTES, private=False",
        OWN_SIGN_IN,
    ),
    "memory, no other process reads it": Sabotage(
        "adapters/process_memory.py",
        "return process_control(_SET_DUMPABLE, 0)",
        "return process_control(_SET_DUMPABLE, 1)",
        "tests/end_to_end/test_out_of_memory.py",
    ),
    "memory, no core file": Sabotage(
        "adapters/process_memory.py",
        "    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n",
        "    resource.getrlimit(resource.RLIMIT_CORE)\n",
        "tests/end_to_end/test_out_of_memory.py",
    ),
    "settings, files that others may write": Sabotage(
        "settings/modes.py",
        "    if seen.st_mode & OTHERS_WRITE:",
        "    if seen.st_mode < OTHERS_WRITE:",
        MODES,
    ),
    "settings, files of another account": Sabotage(
        "settings/modes.py",
        "    if seen.st_uid not in (here.me, 0) and",
        "    if seen.st_uid < 0 and",
        MODES,
    ),
    "settings, secrets that everybody may read": Sabotage(
        "settings/modes.py",
        "    if not secret or not seen.st_mode & stat.S_IROTH:",
        "    if not secret or seen.st_mode:",
        MODES,
    ),
    "state, that of another account": Sabotage(
        "storage/sqlite/location.py",
        "    refuse_another_owner(directory)\n    for path",
        "    for path",
        "tests/cli/test_cli_whose_state.py",
    ),
    "state, what others may write": Sabotage(
        "storage/sqlite/location.py",
        "    if seen.st_mode & OTHERS_WRITE:",
        "    if seen.st_mode < OTHERS_WRITE:",
        LOCATION,
    ),
    "state, links": Sabotage(
        "storage/sqlite/location.py",
        "        if stat.S_ISLNK(seen.st_mode):",
        "        if stat.S_ISSOCK(seen.st_mode):",
        LOCATION,
    ),
    "state, the file systems of networks": Sabotage(
        "storage/sqlite/location.py",
        "    if kind in SHARED or",
        "    if",
        LOCATION,
    ),
    "a flush that failed": Sabotage(
        "storage/sqlite/store.py",
        "        if self._unflushed:\n",
        "        if self._unflushed and self.read_only:\n",
        "tests/storage/sqlite/test_failed_flushes.py",
    ),
}
"""What stands on this machine."""

CALLERS: dict[str, Sabotage] = {
    "the service, a body that does not come gives way": Sabotage(
        "web/server.py",
        " or self.cycle.more_body\n",
        "\n",
        DOORS,
    ),
    "the service, an idle connection gives way": Sabotage(
        "web/doors.py",
        " and not self._make_room():",
        ":",
        DOORS,
    ),
    "the service, connections of one address": Sabotage(
        "web/doors.py",
        "        if most is not None and self._by_address[address] >= most:",
        "        if most is not None and self._by_address[address] >= self.limits.total:",
        DOORS,
    ),
    "the service, descriptors for the work": Sabotage(
        "web/doors.py",
        "    if room < FEWEST_CONNECTIONS:",
        "    if room < 0 > kept:",
        DOORS,
    ),
    "the service, who does not read": Sabotage(
        "web/doors.py",
        "is_stuck(loop.time(), self.limits.unread_s)",
        "is_stuck(loop.time(), 100 * self.limits.unread_s)",
        DOORS,
    ),
    "the service, a head of two meanings": Sabotage(
        "web/heads.py",
        "            if wrong is not None:",
        '            if wrong == "":',
        DOORS,
    ),
    "the service, a body that is cut off": Sabotage(
        "web/middleware.py",
        "                    raise ClientLeft\n",
        "                    break\n",
        DOORS,
    ),
    "the service, another name": Sabotage(
        "web/gate.py",
        '        if scope["path"] not in ANY_HOST and not self.hosts.has(',
        '        if not scope["path"] and not self.hosts.has(',
        GATE,
    ),
    "the service, pages of another site": Sabotage(
        "web/gate.py",
        '        if is_foreign(scope["method"],',
        '        if not scope["method"] and is_foreign(scope["method"],',
        GATE,
    ),
    "the service, JSON alone": Sabotage(
        "web/gate.py",
        "            and not _is_json(headers)\n",
        "            and not headers\n",
        GATE,
    ),
    "the service, a header that decides, twice": Sabotage(
        "web/gate.py",
        "        if text in found and text in ONCE:",
        "        if not text and text in ONCE:",
        GATE,
    ),
    "the service, wrong keys are counted": Sabotage(
        "web/access.py",
        "    failures.note(address)\n",
        "    failures.too_many(address)\n",
        ACCESS,
    ),
    "the service, a right key never waits": Sabotage(
        "web/access.py",
        "    if login is None:\n",
        "    if login is None or access.failures.too_many(address_of(request)):\n",
        ACCESS,
    ),
    "notices, the signature": Sabotage(
        "observe/notify.py",
        "        signature = signature_of(self.secret, timestamp, body)",
        '        signature = signature_of(Secret("-"), timestamp, body)',
        "tests/observe/test_notify.py",
    ),
    "notices, the same id when sent again": Sabotage(
        "observe/notify.py",
        "        body = notice.body.encode()",
        "        body = notice.body.replace(notice.id, self.ids.new()).encode()",
        "tests/observe/test_notify.py",
    ),
}
"""Who asks the service, and whom it tells."""

SERVERS: dict[str, Sabotage] = {
    "an answer of too many values": Sabotage(
        "http/client.py",
        "    if _most_values(response.body) > MOST_VALUES:",
        "    if _most_values(response.body) > MOST_VALUES + len(response.body):",
        "tests/http/test_answer_memory.py",
    ),
    "SQL Server, its certificate": Sabotage(
        "adapters/passwordstate/sql_server.py",
        '"TrustServerCertificate": "no"',
        '"TrustServerCertificate": "yes"',
        SQL,
    ),
    "SQL Server, encryption": Sabotage(
        "adapters/passwordstate/sql_server.py",
        '"Encrypt": self.encrypt',
        '"Encrypt": "no"',
        "tests/adapters/passwordstate/test_database_settings.py",
    ),
    "SQL Server, strict encryption": Sabotage(
        "adapters/passwordstate/sql_server.py",
        '"Encrypt": self.encrypt',
        '"Encrypt": "yes"',
        SQL_REACH,
    ),
    "SQL Server, the name in its certificate": Sabotage(
        "adapters/passwordstate/sql_server.py",
        '            options["HostnameInCertificate"] = self.name_in_certificate\n',
        '            options["HostnameInCertificate"] = self.host\n',
        SQL_REACH,
    ),
    "SQL Server, the intent": Sabotage(
        "adapters/passwordstate/sql_server.py",
        '"ApplicationIntent": self.application_intent',
        '"ApplicationIntent": "ReadWrite"',
        SQL_REACH,
    ),
    "SQL Server, the pinned certificate": Sabotage(
        "adapters/passwordstate/sql.py",
        '        yield {"ServerCertificate": str(file)}\n',
        '        yield {"TrustServerCertificate": "yes"}\n',
        SQL_REACH,
    ),
    "SQL Server, no authority of the environment": Sabotage(
        "adapters/passwordstate/sql.py",
        "        os.environ.update(wanted)\n",
        "        os.environ.update(wanted | dict(os.environ))\n",
        SQL,
    ),
    "SQL Server, the instance that was asked for": Sabotage(
        "adapters/passwordstate/sql_browser.py",
        'told.get("instancename", "").casefold() != instance.casefold() or ',
        "",
        "tests/adapters/passwordstate/test_sql_instance.py",
    ),
    "SQL Server, the look at a pinned certificate": Sabotage(
        "adapters/passwordstate/check_certificate.py",
        "    if seen.der == database.pin:",
        "    if seen.der:",
        "tests/adapters/passwordstate/test_check_certificate.py",
    ),
    "a managed identity, on this machine alone": Sabotage(
        "adapters/entra/managed_identity.py",
        " and _is_here(host)",
        "",
        "tests/adapters/entra/test_managed_identity.py",
    ),
    "a managed identity, past the proxy": Sabotage(
        "adapters/entra/directories.py",
        "self.jitter, None, throttled",
        'self.jitter, __import__("os").environ.get("HTTP_PROXY"), throttled',
        OWN_SIGN_IN,
    ),
}
"""What Spentkey asks."""

MACHINES: dict[str, Sabotage] = {
    "PostgreSQL, the pool of a server that was demoted": Sabotage(
        "storage/postgres/connection.py",
        "                await self.drain()\n",
        "                self._thrown_away = got\n",
        FAILOVER,
    ),
    "PostgreSQL, commits wait for the standby": Sabotage(
        "storage/postgres/connection.py",
        "NOT IN ('on', 'remote_apply')",
        "NOT IN ('on', 'remote_apply', 'remote_write', 'local', 'off')",
        FAILOVER,
    ),
    "PostgreSQL, who could stand in for it": Sabotage(
        "settings/database_address.py",
        "    if not address.stays_here and",
        "    if not address.hosts and",
        ADDRESS,
    ),
    "PostgreSQL, variables beside its address": Sabotage(
        "settings/database_address.py",
        "    if given:\n",
        "    if given and not environment:\n",
        ADDRESS,
    ),
    "PostgreSQL, a service in its address": Sabotage(
        "settings/database_address.py",
        "    if address.service:\n",
        "    if address.service and not address.hosts:\n",
        ADDRESS,
    ),
    "PostgreSQL, its owner's address is the owner's": Sabotage(
        "settings/load.py",
        "    if not as_owner and isinstance(engine, dict):",
        "    if not as_owner and isinstance(engine, list):",
        ADDRESS,
    ),
    "PostgreSQL, defaults of the environment": Sabotage(
        "storage/postgres/address.py",
        "    return {**_defaults(), **ours, **given}",
        "    return {**ours, **given}",
        "tests/storage/postgres/test_connection.py",
    ),
    "PostgreSQL, workers change no evidence": Sabotage(
        "storage/postgres/roles.py",
        "    GRANT SELECT, INSERT ON spentkey_evidence, spentkey_tree,",
        "    GRANT ALL ON spentkey_evidence, spentkey_tree,",
        "tests/storage/postgres/test_roles.py",
    ),
    "PostgreSQL, workers own nothing": Sabotage(
        "storage/postgres/roles.py",
        "    await _run(connection, await _rows(connection, OWNED, owner=owner))\n",
        "",
        "tests/storage/postgres/test_roles.py",
    ),
    "lost records, a standby that was behind": Sabotage(
        "storage/postgres/evidence.py",
        "        lost = await self._what_is_lost(chain.length - 1)\n",
        "        lost = None\n",
        LOST_RECORDS,
    ),
    "lost records, what a machine saw earlier": Sabotage(
        "storage/postgres/acknowledged.py",
        "        self._known = {**kept, **self._known}\n",
        "        self._known = {**self._known}\n",
        LOST_RECORDS,
    ),
    "lost records, a gap that covers them": Sabotage(
        "storage/postgres/evidence.py",
        "any(lost.is_covered_by(record) for record",
        "any(lost.last >= 0 <= len(record) for record",
        LOST_RECORDS,
    ),
    "lost records, a second loss": Sabotage(
        "core/gap.py",
        "        return seq > self.common and first",
        "        return first",
        "tests/core/test_gap.py",
    ),
    "a wrong clock, soon again elsewhere": Sabotage(
        "worker/after_try.py",
        "RetryIn(delay_s, elsewhere_s=self._poll_s)",
        "RetryIn(delay_s)",
        "tests/worker/test_after_try.py",
    ),
    "a wrong clock, this machine rests": Sabotage(
        "worker/after_try.py",
        "            self._right_at = self._clock.monotonic() + OTHERWISE * self._poll_s\n",
        "            self._right_at = 0.0\n",
        "tests/worker/test_after_try.py",
    ),
    "a wrong clock, no task is taken": Sabotage(
        "worker/procrastinate_queue.py",
        "        if self._rest_s() > 0 and",
        "        if self._rest_s() < 0 and",
        "tests/contract/test_engine_clocks.py",
    ),
    "a wrong clock, the database says when": Sabotage(
        "worker/procrastinate_queue.py",
        "retry_at=await self._time() + wait",
        "retry_at=self._clock.now() + wait",
        "tests/contract/test_engine_clocks.py",
    ),
}
"""The machines that share a database."""

OUTSIDE = FILES | CALLERS | SERVERS | MACHINES
