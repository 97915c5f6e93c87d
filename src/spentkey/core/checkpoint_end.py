"""How it ends when a checkpoint is to be made: signed, not signed because there is no key, or nothing with the reason."""

from dataclasses import dataclass
from datetime import datetime

from spentkey.core.checkpoint import Checkpoint, VerifierKey, in_base64
from spentkey.core.tree import TreeHead

RESTORED = "spentkey evidence checkpoint --restored --why …"
NEW_KEY = "spentkey evidence checkpoint --new-key --why …"
LOST_KEY = "spentkey evidence checkpoint --new-key --lost --why …"


@dataclass(frozen=True)
class SignedHead:
    """There is a checkpoint over all records; `is_new` is False where it was there already."""

    head: TreeHead
    key: VerifierKey
    note: str
    is_new: bool = True

    def shown(self) -> str:
        """One line for the log: anybody who keeps it can compare later."""
        return f"checkpoint: {_head(self.head)}, key {self.key.id.hex()}"


@dataclass(frozen=True)
class UnsignedHead:
    """The tree as it is; nobody signs it, because no key is configured."""

    head: TreeHead

    def shown(self) -> str:
        """One line for the log."""
        return f"checkpoint, not signed: {_head(self.head)}"


@dataclass(frozen=True)
class NotSigned:
    """Nothing was signed: `reason` says what was found, `fix` what to do."""

    reason: str
    fix: str

    def shown(self) -> str:
        """One line for the log."""
        return f"no checkpoint: {self.reason}; {self.fix}"


@dataclass(frozen=True)
class NothingToSign:
    """There is no record yet."""

    def shown(self) -> str:
        """One line for people."""
        return "there is no record yet, so there is nothing to sign"


CheckpointEnd = SignedHead | UnsignedHead | NotSigned | NothingToSign


@dataclass(frozen=True)
class LastCheckpoint:
    """The newest checkpoint as `status` and the API show it; `at` is when it was kept, None where that is not known."""

    head: TreeHead
    at: datetime | None
    key: str | None
    """The id of the key that signs from there on, in hexadecimal; None for a tree that nobody signs."""

    def as_json(self) -> dict[str, object]:
        """The object of `status --json`."""
        return {
            "size": self.head.size,
            "root": in_base64(self.head.root),
            "at": self.at.isoformat() if self.at is not None else None,
            "key": self.key,
            "signed": self.key is not None,
        }


def _head(head: TreeHead) -> str:
    return f"{head.size} records, root {in_base64(head.root)}"


def not_continued(last: Checkpoint, head: TreeHead, where: str) -> NotSigned:
    """What to say of a tree that the last checkpoint is no beginning of: a backup was restored, or somebody changed it."""
    now = f"now there are {head.size}" if head.size < last.head.size else "the first of them are other ones now"
    return NotSigned(
        f"the evidence does not continue the last signed checkpoint ({where}): that was over {last.head.size} records, and "
        f"{now}",
        f"if a backup was restored, {RESTORED}; if not, somebody changed the evidence",
    )
