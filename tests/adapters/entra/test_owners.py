"""Owners as the directory lists them: names and addresses where it shows them, and never a part of the list."""

from typing import Any

import pytest

from spentkey.adapters.entra.owners import read_owners
from spentkey.core.listed import Owner

ANN = "2b2b2b2b-0000-4000-8000-00000000000a"


@pytest.mark.parametrize(
    ("shown", "owner"),
    [
        ({"displayName": "Ann", "mail": "ann@x.example"}, Owner(ANN, "Ann", "ann@x.example")),
        (
            {"displayName": "Ann", "mail": None, "userPrincipalName": "ann@x.example"},
            Owner(ANN, "Ann", "ann@x.example"),
        ),
        ({"userPrincipalName": "ann_y.example#EXT#@x.example"}, Owner(ANN, None, None)),
        ({"displayName": None, "mail": 7}, Owner(ANN, None, None)),
        ({"@odata.type": "#microsoft.graph.servicePrincipal", "displayName": "Robot"}, Owner(ANN, "Robot", None)),
    ],
)
def test_an_owner_is_shown_as_far_as_the_directory_shows_it(shown: dict[str, Any], owner: Owner) -> None:
    """Without a right to read users there is the id alone; the name of a guest is no address."""
    assert read_owners([{"id": ANN, **shown}]) == (owner,)


def test_an_object_without_owners_has_none() -> None:
    """Which is known, and another thing than not known."""
    assert read_owners([]) == ()


@pytest.mark.parametrize("odd", [None, 5, "x", [], {}, {"id": None}, {"id": "x"}])
def test_a_list_with_an_owner_that_cannot_be_read_is_not_whole(odd: Any) -> None:
    """The others alone would look like all of them."""
    assert read_owners([{"id": ANN}, odd]) is None
