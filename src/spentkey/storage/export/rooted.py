"""The judge of `verify.py` for records in their order, with the roots of the tree at some sizes noted on the way."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from spentkey.storage.export.verify import Records, root_over


class RootedRecords(Records):
    """Notes the root at each size that is watched, as far as the tree is built from its first record on."""

    def __init__(
        self,
        fault: Callable[..., None],
        first: int = 0,
        nodes: Sequence[bytes] = (),
        *,
        watched: Collection[int] = (),
        whole: bool = True,
    ) -> None:
        super().__init__(fault, first, nodes, whole)
        self.watched = watched
        self.roots = {first: root_over(self.nodes)}

    def take(self, raw: bytes) -> dict[str, Any] | None:
        """As there."""
        record = super().take(raw)
        if self.size in self.watched:
            self.roots[self.size] = root_over(self.nodes)
        return record
