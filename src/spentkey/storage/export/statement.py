"""What an export proves, and what it does not, in the words of its report and its README.txt."""

PROVEN = (
    "Each record is as it was written when the checkpoint was signed: none was changed, put in or moved.",
    (
        "Whoever holds an earlier checkpoint, or the size and root in a ticket's note, sees whether the log was written anew "
        "since, or its end cut off."
    ),
)
WHOLE = "No record between the first and the last one here was left out."
NOT_WHOLE = "Whether these are all records of that time is not proven: the export is filtered."
NOT_PROVEN = (
    (
        "That a record told the truth when it was written. What Microsoft and the service desk have on record themselves can "
        "be compared: the request ids, the ids of audit events and the task numbers are in the records."
    ),
    "Who signed, unless you had the key from somebody else than from whoever gave you this file.",
    (
        "Anything, if the key was stolen: its thief can write a log of his own and sign it. Earlier checkpoints that others "
        "hold, notes in tickets and time stamps show that."
    ),
    "That the clock was right.",
)
UNSIGNED = (
    "The checkpoint is not signed: whoever has this file may have made all of it, unless others hold its size and root."
)


def proven(*, filtered: bool) -> tuple[str, ...]:
    """What is proven, a sentence or two each."""
    return (*PROVEN, NOT_WHOLE if filtered else WHOLE)


def not_proven(*, signed: bool) -> tuple[str, ...]:
    """What is not."""
    return NOT_PROVEN if signed else (UNSIGNED, *NOT_PROVEN)


def in_text(*, filtered: bool, signed: bool) -> str:
    """Both, for a file of plain text."""
    lines = ["Proven:", *(f"- {one}" for one in proven(filtered=filtered))]
    return "\n".join([*lines, "", "Not proven:", *(f"- {one}" for one in not_proven(signed=signed))])
