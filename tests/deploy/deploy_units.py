"""Unit files of systemd: how they are read, and what is wrong with one."""

from collections.abc import Mapping, Sequence

from deploy_files import call_problems, calls

Unit = Mapping[str, Mapping[str, Sequence[str]]]
HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes",
    "ProtectProc": "invisible",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "CapabilityBoundingSet": "",
    "SystemCallArchitectures": "native",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "StateDirectory": "spentkey",
    "StateDirectoryMode": "0700",
    "UMask": "0077",
    "LimitCORE": "0",
    "MemorySwapMax": "0",
    "KillSignal": "SIGTERM",
    "Restart": "on-failure",
    "RestartPreventExitStatus": "2",
}
LONGEST_STOP_S = 35
"""How long a graceful stop takes at most, in seconds."""
SECRET_WORDS = ("api_key", "secret", "__login__", "database_url")


def read_unit(text: str) -> dict[str, dict[str, list[str]]]:
    """Sections, keys and every value of each key; systemd lets a key stand several times."""
    sections: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith(("#", ";")):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = sections.setdefault(line[1:-1], {})
            continue
        key, equals, value = line.partition("=")
        if section is None or not equals or not key.isalnum():
            raise ValueError(f"line {number} is neither a section nor a setting")
        section.setdefault(key, []).append(value)
    return sections


def unit_problems(unit: Unit) -> list[str]:
    """What keeps a unit from running Spentkey safely."""
    service = unit.get("Service", {})
    problems = [
        f"{key} is not {wanted!r}" for key, wanted in HARDENED.items() if list(service.get(key, [])) != [wanted]
    ]
    if service.get("User", ["root"])[-1] in ("", "0", "root"):
        problems.append("it runs as root")
    if "@system-service" not in service.get("SystemCallFilter", []):
        problems.append("system calls are not filtered")
    if not int(service.get("TimeoutStopSec", ["0"])[-1]) > LONGEST_STOP_S:
        problems.append("a graceful stop is cut off")
    return problems + command_problems(service) + secret_problems(service)


def command_problems(service: Mapping[str, Sequence[str]]) -> list[str]:
    """What is wrong with the commands that a unit starts."""
    lines = service.get("ExecStart", [])
    words = [calls(line) for line in lines]
    if len(lines) != 1 or not words[0]:
        return ["it does not start spentkey, once"]
    return call_problems(words[0])


def secret_problems(service: Mapping[str, Sequence[str]]) -> list[str]:
    """Secrets that stand in a unit itself, and paths to credentials that nobody loads."""
    loaded = {credential.partition(":")[0] for credential in service.get("LoadCredential", [])}
    problems: list[str] = []
    for setting in service.get("Environment", []):
        name, _, value = setting.strip("'").partition("=")
        if (
            any(word in name.removeprefix("SPENTKEY_").lower() for word in SECRET_WORDS)
            and '{"file": "%d/' not in value
        ):
            problems.append(f"{name} is not the path of a credential")
        for part in value.split('"%d/')[1:]:
            credential = part.partition('"')[0]
            if credential not in loaded:
                problems.append(f"{name}: the credential {credential} is not loaded")
    return problems
