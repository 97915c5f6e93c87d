"""Verification: three answers from reads of which none is trusted alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spentkey.core.rules import VerifyRules
from spentkey.core.verification import Verdict, Verification

RULES = VerifyRules(reads=3, interval_s=5, timeout_s=60)
PRESENT, ABSENT, LOST, LOST_PRESENT, NO_APPLICATION = "P", "A", "L", "l", "-"


def feed(reads: str, *, may_repeat: bool = False, every: float = 5) -> tuple[Verdict, int, Verification]:
    """Feed reads until a verdict; how many it took."""
    watch = Verification(RULES, may_repeat=may_repeat)
    for number, one in enumerate(reads, 1):
        verdict = take(watch, one, number * every)
        if verdict is not Verdict.WAIT:
            return verdict, number, watch
    return Verdict.WAIT, len(reads), watch


def take(watch: Verification, one: str, at: float) -> Verdict:
    """Feed one read."""
    if one == NO_APPLICATION:
        return watch.unclear(at)
    return watch.read(at, present=one in "Pl", survivors_intact=one in "PA")


@pytest.mark.parametrize(
    ("reads", "after"), [("AAA", 3), ("PAAA", 4), ("PPPPAAA", 7), ("APAPAAA", 7), ("AAPAAPAAA", 9)]
)
def test_gone_needs_three_absent_reads_in_a_row(reads: str, after: int) -> None:
    """A read that shows it resets the count, whichever way replicas go back and forth."""
    assert (Verdict.GONE, after) == feed(reads)[:2]


@pytest.mark.parametrize("reads", ["A", "AA", "AAP", "AAPAA", "PPPPPPP", "AA-AA", "AALAA", "AAlAA", "LL", "ll", ""])
def test_less_than_that_waits(reads: str) -> None:
    """An unclear read, or one without a survivor, resets the count as well."""
    assert feed(reads)[0] is Verdict.WAIT


def test_always_present_until_the_deadline_is_still_there() -> None:
    """At exactly the deadline, not before."""
    assert feed("P" * 20)[:2] == (Verdict.STILL_THERE, 12)


@pytest.mark.parametrize("reads", ["PPPPAPPPPPPPPP", "PAPAPAPAPAPAPA", "AAPAAPAAPAAPAAP", "PP-PPPPPPPPPPP", "-" * 12])
def test_mixed_until_the_deadline_cannot_be_told(reads: str) -> None:
    """One other read among twelve is enough, also one that did not show the application at all."""
    assert feed(reads)[:2] == (Verdict.CANNOT_TELL, 12)


def test_three_absent_reads_at_the_deadline_are_enough() -> None:
    """The last read may complete the row."""
    assert feed("P" * 9 + "AAA")[:2] == (Verdict.GONE, 12)


@pytest.mark.parametrize(("reads", "after"), [("LLL", 3), ("lll", 3), ("AALLL", 5), ("PlLl", 4), ("LALLL", 5)])
def test_a_survivor_missing_in_three_reads_in_a_row_is_lost(reads: str, after: int) -> None:
    """Whether or not the target shows in them."""
    assert (Verdict.SURVIVOR_LOST, after) == feed(reads)[:2]


@pytest.mark.parametrize("reads", ["LALA", "LL-LL", "llPll", "LLAAPLL"])
def test_a_survivor_that_flickers_is_not_lost(reads: str) -> None:
    """One stale read does not stop everything."""
    assert feed(reads)[0] is Verdict.WAIT


def test_absence_without_a_survivor_is_never_gone() -> None:
    """Until the deadline, alternating: it cannot be told."""
    assert feed("AL" * 10)[:2] == (Verdict.CANNOT_TELL, 12)


def test_after_a_lost_reply_three_present_reads_ask_for_the_repeat() -> None:
    """The look before trying again."""
    assert feed("PPP", may_repeat=True)[:2] == (Verdict.REPEAT, 3)
    assert feed("PAPPP", may_repeat=True)[:2] == (Verdict.REPEAT, 5)


@pytest.mark.parametrize("reads", ["PPP", "PPPPPPPP"])
def test_without_a_lost_reply_nothing_is_repeated(reads: str) -> None:
    """Inside the window the write is not sent again."""
    assert feed(reads)[0] is Verdict.WAIT


@pytest.mark.parametrize("reads", ["PPA", "PPAPP", "PP-PP"])
def test_reads_that_disagree_ask_for_no_repeat(reads: str) -> None:
    """Only a row of reads that show it does."""
    assert feed(reads, may_repeat=True)[0] is Verdict.WAIT


def test_after_a_lost_reply_absence_is_gone_all_the_same() -> None:
    """The reply was lost, the removal was not."""
    assert feed("AAA", may_repeat=True)[:2] == (Verdict.GONE, 3)


def test_the_window_starts_anew_after_the_repeat_and_there_is_no_second_one() -> None:
    """A full window of its own, with no memory of reads before it."""
    watch = Verification(RULES, may_repeat=True)
    assert [take(watch, one, 50.0) for one in "APPP"] == [Verdict.WAIT] * 3 + [Verdict.REPEAT]
    watch.repeated(at=55)
    assert [take(watch, "P", 114.0) for _ in range(4)] == [Verdict.WAIT] * 4
    assert take(watch, "P", 115.0) is Verdict.STILL_THERE


def test_absent_reads_before_the_repeat_do_not_count_after_it() -> None:
    """Two before and one after are not three in a row."""
    watch = Verification(RULES, may_repeat=True)
    for one in "PPPAA":
        take(watch, one, 10.0)
    watch.repeated(at=15)
    assert [take(watch, "A", 20.0) for _ in range(3)] == [Verdict.WAIT, Verdict.WAIT, Verdict.GONE]


def test_every_read_is_kept_in_words_for_the_evidence() -> None:
    """Also across a repeat."""
    watch = feed("PAL-")[2]
    assert watch.seen == ["present", "absent", "absent+survivor-missing", "no-application"]
    assert watch.reads == 4


READS = st.text(alphabet=PRESENT + ABSENT + LOST + LOST_PRESENT + NO_APPLICATION, max_size=30)


@given(READS, st.booleans(), st.sampled_from([1.0, 5.0, 20.0]))
def test_each_verdict_is_what_the_last_reads_say(reads: str, may_repeat: bool, every: float) -> None:
    """Gone only when the last three reads were absent and intact; the others as their names say."""
    verdict, number, _ = feed(reads, may_repeat=may_repeat, every=every)
    taken = reads[:number]
    assert (verdict is Verdict.GONE) == (len(taken) >= 3 and set(taken[-3:]) == {"A"})
    if verdict is Verdict.SURVIVOR_LOST:
        assert set(taken[-3:]) <= {"L", "l"}
    if verdict is Verdict.REPEAT:
        assert may_repeat
        assert set(taken[-3:]) <= {"P", "l"}
    if verdict is Verdict.STILL_THERE:
        assert set(taken) <= {"P", "l"}
    if verdict in (Verdict.STILL_THERE, Verdict.CANNOT_TELL):
        assert number * every >= RULES.timeout_s


@given(READS, st.integers(2, 6))
def test_the_number_of_reads_is_the_rules(reads: str, needed: int) -> None:
    """With any `verify_reads`, a single read less is never enough."""
    watch = Verification(VerifyRules(needed, 5, 1e9))
    for number, one in enumerate(reads, 1):
        verdict = take(watch, one, 0.0)
        if verdict is Verdict.GONE:
            assert "A" * needed == reads[:number][-needed:]
            break
