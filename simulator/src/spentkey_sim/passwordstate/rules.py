"""Who may see what in the vault, and which entries a search means."""

import hmac
from collections.abc import Mapping

from spentkey_sim.model import ApiKey, Entry, Passwordstate, World
from spentkey_sim.passwordstate import state

_NAMED = {
    "title": "title",
    "username": "username",
    "description": "description",
    "notes": "notes",
}
_OTHERS = ("domain", "hostname", "url", "accounttype", *(name.lower() for name in state.GENERIC_FIELDS))
_SWITCHES = frozenset({"andor", "preventauditing", "excludepassword", "queryall", "search"})


class UnknownParameterError(ValueError):
    """A query parameter that the interface does not have. The real one ignores it; a misspelt search finds everything."""


def key_of(vault: Passwordstate, header: str) -> ApiKey | None:
    """The API key that the header carries."""
    # LEDGER: P-01, the key belongs in the header
    return next((each for each in vault.api_keys if hmac.compare_digest(each.key.encode(), header.encode())), None)


def key_in_query(query: Mapping[str, str]) -> bool:
    """Whether the key was put in the address, where every log would keep it."""
    # LEDGER: P-02, a key in the address is refused
    return any(name.lower() == "apikey" for name in query)


def may_see(key: ApiKey, entry: Entry) -> bool:
    """Whether the key belongs to the entry's list."""
    # LEDGER: P-04, keys are bound to lists
    return entry.list in key.lists


def flag(query: Mapping[str, str], name: str) -> bool:
    """Whether a switch is on; bare names count, and case does not."""
    value = next((value for key, value in query.items() if key.lower() == name.lower()), "false")
    return value.lower() in ("", "true", "1")


def search(world: World, key: ApiKey, number: int | None, query: Mapping[str, str]) -> list[Entry]:
    """The entries that a search means, among those that the key may see."""
    # LEDGER: P-05, contains unless in double quotes
    wishes = {name.lower(): value for name, value in query.items()}
    unknown = sorted(set(wishes) - _SWITCHES - set(_NAMED) - set(_OTHERS))
    if unknown:
        raise UnknownParameterError(unknown[0])
    fields = {name: value for name, value in wishes.items() if name not in _SWITCHES}
    anywhere = wishes.get("search")
    if not fields and not anywhere:
        raise UnknownParameterError("search")
    combine = any if wishes.get("andor", "AND").upper() == "OR" else all
    entries = world.passwordstate.entries if number is None else state.in_list(world, number)
    found: list[Entry] = []
    for entry in entries:
        texts = _texts(entry)
        tests = [_matches(texts[name], value) for name, value in fields.items()]
        if anywhere:
            tests.append(any(_matches(text, anywhere) for text in texts.values()))
        if may_see(key, entry) and combine(tests):
            found.append(entry)
    return found


def _texts(entry: Entry) -> dict[str, str]:
    named = {name: str(getattr(entry, attribute)) for name, attribute in _NAMED.items()}
    given = {name.lower(): value for name, value in entry.fields.items()}
    return named | {name: given.get(name, "") for name in _OTHERS}


def _matches(text: str, wanted: str) -> bool:
    if len(wanted) > 1 and wanted.startswith('"') and wanted.endswith('"'):
        return text.casefold() == wanted[1:-1].casefold()
    return wanted.casefold() in text.casefold()
