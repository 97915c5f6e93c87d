"""A value that must not be seen: it can be used, and compared, but not printed, stored or copied by accident."""

import hmac
from typing import NoReturn, final


@final
class Secret:
    """Holds one secret text.

    `reveal()` is the only way to the value, so that every use of a secret can be found by searching for that word.
    `str()`, formatting, JSON and pickling are refused with a `TypeError`; `repr()` shows a mask, because debuggers and
    tracebacks call it. Comparison takes the same time wherever the first difference lies.
    """

    __slots__ = ("_value",)
    __hash__ = None  # pyright: ignore[reportAssignmentType]  # a hash would make secrets keys of dictionaries

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret text, for the one call that needs it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self._value.encode("utf-8", "surrogatepass"), other._value.encode("utf-8", "surrogatepass")
        )

    def __repr__(self) -> str:
        return "<Secret hidden>"

    def __str__(self) -> NoReturn:
        raise TypeError("a secret cannot be turned into text: call reveal() where it is used")

    def __format__(self, format_spec: str) -> NoReturn:
        raise TypeError("a secret cannot be formatted: call reveal() where it is used")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")
