"""Tasks that end the program: how often is too often, and what is said of them."""

from datetime import timedelta

from spentkey.core.reason import ReasonKind

DEATHS = 2
"""How many deaths in a row, while nothing else was worked on, hand a task over."""
DEATHS_ASKED = 3
"""The same for a task whose removal was asked for: reads decide once more before people are told."""
DEATHS_UNTOUCHED = 5
"""After so many even the hand-over ends the program, and the task is left alone for `REST`."""
REST = timedelta(hours=1)

ENDED_THE_PROGRAM = ReasonKind(
    "ended-the-program",
    "working on it ended the program {deaths} times in a row while nothing else was worked on",
    "het werk eraan deed het programma {deaths} keer na elkaar eindigen terwijl aan niets anders werd gewerkt",
    "le travail sur cette tâche a mis fin au programme {deaths} fois de suite alors que rien d'autre n'était en cours",
)
"""The same task each time: its data, or what it leads to, is more than the program can bear."""
LEFT_ALONE = ReasonKind(
    "ends-the-program",
    "working on it ended the program {deaths} times in a row, its hand-over too: please close or move it by hand",
    "het werk eraan deed het programma {deaths} keer na elkaar eindigen, ook het overdragen: sluit of verplaats de taak "
    "handmatig",
    "le travail sur cette tâche a mis fin au programme {deaths} fois de suite, sa transmission aussi : veuillez la clôturer ou "
    "la déplacer à la main",
)


def hands_over(deaths: int, *, asked: bool) -> bool:
    """Whether so many deaths hand the task over; `asked` where an intent to remove is on record."""
    return deaths >= (DEATHS_ASKED if asked else DEATHS)
