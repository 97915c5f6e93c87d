"""The errors of Spentkey. Expected ends of a task are values (`spentkey.core.outcome`); these are what got in the way.

SpentkeyError            each says who must act
├── Misconfigured        the operator: the configuration, a missing key, a wrong option        exit 2
├── DeskRefused          the operator: the desk refuses us; the task cannot be touched          exit 4
├── AccessRefused        the operator: sign-in, vault or SQL log-in refused; the tenant pauses  exit 4
├── OddData              people: what was asked about cannot be read, and waiting does not help; tried, then handed over
├── WriteRefused         people: a system refuses a write, or it never takes; the task stays open     exit 4
├── EndedByOthers        nobody: people ended or took the task while it was written; it is left as they left it
├── Busy                 nobody: another process works on it; the task stays open (guard G9)        exit 4
├── Outage               nobody: wait; a system is away or answers nonsense                     exit 4
├── Stopping             nobody: the service stops, and the next start goes on from here        exit 4
└── EvidenceBroken       the operator: the evidence file cannot be trusted or written           exit 4
"""

from enum import StrEnum

from spentkey.core.reason import Reason, ReasonKind, reason_for

OUT_OF_MEMORY = ReasonKind(
    "out-of-memory",
    "this process has no memory left",
    "dit proces heeft geen geheugen meer",
    "ce processus n'a plus de mémoire",
)


class Who(StrEnum):
    """Who must act before the task can go on."""

    OPERATOR = "operator"
    NOBODY = "nobody"
    PEOPLE = "people"


class SpentkeyError(Exception):
    """The root of all errors that Spentkey raises on purpose; its text is one plain line for people.

    It is made with a `Reason` where a note may tell it, in the language of the desk; a text is quoted as it is.
    """

    who: Who = Who.OPERATOR

    @property
    def reason(self) -> Reason:
        """What it was made with, as a reason."""
        return reason_for(self.args[0] if self.args and isinstance(self.args[0], Reason) else str(self))


class Misconfigured(SpentkeyError):
    """The configuration or the command line cannot be used; each line of the text names one problem."""


class DeskRefused(SpentkeyError):
    """The service desk refuses us, so that nothing can be read from the task or written to it."""


class AccessRefused(SpentkeyError):
    """A sign-in, a key or a log-in of a vault was refused, or its entry is missing or ambiguous."""


class WriteRefused(SpentkeyError):
    """A system refuses a write by a rule of its own, or takes it without effect again and again."""

    who = Who.PEOPLE


class OddData(SpentkeyError):
    """Something about one object is other than it can be, which another try does not change."""

    who = Who.PEOPLE


class EndedByOthers(SpentkeyError):
    """Somebody else ended the task, or took it, while it was written; what was written does not show."""

    who = Who.NOBODY


class Busy(SpentkeyError):
    """Another process works on the same task or application, and did not end in time."""

    who = Who.NOBODY


class Outage(SpentkeyError):
    """A system did not answer, or answered what cannot be used; the task stays open for another try."""

    who = Who.NOBODY


class Stopping(SpentkeyError):
    """The service is being stopped; the work has reached a safe point and is left open."""

    who = Who.NOBODY


class EvidenceBroken(SpentkeyError):
    """The evidence cannot be written, or what is there does not verify; without evidence nothing is removed."""


PROBLEMS = (SpentkeyError, MemoryError)
"""What may get in the way of a task, and leaves a ticket that says so."""


def known(problem: SpentkeyError | MemoryError) -> SpentkeyError:
    """The problem as one of ours: memory that ran out is an outage of this process."""
    return problem if isinstance(problem, SpentkeyError) else Outage(OUT_OF_MEMORY())
