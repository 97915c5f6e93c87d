"""What every table of settings has in common, those of desks and vaults included."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of settings: frozen, and unknown names in it are errors, because a typing error must not go unseen."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)
