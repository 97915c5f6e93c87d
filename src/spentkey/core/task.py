"""The Ivanti task and what it asks for: five request parameters, read strictly."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from spentkey.core.credential import Kind
from spentkey.core.outcome import Refused

PARAMETER_NAMES = ("AppDisplayName", "AppID", "SecretID", "SecretType", "Onderwijs")
"""The request parameters of the service request, by the names that the Ivanti offering uses."""

SECRET_TYPES = {"secret": Kind.SECRET, "certificaat": Kind.CERTIFICATE, "cert": Kind.CERTIFICATE}
YES_NO = {"yes": "Yes", "no": "No"}

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
NOT_A_UUID = "is not a UUID such as 1b4e28ba-2fa1-11d2-883f-0016d3cca427"
"""What is said of an AppID or SecretID that has another form, after its name."""
_LONGEST_NAME = 256
"""Longest AppDisplayName that is read, in characters (Graph allows 256 for `displayName`)."""


@dataclass(frozen=True)
class Parameter:
    """One request parameter as Ivanti gives it; `value` is whatever the JSON held, checked by `read_request`."""

    name: str
    value: object


@dataclass(frozen=True)
class Task:
    """A task (`Task#Assignment`) as read from Ivanti; `minutes` is the effort booked so far."""

    rec_id: str
    number: int
    subject: str
    status: str
    owner: str
    owner_team: str
    read_only: bool
    parent_rec_id: str | None
    parent_category: str | None
    minutes: Decimal
    resolution: str | None = None

    @property
    def service_request(self) -> str | None:
        """The record id of the parent service request, where the parent is one."""
        return self.parent_rec_id if self.parent_category == "ServiceReq" else None


@dataclass(frozen=True)
class RemovalRequest:
    """What the task asks: exactly one credential of one application, with every field in its canonical form."""

    app_display_name: str
    app_id: str
    key_id: str
    kind: Kind
    secret_type: str
    onderwijs: str

    def says(self, name: str) -> str | None:
        """The canonical value of the parameter `name`, matched in any case."""
        values = {
            "appdisplayname": self.app_display_name,
            "appid": self.app_id,
            "secretid": self.key_id,
            "secrettype": self.secret_type,
            "onderwijs": self.onderwijs,
        }
        return values.get(name.casefold())


def ours(parameters: tuple[Parameter, ...]) -> list[Parameter]:
    """The parameters that carry one of the five names, in any case."""
    wanted = {name.casefold() for name in PARAMETER_NAMES}
    return [parameter for parameter in parameters if parameter.name.strip().casefold() in wanted]


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in the form of RFC 9562, section 4, in any case."""
    return _UUID.fullmatch(text.lower()) is not None


def canonical_name(name: str) -> str:
    """One of the five parameters' names in its own spelling; any other name as it is."""
    return next((one for one in PARAMETER_NAMES if one.casefold() == name.strip().casefold()), name)


def read_request(parameters: tuple[Parameter, ...]) -> RemovalRequest | Refused:
    """Guard G1: each of the five parameters once and canonical, or a refusal that names the field."""
    found: dict[str, str] = {}
    for name in PARAMETER_NAMES:
        value = _only_value(name, parameters)
        if isinstance(value, Refused):
            return value
        found[name] = value
    for name in ("AppID", "SecretID"):
        if not is_uuid(found[name]):
            return _refuse(f"{name} {NOT_A_UUID}")
    kind = SECRET_TYPES.get(found["SecretType"].lower())
    if kind is None:
        return _refuse("SecretType is not supported: it must be Secret, Certificaat or Cert")
    onderwijs = YES_NO.get(found["Onderwijs"].lower())
    if onderwijs is None:
        return _refuse("Onderwijs must be Yes or No")
    return RemovalRequest(
        app_display_name=found["AppDisplayName"],
        app_id=found["AppID"].lower(),
        key_id=found["SecretID"].lower(),
        kind=kind,
        secret_type=found["SecretType"],
        onderwijs=onderwijs,
    )


def _only_value(name: str, parameters: tuple[Parameter, ...]) -> str | Refused:
    matches = [p for p in parameters if p.name.strip().casefold() == name.casefold()]
    if not matches:
        return _refuse(f"{name} is missing")
    if len(matches) > 1:
        return _refuse(f"{name} is given {len(matches)} times")
    value = matches[0].value
    if value is None:
        return _refuse(f"{name} is empty")
    if not isinstance(value, str):
        return _refuse(f"{name} is not a text")
    trimmed = value.strip()
    if not trimmed:
        return _refuse(f"{name} is empty")
    if len(trimmed) > _LONGEST_NAME:
        return _refuse(f"{name} is longer than {_LONGEST_NAME} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in trimmed):
        return _refuse(f"{name} contains control characters")
    return trimmed


def asked_type(parameters: tuple[Parameter, ...]) -> str:
    """SecretType as the requester wrote it, for the subject of a note; empty where there is no such text."""
    value = _only_value("SecretType", parameters)
    return "" if isinstance(value, Refused) else value


def _refuse(reason: str) -> Refused:
    return Refused("G1", reason)


@dataclass(frozen=True)
class Ticket:
    """A task that is ours, and the parameters of its service request."""

    task: Task
    parameters: tuple[Parameter, ...]
