"""A task that ends the program: handed over by what the desk alone shows, with nothing read that may end it again."""

from spentkey.core.outcome import CannotTell, Cause, End, Failed, Result, hand_over
from spentkey.core.poison import ENDED_THE_PROGRAM
from spentkey.core.stops import About
from spentkey.steps.attempt import Attempt
from spentkey.steps.resume import begun_hand_over
from spentkey.steps.stops import stopped
from spentkey.steps.ticket import read_task


async def give_up(attempt: Attempt, deaths: int) -> End | Result:
    """Neither the request nor the directory is touched; whether a removal was asked for is on record."""
    task = await read_task(attempt)
    if isinstance(task, End | Result):
        return task
    begun = await begun_hand_over(attempt, task)
    if begun is not None:
        return begun
    held_up = await stopped(attempt, About())
    if held_up is not None:
        return held_up
    reason = ENDED_THE_PROGRAM(deaths=deaths)
    if attempt.history.asked_in_assignment:
        return hand_over(CannotTell(reason))
    return hand_over(Failed(reason, cause=Cause.ENDED_THE_PROGRAM))
