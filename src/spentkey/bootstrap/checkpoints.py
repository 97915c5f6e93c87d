"""Who makes checkpoints: where the signing key is, and what signs the evidence of a storage."""

import os
from collections.abc import Mapping

from spentkey.bootstrap.storage import Storage, tree_in
from spentkey.ports.runtime import Clock
from spentkey.settings.modes import Modes
from spentkey.settings.rules import state_directory
from spentkey.settings.schema import Settings
from spentkey.storage.checkpoints import Checkpoints
from spentkey.storage.key_file import KEY_NAME, KeyFile
from spentkey.system import random_bytes


def key_file_of(settings: Settings, environment: Mapping[str, str]) -> KeyFile | None:
    """Where the signing key is; None with a database and no key configured: then nobody signs."""
    chosen, shared = settings.evidence.signing_key, settings.engine.database_url is not None
    modes = Modes(environment)
    if chosen is not None and chosen.file is not None:
        beside = settings.state.directory if shared else chosen.file.parent
        return KeyFile(chosen.file, beside, modes, random_bytes)
    if shared:
        return None
    directory = state_directory(settings, environment)
    return KeyFile(directory / KEY_NAME, directory, modes, random_bytes, made_here=True)


def checkpoints_of(settings: Settings, storage: Storage, clock: Clock) -> Checkpoints:
    """What signs the evidence of that storage."""
    keys = key_file_of(settings, os.environ)
    return Checkpoints(tree_in(storage), storage.evidence, clock, keys, settings.evidence.origin)
