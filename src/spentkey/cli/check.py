"""`spentkey check`: reach every configured system, say what is missing and how to grant it; nothing is written."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from spentkey.bootstrap.checks import checkers_for
from spentkey.bootstrap.settings import load_settings
from spentkey.cli.show import print_json
from spentkey.core.finding import Finding, FindingState

COLOURS = {FindingState.OK: "green", FindingState.WARN: "yellow", FindingState.FAIL: "red"}


async def check_up(config: Path, *, as_json: bool) -> int:
    """Reach every system and show the findings; gives the exit code."""
    settings, console = load_settings(config, os.environ), Console(highlight=False)
    findings: list[Finding] = []
    causes: dict[str, str] = {}
    repeated = 0
    async with checkers_for(settings) as checkers:
        for checker in checkers:
            async for finding in checker.findings():
                findings.append(finding)
                if _is_known(finding, causes):
                    repeated += 1  # of one cause one line, with the first thing that mends it
                elif not as_json:
                    console.print(_finding_text(finding), soft_wrap=True)
                if finding.state is FindingState.FAIL:
                    causes.setdefault(finding.message, finding.system)
    if as_json:
        print_json({"findings": [finding.as_json() for finding in findings], "summary": counts(findings)})
    else:
        message = ", ".join(f"{count} {state}" for state, count in counts(findings).items())
        again = f" ({repeated} for a reason that stands above, not shown again)" if repeated else ""
        console.print(f"{len(findings)} checks: {message}{again}", soft_wrap=True)
    return 2 if any(finding.state is FindingState.FAIL for finding in findings) else 0


def counts(findings: Sequence[Finding]) -> dict[str, int]:
    """How many findings are ok, warnings and failures."""
    return {state.value: sum(finding.state is state for finding in findings) for state in FindingState}


def _is_known(finding: Finding, causes: Mapping[str, str]) -> bool:
    """Whether it fails for what was shown of the same system, or because of that one. Two tenants are two systems."""
    first = causes.get(finding.message)
    return (
        finding.state is FindingState.FAIL
        and first is not None
        and (finding.system == first or finding.message.startswith(first))
    )


def _finding_text(finding: Finding) -> Text:
    state = Text(f"{finding.state.value:<5}", style=COLOURS[finding.state])
    line = Text.assemble(state, f" {finding.system:<16} {finding.what}: {finding.message}")
    if finding.state is not FindingState.OK and finding.fix:
        line.append(f"\n      -> {finding.fix}")
    return line
