"""What a dry run finds: the action that a run would take now, and the result as far as it is known."""

from dataclasses import dataclass
from enum import StrEnum

from spentkey.core.outcome import Result


class Action(StrEnum):
    """What a run would do to the task now."""

    REMOVE = "remove"
    CLOSE_AS_GONE = "close-as-gone"
    HAND_OFF = "hand-off"
    LEAVE = "leave"
    PASS = "pass"  # noqa: S105  # a verb


@dataclass(frozen=True)
class Planned:
    """One line of a plan."""

    action: Action
    result: Result
    fallback_would_free: bool = False
    """Whether the task is handed over only because policy.certificate_fallback is not `patch`."""

    def as_json(self) -> dict[str, str | None]:
        """The object of the contract, with `would` in place of outcome and ticket."""
        fields = self.result.as_json() | {"would": self.action.value, "evidence": None}
        return {name: value for name, value in fields.items() if name not in ("outcome", "ticket")}
