"""The settings of the desk, in the table `[ivanti]`."""

from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo

from spentkey.core.credential import Kind
from spentkey.core.notes import LEAST_KEPT
from spentkey.core.task import folded_name
from spentkey.settings.section import Section
from spentkey.settings.values import FieldName, FieldNameOrNone, SecretOrEntry, SecretTypes, Text, Url


def _not_open(completed: str, info: ValidationInfo) -> str:
    if completed.casefold() in (str(one).casefold() for one in info.data.get("open", ())):
        raise ValueError("must not be one of status.open")
    return completed


class StatusSettings(Section):
    """The values of a task's `Status` at this installation."""

    open: tuple[Text, ...] = Field(default=("Logged", "Assigned", "Accepted"), min_length=1)
    completed: Annotated[Text, AfterValidator(_not_open)] = Field(default="Completed", validate_default=True)
    handed_off: Text = "Logged"


class TaskFieldSettings(Section):
    """The names of fields that differ between installations; an empty one is not written."""

    minutes: FieldNameOrNone = "ActualEffort"
    """Empty: no minutes are booked."""
    resolution: FieldNameOrNone = ""


def _another_team(escalation_team: str, info: ValidationInfo) -> str:
    if escalation_team.casefold() == str(info.data.get("queue_team", "")).casefold():
        raise ValueError("must differ from queue_team, or a hand-over would come straight back")
    return escalation_team


def _named_once(name: str, info: ValidationInfo) -> str:
    if folded_name(name) in (folded_name(str(other)) for other in info.data.values()):
        raise ValueError("is the name of another parameter too")
    return name


OwnName = Annotated[Text, AfterValidator(_named_once)]


WRITTEN = ("status", "owner", "ownerteam")
"""What a close or a hand-over writes by itself, in lower case."""


def _not_written_anyway(
    more: Mapping[str, str | int | float | bool], info: ValidationInfo
) -> Mapping[str, str | int | float | bool]:
    names = info.data.get("fields")
    taken = {*WRITTEN, *((names.minutes.lower(), names.resolution.lower()) if names is not None else ())}
    wrong = sorted(name for name in more if name.lower() in taken)
    if wrong:
        raise ValueError(f"{', '.join(wrong)} is written by Spentkey itself")
    return more


MoreFields = Annotated[Mapping[FieldName, str | int | float | bool], AfterValidator(_not_written_anyway)]


def _long_enough(longest: int) -> int:
    if longest != 0 and longest < LEAST_KEPT:
        raise ValueError(f"must be 0 or at least {LEAST_KEPT}: the marker and the line of the evidence are never cut")
    return longest


class ParameterSettings(Section):
    """What the request offering calls the four parameters that say which credential is meant."""

    app_display_name: Text = "AppDisplayName"
    app_id: OwnName = Field(default="AppID", validate_default=True)
    secret_id: OwnName = Field(default="SecretID", validate_default=True)
    secret_type: OwnName = Field(default="SecretType", validate_default=True)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError("is no time zone, such as Europe/Brussels") from None
    return name


class OpenSettings(Section):
    """How requests are opened for lapsed credentials (`spentkey scan --open`)."""

    offering: Text
    """The name of the request offering, as the employee sees it."""
    employee: Text
    """The LoginID in whose name requests are opened."""
    parameters: Mapping[Text, Text] = Field(default={})
    """What the offering asks beyond the four parameters and the tenant's `when`; `{team}` stands for the team."""
    time_zone: Annotated[Text, AfterValidator(_known_zone)] = "UTC"
    """The tenant's time zone, by which Ivanti reads dates."""
    closed: tuple[Text, ...] = Field(
        default=("Closed", "Fulfilled", "Cancelled", "Rejected", "Completed"), min_length=1
    )
    """The values of a service request's `Status` that end it."""


class IvantiSettings(Section):
    """Ivanti Neurons for ITSM, over its OData API."""

    url: Url
    api_key: SecretOrEntry
    queue_team: Text
    escalation_team: Annotated[Text, AfterValidator(_another_team)] = Field(
        default="Systeemsoftware", validate_default=True
    )
    login_id: Text
    status: StatusSettings = StatusSettings()
    fields: TaskFieldSettings = TaskFieldSettings()
    minutes: int = Field(default=1, ge=0, le=1440)
    """Minutes that a close or a hand-over adds to the task's booked minutes."""
    language: Literal["en", "nl", "fr"] = "en"
    close_fields: MoreFields = Field(default={})
    """Further fields that a close writes, each with a fixed value: what a rule of the tenant asks for."""
    hand_over_fields: MoreFields = Field(default={})
    """The same for a hand-over."""
    owner: Literal["login", "none"] = "login"
    """What a close writes as the task's owner: `login_id`, or nothing."""
    team_members: FieldNameOrNone = ""
    """The relation of StandardUserTeam with its members, by which `check` sees whether the user is in the queue team."""
    parent_category: Text = "ServiceReq"
    """What `ParentLink_Category` of a task says where its parent is a service request."""
    note_category: Text = "Status Update"
    note_parent_category: Text = "Task.Assignment"
    anchor_note: bool = False
    """Whether a close whose resolution has a field of its own is followed by a note that says what the log was."""
    longest_note: Annotated[int, AfterValidator(_long_enough)] = 0
    """How much of a note's text this installation keeps, in characters; 0: all of it."""
    parameters: ParameterSettings = ParameterSettings()
    secret_types: SecretTypes = Field(
        default={"Secret": Kind.SECRET, "Certificaat": Kind.CERTIFICATE, "Cert": Kind.CERTIFICATE}
    )
    """The words of SecretType, each with what it means."""
    open: OpenSettings | None = None
