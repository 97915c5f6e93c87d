"""The built-in world: two tenants, a vault, and a queue of tasks that each show one thing.

`spentkey_sim.scenes` says what every task shows and how it should end; here the scenes become a world. Nothing but
the seed decides its ids and secrets, and its times are relative to the clock, so that it never grows old.
"""

from typing import Any

from spentkey_sim.scenes import desk, directory, onderwijs, refusals, removals, vault
from spentkey_sim.scenes.names import Names
from spentkey_sim.scenes.scene import ONDERWIJS, PRODUCTION

PLACES = (PRODUCTION, ONDERWIJS)
SCENES = (*removals.SCENES, *refusals.SCENES, *onderwijs.SCENES)


def build(seed: int) -> dict[str, Any]:
    """The built-in world of that seed, in the form of world.schema.json."""
    names = Names(seed)
    apps = list({(scene.app.location.name, scene.app.name): scene.app for scene in SCENES}.values())
    return {
        "seed": seed,
        "tenants": [directory.tenant(location, apps, names) for location in PLACES],
        "certificates": directory.certificates(apps),
        "passwordstate": vault.passwordstate(PLACES, apps, names),
        "ivanti": desk.ivanti(SCENES, names),
        "expect": desk.expect(SCENES, names),
    }
