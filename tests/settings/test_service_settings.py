"""The table `[service]`: where it listens, who may ask, and what must not be."""

from pathlib import Path
from typing import Any

import pytest
from support_settings import load, problems

from spentkey.core.secret import Secret

KEY, OTHER_KEY = "k" * 32, "o" * 40
LOGIN = {"role": "operator", "key": KEY}


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [
        ("127.0.0.1:8400", "127.0.0.1", 8400),
        ("localhost:0", "localhost", 0),
        ("[::1]:65535", "::1", 65535),
        ("127.8.9.10:1", "127.8.9.10", 1),
    ],
)
def test_loopback_needs_no_more(tmp_path: Path, listen: str, host: str, port: int) -> None:
    """Whichever of its addresses."""
    service = load(tmp_path, {"service.listen": listen}).service
    assert (service.host, service.port) == (host, port)


@pytest.mark.parametrize("listen", ["0.0.0.0:8400", "[::]:8400", "192.0.2.1:443", "[2001:db8::1]:443"])
def test_beyond_loopback_it_needs_tls_or_a_proxy(tmp_path: Path, listen: str) -> None:
    """Keys do not cross a network in the clear by accident."""
    (line,) = problems(tmp_path, {"service.listen": listen})
    assert line.startswith("service.listen: keys would cross the network in the clear")
    proxy = {"service.behind_proxy": True, "service.hosts": ["spentkey.example.org"]}
    assert problems(tmp_path, {"service.listen": listen, **proxy}) == []
    tls = {"service.tls": {"certificate": "a.pem", "key": "b.pem"}}
    assert problems(tmp_path, {"service.listen": listen, **tls}) == []


@pytest.mark.parametrize(
    "listen",
    [
        *("", ":8400", "8400", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:x"),
        *("::1:8400", "[127.0.0.1]:8400", "[::1]", "example.org:8400", "https://127.0.0.1:8400", "127.0.0.1:8400/"),
        "127.0.0.1:٨",
    ],
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, listen: str) -> None:
    """With an example of what it must be."""
    (line,) = problems(tmp_path, {"service.listen": listen})
    assert line.startswith("service.listen: must be an address of this machine and a port")


def test_logins_and_their_keys_are_read(tmp_path: Path) -> None:
    """Keys are secrets, from a file, a variable or the private configuration itself."""
    (tmp_path / "key").write_text(OTHER_KEY + "\n")
    (tmp_path / "key").chmod(0o600)
    made = load(
        tmp_path,
        {
            "service.login.ops": LOGIN,
            "service.login.grafana": {"role": "viewer", "key": {"file": "key"}},
            "service.webhook_secret": {"env": "HOOK"},
        },
        HOOK="h" * 32,
    ).service
    assert {name: (one.role, one.key) for name, one in made.login.items()} == {
        "ops": ("operator", Secret(KEY)),
        "grafana": ("viewer", Secret(OTHER_KEY)),
    }
    assert made.webhook_secret == Secret("h" * 32)


def test_the_environment_gives_a_login(tmp_path: Path) -> None:
    """As for every other setting."""
    variables = {"SPENTKEY_SERVICE__LOGIN__OPS__ROLE": "viewer", "SPENTKEY_SERVICE__LOGIN__OPS__KEY": KEY}
    assert load(tmp_path, None, **variables).service.login["ops"].key == Secret(KEY)


def test_names_are_read_in_one_spelling(tmp_path: Path) -> None:
    """In lower case, without a dot at the end; addresses may stand there too."""
    given = ["Spentkey.Example.Org.", "192.0.2.7", "::1", "spentkey"]
    assert load(tmp_path, {"service.hosts": given}).service.hosts == (
        "spentkey.example.org",
        "192.0.2.7",
        "::1",
        "spentkey",
    )


@pytest.mark.parametrize(
    "name", ["", "*", "*.example.org", "https://a.example.org", "a.example.org:443", "a b", "a/b", "é"]
)
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    """Nothing stands for every name."""
    (line,) = problems(tmp_path, {"service.hosts": [name]})
    assert line.startswith("service.hosts.0: must be a name without port")


def test_behind_a_proxy_the_names_are_needed(tmp_path: Path) -> None:
    """Else nothing could be told from a name that somebody has pointed at the proxy."""
    (line,) = problems(tmp_path, {"service.behind_proxy": True})
    assert line.startswith("service.hosts: is missing: name what callers ask the proxy for")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a short key": ({"login.ops": LOGIN | {"key": "k" * 31}}, "login.ops.key: must have at least 32 characters"),
    "a short webhook secret": ({"webhook_secret": "k" * 31}, "webhook_secret: must have at least 32 characters"),
    "an empty key": ({"login.ops": LOGIN | {"key": ""}}, "login.ops.key: the secret is empty"),
    "an entry of the vault": ({"login.ops": LOGIN | {"key": {"entry": "x"}}}, "login.ops.key: { entry"),
    "a file that is not there": ({"login.ops": LOGIN | {"key": {"file": "no"}}}, "login.ops.key: the file"),
    "a variable that is not set": ({"webhook_secret": {"env": "NO"}}, "webhook_secret: the secret is empty"),
    "no key": ({"login.ops": {"role": "viewer"}}, "login.ops.key: is missing"),
    "no role": ({"login.ops": {"key": KEY}}, "login.ops.role: is missing"),
    "another role": (
        {"login.ops": LOGIN | {"role": "admin"}},
        "login.ops.role: must be 'viewer', 'operator' or 'auditor'",
    ),
    "a name with blanks": ({"login": {"the ops": LOGIN}}, "login.the ops"),
    "a name in capitals": ({"login": {"Ops": LOGIN}}, "login.Ops"),
    "one key for two": ({"login": {"a": LOGIN, "b": LOGIN}}, "login: two logins have the same key"),
    "half of TLS": ({"tls": {"certificate": "a.pem"}}, "tls.key: is missing"),
    "another format": ({"log_format": "xml"}, "log_format: must be 'json' or 'console'"),
    "another level": ({"log_level": "error"}, "log_level: must be 'debug', 'info' or 'warning'"),
    "no connection for an address": ({"max_per_address": 0}, "max_per_address: must be at least 1"),
    "more for an address than in all": ({"max_per_address": 513}, "max_per_address: must be at most 512"),
    "another setting": ({"cors": "*"}, "cors: is not a known setting"),
    "a login that is a text": ({"login": "ops"}, "login: must be a table"),
}


@pytest.mark.parametrize("scenario", WRONG)
def test_what_must_not_be_is_one_line(tmp_path: Path, scenario: str) -> None:
    """Its name and why; the key itself is not repeated."""
    changes, message = WRONG[scenario]
    (line,) = problems(tmp_path, {f"service.{name}": value for name, value in changes.items()})
    assert line.startswith(f"service.{message}")
    assert "kkkk" not in line
