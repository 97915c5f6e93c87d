"""What the bench says: its tables, its aims, and its complaints about peers and options."""

import argparse
import platform
from datetime import UTC, datetime

import pytest

from bench.__main__ import as_json, document, parser, plan_of
from bench.campaign import Plan, Report, Row
from bench.figures import Sample
from bench.loopback import refuse_strangers
from bench.table import aims, render, table
from bench.ways import WAYS

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SAID = {
    "control": "http://127.0.0.1:1",
    "entra": "https://localhost:2",
    "ivanti": "https://localhost:3/HEAT",
    "passwordstate": "https://localhost:4",
    "sql": "localhost,5",
    "proxy": "http://127.0.0.1:6",
}


def sample(wall: float, cpu: float = 0.01, routes: tuple[str, ...] = ("graph batch",)) -> Sample:
    return Sample(wall, cpu, 50e6, 18, 0.0, 0.0, routes)


def report(samples: dict[str, list[Sample]], reasons: dict[str, str] | None = None) -> Report:
    """A report of one latency and one kind with these samples."""
    rows = [
        Row(0.0, "secret", way, 0, 105_000_000, samples.get(way.name, []), (reasons or {}).get(way.name))
        for way in WAYS
        if way.name in samples or way.name in (reasons or {})
    ]
    return Report(Plan((0.0,), 3, 200, (), ()), rows, {}, {"spentkey": "0.1.0"})


def test_columns_are_aligned() -> None:
    """Every line of a table has the same length, so that it reads on a terminal too."""
    lines = table(("way", "s"), [("a long name", "1"), ("b", "1000")]).splitlines()
    assert {len(lines[0])} == {len(line) for line in lines}


def test_a_row_shows_its_figures_and_ratios() -> None:
    """Wall, ratio, CPU, ratio, memory, requests and size stand in their columns."""
    found = render(report({"spentkey run": [sample(0.6, 0.4)], "bare script": [sample(0.3, 0.1)]}))
    row = next(line for line in found.splitlines() if line.startswith("| spentkey run"))
    expected = ["spentkey run", "0.600", "2.00", "0.400", "4.00", "50", "18", "105"]
    assert expected == [cell.strip() for cell in row.strip("|").split("|")]


def test_the_floor_is_not_compared_with_itself() -> None:
    """The row of the bare script has no ratio."""
    found = render(report({"bare script": [sample(0.3)]}))
    assert "1.00" not in found


def test_a_peer_that_is_missing_says_why() -> None:
    """A peer that could not be installed is a row with its reason below."""
    found = render(report({"bare script": [sample(0.3)]}, {"az": "not installed: no network"}))
    assert ("| az          | –" in found, "- az: not installed: no network" in found) == (True, True)


def test_samples_before_a_failure_stay() -> None:
    """A way that failed in a later run shows what was measured before, and that it failed."""
    found = render(report({"az": [sample(0.8)]}, {"az": "failed in run 2: exit code 1: no"}))
    assert ("| az  | 0.800" in found, "- az: failed in run 2" in found) == (True, True)


@pytest.mark.parametrize(
    ("way", "cpu", "word"),
    [("step by step", 1.9, ", met"), ("step by step", 2.1, ", NOT met"), ("one action", 1.3, ", NOT met")],
)
def test_our_playbooks_are_held_against_the_classic_one(way: str, cpu: float, word: str) -> None:
    """A third of its CPU time for the steps, a fifth for the one action, and told as it is."""
    found = "\n".join(aims(report({"playbook": [sample(6, 6.0)], way: [sample(2, cpu)]})))
    assert (f"our playbook {way}" in found, word in found) == (True, True)


def test_without_the_classic_playbook_there_is_nothing_to_hold_against() -> None:
    """The aim is not told where it cannot be."""
    assert "our playbook" not in "\n".join(aims(report({"step by step": [sample(2, 1.0)]})))


@pytest.mark.parametrize(("cpu", "word"), [(0.030, "ms, met"), (0.031, "ms, NOT met")])
def test_the_aim_of_cpu_is_told_as_it_is(cpu: float, word: str) -> None:
    """Thirty milliseconds are met, one more is not."""
    assert word in next(aims(report({"spentkey, warm": [sample(0.04, cpu)]})))


@pytest.mark.parametrize(("wall", "word"), [(0.012, "1.20, met"), (0.013, "1.30, NOT met")])
def test_the_aim_of_wall_is_told_as_it_is(wall: float, word: str) -> None:
    """The warm process is compared with the warm floor."""
    found = list(aims(report({"spentkey, warm": [sample(wall)], "bare, warm": [sample(0.010)]})))
    assert any(word in line for line in found)


@pytest.mark.parametrize(("wall", "word"), [(0.9, "0.900 s, met"), (1.1, "1.100 s, NOT met")])
def test_the_aim_of_a_cold_run_is_told_as_it_is(wall: float, word: str) -> None:
    """One second beyond the outside calls, and not more."""
    assert any(word in line for line in aims(report({"spentkey run": [sample(wall)]})))


@pytest.mark.parametrize(
    ("routes", "words"),
    [(("a", "b"), "the same requests in the same order"), (("b", "a"), "OTHER REQUESTS"), (("a",), "OTHER REQUESTS")],
)
def test_a_floor_that_asks_something_else_is_named(routes: tuple[str, ...], words: str) -> None:
    """The comparison is only as good as the floor: other requests, or another order, are said aloud."""
    made = {"spentkey run": [sample(0.6, routes=("a", "b"))], "bare script": [sample(0.3, routes=routes)]}
    assert any(words in line for line in aims(report(made)))


def test_nothing_measured_meets_no_aim() -> None:
    """An aim without a measurement is not told at all."""
    assert list(aims(report({}, {"spentkey, warm": "failed in run 1: no"}))) == []


def test_the_document_names_day_and_versions_and_no_host() -> None:
    """Date, versions and the conditions stand in the head; the machine's name does not."""
    found = document(report({"bare script": [sample(0.3)]}), NOW)
    assert all(words in found for words in ("2026-01-02", "spentkey 0.1.0", "without waiting"))
    assert platform.node() not in found.split()


def test_the_object_has_every_sample_and_no_routes() -> None:
    """`--json` keeps the samples in seconds and bytes, without the long lists of requests."""
    found = as_json(report({"bare script": [sample(0.3), sample(0.4)]}), NOW)["rows"][0]["samples"]
    assert ([one["wall"] for one in found], any("routes" in one for one in found)) == ([0.3, 0.4], False)


def test_quick_leaves_the_large_peers_out() -> None:
    """`--quick` installs nothing large; a peer that is named comes all the same."""
    plain, named = (plan_of(parser().parse_args(["--quick", *more])) for more in ([], ["--peers", "az"]))
    assert (plain.peers, named.peers) == ((), ("az",))


def test_without_options_everything_is_measured() -> None:
    """Three latencies, five runs, two hundred tasks, every peer."""
    expected = Plan((0.0, 20.0, 100.0), 5, 200, (10, 100, 1000), ("az", "sdk", "playbook", "ansible"))
    assert expected == plan_of(parser().parse_args([]))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--runs", "0"),
        ("--runs", "-1"),
        ("--tasks", "many"),
        ("--latency", "-5"),
        ("--latency", "nan"),
        ("--peers", "x"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A number that is none and a peer that nobody knows end the command with one line."""
    with pytest.raises(SystemExit) as ended:
        parser().parse_args([option, value])
    assert (ended.value.code, value in capsys.readouterr().err) == (2, True)


def test_a_parser_has_no_required_option() -> None:
    """`make bench` needs nothing to be typed."""
    assert isinstance(parser().parse_args([]), argparse.Namespace)


def test_loopback_addresses_pass() -> None:
    """What the simulator says of itself is taken."""
    refuse_strangers(SAID)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("entra", "https://login.microsoftonline.com"),
        ("ivanti", "https://localhost.example.org:3/HEAT"),
        ("proxy", "http://10.0.0.1:6"),
        ("sql", "db,1433"),
    ],
)
def test_an_address_that_leaves_the_machine_is_refused(name: str, address: str) -> None:
    """The bench never talks to anything but loopback."""
    with pytest.raises(RuntimeError, match=name):
        refuse_strangers({**SAID, name: address})
