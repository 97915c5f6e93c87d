"""The check-up of `[ivanti.open]`: whether a request of the offering can be opened with what the settings hold. Only reads."""

from collections.abc import AsyncIterator

from spentkey.adapters.ivanti.offering import COMBO, refuse_unanswered
from spentkey.adapters.ivanti.requests import IvantiOpeningDesk
from spentkey.adapters.ivanti.wire import SYSTEM
from spentkey.core.errors import SpentkeyError
from spentkey.core.finding import Finding, FindingState

SOME_TEAM = "a team"
FIX = (
    "compare ivanti.open with the offering; let the key's role read Employee and ServiceReqTemplateParam, and let the "
    "employee request the offering"
)


async def opening_findings(desk: IvantiOpeningDesk, when: tuple[str, ...]) -> AsyncIterator[Finding]:
    """One line for the offering, one for its parameters; none where requests are not opened."""
    if desk.opens is None:
        return
    what = f"offering {desk.opens.offering}"
    try:
        offering = await desk.offering()
    except SpentkeyError as problem:
        yield Finding(SYSTEM, what, FindingState.FAIL, str(problem), FIX)
        return
    yield Finding(SYSTEM, what, FindingState.OK, f"found, with {len(offering.questions)} parameters")
    given = desk.opens.further(SOME_TEAM)
    names = dict.fromkeys((*desk.names.in_order(), *when), "as the credential")
    try:
        refuse_unanswered(offering, {**given, **names})
    except SpentkeyError as problem:
        yield Finding(SYSTEM, "offering's parameters", FindingState.FAIL, str(problem), FIX)
        return
    lists = [one.name for one in offering.questions if one.kind == COMBO]
    message = ", ".join((*names, *given)) + (f"; from a list: {', '.join(lists)}" if lists else "")
    yield Finding(SYSTEM, "offering's parameters", FindingState.OK, message)
