"""What the settings mean for decisions, and where this machine keeps what it remembers."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from spentkey.core.errors import Misconfigured
from spentkey.core.rules import DeskRules, Limits, RequestRules, Rules, TenantRules, VerifyRules
from spentkey.core.task import folded_name
from spentkey.core.windows import Schedule, read_freeze, read_window
from spentkey.settings.schema import Settings
from spentkey.settings.values import zone_of

STORES = ("spentkey.db", "evidence.jsonl")
"""What is in a state directory with evidence: the database, or the file of 0.1."""


def state_directory(settings: Settings, environment: Mapping[str, str]) -> Path:
    """The configured directory, else `state` beside the configuration file: the same for whoever uses that file.

    Version 0.1 kept it below XDG_STATE_HOME or the home directory. Where that place has evidence, and this one has not,
    `Misconfigured` is raised: a new store would know nothing of what was removed.
    """
    if settings.state.directory is not None:
        return settings.state.directory
    beside = settings.folder.absolute() / "state"
    former = _former_place(environment)
    if former is not None and former != beside and _has_evidence(former) and not _has_evidence(beside):
        raise Misconfigured(
            f"state.directory: is not set, there is no evidence in {beside}, and there is some in {former}, where version "
            f'0.1 kept it; set [state] directory = "{former}", or move what is there to {beside}'
        )
    return beside


def _former_place(environment: Mapping[str, str]) -> Path | None:
    home = environment.get("XDG_STATE_HOME")
    try:
        return (Path(home) if home else Path.home() / ".local" / "state") / "spentkey"
    except RuntimeError:
        return None  # an account without a home kept nothing there


def _has_evidence(directory: Path) -> bool:
    try:
        return any((directory / name).exists() for name in STORES)
    except OSError:
        return False  # of another account, which has a configuration of its own


def rules_of(settings: Settings, desk: DeskRules) -> Rules:
    """The part of the settings that decisions depend on; `desk` is what the configured desk says of itself."""
    policy = settings.policy
    when = {folded_name(name): name for tenant in settings.tenants.values() for name in tenant.when}
    return Rules(
        desk=desk,
        request=RequestRules(desk.names, desk.secret_types, tuple(when.values())),
        tenants=tuple(TenantRules(name, one.tenant_id, dict(one.when)) for name, one in settings.tenants.items()),
        verify=VerifyRules(policy.verify_reads, policy.verify_interval_s, policy.verify_timeout_s),
        grace=timedelta(days=policy.grace_days),
        max_attempts=policy.max_attempts,
        limits=Limits(
            per_run=policy.max_removals_per_run,
            per_app=policy.max_removals_per_app,
            per_hour=policy.max_removals_per_hour,
            hand_overs_per_hour=policy.max_handovers_per_hour,
        ),
        schedule=Schedule(
            tuple(read_window(one, zone_of) for one in policy.window),
            tuple(read_freeze(one, zone_of) for one in policy.freeze),
        ),
        patch_allowed=policy.certificate_fallback == "patch",
        canary=policy.canary,
        protected=policy.protected,
    )
