"""The documented limits of Graph are kept before they are met: whoever writes, in any window, for each tenant."""

import pytest
from support_core import CLIENT_ID, OTHER_TENANT_ID, TENANT_ID, ManualClock

from spentkey.adapters.entra.quota import (
    APPLICATION,
    AUDIT_READS,
    COUNTED_FOR_S,
    KEY_READS,
    LISTS_SHARE,
    PRINCIPAL,
    TELLS,
    TENANT_WRITES,
    UNITS,
    WRITES,
    Quota,
    quota_of,
)
from spentkey.http.rate_limit import LocalRates, RateLimiter


def quota(
    clock: ManualClock, states: LocalRates | None = None, tenant: str = TENANT_ID, client: str = CLIENT_ID
) -> Quota:
    """The quota of a client in a tenant."""
    both = states or LocalRates(clock)
    return quota_of(tenant, client, both, both, clock)


async def paged(one: Quota, pages: int, clock: ManualClock) -> float:
    """How long so many pages of lists take."""
    begun = clock.monotonic()
    for _ in range(pages):
        await one.list_page()
    return clock.monotonic() - begun


async def test_pages_of_lists_may_take_all_that_is_documented_while_nothing_is_removed() -> None:
    """150 a minute for a tenant, of which 95 % are spread."""
    clock = ManualClock()
    assert 82 < await paged(quota(clock), 202, clock) < 84


async def test_pages_of_lists_take_three_fifths_at_most_while_removals_take_some() -> None:
    """Whichever process they run in, as long as it shares the states; a minute after the last one, all once more."""
    clock = ManualClock()
    states = LocalRates(clock)
    scan, removals, taken = quota(clock, states), quota(clock, states, client=OTHER_TENANT_ID), 0
    await removals.read(selecting=1)
    begun = clock.monotonic()
    while clock.monotonic() - begun < 59:
        await scan.list_page()
        taken += 1
    assert 80 <= taken <= KEY_READS[0] * LISTS_SHARE
    await clock.sleep(2)
    assert await paged(scan, 100, clock) < 43


async def test_a_read_that_selects_no_keys_leaves_lists_alone() -> None:
    """It takes nothing of what lists need."""
    clock = ManualClock()
    one = quota(clock)
    await one.read(APPLICATION, plain=1)
    assert await paged(one, 202, clock) < 86


async def test_a_removal_waits_behind_one_page_of_each_list_at_most() -> None:
    """However long the lists are: their pages are asked for one by one."""
    clock = ManualClock()
    one = quota(clock)
    await paged(one, 100, clock)
    begun = clock.monotonic()
    await one.read(selecting=1)
    assert clock.monotonic() - begun < 1


async def test_pages_of_another_tenant_are_another_matter() -> None:
    """The limit is the tenant's."""
    clock = ManualClock()
    states = LocalRates(clock)
    await quota(clock, states, tenant=OTHER_TENANT_ID).read(selecting=1)
    assert await paged(quota(clock, states), 202, clock) < 86


@pytest.mark.parametrize(
    ("name", "documented"),
    [
        ("writes", WRITES),
        ("tenant_writes", TENANT_WRITES),
        ("units", UNITS),
        ("audit_reads", AUDIT_READS),
        ("key_reads", KEY_READS),
    ],
)
def test_what_is_spread_and_what_comes_at_once_stay_below_the_documented_figure(
    name: str, documented: tuple[int, float]
) -> None:
    """Both together are the most that one window can see."""
    one: RateLimiter = getattr(quota(ManualClock()), name)
    assert (one.limit + one.at_once <= documented[0], one.period_s) == (True, documented[1])


async def test_nine_tenths_of_the_write_quota_are_really_used() -> None:
    """20 writes a second are documented; more than 18 go out over a long time."""
    clock = ManualClock()
    one = quota(clock)
    for _ in range(2000):
        await one.write(as_client=True)
    assert 2000 / clock.monotonic() > 18


async def test_writes_by_an_applications_own_token_do_not_use_up_ours() -> None:
    """`removeKey` counts for the application that removes its own key; only the tenant's figure is shared."""
    clock = ManualClock()
    one = quota(clock)
    for _ in range(500):
        await one.write(as_client=False)
    assert clock.monotonic() == 0.0


async def test_the_tenants_figure_holds_for_all_applications_together() -> None:
    """60 writes a second, whoever they count for."""
    clock = ManualClock()
    one = quota(clock)
    for _ in range(6000):
        await one.write(as_client=False)
    assert 6000 / clock.monotonic() < 70


async def test_reads_do_not_wait_for_writes() -> None:
    """A queue of writes leaves the reads of a verification alone."""
    clock = ManualClock()
    one = quota(clock)
    for _ in range(300):
        await one.write(as_client=True)
    before = clock.monotonic()
    await one.read(2)
    assert before == clock.monotonic()


async def test_reads_have_a_figure_of_their_own() -> None:
    """3,500 resource units in 10 s, for the smallest tenants."""
    clock = ManualClock()
    one = quota(clock)
    for _ in range(3500):
        await one.read(2)
    assert 7000 / clock.monotonic() < 360


async def test_another_tenant_is_not_held_up() -> None:
    """Each tenant has its own figures."""
    clock = ManualClock()
    states = LocalRates(clock)
    for _ in range(300):
        await quota(clock, states).write(as_client=True)
    before = clock.monotonic()
    await quota(clock, states, tenant=OTHER_TENANT_ID).write(as_client=True)
    assert before == clock.monotonic()


async def test_the_audit_log_is_asked_at_most_five_times_in_ten_seconds() -> None:
    """What does not fit is not asked, and not waited for."""
    clock = ManualClock()
    one, asked = quota(clock), 0
    for _ in range(200):
        asked += await one.audit_read()
        await clock.sleep(0.05)
    assert (asked <= 5, clock.monotonic() < 10.1) == (True, True)


CODE = "Request_ThrottledTemporarily"


async def fullest_minute(one: Quota, clock: ManualClock, count: int, **reads: int) -> int:
    """The most reads that went out in any minute."""
    at: list[float] = []
    for _ in range(count):
        await one.read(**reads)
        at += [clock.monotonic()] * sum(reads.values())
    return max(sum(1 for one in at if begin <= one < begin + 60) for begin in at)


async def test_reads_that_select_keys_are_at_most_150_in_any_minute() -> None:
    """And 140 are really made."""
    clock = ManualClock()
    assert 140 <= await fullest_minute(quota(clock), clock, 600, selecting=1) <= 150


async def test_they_are_counted_for_the_tenant_whoever_asks() -> None:
    """Where they are counted is another place than that of the other limits."""
    clock = ManualClock()
    rates, scarce = LocalRates(clock), LocalRates(clock)
    both = [quota_of(TENANT_ID, client, rates, scarce, clock) for client in (CLIENT_ID, OTHER_TENANT_ID)]
    for number in range(150):
        await both[number % 2].read(selecting=1)
    assert clock.monotonic() > 59
    before = clock.monotonic()
    await quota_of(TENANT_ID, CLIENT_ID, rates, LocalRates(clock), clock).read(selecting=1)
    assert before == clock.monotonic()


async def test_plain_reads_are_not_counted() -> None:
    """The documents exempt them."""
    clock = ManualClock()
    one = quota(clock)
    for _ in range(150):
        await one.read(selecting=1)
    before = clock.monotonic()
    for _ in range(10):
        await one.read(3, plain=2)
    assert clock.monotonic() - before < 1


async def test_after_a_429_that_no_other_limit_explains_they_are() -> None:
    """For an hour; then the documents are believed again."""
    clock = ManualClock()
    one = quota(clock)
    one.throttled(CODE, {"Retry-After": "5"})
    assert await fullest_minute(one, clock, 200, plain=2) <= 150
    await clock.sleep(COUNTED_FOR_S)
    before = clock.monotonic()
    for _ in range(100):
        await one.read(plain=2)
    assert clock.monotonic() - before < 1


@pytest.mark.parametrize(
    ("code", "headers"),
    [(CODE, {TELLS: "ResourceUnitLimitExceeded"}), (CODE, {TELLS.upper(): "CPULimitExceeded"}), ("", {})],
)
async def test_a_429_of_another_limit_changes_nothing(code: str, headers: dict[str, str]) -> None:
    """It names its limit, or is not Graph's own."""
    clock = ManualClock()
    one = quota(clock)
    one.throttled(code, headers)
    for _ in range(100):
        await one.read(plain=2)
    assert clock.monotonic() < 1


async def test_eighteen_removals_of_secrets_a_second_fit() -> None:
    """Two looks, one write and five reads each, in the smallest tenant and without a read that selects keys."""
    clock = ManualClock()
    one = quota(clock)
    for _ in range(3000):
        for _ in range(2):
            await one.read(APPLICATION + PRINCIPAL, plain=2)
        await one.write(as_client=True)
        for _ in range(5):
            await one.read(APPLICATION, plain=1)
    assert 3000 / clock.monotonic() > 18
