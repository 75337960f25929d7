"""What every table of the study file has in common: no unknown key, no infinity, no change."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A table of the study file."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
