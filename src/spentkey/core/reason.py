"""Why something ended as it did: a code and its parameters, to be read in any language of the notes.

A reason is the text it has in English, so that logs, JSON, exceptions and evidence take it as it is; whoever writes to
people asks for it `in_language`. Each kind of reason stands beside what finds it, with its words in every language.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from string import Formatter
from typing import Any, Self, cast

Parameter = str | int | tuple[str, ...]
"""A value as it was found, or a reason that is a part of this one; several are listed, with semicolons between."""


_KINDS: dict[str, "ReasonKind"] = {}
"""Every kind whose module was imported, by its code: so that what is on record can be read in another language."""


@dataclass(frozen=True)
class ReasonKind:
    """One kind of reason: its code, which never changes, and a sentence with the same `{parameters}` in each language."""

    code: str
    en: str
    nl: str
    fr: str

    def __post_init__(self) -> None:
        """Raise ValueError for a code that another kind has."""
        if _KINDS.setdefault(self.code, self) != self:
            raise ValueError(f"two kinds of reason have the code {self.code}")

    def __call__(self, **parameters: Parameter) -> "Reason":
        """The reason of this kind with these parameters; the sentence names each of them."""
        return Reason.of(self, parameters)

    def sentence(self, language: str) -> str:
        """The sentence in `en`, `nl` or `fr`."""
        return {"en": self.en, "nl": self.nl, "fr": self.fr}[language]

    @property
    def parameter_names(self) -> frozenset[str]:
        """The parameters that the English sentence names."""
        return frozenset(name for _, name, _, _ in Formatter().parse(self.en) if name)


class Reason(str):
    """A reason: in English as text, and in every other language on demand."""

    __slots__ = ("kind", "parameters")
    kind: ReasonKind
    parameters: Mapping[str, Parameter]

    @classmethod
    def of(cls, kind: ReasonKind, parameters: Mapping[str, Parameter]) -> Self:
        """Raise KeyError where the sentence names a parameter that is not given."""
        reason = cls(_filled(kind, parameters, "en"))
        reason.kind, reason.parameters = kind, parameters
        return reason

    @property
    def code(self) -> str:
        """The code of its kind."""
        return self.kind.code

    def in_language(self, language: str) -> str:
        """The reason in `en`, `nl` or `fr`, with the reasons that are parts of it."""
        return _filled(self.kind, self.parameters, language)


IN_WORDS = ReasonKind("in-words", "{text}", "{text}", "{text}")
"""A text that comes from another system or from people: the same in every language."""


_SEVERAL = ReasonKind("several", "{parts}", "{parts}", "{parts}")
_AND_MORE = ReasonKind("and-more", "{first}, {then}", "{first}, {then}", "{first}, {then}")


def several(parts: Iterable[str]) -> Reason:
    """Reasons that hold together, with semicolons between; one alone is that reason itself."""
    given = tuple(parts)
    return reason_for(given[0]) if len(given) == 1 else _SEVERAL(parts=given)


def listed(parts: Iterable[str]) -> Reason:
    """Parts of a sentence, with commas between; there is at least one."""
    return reduce(lambda first, then: _AND_MORE(first=first, then=then), map(reason_for, parts))


def reason_for(text: str) -> Reason:
    """The text itself if it is a reason; else one `IN_WORDS`."""
    return text if isinstance(text, Reason) else IN_WORDS(text=text)


def recorded_reason(reason: str) -> Mapping[str, Any]:
    """A reason as it stands in records: its code, and its parameters with the reasons that are among them."""
    known = reason_for(reason)
    return {"code": known.code, "parameters": {name: _recorded(value) for name, value in known.parameters.items()}}


def _recorded(value: Parameter) -> Any:
    if isinstance(value, tuple):
        return [_recorded(part) for part in value]
    return recorded_reason(value) if isinstance(value, Reason) else value


def read_reason(text: str, recorded: object) -> Reason:
    """The reason with that text, as `recorded_reason` put it on record; where that does not fit, only the text."""
    read = _read(recorded)
    return read if isinstance(read, Reason) and read == text else reason_for(text)


def _read(recorded: Any) -> Parameter | None:
    """None for what this version cannot read."""
    match recorded:
        case str() | int():
            return recorded
        case list():
            parts = [_read(part) for part in cast("list[Any]", recorded)]
            return tuple(part for part in parts if isinstance(part, str))
        case {"code": str(code), "parameters": given} if code in _KINDS:
            values = {str(name): _read(value) for name, value in cast("Mapping[str, Any]", given).items()}
            known = {name: value for name, value in values.items() if value is not None}
            return _KINDS[code](**known) if _KINDS[code].parameter_names <= known.keys() else None
        case _:
            return None


def _filled(kind: ReasonKind, parameters: Mapping[str, Parameter], language: str) -> str:
    shown = {name: _shown(value, language) for name, value in parameters.items()}
    return kind.sentence(language).format_map(shown)


def _shown(value: Parameter, language: str) -> str:
    if isinstance(value, tuple):
        return "; ".join(_shown(part, language) for part in value)
    return value.in_language(language) if isinstance(value, Reason) else str(value)
