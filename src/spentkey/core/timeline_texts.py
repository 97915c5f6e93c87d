"""The words of a timeline: what each step of a removal is called, and what it says to people who do not know the code.

A step is a code, which never changes, and the parameters that its sentence names, as in `core/reason.py`. The words are
English for now; whoever shows them in another language adds them here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter

from spentkey.core.reason import Parameter


@dataclass(frozen=True)
class TimelineText:
    """One kind of step: its code, and a sentence with `{parameters}`."""

    code: str
    en: str

    @property
    def parameter_names(self) -> frozenset[str]:
        """The parameters that the sentence names."""
        return frozenset(name for _, name, _, _ in Formatter().parse(self.en) if name)

    def __call__(self, **parameters: Parameter) -> "Statement":
        """The step of this kind with these parameters; raises `KeyError` where the sentence names another one."""
        return Statement(self, parameters)


@dataclass(frozen=True)
class Statement:
    """What a step says: its kind and parameters, and both in words."""

    kind: TimelineText
    parameters: Mapping[str, Parameter]
    text: str = field(init=False)

    def __post_init__(self) -> None:
        """Raise `KeyError` where the sentence names a parameter that is not given."""
        shown = {name: _shown(value) for name, value in self.parameters.items()}
        object.__setattr__(self, "text", self.kind.en.format_map(shown))


def _shown(value: Parameter) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


# What was asked, and by whom.
ASKED = TimelineText("asked", "The task {task} asks to remove the {kind} {key_id} from the application {app_id}.")
ASKED_ALONE = TimelineText(
    "asked-without-task", "The {kind} {key_id} is to be removed from the application {app_id}; there is no task."
)
NOT_READABLE = TimelineText("asked-for-what", "The task {task} asks for something, and what it is cannot be read.")
REQUEST = TimelineText("request", "It belongs to the request {request} at the service desk.")
REQUESTED_BY = TimelineText("requested-by", "The login that asked is {login}.")
REQUESTER_NOT_SHOWN = TimelineText("requester-not-shown", "The service desk does not show by which login it was asked.")
APPROVED_BY = TimelineText("approved-by", "The login that approved is {login}.")
APPROVER_NOT_SHOWN = TimelineText(
    "approver-not-shown", "The service desk does not show by which login it was approved."
)

# What was found, and judged.
JUDGED = TimelineText(
    "judged", "In the tenant {tenant} it was there, and had ended {days} days before, at {ended}. No guard refused it."
)
JUDGED_NO_END = TimelineText("judged-without-end", "In the tenant {tenant} it was there. No guard refused it.")
SURVIVORS = TimelineText("survivors", "What else the application holds must still be there afterwards: {survivors}.")
NO_SURVIVORS = TimelineText("no-survivors", "The application holds no other credential.")
REFUSED = TimelineText("refused", "Guard {guard} refused it: {reason}.")
CAME_TO = TimelineText("came-to", "It came to `{outcome}`: {reason}.")

# What was sent, and answered.
SIGNER = TimelineText("signer", "The application's own certificate {signer} signs the request.")
SENT = TimelineText(
    "sent", "Spentkey {program} put on record that it sends the removal now ({route}, client request id {request_id})."
)
SENT_AGAIN = TimelineText(
    "sent-again",
    "Spentkey {program} put on record that it sends the removal once more ({route}, client request id {request_id}).",
)
ACCEPTED = TimelineText("answer-accepted", "Microsoft Graph accepted the removal: {detail}.")
NOT_PRESENT = TimelineText("answer-not-present", "Microsoft Graph answered that it was not there: {detail}.")
LOST = TimelineText("answer-lost", "The answer was lost or is not clear, so only reads can tell: {detail}.")
GRAPH_REFUSED = TimelineText("answer-refused", "Microsoft Graph refused, and nothing was done: {detail}.")
NOT_DONE = TimelineText("answer-not-done", "It was given up before it could have any effect: {detail}.")
REQUEST_ID = TimelineText("request-id", "In Microsoft's logs the answer is {request_id}.")

# What was read, and what became of the others.
GONE = TimelineText("read-gone", "Reads agree that it is gone and that every other credential is unchanged: {reads}.")
STILL_THERE = TimelineText("read-still-there", "Reads go on showing it: {reads}.")
CANNOT_TELL = TimelineText("read-cannot-tell", "Reads do not agree, so nobody can tell whether it is gone: {reads}.")
SURVIVOR_MISSING = TimelineText("read-survivor-lost", "Reads show that another credential is gone or changed: {reads}.")
OURS = TimelineText("event-ours", "The directory's audit log shows the removal as ours: {detail}.")
MORE = TimelineText("event-more", "The directory's audit log shows that more was changed: {detail}.")
OTHERS = TimelineText("event-others", "The directory's audit log shows that somebody else removed it: {detail}.")
NO_EVENT = TimelineText("event-none", "The directory's audit log does not tell: {detail}.")
EVENT_ID = TimelineText("event-id", "The audit event is {event}.")
AWAITING = TimelineText(
    "awaiting-event",
    "Reads show it gone. What else the list of certificates lost only the directory's audit event shows; Spentkey waits "
    "for it until {until}.",
)
SURVIVOR_LOST = TimelineText("survivor-lost", "Lost or changed besides: {lost}. People must put it back.")
STOPPED = TimelineText(
    "stopped", "From here on nothing is removed from this application, nor by {route} in the tenant {tenant}."
)
ALL_STOPPED = TimelineText("all-stopped", "From here on nothing is removed anywhere.")
NARROWED = TimelineText(
    "stop-narrowed",
    "The directory's audit log shows that somebody else did that ({detail}); from here on only this application is "
    "stopped.",
)

# What was written to the ticket.
NOTING = TimelineText("noting", "Spentkey put on record that it writes a note to the ticket: {subject}.")
NOTED = TimelineText("noted", "The note was read back from the ticket: {subject}.")
CLOSING = TimelineText("closing", "Spentkey put on record that it closes the task, as `{outcome}`.")
CLOSED = TimelineText("closed", "Read back, the task is closed.")
CLOSED_FOUND = TimelineText("closed-found", "A later look found the task closed by us: {found}.")
HANDING_OVER = TimelineText("handing-over", "Spentkey put on record that it hands the task over to people.")
REASSIGNING = TimelineText("reassigning", "Spentkey put on record that it gives the task to the team {team}.")
HANDED_OVER = TimelineText("handed-over", "Read back, the task is with the team {team}.")
HANDED_OVER_FOUND = TimelineText("handed-over-found", "A later look found the task with the team {team}: {found}.")
NOT_REPORTED = TimelineText("not-reported", "The ticket could not be written: {problem}.")
WARNED = TimelineText("warning", "Otherwise than it was written, or not readable: {warning}.")

# How a try ended, and what came between two.
RESULT = TimelineText("result", "The try ended as `{outcome}`; the task is {ticket}.")
STEP_RESULT = TimelineText("step-result", "The removal ended as `{outcome}`; its caller is to leave the task {ticket}.")
STEP_RESULT_ALONE = TimelineText("step-result-without-task", "The removal ended as `{outcome}`.")
CONFIRMED = TimelineText("confirmed", "It counts as ours because Microsoft Graph confirmed it to us.")
PRESUMED = TimelineText(
    "presumed", "It counts as ours because our intent was on record before, and it is gone; no answer confirmed it."
)
WHY = TimelineText("reason", "The reason: {reason}.")
INTERRUPTED = TimelineText(
    "interrupted", "The try before ended without a result, as after a crash. This one read what was true and went on."
)
ANOTHER_TRY = TimelineText("another-try", "Another try began.")
OTHER = TimelineText("other", "A record of the kind {what} was written.")
