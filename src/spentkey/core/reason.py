"""Why something ended as it did: a code and its parameters, to be read in any language of the notes.

A reason is the text it has in English, so that logs, JSON, exceptions and evidence take it as it is; whoever writes to
people asks for it `in_language`. Each kind of reason stands beside what finds it, with its words in every language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Self

Parameter = str | int | tuple[str, ...]
"""A value as it was found, or a reason that is a part of this one; several are listed, with semicolons between."""


@dataclass(frozen=True)
class ReasonKind:
    """One kind of reason: its code, which never changes, and a sentence with the same `{parameters}` in each language."""

    code: str
    en: str
    nl: str
    fr: str

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


def reason_for(text: str) -> Reason:
    """The text itself if it is a reason; else one `IN_WORDS`."""
    return text if isinstance(text, Reason) else IN_WORDS(text=text)


def _filled(kind: ReasonKind, parameters: Mapping[str, Parameter], language: str) -> str:
    shown = {name: _shown(value, language) for name, value in parameters.items()}
    return kind.sentence(language).format_map(shown)


def _shown(value: Parameter, language: str) -> str:
    if isinstance(value, tuple):
        return "; ".join(_shown(part, language) for part in value)
    return value.in_language(language) if isinstance(value, Reason) else str(value)
