"""A secret can be used and compared, and cannot be seen by accident."""

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spentkey.core.secret import Secret

CANARY = "canary-5Qz"


def show(secret: Secret) -> str:
    """What str() gives."""
    return str(secret)


def fill(secret: Secret) -> str:
    """What an f-string gives."""
    return f"{secret}"


def fill_aligned(secret: Secret) -> str:
    """What an f-string with a width gives."""
    return f"{secret:>20}"


def percent(secret: Secret) -> str:
    """What %s gives."""
    return "%s" % secret  # noqa: UP031  # the very thing that is tried


def call_format(secret: Secret) -> str:
    """What str.format gives."""
    return "{}".format(secret)  # noqa: UP032  # the very thing that is tried


def as_json(secret: Secret) -> str:
    """What JSON gives."""
    return json.dumps({"password": secret})


def as_json_by_str(secret: Secret) -> str:
    """What JSON gives with the usual way around."""
    return json.dumps({"password": secret}, default=str)


def pickled(secret: Secret) -> bytes:
    """What pickling gives, in the newest protocol."""
    return pickle.dumps(secret)


def pickled_the_old_way(secret: Secret) -> bytes:
    """What pickling gives, in the oldest protocol."""
    return pickle.dumps(secret, protocol=0)


def copied(secret: Secret) -> Secret:
    """What copying gives."""
    return copy.copy(secret)


def deeply_copied(secret: Secret) -> Secret:
    """What a deep copy of something that holds it gives."""
    return copy.deepcopy([secret])[0]


def hashed(secret: Secret) -> int:
    """What hashing gives."""
    return hash(secret)


def attributes(secret: Secret) -> dict[str, object]:
    """What vars() gives."""
    return vars(secret)


WAYS = [
    show,
    fill,
    fill_aligned,
    percent,
    call_format,
    as_json,
    as_json_by_str,
    pickled,
    pickled_the_old_way,
    copied,
    deeply_copied,
    hashed,
    attributes,
]


@pytest.mark.parametrize("way", WAYS)
def test_a_secret_refuses_to_be_turned_into_something_else(way: Callable[[Secret], object]) -> None:
    """Each way is a TypeError, and the error does not say the secret."""
    with pytest.raises(TypeError) as refused:
        way(Secret(CANARY))
    assert CANARY not in "".join(traceback.format_exception(refused.value))


def test_repr_shows_a_mask() -> None:
    """Alone, and inside of what holds it."""
    assert repr(Secret(CANARY)) == "<Secret hidden>"
    assert repr([Secret(CANARY)]) == "[<Secret hidden>]"
    assert f"{Secret(CANARY)!r}" == "<Secret hidden>"


def test_a_dataclass_that_holds_one_shows_the_mask_and_cannot_be_taken_apart() -> None:
    """As settings and entries hold them."""

    @dataclass(frozen=True)
    class Entry:
        title: str
        password: Secret

    entry = Entry("x", Secret(CANARY))
    assert CANARY not in repr(entry)
    with pytest.raises(TypeError):
        asdict(entry)


def test_a_log_line_shows_the_mask(caplog: pytest.LogCaptureFixture) -> None:
    """With %r, as loggers of libraries do."""
    logging.getLogger("spentkey.test").warning("got %r", Secret(CANARY))
    assert caplog.messages == ["got <Secret hidden>"]


def test_reveal_gives_the_text() -> None:
    """The one way to the value."""
    assert Secret(CANARY).reveal() == CANARY


def test_a_secret_is_true_when_it_has_a_text() -> None:
    """So that an empty one can be told apart."""
    assert bool(Secret(CANARY))
    assert not Secret("")


@given(st.text(), st.text())
def test_secrets_are_equal_when_their_texts_are(one: str, other: str) -> None:
    """For any two texts."""
    assert (Secret(one) == Secret(other)) is (one == other)
    assert Secret(one) == Secret(one)


@pytest.mark.parametrize("other", [CANARY, None, 0, b"canary-5Qz", object()])
def test_a_secret_equals_nothing_but_a_secret(other: object) -> None:
    """Not even its own text, so that no test of equality gives it away by accident."""
    assert Secret(CANARY) != other


def test_a_text_that_is_not_utf8_can_be_compared() -> None:
    """An environment may hold any bytes; comparing raises nothing that could quote them."""
    assert Secret("a\udcff") == Secret("a\udcff")
    assert Secret("a\udcff") != Secret("a")
