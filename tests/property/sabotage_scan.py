"""The rows about scans: whole lists, classes, books, and requests that are opened once."""

from sabotage import Sabotage

ENTRA, SCAN = "tests/adapters/entra", "tests/scan"
LINKS, LISTS, ENTRIES = f"{ENTRA}/test_links.py", f"{ENTRA}/test_whole_lists.py", f"{ENTRA}/test_listed_wire.py"
LIST, RUN, VIEWS, REMEMBER = (f"{SCAN}/test_{name}.py" for name in ("list", "run", "views", "remember"))
CLASSIFY, OPEN = f"{SCAN}/test_classify.py", f"{SCAN}/test_open.py"

SCANS: dict[str, Sabotage] = {
    f"scan, {name}": Sabotage(file, old, new, by)
    for name, file, old, new, by in (
        (
            "a link that leads in a circle",
            "adapters/entra/links.py",
            "if asked in self._seen:",
            "if asked is None:",
            LINKS,
        ),
        (
            "a link to another host",
            "adapters/entra/links.py",
            "_origin(found) != _origin(base) or ",
            "",
            LINKS,
        ),
        ("a page that comes a second time", "adapters/entra/paging.py", "if mark in marks:", "if mark is None:", LISTS),
        (
            "a link that has expired",
            "adapters/entra/paging.py",
            "if code == EXPIRED or response.status == 410:",
            "if code is None and response.status == 410:",
            LISTS,
        ),
        (
            "a list of credentials that is null",
            "adapters/entra/listed_wire.py",
            "elif not isinstance(secrets, list):",
            "elif secrets is not None and not isinstance(secrets, list):",
            ENTRIES,
        ),
        (
            "three fifths of the pace while removals wait",
            "adapters/entra/quota.py",
            "if await self.removals.lately():",
            "if not await self.removals.lately():",
            f"{ENTRA}/test_quota.py",
        ),
        (
            "owners that were not read whole",
            "adapters/entra/owners.py",
            "return owners if len(owners) == len(entries) else None",
            "return owners",
            f"{ENTRA}/test_owners.py",
        ),
        (
            "a list that ended early",
            "scan/list.py",
            "ended = all(one.ended and not one.unreadable for",
            "ended = all(not one.unreadable for",
            LIST,
        ),
        (
            "an entry that cannot be read",
            "scan/list.py",
            "ended = all(one.ended and not one.unreadable for",
            "ended = all(one.ended for",
            LIST,
        ),
        (
            "an object that is listed twice",
            "scan/list.py",
            "read.listed += not before",
            "read.listed += 1",
            LIST,
        ),
        ("a list that ends behind a full page", "scan/list.py", " or ends_full or ", " or ", LIST),
        (
            "a list without a counter that ends behind a full page",
            "scan/list.py",
            "            return ends_full\n",
            "            return False\n",
            LIST,
        ),
        (
            "a second reading of what nobody vouches for",
            "scan/list.py",
            "    if read.passes[0].ended and not read.vouched:\n",
            "    if read.passes[0].ended and read.count == 0:\n",
            LIST,
        ),
        (
            "two readings that show the same",
            "scan/list.py",
            " and (self.vouched or self._agree)",
            " and (self.vouched or len(self.passes) > 1)",
            LIST,
        ),
        (
            "the later sight of an object",
            "scan/run.py",
            "        if before:\n            self.changed += _ends(wanted) != _ends(self.found.pop(object_id, []))\n",
            "",
            RUN,
        ),
        (
            "what is protected",
            "scan/classify.py",
            " or g6_not_protected(\n        located, application, asked.rules.protected, asked.rules.own_apps\n    )",
            "",
            CLASSIFY,
        ),
        (
            "a formula in a cell",
            "scan/csv_view.py",
            "if text.startswith(FORMULA) else",
            "if text == FORMULA else",
            VIEWS,
        ),
        (
            "markup in a name",
            "scan/html_view.py",
            "escape(plain(value, LONGEST))",
            "plain(value, LONGEST)",
            VIEWS,
        ),
        (
            "a tenant that was not read whole",
            "scan/remember.py",
            "        if tenant.complete:\n",
            "        if tenant:\n",
            REMEMBER,
        ),
        (
            "principals that were not listed",
            "core/inventory.py",
            " and key not in named and one.holder in read]",
            " and key not in named]",
            REMEMBER,
        ),
        (
            "a removal of ours comes first",
            "core/inventory.py",
            "        if one.key in removed:\n            return Left(Departure.REMOVED, removed[one.key])\n",
            "",
            "tests/core/test_books.py",
        ),
        (
            "the service opens only where it may",
            "scan/open.py",
            "if not asked_by_command and one.tenant not in may:",
            "if not asked_by_command and one.tenant is None:",
            OPEN,
        ),
        (
            "a task that is not as asked",
            "scan/open_one.py",
            "if not_ours is not None and not worked_on:",
            "if not_ours is None and worked_on:",
            OPEN,
        ),
        (
            "what came back after our removal",
            "core/opening.py",
            "back = wanted.seen - latest.removed >= SETTLED_AFTER",
            "back = wanted.seen is not None",
            "tests/core/test_opening.py",
        ),
    )
}
