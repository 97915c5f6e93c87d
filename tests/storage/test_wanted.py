"""Which results are asked for; the filters themselves are held by the suite of trees."""

from datetime import timedelta

import pytest
from support_core import NOW

from spentkey.core.evidence import GENESIS, seal
from spentkey.ports.evidence_tree import Filters
from spentkey.storage.wanted import is_wanted, is_within, may_be

FACTS = {"task": 7, "app_id": "A-1", "app_name": "Straße", "tenant": 'say "hi" é \ud800', "outcome": "removed"}


@pytest.mark.parametrize(
    "wanted", [Filters(), Filters(tenant='say "hi" é \ud800'), Filters(outcome="removed")], ids=repr
)
def test_a_line_that_is_wanted_is_never_passed_over(wanted: Filters) -> None:
    """Quotes, letters beyond ASCII and half a surrogate pair are looked for as they are written."""
    sealed = seal(GENESIS, 0, NOW, "result", FACTS)
    assert may_be(sealed.record_line, wanted)
    assert is_wanted(FACTS | {"at": NOW.isoformat()}, wanted)


@pytest.mark.parametrize("wanted", [Filters(tenant="say"), Filters(outcome="remove"), Filters(outcome="")], ids=repr)
def test_a_line_of_another_is_passed_over(wanted: Filters) -> None:
    """A part of the text is another text."""
    sealed = seal(GENESIS, 0, NOW, "result", FACTS)
    assert not may_be(sealed.record_line, wanted)
    assert not is_wanted(FACTS | {"at": NOW.isoformat()}, wanted)


def test_a_field_inside_another_does_not_make_a_record_wanted() -> None:
    """The quick look takes it for one; the record decides."""
    facts = {**FACTS, "tenant": "north", "more": {"tenant": "south"}}
    assert may_be(seal(GENESIS, 0, NOW, "result", facts).record_line, Filters(tenant="south"))
    assert not is_wanted(facts | {"at": NOW.isoformat()}, Filters(tenant="south"))


@pytest.mark.parametrize(
    ("app", "found"), [("a-1", True), ("STRASSE", True), ("a-2", False), ("", False), ("none", False)]
)
def test_an_application_is_named_by_its_id_or_its_name(app: str, found: bool) -> None:
    """In any case; one without a name is not called `None`."""
    record = {**FACTS, "at": NOW.isoformat()}
    assert is_wanted(record, Filters(app=app)) == found
    assert not is_wanted({**record, "app_id": None, "app_name": None}, Filters(app=app))


def test_the_end_of_a_period_is_not_in_it() -> None:
    """Its beginning is."""
    later = NOW + timedelta(hours=1)
    assert is_within(NOW, NOW, later)
    assert not is_within(later, NOW, later)
    assert not is_within(NOW - timedelta(microseconds=1), NOW, later)
