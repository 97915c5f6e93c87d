"""What an answer may cost when it is read: its size in memory is bounded, whatever is in it."""

import subprocess
import sys

import pytest

from spentkey.core.errors import Outage
from spentkey.http.client import LARGEST_ANSWER, MOST_VALUES, Response, TooLarge, json_value

MOST_MB = 200
"""What reading one answer may take: with the two children and what a process has anyway it fits into Compose's 512 MB."""
READS = """
import sys
from spentkey.core.errors import Outage
from spentkey.http.client import LARGEST_ANSWER, Response, json_value
def peak():
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) // 1024
unit = sys.argv[1].encode()
body = b'{"value":[' + unit * (int(sys.argv[2]) // len(unit)) + b'0]}'
before = peak()
try:
    value = json_value(Response(200, {}, body), "x")
except Outage as problem:
    print("refused", peak() - before)
else:
    print("read", peak() - before)
"""
DENSE = ('{"a":1},', "{},", "[[]],", "1.5,", '"ab",', '{"a":{"b":[]}},', '"\\ud800",')


def cost(unit: str, size: int = LARGEST_ANSWER) -> tuple[str, int]:
    """Whether an answer full of this is read, and how many MB that took at most."""
    command = [sys.executable, "-c", READS, unit, str(size)]
    how, megabytes = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return how, int(megabytes)


@pytest.mark.parametrize("unit", DENSE)
def test_an_answer_full_of_small_values_is_refused_before_it_is_read(unit: str) -> None:
    """Millions of them would take hundreds of MB; to count them takes none."""
    how, megabytes = cost(unit)
    assert how == "refused"
    assert megabytes < 5


@pytest.mark.parametrize("unit", ["{},", '{"a":1},', '{"a":{}},', "[],", "1.5,"])
def test_as_many_values_as_are_read_fit(unit: str) -> None:
    """The densest answer that is not refused."""
    marks = sum(unit.count(one) for one in ",:[{")
    how, megabytes = cost(unit, (MOST_VALUES - 10) // marks * len(unit))
    assert how == "read"
    assert megabytes < MOST_MB


@pytest.mark.parametrize("unit", ['"' + "x" * 1000 + '",', '"' + "\U0001f511" * 1000 + '",'])
def test_the_largest_answer_of_long_texts_fits(unit: str) -> None:
    """Texts take up to four times what they have in the answer."""
    how, megabytes = cost(unit)
    assert how == "read"
    assert megabytes < MOST_MB


def test_a_page_of_a_real_size_is_read() -> None:
    """A hundred records with three hundred fields, and texts with commas."""
    row = "{" + ",".join(f'"Field{number}":"a, b: [c]"' for number in range(300)) + "}"
    body = ('{"value":[' + ",".join([row] * 100) + "]}").encode()
    value = json_value(Response(200, {}, body), "Desk")
    assert len(value["value"]) == 100


def test_the_reason_says_what_is_wrong() -> None:
    """By the name of the system; a desk then asks for a smaller page."""
    body = b"[" + b"1," * MOST_VALUES + b"1]"
    with pytest.raises(TooLarge, match=f"Desk answered JSON of more than {MOST_VALUES} values") as refused:
        json_value(Response(200, {}, body), "Desk")
    assert isinstance(refused.value, Outage)
