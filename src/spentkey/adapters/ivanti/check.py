"""The check-up of Ivanti: key, path, teams, fields, statuses, and a request that looks like ours. Only reads."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass

from spentkey.adapters.ivanti.check_opening import opening_findings
from spentkey.adapters.ivanti.client import PARAMETERS, TASKS, IvantiDesk
from spentkey.adapters.ivanti.requests import IvantiOpeningDesk
from spentkey.adapters.ivanti.rows import all_rows
from spentkey.adapters.ivanti.wire import SYSTEM, Row, filter_by, rows_of, same, usable_id
from spentkey.core.errors import SpentkeyError
from spentkey.core.finding import Finding, FindingState, clock_finding
from spentkey.http.client import Response

TEAMS, EMPLOYEES = "StandardUserTeams", "Employees"
NO_MEMBERSHIP = (
    "look in Ivanti whether the user is in the team; with ivanti.team_members set to the name of the relation, "
    "check sees it"
)
MEMBER = 'make the user a member of the team, or set ivanti.owner = "none"'
MOST_NAMED = 5
"""How many records that cannot be read are named, in order."""
ROLE = "give the key's role read rights on Task, ServiceReqParam, StandardUserTeam, Employee and Journal"


@dataclass(frozen=True)
class IvantiCheck:
    """What must be in place at the service desk."""

    make_desk: Callable[[], Awaitable[IvantiOpeningDesk]]
    """Makes the desk; its key may have to be fetched from the vault first."""
    teams: dict[str, str]
    """The configured teams: name of the setting to name of the team."""
    login_id: str
    statuses: tuple[str, ...]
    parameters: tuple[str, ...]
    """The names that requests are to have."""
    members: str = ""
    """The relation of a team with its members; empty where it is not known."""
    opening: tuple[str, ...] = ()
    """The parameters that the `when` of a tenant names, which an opened request has beside the four."""

    async def findings(self) -> AsyncIterator[Finding]:
        """Check and report one item after the other; without an accepted key nothing more can be checked."""
        try:
            desk = await self.make_desk()
            response = await _get(desk, TASKS, "")
            rows = rows_of(response)
        except SpentkeyError as problem:
            fix = f"check ivanti.url and api_key; {ROLE}"
            yield Finding(SYSTEM, "API key and address", FindingState.FAIL, str(problem), fix)
            return
        yield Finding(SYSTEM, "API key and address", FindingState.OK, f"accepted at {desk.http.base}")
        yield clock_finding(SYSTEM, desk.http.clock.now(), response.time())
        for what, entity_set, where, otherwise, fix in self._wanted():
            yield await _exists(desk, what, entity_set, where, otherwise, fix)
        yield _fields(desk, rows)
        if desk.forms.sets_owner:
            yield await self._membership(desk)
        for finding in await _queue(desk):
            yield finding
        async for finding in opening_findings(desk, self.opening):
            yield finding

    async def _membership(self, desk: IvantiDesk) -> Finding:
        """Many tenants refuse an owner who is not in the team of the task; the field and the relation are the tenant's."""
        team, login = desk.forms.queue_team, self.login_id
        what = f"{login} in the team {team}"
        try:
            found = await member_of(desk, self.members, login, team)
        except SpentkeyError as problem:
            return Finding(SYSTEM, what, FindingState.WARN, f"cannot be looked up: {problem}", NO_MEMBERSHIP)
        if found is None:
            return Finding(SYSTEM, what, FindingState.WARN, "cannot be looked up here", NO_MEMBERSHIP)
        if found:
            return Finding(SYSTEM, what, FindingState.OK, "is a member")
        return Finding(
            SYSTEM, what, FindingState.WARN, "is not a member: Ivanti may refuse to make it the Owner", MEMBER
        )

    def _wanted(self) -> Iterator[tuple[str, str, str, FindingState, str]]:
        """What must exist: its name, where it is looked for, how bad its absence is, and what mends it."""
        for setting, team in self.teams.items():
            fix = f"set ivanti.{setting} to a team's exact name, or let the key's role read StandardUserTeam"
            yield f"team {team}", TEAMS, filter_by(Team=team), FindingState.FAIL, fix
        fix = "set ivanti.login_id to the LoginID that the API key acts for; it becomes the Owner of closed tasks"
        yield f"login {self.login_id}", EMPLOYEES, filter_by(LoginID=self.login_id), FindingState.FAIL, fix
        for status in self.statuses:
            fix = "no task has it now; compare ivanti.status with the statuses of Task in your tenant"
            yield f"status {status}", TASKS, filter_by(Status=status), FindingState.WARN, fix
        for name in self.parameters:
            fix = f"no request has a parameter {name}; compare with the names in your request offering"
            yield f"parameter {name}", PARAMETERS, filter_by(ParameterName=name), FindingState.WARN, fix


async def member_of(desk: IvantiDesk, relation: str, login: str, team: str) -> bool | None:
    """Whether the login is in the team, by the relation of the settings, else by the employee's own `Team`.

    None where neither says: an employee may be in other teams than the one that stands in that field.
    """
    if relation:
        (row, *_) = rows_of(await _get(desk, TEAMS, filter_by(Team=team))) or [{}]
        record = usable_id(row.get("RecId"))
        if record is None:
            return None
        found = await all_rows(desk.read, f"{TEAMS}('{record}')/{relation}", {})
        return any(same(str(one.get("LoginID") or ""), login) for one in found.rows)
    (row, *_) = rows_of(await _get(desk, EMPLOYEES, filter_by(LoginID=login))) or [{}]
    return True if same(str(row.get("Team") or ""), team) else None


async def _queue(desk: IvantiDesk) -> list[Finding]:
    """How much waits, what is there but owned by others, and what cannot be read."""
    try:
        look = await desk.look()
    except SpentkeyError as problem:
        return [
            Finding(SYSTEM, "queue", FindingState.FAIL, str(problem), "see the line above that names what is wrong")
        ]
    ours = [task for task in look.tasks if task.is_ours]
    found = [Finding(SYSTEM, "queue", FindingState.OK, f"{len(ours)} open tasks with the team {desk.forms.queue_team}")]
    others = len([task for task in look.tasks if not task.is_ours and task.owner])
    if others:
        message = f"{others} open tasks of that team are owned by somebody else, and are not worked on"
        fix = "find out which rule gives them an owner, or make ivanti.login_id that owner"
        found.append(Finding(SYSTEM, "owned by others", FindingState.WARN, message, fix))
    if look.odd:
        named = "; ".join(look.odd[:MOST_NAMED])
        more = f"; and {len(look.odd) - MOST_NAMED} more" if len(look.odd) > MOST_NAMED else ""
        found.append(Finding(SYSTEM, "unreadable", FindingState.WARN, f"{named}{more}", "correct them in Ivanti"))
    return found


def _fields(desk: IvantiDesk, rows: list[Row]) -> Finding:
    names = [name for name in (desk.fields.minutes, desk.fields.resolution) if name]
    if not rows:
        return Finding(
            SYSTEM, "fields on Task", FindingState.WARN, "there is no task to look at", "run check again later"
        )
    missing = [name for name in names if name not in rows[0]]
    if missing:
        fix = "set ivanti.fields to names of fields on Task; ask the administrator for $metadata"
        return Finding(SYSTEM, "fields on Task", FindingState.FAIL, f"there is no {', '.join(missing)}", fix)
    return Finding(SYSTEM, "fields on Task", FindingState.OK, ", ".join(names))


async def _exists(
    desk: IvantiDesk, what: str, entity_set: str, where: str, otherwise: FindingState, fix: str
) -> Finding:
    try:
        rows = rows_of(await _get(desk, entity_set, where))
    except SpentkeyError as problem:
        return Finding(SYSTEM, what, otherwise, str(problem), ROLE)
    return (
        Finding(SYSTEM, what, FindingState.OK, "found") if rows else Finding(SYSTEM, what, otherwise, "not found", fix)
    )


async def _get(desk: IvantiDesk, entity_set: str, where: str) -> Response:
    return await desk.read(entity_set, {"$filter": where, "$top": "1"} if where else {"$top": "1"})
