# SPDX-License-Identifier: Apache-2.0
"""What a caller asks for: the dictionary `request`, and the single options beside it, by the desk's own names.

FOR INTERNAL COLLECTION USE ONLY: this file may change in any release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.spentkey.entra.plugins.module_utils.facade import (
    FaultKind,
    Refusal,
    folded_name,
    folded_value,
    request_of,
    trimmed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from spentkey.core.rules import RequestRules
    from spentkey.core.task import Request
    from spentkey.facade import Facade

REQUEST: dict[str, Any] = {
    "request": {"type": "dict"},
    "onderwijs": {"type": "raw"},
    "tenant": {"type": "str"},
}
"""The options that say which tenant is meant. `onderwijs` is raw, so that the `No` of YAML, which is no text, is seen."""
ONDERWIJS = "Onderwijs"
"""The parameter that the option `onderwijs` stands for."""
KINDS = ("secret", "certificate")
"""Spellings of a kind that the option has in every configuration."""


def asked_values(facade: Facade, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter that the caller gives, for guard G1; what the tenant that it names means is filled in."""
    values = _of_request(given["request"])
    rules = facade.rules()
    if not values and given["onderwijs"] is None and given["tenant"] is None and rules.when:
        raise Refusal(
            f"one of request, onderwijs and tenant is needed: {_named(rules.when)} says which tenant is meant"
        )
    names = rules.names
    single = {names.app_display_name: "app_display_name", names.app_id: "app_id", names.secret_id: "key_id"}
    for name, option in single.items():
        # Without a request an option without a value is an empty one, as it always was.
        if option in given and not (given["request"] is not None and given[option] is None):
            _put(values, name, option, given[option])
    if "kind" in given:
        _put_kind(values, given["kind"], rules)
    if given["onderwijs"] is not None:
        _put(values, ONDERWIJS, "onderwijs", given["onderwijs"])
    if given["tenant"] is not None:
        known = {folded_name(name) for name in values}
        more = facade.when_of(given["tenant"])
        values.update({name: value for name, value in more.items() if folded_name(name) not in known})
    return values


def _of_request(request: Mapping[Any, Any] | None) -> dict[str, Any]:
    for name in request or {}:
        if not isinstance(name, str):
            raise Refusal(f"request: the name {name!r} is not a text")
    return dict(request or {})


def _put(values: dict[str, Any], name: str, option: str, value: Any) -> None:
    """Add what an option says, unless the request says it too; then both must say the same."""
    there = _there(values, name)
    if not there:
        values[name] = value
    elif any(not _same(one, value) for one in there):
        raise Refusal(f"{option}: says something else than {name} in request")


def _there(values: Mapping[str, Any], name: str) -> list[Any]:
    return [value for one, value in values.items() if folded_name(one) == folded_name(name)]


def _same(one: Any, other: Any) -> bool:
    """Whether two values say the same; nothing is an empty text, and what is no text is only itself."""
    if isinstance(one, str | None) and isinstance(other, str | None):
        return bool(folded_value(one or "") == folded_value(other or ""))
    return type(one) is type(other) and bool(one == other)


def _put_kind(values: dict[str, Any], kind: str | None, rules: RequestRules) -> None:
    """The option has more spellings than the request: `certificate` and `secret` in any case."""
    there = _there(values, rules.names.secret_type)
    if kind is None and there:
        return
    word = _word(kind if kind is not None else "secret", rules)
    meant = rules.kind_of(trimmed(word))
    if meant is None or [rules.kind_of(trimmed(one)) for one in there if isinstance(one, str)] != [meant]:
        _put(values, rules.names.secret_type, "kind", word)


def _word(kind: str, rules: RequestRules) -> str:
    """The word in the spelling of the configuration, or its first one for `certificate` or `secret`; else as it is."""
    wanted = trimmed(kind).lower()
    known = [word for word in rules.secret_types if word.lower() == wanted]
    if not known and wanted in KINDS:
        known = [word for word, meant in rules.secret_types.items() if meant.value == wanted]
    return known[0] if known else kind


def text_of(request: Request, name: str) -> str | None:
    """The text of a parameter, trimmed; None where it is not given. What is no text is refused, never converted."""
    value = request.value(name)
    if value is FaultKind.MISSING:
        return None
    if isinstance(value, FaultKind):
        raise Refusal(f"{name} is {'not a text' if value is FaultKind.NOT_TEXT else 'given more than once'}")
    return str(trimmed(value))


def tenant_meant(facade: Facade, values: Mapping[str, Any], tenant: str | None) -> str:
    """The tenant by its name, or the one whose `when` the parameters meet; they may not mean another one."""
    rules, request = facade.rules(), request_of(values.items())
    texts = {name: text for name in rules.when if (text := text_of(request, name)) is not None}
    found = facade.tenant_of(texts)
    if found is None and tenant is None:
        wording = (
            ", ".join(f"{name} {text!r}" for name, text in texts.items()) or f"{_named(rules.when)}, which is missing"
        )
        raise Refusal(f"no tenant is meant by {wording}")
    if found is not None and tenant not in (None, found):
        raise Refusal(f"the parameters mean the tenant {found}, not {tenant}")
    return str(tenant or found)


def _named(names: Iterable[str]) -> str:
    return " and ".join(names)
